import { ConfigurationSetEventDestination, EmailSendingEvent, EventDestination } from "aws-cdk-lib/aws-ses";
import { Topic } from "aws-cdk-lib/aws-sns";
import { SqsSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";
import type { Queues } from "./queues.ts";
import type { Sender } from "./sender.ts";

export interface MailEventsProps {
  readonly sender: Sender;
  readonly queues: Queues;
}

/** Everything that SES can tell about the fate of a mail. Opens and clicks are not among it: they would be tracking. */
const EVENTS = [
  EmailSendingEvent.SEND,
  EmailSendingEvent.DELIVERY,
  EmailSendingEvent.DELIVERY_DELAY,
  EmailSendingEvent.BOUNCE,
  EmailSendingEvent.COMPLAINT,
  EmailSendingEvent.REJECT,
  EmailSendingEvent.RENDERING_FAILURE,
];

/**
 * The way of SES's events to the worker: the configuration set publishes them to a topic, and the topic writes them to
 * the queue of events. SES can write to no queue itself.
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-add-event-destination-sns.html
 */
export class MailEvents extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { sender, queues }: MailEventsProps) {
    super(scope, id);
    // SES accepts standard topics only.
    this.topic = new Topic(this, "Topic", { displayName: "MMMS: events of SES", enforceSSL: true });
    acknowledge(
      this.topic,
      "SES cannot publish with SNS's own key, whose policy nobody can change; without a key SNS stores on encrypted disks",
      "CKV_AWS_26",
    );
    // The message is SES's JSON alone, without SNS's envelope. The subscription lets this topic alone write to both
    // queues; messages that SNS cannot deliver, for example because a policy was changed, go to the dead letters.
    this.topic.addSubscription(
      new SqsSubscription(queues.events, { rawMessageDelivery: true, deadLetterQueue: queues.eventsDeadLetters }),
    );
    // It lets SES publish for this configuration set of this account, and nobody else.
    new ConfigurationSetEventDestination(this, "Destination", {
      configurationSet: sender.configurationSet,
      destination: EventDestination.snsTopic(this.topic),
      events: EVENTS,
    });
  }
}
