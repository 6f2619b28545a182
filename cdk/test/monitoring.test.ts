import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FULL, Match, resource, resources, template } from "./stack.ts";

const dev = template("dev");
const prod = template("prod", FULL);
const alarms = (of: typeof dev) =>
  Object.values(resources(of, "AWS::CloudWatch::Alarm")).map(({ Properties }) => Properties);
const nameOf = ({ AlarmDescription }: { AlarmDescription: string }) => AlarmDescription.split(":")[0] ?? "";
const alarm = (of: typeof dev, name: string) => alarms(of).find((properties) => nameOf(properties) === name);

const NAMES = [
  "AccountFaults",
  "Api5xx",
  "ApiErrors",
  "ApiLatency",
  "BounceRate",
  "ComplaintRate",
  "DatabaseConnections",
  "DatabaseCpu",
  "DatabaseStorage",
  "DeadLetters",
  "EventDeadLetters",
  "EventsLate",
  "FeedLate",
  "OldestDue",
  "ResultDeadLetters",
  "ResultsRefused",
  "ResultsUnread",
  "SweepMissing",
  "Throttles",
  "Unconfirmed",
  "WorkerErrors",
];

/** Those that only exist where webhooks are on. */
const OF_WEBHOOKS = ["OutcomeDeadLetters", "OutcomesLate", "PosterErrors", "WebhookDeadLetters", "WebhooksLate"];

describe("alarms", () => {
  test("are these", () => {
    expect(alarms(dev).map(nameOf).sort()).toEqual(NAMES);
    expect(alarms(prod).map(nameOf).sort()).toEqual([...NAMES, ...OF_WEBHOOKS].sort());
  });

  test("notify the topic when they begin and when they end", () => {
    const [topic] = resource(prod, "AWS::SNS::Topic", "Monitoring");
    for (const { AlarmActions, OKActions } of alarms(prod)) {
      expect(AlarmActions).toEqual([{ Ref: topic }]);
      expect(OKActions).toEqual([{ Ref: topic }]);
    }
    const byMail = { Protocol: "email" };
    prod.hasResourceProperties("AWS::SNS::Subscription", {
      ...byMail,
      Endpoint: FULL.alarmAddress,
      TopicArn: { Ref: topic },
    });
    dev.resourcePropertiesCountIs("AWS::SNS::Subscription", byMail, 0);
  });

  test("may be written to by CloudWatch, for this account and by TLS alone", () => {
    prod.hasResourceProperties("AWS::SNS::TopicPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
          Match.objectLike({
            Effect: "Allow",
            Action: "sns:Publish",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
          }),
        ]),
      },
    });
  });

  test("of dead letters begin at the first message", () => {
    for (const name of [
      "DeadLetters",
      "EventDeadLetters",
      "OutcomeDeadLetters",
      "ResultDeadLetters",
      "WebhookDeadLetters",
    ]) {
      expect(alarm(prod, name)).toMatchObject({
        Namespace: "AWS/SQS",
        MetricName: "ApproximateNumberOfMessagesVisible",
        Threshold: 1,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
      });
    }
  });

  test("of late events begin after an hour", () => {
    expect(alarm(prod, "EventsLate")).toMatchObject({
      Namespace: "AWS/SQS",
      MetricName: "ApproximateAgeOfOldestMessage",
      Statistic: "Maximum",
      Threshold: 3600,
    });
  });

  test("of a late feed look at what each sweep of the worker writes", () => {
    const [worker] = resource(prod, "AWS::Lambda::Function", "Worker");
    expect(alarm(prod, "FeedLate")).toMatchObject({
      Namespace: "MMMS",
      MetricName: "FeedDelay",
      Dimensions: [{ Name: "FunctionName", Value: { Ref: worker } }],
      Statistic: "Maximum",
      Threshold: 300,
      EvaluationPeriods: 3,
    });
  });

  test("of late webhooks begin before a message is too old to be posted", () => {
    expect(alarm(prod, "WebhooksLate")).toMatchObject({ MetricName: "ApproximateAgeOfOldestMessage", Threshold: 240 });
    expect(alarm(prod, "OutcomesLate")).toMatchObject({ MetricName: "ApproximateAgeOfOldestMessage", Threshold: 600 });
    expect(JSON.stringify(alarm(prod, "Throttles").Metrics)).toContain("PosterService");
    expect(JSON.stringify(alarm(dev, "Throttles").Metrics)).not.toContain("PosterService");
  });

  test("of a sweep that no longer runs notify when there is no data, but not at the first deployment", () => {
    const [topic] = resource(prod, "AWS::SNS::Topic", "Monitoring");
    expect(alarm(prod, "SweepMissing")).toMatchObject({
      Namespace: "MMMS",
      MetricName: "OldestDueAge",
      Statistic: "SampleCount",
      ComparisonOperator: "LessThanThreshold",
      // With "breaching" the alarm would begin before the first sweep; an alarm that has had data notifies when it
      // ends.
      TreatMissingData: "missing",
      InsufficientDataActions: [{ Ref: topic }],
    });
  });

  test("keep their state without new data from SES, and the others are then OK", () => {
    for (const properties of alarms(prod)) {
      const name = nameOf(properties);
      if (name === "SweepMissing") continue;
      const ofReputation = ["BounceRate", "ComplaintRate"].includes(name);
      expect([name, properties.TreatMissingData]).toEqual([name, ofReputation ? "ignore" : "notBreaching"]);
      expect(properties.InsufficientDataActions).toBeUndefined();
    }
  });

  test("fill no gaps: the newest minute always is one", () => {
    expect(JSON.stringify(alarms(prod))).not.toContain("FILL(");
  });

  test("of the programs' metrics look at both functions", () => {
    for (const [name, metric] of [
      ["Unconfirmed", "MailsUnconfirmed"],
      ["AccountFaults", "AccountFaults"],
      ["ResultsRefused", "ResultsRefused"],
    ] as const) {
      const { Metrics } = alarm(prod, name);
      const watched = Metrics.filter((entry: { MetricStat?: object }) => entry.MetricStat).map(
        (entry: {
          MetricStat: { Metric: { MetricName: string; Dimensions: [{ Name: string; Value: { Ref: string } }] } };
        }) => {
          const { MetricName, Dimensions } = entry.MetricStat.Metric;
          return `${MetricName} ${Dimensions[0].Name} ${Dimensions[0].Value.Ref.replace(/Service.*/, "")}`;
        },
      );
      expect(watched.sort()).toEqual([`${metric} FunctionName Api`, `${metric} FunctionName Worker`]);
    }
  });

  test("of the database know its size", () => {
    for (const [of, connections] of [
      [dev, 102],
      [prod, 409],
    ] as const) {
      const [, group] = resource(of, "AWS::RDS::DBParameterGroup", "Database");
      expect(group.Properties.Parameters.max_connections).toBe(String(connections));
      expect(alarm(of, "DatabaseConnections").Threshold).toBe(Math.floor(0.8 * connections));
    }
    expect(alarm(dev, "DatabaseStorage").Threshold).toBe(0.08 * 20 * 2 ** 30);
  });

  test("of storage that can no longer grow are RDS's own events", () => {
    const [topic] = resource(prod, "AWS::SNS::Topic", "Monitoring");
    const [, { Properties }] = resource(prod, "AWS::Events::Rule", "Monitoring");
    expect(Properties.Description).toMatch(/^DatabaseStorageEnds:/);
    expect(Properties.EventPattern).toMatchObject({
      source: ["aws.rds"],
      detail: { EventID: ["RDS-EVENT-0007", "RDS-EVENT-0223", "RDS-EVENT-0224", "RDS-EVENT-0225"] },
    });
    expect(JSON.stringify(Properties.EventPattern.resources)).toContain(":db:");
    expect(Properties.Targets).toEqual([expect.objectContaining({ Arn: { Ref: topic } })]);
    prod.hasResourceProperties("AWS::SNS::TopicPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: "Allow",
            Action: "sns:Publish",
            Principal: { Service: "events.amazonaws.com" },
          }),
        ]),
      },
    });
  });
});

