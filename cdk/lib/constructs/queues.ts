import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Queue, QueueEncryption, type QueueProps, RedrivePermission } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";

export interface QueuesProps {
  /** The time-out of the worker. */
  readonly timeout: Duration;
  readonly disposable: boolean;
}

/** The factor that Lambda recommends, so that SQS does not deliver a record again while the worker processes it. */
const VISIBILITY_FACTOR = 6;
/** After so many failures a wake-up message moves to the dead-letter queue. */
const RECEIVES = 5;
/** The same for an event of SES, which nobody can write again: the worker tries it for about four hours. */
const EVENT_RECEIVES = 20;
/** SQS's longest retention period: unread results are kept as long as possible. */
const LONGEST = Duration.days(14);

/**
 * The processing queue and the queue of SES's events for the worker, the result queue for the company's back end, and
 * their dead-letter queues.
 */
export class Queues extends Construct {
  readonly processing: Queue;
  readonly processingDeadLetters: Queue;
  readonly events: Queue;
  readonly eventsDeadLetters: Queue;
  readonly results: Queue;
  readonly resultsDeadLetters: Queue;

  constructor(scope: Construct, id: string, { timeout, disposable }: QueuesProps) {
    super(scope, id);
    const removalPolicy = disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    const visibilityTimeout = Duration.seconds(timeout.toSeconds() * VISIBILITY_FACTOR);

    // A wake-up message can be written again from the ledger, so these two queues are removed with every stack.
    this.processingDeadLetters = this.deadLetters("ProcessingDeadLetters", "wake-ups", {});
    this.processing = this.queue("Processing", {
      queueName: this.nameOf("wake-ups"),
      redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
      visibilityTimeout,
      // By default mail expires after 72 h.
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.processingDeadLetters, maxReceiveCount: RECEIVES },
    });
    // Events hold addresses and are of use to this stack's ledger only: these two are removed with every stack as well.
    this.eventsDeadLetters = this.deadLetters("EventsDeadLetters", "events", {});
    this.events = this.queue("Events", {
      queueName: this.nameOf("events"),
      redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
      visibilityTimeout,
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.eventsDeadLetters, maxReceiveCount: EVENT_RECEIVES },
    });
    this.resultsDeadLetters = this.deadLetters("ResultsDeadLetters", "results", { removalPolicy });
    this.results = this.queue("Results", {
      queueName: this.nameOf("results"),
      redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
      // The time-out suits a back end that is slow with each batch of ten.
      visibilityTimeout: Duration.minutes(1),
      retentionPeriod: LONGEST,
      removalPolicy,
      // A back end may fail repeatedly after it has received messages.
      deadLetterQueue: { queue: this.resultsDeadLetters, maxReceiveCount: 20 },
    });
  }

  /** The dead-letter queue of one queue. It has no dead-letter queue itself. */
  private deadLetters(id: string, source: string, props: QueueProps): Queue {
    // The source queue is named by its ARN: otherwise each of the two would have to exist before the other.
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
