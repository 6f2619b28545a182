import { describe, expect, test } from "vitest";
import { Match, resource, resources, template } from "./stack.ts";

const dev = template("dev");
const prod = template("prod");
const queue = (of: typeof dev, name: string) => resource(of, "AWS::SQS::Queue", `Queues${name}`);

/** Without the hash: `QueuesProcessing` also begins `QueuesProcessingDeadLetters`. */
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
  test("are encrypted, and refuse what does not come by TLS", () => {
    of.resourceCountIs("AWS::SQS::Queue", 4);
    of.allResourcesProperties("AWS::SQS::Queue", { SqsManagedSseEnabled: true });
    const policies = Object.values(resources(of, "AWS::SQS::QueuePolicy")).map(({ Properties }) => Properties);
    expect(policies.flatMap(({ Queues }) => Queues).length).toBe(4);
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
    ["Results", 20],
  ])("give up on a message of %s after %i receives", (name, maxReceiveCount) => {
    const [dead] = queue(of, `${name}DeadLetters`);
    expect(named(of, name)[1].Properties.RedrivePolicy).toEqual({
      deadLetterTargetArn: { "Fn::GetAtt": [dead, "Arn"] },
      maxReceiveCount,
    });
    expect(queue(of, `${name}DeadLetters`)[1].Properties.MessageRetentionPeriod).toBe(14 * 24 * 3600);
  });

  test("show a wake-up again only after six times the worker's time-out", () => {
    const [, worker] = resource(of, "AWS::Lambda::Function", "Worker");
    expect(named(of, "Processing")[1].Properties.VisibilityTimeout).toBe(6 * worker.Properties.Timeout);
  });

  test("lead to the worker, ten at a time, each failing by itself", () => {
    of.resourceCountIs("AWS::Lambda::EventSourceMapping", 1);
    of.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [named(of, "Processing")[0], "Arn"] },
      BatchSize: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: of === dev ? 2 : 4 },
    });
  });
});

test("results outlive prod's stack, wake-ups need not", () => {
  expect(named(prod, "Results")[1].DeletionPolicy).toBe("Retain");
  expect(named(prod, "ResultsDeadLetters")[1].DeletionPolicy).toBe("Retain");
  expect(named(prod, "Processing")[1].DeletionPolicy).toBe("Delete");
  expect(named(dev, "Results")[1].DeletionPolicy).toBe("Delete");
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

  test("has instances that the queue cannot take", () => {
    const reserved = template("dev", { workerConcurrency: 5, workerReserved: true });
    const [, worker] = resource(reserved, "AWS::Lambda::Function", "Worker");
    expect(worker.Properties.ReservedConcurrentExecutions).toBe(7);
    reserved.hasResourceProperties("AWS::Lambda::EventSourceMapping", { ScalingConfig: { MaximumConcurrency: 5 } });
  });

  test("leaves concurrency unreserved where nobody chose otherwise", () => {
    dev.allResourcesProperties("AWS::Lambda::Function", { ReservedConcurrentExecutions: Match.absent() });
    prod.allResourcesProperties("AWS::Lambda::Function", { ReservedConcurrentExecutions: Match.absent() });
  });
});
