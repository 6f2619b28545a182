import { Duration, Stack } from "aws-cdk-lib";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type Code, RecursiveLoop } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Schedule, ScheduleExpression, ScheduleTargetInput } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import { workerInstances } from "../stage/capacity.ts";
import { ServiceFunction, type ServiceProps } from "./service-function.ts";

export interface WorkerProps extends ServiceProps {
  readonly code: Code;
  /** The address of the API, with which links to unsubscribe begin. */
  readonly publicUrl: string;
}

/**
 * The time suffices for a batch of wake-up messages at once, each for 50 recipients with 15 s for a call; the rest is
 * enqueued again.
 */
export const WORKER_TIMEOUT = Duration.seconds(60);
/** As many as the program works on at a time (`AT_ONCE` in worker/src/function.rs): no message waits in an instance. */
export const BATCH = 4;
/** The events of SES of a batch, which the ledger takes together, and the outcomes of webhooks. */
export const EVENT_BATCH = 10;

/**
 * The worker, invoked by the processing queue, by the queue of SES's events, by that of the outcomes of webhooks, and
 * each minute by the schedule.
 */
export class Worker extends Construct {
  readonly service: ServiceFunction;

  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id);
    const { memoryMiB, maximumConcurrency, eventConcurrency, reserved } = props.stage.worker;
    const { processing, events, webhooks } = props.queues;
    const taken = [processing, events, ...(webhooks ? [webhooks.outcomes] : [])];
    this.service = new ServiceFunction(this, "Service", {
      ...props,
      description: "MMMS worker: sends queued mail, takes SES's events, signs for webhooks, and sweeps",
      memoryMiB,
      timeout: WORKER_TIMEOUT,
      // The worker enqueues wake-up messages, for recipients that are left and for retries, in the queue that invokes
      // it. So do the outcomes of webhooks, which lead to the next messages to them. Lambda would end such a chain after
      // about 16 invocations. It ends by itself, because each mail expires and each event is given up.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
      // The queues may use all of these instances but those of the sweep, so that one is always left for it.
      reservedConcurrentExecutions: reserved ? workerInstances(props.stage) : undefined,
      environment: { MAIL_EVENT_QUEUE_URL: events.queueUrl, PUBLIC_URL: props.publicUrl },
      permissions: [
        new PolicyStatement({
          sid: "TakeFromQueue",
          actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
          resources: taken.map((queue) => queue.queueArn),
        }),
        // Lambda asks for it, to poll with the function's role.
        // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
        new PolicyStatement({
          sid: "PollQueues",
          actions: ["sqs:GetQueueAttributes"],
          resources: taken.slice(1).map((queue) => queue.queueArn),
        }),
        // To itself, with a delay: when the next try of an event is due.
        ...(webhooks
          ? [
              new PolicyStatement({
                sid: "LookAtWebhookLater",
                actions: ["sqs:SendMessage"],
                resources: [webhooks.outcomes.queueArn],
              }),
            ]
          : []),
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
    worker.addEventSource(
      new SqsEventSource(events, {
        batchSize: EVENT_BATCH,
        reportBatchItemFailures: true,
        maxConcurrency: eventConcurrency,
      }),
    );
    if (webhooks) {
      worker.addEventSource(
        new SqsEventSource(webhooks.outcomes, {
          batchSize: EVENT_BATCH,
          reportBatchItemFailures: true,
          // Each event leads to an outcome.
          maxConcurrency: eventConcurrency,
        }),
      );
    }
    acknowledge(
      worker,
      "A message that cannot be worked on goes to the queue's own dead-letter queue",
      "Serverless-LambdaEventSourceMappingDestination",
    );
    this.sweepEachMinute();
  }

  private sweepEachMinute(): void {
    const { function: worker } = this.service;
    // A failed sweep is not retried, because the next one follows after a minute.
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
      description: "MMMS: starts the sweep",
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
