import { Duration } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { type Code, RecursiveLoop } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import type { Stage } from "../stage/stage.ts";
import { ProgramFunction } from "./program-function.ts";
import type { WebhookQueues } from "./queues.ts";

export interface PosterProps {
  readonly stage: Stage;
  readonly queues: WebhookQueues;
  readonly code: Code;
}

/** A post takes 15 s at most (`TIME_LIMIT` in webhook/src/poster.rs), and writing its outcome 6 s. */
export const POSTER_TIMEOUT = Duration.seconds(25);
/** They are posted at once, so that a batch takes as long as its slowest message. */
export const POSTER_BATCH = 10;
/** At 1,769 MiB a function has one processor; this is a seventh, and encrypting a connection takes a few ms of a whole. */
const MEMORY_MIB = 256;

/**
 * The function that posts to webhooks. It alone reaches the Internet, and therefore is outside the network, knows neither
 * the database nor a secret, and may do nothing but take signed messages from one queue and write to another what came of
 * them.
 */
export class Poster extends Construct {
  readonly program: ProgramFunction;

  constructor(scope: Construct, id: string, { stage, queues, code }: PosterProps) {
    super(scope, id);
    this.program = new ProgramFunction(this, "Service", {
      stage,
      code,
      description: "MMMS poster: posts signed messages to webhooks",
      memoryMiB: MEMORY_MIB,
      timeout: POSTER_TIMEOUT,
      traced: false,
      // Its outcomes invoke the worker, which then writes the next messages: a loop of two functions, which Lambda would
      // end after about 16 invocations at whichever function it notices it. It ends by itself, because each event is
      // given up after eight tries.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
      environment: { WEBHOOK_OUTCOME_QUEUE_URL: queues.outcomes.queueUrl, ...reachOf(stage) },
      whyNoDeadLetters: "Called by SQS, which keeps what failed",
      permissions: [
        // Lambda polls with the function's role.
        // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
        new PolicyStatement({
          sid: "TakeMessages",
          actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
          resources: [queues.messages.queueArn],
        }),
        new PolicyStatement({
          sid: "WriteOutcomes",
          actions: ["sqs:SendMessage"],
          resources: [queues.outcomes.queueArn],
        }),
      ],
    });
    const { function: poster } = this.program;
    poster.addEventSource(
      new SqsEventSource(queues.messages, {
        batchSize: POSTER_BATCH,
        reportBatchItemFailures: true,
        maxConcurrency: stage.webhooks.concurrency,
      }),
    );
    acknowledge(
      poster,
      "A message that cannot be posted goes to the queue's own dead-letter queue",
      "Serverless-LambdaEventSourceMappingDestination",
    );
  }
}

/** The variable that only the emulator's stage sets: its receivers of webhooks are on the same machine. */
export function reachOf({ webhooks }: Stage): Record<string, string> {
  return webhooks.reach === "loopback" ? { WEBHOOK_REACH: "loopback" } : {};
}