test("each alarm has its line in the operations manual", () => {
  const manual = readFileSync(join(import.meta.dirname, "..", "..", "docs", "operations.md"), "utf8");
  const lines = [...manual.matchAll(/^\| `([A-Z]\w+)` \|/gm)].map((match) => match[1]);
  expect([...NAMES, ...OF_WEBHOOKS, "DatabaseStorageEnds"].filter((name) => !lines.includes(name))).toEqual([]);
});

/** The text of the dashboard, with the logical id in the place of a reference. */
const board = () => {
  const [, { Properties }] = resource(prod, "AWS::CloudWatch::Dashboard", "Monitoring");
  const parts: (string | { Ref?: string; "Fn::GetAtt"?: [string, string] })[] = Properties.DashboardBody["Fn::Join"][1];
  return parts.map((part) => (typeof part === "string" ? part : (part.Ref ?? part["Fn::GetAtt"]?.[0]))).join("");
};

test("the dashboard shows the rates of bounces and complaints beside those at which SES reviews an account", () => {
  const { widgets } = JSON.parse(board());
  const [set] = resource(prod, "AWS::SES::ConfigurationSet", "Sender");
  for (const [title, limit, ofSes, own] of [
    ["Bounces", 0.05, "Reputation.BounceRate", "MailsBounced"],
    ["Complaints", 0.001, "Reputation.ComplaintRate", "MailsComplained"],
  ]) {
    const { properties } = widgets.find((one: { properties: { title?: string } }) => one.properties.title === title);
    expect(properties.annotations.horizontal[0].value).toBe(limit);
    const [account, ofStack, ...ours] = properties.metrics;
    expect(account.slice(0, 2)).toEqual(["AWS/SES", ofSes]);
    expect(ofStack.slice(0, 4)).toEqual(["AWS/SES", ofSes, "ses:configuration-set", set]);
    expect(JSON.stringify(ours)).toContain(`"MMMS","${own}","FunctionName","WorkerService`);
  }
});

test("the dashboard shows sent mail, its delay, failures and fate", () => {
  const body = board();
  for (const metric of [
    "MailsSent",
    "MailsFailed",
    "MailsUnconfirmed",
    "MailsDelivered",
    "MailsBounced",
    "MailsComplained",
    "QueuesEventsDeadLetters",
    "OldestDueAge",
    "SendDuration",
    "5xx",
    "Reputation.BounceRate",
    "QueuesWebhooks",
    "QueuesOutcomes",
    "PosterService",
    "FeedDelay",
  ]) {
    expect(body).toContain(metric);
  }
});
