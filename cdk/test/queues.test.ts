import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BATCH, EVENT_BATCH } from "../lib/constructs/worker.ts";
import { Match, ours, resource, resources, template } from "./stack.ts";

const dev = template("dev");
const prod = template("prod");
const queue = (of: typeof dev, name: string) => resource(of, "AWS::SQS::Queue", `Queues${name}`);

/** A logical id without its hash: `QueuesProcessing` is also the beginning of `QueuesProcessingDeadLetters`. */
function named(of: typeof dev, name: string) {
  const found = Object.entries(resources(of, "AWS::SQS::Queue")).find(
    ([id]) => id.replace(/[0-9A-F]{8}$/, "") === `Queues${name}`,
  );
  if (found === undefined) throw new Error(`no queue ${name}`);
  return found;
}

describe.each([
  ["dev", dev],
  ["prod", prod],
])("the queues of %s", (_, of) => {
  test("are encrypted, and refuse requests without TLS", () => {
    const queues = of === dev ? 6 : 10;
    of.resourceCountIs("AWS::SQS::Queue", queues);
    of.allResourcesProperties("AWS::SQS::Queue", { SqsManagedSseEnabled: true });
    const policies = Object.values(resources(of, "AWS::SQS::QueuePolicy")).map(({ Properties }) => Properties);
    expect(policies.flatMap(({ Queues }) => Queues).length).toBe(queues);
    for (const { PolicyDocument } of policies) {
      expect(PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({
          Effect: "Deny",
          Action: "sqs:*",
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        }),
      );
    }
  });

  test.each([
    ["Processing", 5],
    ["Events", 20],
    ["Results", 20],
  ])("give up on a message of %s after %i receives", (name, maxReceiveCount) => {
    const [dead] = queue(of, `${name}DeadLetters`);
    expect(named(of, name)[1].Properties.RedrivePolicy).toEqual({
      deadLetterTargetArn: { "Fn::GetAtt": [dead, "Arn"] },
      maxReceiveCount,
    });
    expect(queue(of, `${name}DeadLetters`)[1].Properties.MessageRetentionPeriod).toBe(14 * 24 * 3600);
  });

  test.each(["Processing", "Events"])(
    "deliver a message of %s again only after six times the worker's time-out",
    (name) => {
      const [, worker] = resource(of, "AWS::Lambda::Function", "Worker");
      expect(named(of, name)[1].Properties.VisibilityTimeout).toBe(6 * worker.Properties.Timeout);
      expect(named(of, name)[1].Properties.MessageRetentionPeriod).toBe(4 * 24 * 3600);
    },
  );

  test("get dead letters from their own queue alone, and have no dead-letter queue themselves", () => {
    const stack = of === dev ? "Mmms-dev" : "Mmms-prod";
    for (const [name, source] of [
      ["Processing", "wake-ups"],
      ["Events", "events"],
      ["Results", "results"],
    ] as const) {
      const { QueueName, RedriveAllowPolicy } = named(of, name)[1].Properties;
      expect([QueueName, RedriveAllowPolicy]).toEqual([`${stack}-${source}`, { redrivePermission: "denyAll" }]);
      const { redrivePermission, sourceQueueArns } = queue(of, `${name}DeadLetters`)[1].Properties.RedriveAllowPolicy;
      expect(redrivePermission).toBe("byQueue");
      expect(JSON.stringify(sourceQueueArns)).toMatch(new RegExp(`:${QueueName}"\\]\\]}]$`));
    }
  });

  test("lead to the worker, as many at a time as it works on at once, each failing by itself", () => {
    of.resourceCountIs("AWS::Lambda::EventSourceMapping", of === dev ? 2 : 4);
    of.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [named(of, "Processing")[0], "Arn"] },
      BatchSize: 4,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: of === dev ? 2 : 4 },
    });
  });

  test("lead SES's events to the same function, ten at a time, each failing by itself", () => {
    const [worker] = resource(of, "AWS::Lambda::Function", "Worker");
    of.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [named(of, "Events")[0], "Arn"] },
      FunctionName: { Ref: worker },
      BatchSize: EVENT_BATCH,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });
});

test("the number of instances that take SES's events is a setting", () => {
  template("prod", { eventConcurrency: 7 }).hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    BatchSize: EVENT_BATCH,
    ScalingConfig: { MaximumConcurrency: 7 },
  });
});

test("results outlive prod's stack, wake-up messages and events do not", () => {
  expect(named(prod, "Results")[1].DeletionPolicy).toBe("RetainExceptOnCreate");
  expect(named(prod, "ResultsDeadLetters")[1].DeletionPolicy).toBe("RetainExceptOnCreate");
  for (const name of ["Processing", "ProcessingDeadLetters", "Events", "EventsDeadLetters"]) {
    expect(named(prod, name)[1].DeletionPolicy).toBe("Delete");
  }
  expect(named(dev, "Results")[1].DeletionPolicy).toBe("Delete");
});

test("the batch is as large as the number of records that the program processes at once", () => {
  const program = readFileSync(join(import.meta.dirname, "..", "..", "worker", "src", "function.rs"), "utf8");
  expect(program).toContain(`const AT_ONCE: usize = ${BATCH};`);
});

describe("the recursion guard of Lambda", () => {
  test("is off for the worker, which writes to the queue that invokes it, and not for the API", () => {
    for (const of of [dev, prod]) {
      const [, worker] = resource(of, "AWS::Lambda::Function", "Worker");
      const [, api] = resource(of, "AWS::Lambda::Function", "Api");
      expect(worker.Properties.RecursiveLoop).toBe("Allow");
      expect(api.Properties.RecursiveLoop).toBeUndefined();
    }
  });
});

describe("the sweep", () => {
  test("runs each minute, by a role that may call the worker and nothing else", () => {
    const [worker] = resource(dev, "AWS::Lambda::Function", "Worker");
    dev.resourceCountIs("AWS::Scheduler::Schedule", 1);
    dev.hasResourceProperties("AWS::Scheduler::Schedule", {
      ScheduleExpression: "rate(1 minute)",
      State: "ENABLED",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: Match.objectLike({
        Arn: { "Fn::GetAtt": [worker, "Arn"] },
        Input: '{"sweep":true}',
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      }),
    });
  });

  test("has instances that the queues cannot use", () => {
    const reserved = template("dev", {
      accountConcurrency: 100,
      workerConcurrency: 5,
      eventConcurrency: 3,
      workerReserved: true,
    });
    const [, worker] = resource(reserved, "AWS::Lambda::Function", "Worker");
    expect(worker.Properties.ReservedConcurrentExecutions).toBe(10);
    reserved.hasResourceProperties("AWS::Lambda::EventSourceMapping", { ScalingConfig: { MaximumConcurrency: 5 } });
  });

  test("leaves concurrency unreserved by default", () => {
    ours(dev).allResourcesProperties("AWS::Lambda::Function", { ReservedConcurrentExecutions: Match.absent() });
    ours(prod).allResourcesProperties("AWS::Lambda::Function", { ReservedConcurrentExecutions: Match.absent() });
  });
});
