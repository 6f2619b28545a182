import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { POSTER_BATCH } from "../lib/constructs/poster.ts";
import { EVENT_BATCH } from "../lib/constructs/worker.ts";
import { STAGES } from "../lib/stage/stages.ts";
import { FULL, type Resource, resource, resources, serving, template } from "./stack.ts";

const prod = template("prod", FULL);
const off = template("prod", { ...FULL, webhooks: false });
const [posterId, poster] = resource(prod, "AWS::Lambda::Function", "Poster");

/** A queue by its logical id without the hash: `Webhooks`, `WebhooksDeadLetters`, `Outcomes`, `OutcomesDeadLetters`. */
function queue(name: string): [string, Resource] {
  const all = Object.entries(resources(prod, "AWS::SQS::Queue"));
  const found = all.find(([id]) => id.replace(/[0-9A-F]{8}$/, "") === `Queues${name}`);
  if (found === undefined) throw new Error(`no queue ${name}`);
  return found;
}

const arn = (name: string) => ({ "Fn::GetAtt": [queue(name)[0], "Arn"] });
const source = (...path: string[]) => readFileSync(join(import.meta.dirname, "..", "..", ...path), "utf8");
/** The minutes of a constant of the programs. */
const minutes = (text: string, name: string) =>
  Number(new RegExp(`${name}: Duration = Duration::from_mins\\((\\d+)\\)`).exec(text)?.[1]);

describe("the function that posts to webhooks", () => {
  test("is outside the network", () => {
    expect(poster.Properties.VpcConfig).toBeUndefined();
    expect(JSON.stringify(poster.Properties)).not.toContain("Network");
  });

  test("may take from its queue, write outcomes and log, and nothing else", () => {
    const [roleId, role] = resource(prod, "AWS::IAM::Role", "PosterServiceRole");
    const [logs] = resource(prod, "AWS::Logs::LogGroup", "PosterService");
    expect(poster.Properties.Role).toEqual({ "Fn::GetAtt": [roleId, "Arn"] });
    expect(role.Properties.ManagedPolicyArns).toBeUndefined();
    const statements = role.Properties.Policies.flatMap(
      ({ PolicyDocument }: { PolicyDocument: { Statement: object[] } }) => PolicyDocument.Statement,
    );
    // Lambda polls with the function's role:
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
    expect(statements).toEqual([
      {
        Sid: "WriteLogs",
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: { "Fn::GetAtt": [logs, "Arn"] },
      },
      {
        Sid: "TakeMessages",
        Effect: "Allow",
        Action: ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
        Resource: arn("Webhooks"),
      },
      { Sid: "WriteOutcomes", Effect: "Allow", Action: "sqs:SendMessage", Resource: arn("Outcomes") },
    ]);
    const attached = Object.values(resources(prod, "AWS::IAM::Policy")).filter((policy) =>
      JSON.stringify(policy).includes(roleId),
    );
    expect(attached).toEqual([]);
  });

  test("knows the queue of outcomes, and nothing of the database, the secrets or the other queues", () => {
    const { Variables } = poster.Properties.Environment;
    expect(Variables).toEqual({ WEBHOOK_OUTCOME_QUEUE_URL: { Ref: queue("Outcomes")[0] } });
    expect(poster.Properties.TracingConfig).toBeUndefined();
  });

  test("can be invoked by nobody but its event source", () => {
    const permissions = JSON.stringify(resources(prod, "AWS::Lambda::Permission"));
    expect(permissions).not.toContain(posterId);
    for (const role of Object.values(resources(prod, "AWS::IAM::Role"))) {
      expect(JSON.stringify(role.Properties.Policies ?? [])).not.toContain(posterId);
    }
    const mappings = Object.values(resources(prod, "AWS::Lambda::EventSourceMapping"));
    const own = mappings.filter(({ Properties }) => Properties.FunctionName.Ref === posterId);
    expect(own.map(({ Properties }) => Properties)).toEqual([
      expect.objectContaining({
        EventSourceArn: arn("Webhooks"),
        BatchSize: POSTER_BATCH,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency: 10 },
      }),
    ]);
  });

  test("has time for a post and its outcome, and its messages stay hidden for six times as long", () => {
    const post = /TIME_LIMIT: Duration = Duration::from_secs\((\d+)\)/.exec(source("webhook", "src", "poster.rs"))?.[1];
    const write = /ALL_ATTEMPTS: Duration = Duration::from_secs\((\d+)\)/.exec(
      source("poster", "src", "outcomes.rs"),
    )?.[1];
    expect(poster.Properties.Timeout).toBeGreaterThan(Number(post) + Number(write));
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    expect(queue("Webhooks")[1].Properties.VisibilityTimeout).toBe(6 * poster.Properties.Timeout);
    const [, worker] = resource(prod, "AWS::Lambda::Function", "Worker");
    expect(queue("Outcomes")[1].Properties.VisibilityTimeout).toBe(6 * worker.Properties.Timeout);
  });

  // The worker writes the messages, and its outcomes invoke the worker.
  // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
  test("is part of a loop with the worker, for both of which Lambda's recursion guard is off", () => {
    const [, worker] = resource(prod, "AWS::Lambda::Function", "Worker");
    expect([poster.Properties.RecursiveLoop, worker.Properties.RecursiveLoop]).toEqual(["Allow", "Allow"]);
  });
});

