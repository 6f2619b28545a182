import { Duration, Stack } from "aws-cdk-lib";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type Code, RecursiveLoop } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Schedule, ScheduleExpression, ScheduleTargetInput } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import { SWEEPS } from "../stage/capacity.ts";
import { ServiceFunction, type ServiceProps } from "./service-function.ts";

export interface WorkerProps extends ServiceProps {
  readonly code: Code;
}

/** A batch of wake-ups, all at a time, each of 50 recipients with 15 s for a call, fits in; the rest is handed back. */
export const WORKER_TIMEOUT = Duration.seconds(60);
/** As many as the program works on at a time (`AT_ONCE` in worker/src/function.rs): none waits in an instance's hands. */
export const BATCH = 4;

/** The worker: the queue leads to it, and each minute the schedule does. */
export class Worker extends Construct {
  readonly service: ServiceFunction;

  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id);
    const { memoryMiB, maximumConcurrency, reserved } = props.stage.worker;
    const { processing } = props.queues;
    this.service = new ServiceFunction(this, "Service", {
      ...props,
      description: "MMMS worker: sends what is queued, and sweeps",
      memoryMiB,
      timeout: WORKER_TIMEOUT,
      // It writes wake-ups to the queue that invokes it: what is left of one, and what is to be tried again. Lambda
      // would stop such a chain after about 16 invocations. It ends by itself: each mail has a time at which it expires.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
      // The queue may take maximumConcurrency of them, so that the sweep always finds one.
      reservedConcurrentExecutions: reserved ? maximumConcurrency + SWEEPS : undefined,
      permissions: [
        new PolicyStatement({
          sid: "TakeFromQueue",
          actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
          resources: [processing.queueArn],
        }),
      ],
    });
    const { function: worker } = this.service;
    worker.addEventSource(
      new SqsEventSource(processing, {
        batchSize: BATCH,
        reportBatchItemFailures: true,
        maxConcurrency: maximumConcurrency,
      }),
    );
    acknowledge(
      worker,
      "What nobody could work on goes to the queue's own dead-letter queue",
      "Serverless-LambdaEventSourceMappingDestination",
    );
    this.sweepEachMinute();
  }

  private sweepEachMinute(): void {
    const { function: worker } = this.service;
    // The next minute brings the next sweep: one that failed is not repeated.
    const once = { retryAttempts: 0, maxEventAge: Duration.minutes(1) };
    worker.configureAsyncInvoke(once);
    acknowledge(
      worker,
      "A sweep that failed leaves nothing to keep: it shows in the alarms WorkerErrors and SweepMissing",
      "Serverless-LambdaAsyncFailureDestination",
    );
    const role = new Role(this, "ScheduleRole", {
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
      description: "The schedule of the sweep: calls the worker",
      inlinePolicies: {
        service: new PolicyDocument({
          statements: [
            new PolicyStatement({ sid: "Sweep", actions: ["lambda:InvokeFunction"], resources: [worker.functionArn] }),
          ],
        }),
      },
    });
    const schedule = new Schedule(this, "Sweep", {
      description: "MMMS: looks for mail that nothing else would wake",
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      target: new LambdaInvoke(worker, {
        ...once,
        input: ScheduleTargetInput.fromObject({ sweep: true }),
        role: role.withoutPolicyUpdates(),
      }),
    });
    acknowledge(schedule, 'It holds the words {"sweep": true} and nothing else', "CKV_AWS_297");
  }
}
