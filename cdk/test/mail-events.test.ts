import { describe, expect, test } from "vitest";
import { FULL, resource, resources, template } from "./stack.ts";

const prod = template("prod", FULL);
const ACCOUNT = "123456789012";
const REGION = "eu-central-1";

const [topicId] = resource(prod, "AWS::SNS::Topic", "MailEvents");
const [setId] = resource(prod, "AWS::SES::ConfigurationSet", "Sender");
const queueId = (name: string) =>
  Object.keys(resources(prod, "AWS::SQS::Queue")).find((id) => new RegExp(`^Queues${name}[0-9A-F]{8}$`).test(id)) ?? "";

const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:Mmms-prod-${topicId}-0a1b2c3d4e5f`;
const SET = `${setId}-0a1b2c3d4e5f`;
const PSEUDO: Record<string, string> = {
  "AWS::Partition": "aws",
  "AWS::Region": REGION,
  "AWS::AccountId": ACCOUNT,
  [topicId]: TOPIC,
  [setId]: SET,
};

/** A value of the template with the references filled in, as CloudFormation does it. */
// biome-ignore lint/suspicious/noExplicitAny: values of a template have every form
function filledIn(value: any): any {
  if (Array.isArray(value)) return value.map(filledIn);
  if (typeof value !== "object" || value === null) return value;
  if ("Ref" in value) return PSEUDO[value.Ref] ?? value.Ref;
  if ("Fn::GetAtt" in value) return value["Fn::GetAtt"].join(".");
  if ("Fn::Join" in value) {
    const [separator, parts] = value["Fn::Join"];
    return filledIn(parts).join(separator);
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filledIn(inner)]));
}

/** The statements of the policy of that topic or queue which allow something. */
function allowed(type: "AWS::SNS::TopicPolicy" | "AWS::SQS::QueuePolicy", ofWhat: string) {
  const policies = Object.values(resources(prod, type)).map(({ Properties }) => Properties);
  const [policy] = policies.filter(({ Topics, Queues }) => JSON.stringify(Topics ?? Queues).includes(`"${ofWhat}"`));
  const statements: { Effect: string; Sid?: string }[] = filledIn(policy.PolicyDocument.Statement);
  return statements.filter(({ Effect }) => Effect === "Allow").map(({ Sid, ...statement }) => statement);
}

describe("SES's events", () => {
  test("are those of the configuration set that every mail names, and say what became of the mail", () => {
    prod.resourceCountIs("AWS::SES::ConfigurationSetEventDestination", 1);
    prod.hasResourceProperties("AWS::SES::ConfigurationSetEventDestination", {
      ConfigurationSetName: { Ref: setId },
      EventDestination: {
        Enabled: true,
        MatchingEventTypes: ["send", "delivery", "deliveryDelay", "bounce", "complaint", "reject", "renderingFailure"],
        SnsDestination: { TopicARN: { Ref: topicId } },
      },
    });
  });

  test("are published by SES alone, for that configuration set of this account", () => {
    expect(allowed("AWS::SNS::TopicPolicy", topicId)).toEqual([
      {
        Effect: "Allow",
        Action: "sns:Publish",
        Principal: { Service: "ses.amazonaws.com" },
        Resource: TOPIC,
        Condition: {
          StringEquals: {
            "AWS:SourceAccount": ACCOUNT,
            // The ARN that SES names: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html
            "AWS:SourceArn": `arn:aws:ses:${REGION}:${ACCOUNT}:configuration-set/${SET}`,
          },
        },
      },
    ]);
  });

  test("cannot be published before SES may do so", () => {
    const [[, destination]] = Object.entries(prod.findResources("AWS::SES::ConfigurationSetEventDestination")) as [
      [string, { DependsOn: string[] }],
    ];
    const [policy] = resource(prod, "AWS::SNS::TopicPolicy", "MailEvents");
    expect(destination.DependsOn).toContain(policy);
  });

  test.each(["Events", "EventsDeadLetters"])("are written to %s by that topic alone", (name) => {
    const statements = allowed("AWS::SQS::QueuePolicy", queueId(name));
    expect(statements).toEqual([
      {
        Effect: "Allow",
        Action: "sqs:SendMessage",
        Principal: { Service: "sns.amazonaws.com" },
        Resource: `${queueId(name)}.Arn`,
        Condition: { ArnEquals: { "aws:SourceArn": TOPIC } },
      },
    ]);
  });

  test("come without an envelope, and are kept where SNS cannot deliver them", () => {
    prod.hasResourceProperties("AWS::SNS::Subscription", {
      Protocol: "sqs",
      TopicArn: { Ref: topicId },
      Endpoint: { "Fn::GetAtt": [queueId("Events"), "Arn"] },
      RawMessageDelivery: true,
      RedrivePolicy: { deadLetterTargetArn: { "Fn::GetAtt": [queueId("EventsDeadLetters"), "Arn"] } },
    });
  });

  test("pass no key of KMS, which SES and SNS could not use", () => {
    expect(resource(prod, "AWS::SNS::Topic", "MailEvents")[1].Properties.KmsMasterKeyId).toBeUndefined();
    for (const name of ["Events", "EventsDeadLetters"]) {
      const { Properties } = resources(prod, "AWS::SQS::Queue")[queueId(name)] ?? {};
      expect([Properties.SqsManagedSseEnabled, Properties.KmsMasterKeyId]).toEqual([true, undefined]);
    }
  });
});

test("without a sender domain the configuration set exists as well, and publishes its events", () => {
  const dev = template("dev");
  const [set] = resource(dev, "AWS::SES::ConfigurationSet", "Sender");
  dev.hasResourceProperties("AWS::SES::ConfigurationSetEventDestination", { ConfigurationSetName: { Ref: set } });
});
