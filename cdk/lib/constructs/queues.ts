import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Queue, QueueEncryption, type QueueProps, RedrivePermission } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";

export interface QueuesProps {
  /** The worker's own. */
  readonly timeout: Duration;
  readonly disposable: boolean;
}

/** Lambda's advice, so that a record does not come again while it is being worked on. */
const VISIBILITY_FACTOR = 6;
/** A record whose function fails so often is not going to be worked on. */
const RECEIVES = 5;
/** The longest that SQS has: results that nobody reads are kept as long as they can be. */
const LONGEST = Duration.days(14);

/** Wake-ups for the worker, results for the company's back end, and what of either nobody could work on. */
export class Queues extends Construct {
  readonly processing: Queue;
  readonly processingDeadLetters: Queue;
  readonly results: Queue;
  readonly resultsDeadLetters: Queue;

  constructor(scope: Construct, id: string, { timeout, disposable }: QueuesProps) {
    super(scope, id);
    const removalPolicy = disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

    // A wake-up can be written again from the ledger, so these two may go with any stack.
    this.processingDeadLetters = this.deadLetters("ProcessingDeadLetters", "wake-ups", {});
    this.processing = this.queue("Processing", {
      queueName: this.nameOf("wake-ups"),
      redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
      visibilityTimeout: Duration.seconds(timeout.toSeconds() * VISIBILITY_FACTOR),
      // After 72 h mail has expired.
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.processingDeadLetters, maxReceiveCount: RECEIVES },
    });
    this.resultsDeadLetters = this.deadLetters("ResultsDeadLetters", "results", { removalPolicy });
    this.results = this.queue("Results", {
      queueName: this.nameOf("results"),
      redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
      // For a back end that takes its time with each batch of ten.
      visibilityTimeout: Duration.minutes(1),
      retentionPeriod: LONGEST,
      removalPolicy,
      // A back end may be down for a while with messages in its hands.
      deadLetterQueue: { queue: this.resultsDeadLetters, maxReceiveCount: 20 },
    });
  }

  /** For the messages of one queue that nobody could work on: they go on to nowhere. */
  private deadLetters(id: string, source: string, props: QueueProps): Queue {
    // By its ARN: each of the two would otherwise have to be there before the other.
    const sourceArn = Stack.of(this).formatArn({ service: "sqs", resource: this.nameOf(source) });
    const queue = this.queue(id, {
      retentionPeriod: LONGEST,
      redriveAllowPolicy: {
        redrivePermission: RedrivePermission.BY_QUEUE,
        sourceQueues: [Queue.fromQueueArn(this, `${id}Source`, sourceArn)],
      },
      ...props,
    });
    acknowledge(queue, "It is a dead-letter queue itself", "Serverless-SQSRedrivePolicy", "AwsSolutions-SQS3");
    return queue;
  }

  private nameOf(queue: string): string {
    return `${Stack.of(this).stackName}-${queue}`;
  }

  private queue(id: string, props: QueueProps): Queue {
    const queue = new Queue(this, id, { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, ...props });
    acknowledge(queue, "Encrypted by SQS's own key, which costs no call to KMS for each batch", "CKV_AWS_27");
    return queue;
  }
}
