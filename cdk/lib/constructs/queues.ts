import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Queue, QueueEncryption, type QueueProps, RedrivePermission } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";

export interface QueuesProps {
  /** The time-out of the worker. */
  readonly timeout: Duration;
  /** The time-out of the function that posts to webhooks, if there is one. */
  readonly posterTimeout?: Duration;
  readonly disposable: boolean;
}

/** The factor that Lambda recommends, so that SQS does not deliver a record again while the worker processes it. */
const VISIBILITY_FACTOR = 6;
/** After so many failures a wake-up message moves to the dead-letter queue. */
const RECEIVES = 5;
/** The same for an event of SES, which nobody can write again: the worker tries it for about four hours. */
const EVENT_RECEIVES = 20;
/**
 * Signed messages are kept for no longer than the worker waits for their outcome (`QUEUE_LEASE` in
 * mail/src/ledger/webhooks/deliveries.rs): after that it writes them again.
 */
const WEBHOOK_RETENTION = Duration.minutes(15);
/** Their dead letters show what went wrong, and cannot be posted any more. They hold addresses. */
const WEBHOOK_DEAD_RETENTION = Duration.days(4);
/** SQS's longest retention period: unread results are kept as long as possible. */
const LONGEST = Duration.days(14);

/** The queues of the function that posts to webhooks, with their dead-letter queues. */
export interface WebhookQueues {
  /** Signed messages, from the worker to that function. */
  readonly messages: Queue;
  readonly messagesDeadLetters: Queue;
  /** What came of them, from that function to the worker. */
  readonly outcomes: Queue;
  readonly outcomesDeadLetters: Queue;
}

/**
 * The processing queue and the queue of SES's events for the worker, the result queue for the company's back end, and
 * their dead-letter queues. Where webhooks are on, their two queues as well.
 */
export class Queues extends Construct {
  readonly processing: Queue;
  readonly processingDeadLetters: Queue;
  readonly events: Queue;
  readonly eventsDeadLetters: Queue;
  readonly results: Queue;
  readonly resultsDeadLetters: Queue;
  readonly webhooks?: WebhookQueues;

  constructor(scope: Construct, id: string, { timeout, posterTimeout, disposable }: QueuesProps) {
    super(scope, id);
    const removalPolicy = disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    const visibilityTimeout = visibilityFor(timeout);

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
    if (posterTimeout) this.webhooks = this.webhookQueues(posterTimeout, visibilityTimeout);
  }

  /** A message of either can be written again from the ledger: all four are removed with every stack. */
  private webhookQueues(posterTimeout: Duration, visibilityOfOutcomes: Duration): WebhookQueues {
    const retentionPeriod = WEBHOOK_DEAD_RETENTION;
    const messagesDeadLetters = this.deadLetters("WebhooksDeadLetters", "webhooks", { retentionPeriod });
    const outcomesDeadLetters = this.deadLetters("OutcomesDeadLetters", "webhook-outcomes", { retentionPeriod });
    return {
      messages: this.queue("Webhooks", {
        queueName: this.nameOf("webhooks"),
        redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
        visibilityTimeout: visibilityFor(posterTimeout),
        retentionPeriod: WEBHOOK_RETENTION,
        deadLetterQueue: { queue: messagesDeadLetters, maxReceiveCount: RECEIVES },
      }),
      messagesDeadLetters,
      outcomes: this.queue("Outcomes", {
        queueName: this.nameOf("webhook-outcomes"),
        redriveAllowPolicy: { redrivePermission: RedrivePermission.DENY_ALL },
        visibilityTimeout: visibilityOfOutcomes,
        // An outcome of yesterday still says that an event need not be sent again.
        retentionPeriod: Duration.days(1),
        deadLetterQueue: { queue: outcomesDeadLetters, maxReceiveCount: RECEIVES },
      }),
      outcomesDeadLetters,
    };
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

function visibilityFor(timeout: Duration): Duration {
  return Duration.seconds(timeout.toSeconds() * VISIBILITY_FACTOR);
}