describe("the queues of webhooks", () => {
  test("keep a message for less time than the worker waits for its outcome", () => {
    const retention = queue("Webhooks")[1].Properties.MessageRetentionPeriod;
    const lease = minutes(source("mail", "src", "ledger", "webhooks", "deliveries.rs"), "QUEUE_LEASE") * 60;
    expect(lease).toBeGreaterThan(retention + poster.Properties.Timeout);
    const stale = minutes(source("webhook", "src", "handover.rs"), "STALE") * 60;
    expect(retention).toBeGreaterThan(stale);
  });

  test.each(["Webhooks", "Outcomes"])("put a message of %s aside before it is too old to be kept", (name) => {
    const [dead, { Properties: ofDead }] = queue(`${name}DeadLetters`);
    const { RedrivePolicy, VisibilityTimeout, MessageRetentionPeriod } = queue(name)[1].Properties;
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: at least five
    expect(RedrivePolicy).toEqual({ deadLetterTargetArn: { "Fn::GetAtt": [dead, "Arn"] }, maxReceiveCount: 5 });
    expect(5 * VisibilityTimeout).toBeLessThan(MessageRetentionPeriod);
    // In a standard queue the age of a message counts on in the dead-letter queue.
    expect(ofDead.MessageRetentionPeriod).toBeGreaterThan(MessageRetentionPeriod);
    expect(ofDead.RedriveAllowPolicy.redrivePermission).toBe("byQueue");
  });

  test("lead outcomes to the worker, ten at a time, each failing by itself", () => {
    const [worker] = resource(prod, "AWS::Lambda::Function", "Worker");
    prod.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: arn("Outcomes"),
      FunctionName: { Ref: worker },
      BatchSize: EVENT_BATCH,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  test("are known to the worker and to the API, which hand over", () => {
    for (const { Properties } of Object.values(resources(serving(prod), "AWS::Lambda::Function"))) {
      const { Variables } = Properties.Environment;
      expect(Variables.WEBHOOK_QUEUE_URL).toEqual({ Ref: queue("Webhooks")[0] });
      expect(Variables.WEBHOOK_OUTCOME_QUEUE_URL).toEqual({ Ref: queue("Outcomes")[0] });
    }
  });

  test("are standard queues, in which the groups of messages take turns", () => {
    for (const name of ["Webhooks", "Outcomes"]) expect(queue(name)[1].Properties.FifoQueue).toBeUndefined();
  });
});

test("without webhooks there is neither the function nor a queue of it", () => {
  const text = JSON.stringify(off.toJSON());
  for (const word of ["Poster", "QueuesWebhooks", "QueuesOutcomes", "WEBHOOK_"]) expect(text).not.toContain(word);
});

test("no stage but the emulator's lets webhooks be on the machine of the functions", () => {
  const local = Object.values(STAGES).filter(({ webhooks }) => webhooks.reach !== "public");
  expect(local.map(({ name }) => name)).toEqual(["emulator"]);
  expect(JSON.stringify(template("emulator").toJSON())).toContain('"WEBHOOK_REACH":"loopback"');
  for (const stage of ["dev", "prod"]) {
    const settings = { webhooks: true, accountConcurrency: 1000 };
    expect(JSON.stringify(template(stage, settings).toJSON())).not.toContain("WEBHOOK_REACH");
  }
});
