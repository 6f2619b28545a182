//! The way of SES's events to a queue, made by hand: a configuration set, a topic and a subscription, as in the stack.

use reqwest::Method;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::{Account, Queue, REGION};

/// The configuration set whose mails have events.
pub const CONFIGURATION_SET: &str = "observed";
const TYPES: [&str; 7] = [
    "SEND",
    "DELIVERY",
    "DELIVERY_DELAY",
    "BOUNCE",
    "COMPLAINT",
    "REJECT",
    "RENDERING_FAILURE",
];
const SNS: &str = "2010-03-31";

/// The events of the configuration set, on their queue and among its dead letters.
pub struct MailEvents {
    pub queue: Queue,
    pub dead: Queue,
    account: Account,
    topic: String,
}

impl Account {
    /// Creates the configuration set and everything behind it. The policies are those of the stack.
    pub async fn mail_events(&self) -> MailEvents {
        let sets = "/v2/email/configuration-sets";
        let set = json!({ "ConfigurationSetName": CONFIGURATION_SET });
        self.rest(Method::POST, "ses", sets, Some(&set)).await;
        let topic = format!("arn:aws:sns:{REGION}:{}:events", self.id());
        self.sns(&[("Action", "CreateTopic"), ("Name", "events")])
            .await;
        let events = MailEvents {
            queue: Queue::create(&self.sqs, "events", &[]).await,
            dead: Queue::create(&self.sqs, "events-dead", &[]).await,
            account: self.clone(),
            topic,
        };
        events.admit_ses(CONFIGURATION_SET).await;
        for queue in [&events.queue, &events.dead] {
            events.admit_topic(queue, &events.topic).await;
        }
        events.subscribe().await;
        let (status, answer) = events.publish_there().await;
        assert_eq!(status, 200, "{answer}");
        events
    }

    async fn sns(&self, parameters: &[(&str, &str)]) {
        let action = Serializer::new(String::new())
            .extend_pairs(&parameters[1..])
            .finish();
        let action = format!("{}&{action}", parameters[0].1);
        self.query("sns", SNS, &action).await;
    }
}

impl MailEvents {
    /// Lets SES publish for this configuration set of this account alone.
    pub async fn admit_ses(&self, configuration_set: &str) {
        let account = self.account.id();
        let source =
            format!("arn:aws:ses:{REGION}:{account}:configuration-set/{configuration_set}");
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "ses.amazonaws.com" },
                "Action": "sns:Publish",
                "Resource": self.topic,
                "Condition": { "StringEquals": {
                    "AWS:SourceAccount": account,
                    "AWS:SourceArn": source,
                } },
            }],
        });
        self.account
            .sns(&[
                ("Action", "SetTopicAttributes"),
                ("TopicArn", &self.topic),
                ("AttributeName", "Policy"),
                ("AttributeValue", &policy.to_string()),
            ])
            .await;
    }

    /// Lets this topic alone write to a queue.
    pub async fn admit_topic(&self, queue: &Queue, topic: &str) {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": queue.arn().await,
                "Condition": { "ArnEquals": { "aws:SourceArn": topic } },
            }],
        });
        queue.set_policy(&policy).await;
    }

    async fn subscribe(&self) {
        let redrive = json!({ "deadLetterTargetArn": self.dead.arn().await });
        self.account
            .sns(&[
                ("Action", "Subscribe"),
                ("TopicArn", &self.topic),
                ("Protocol", "sqs"),
                ("Endpoint", &self.queue.arn().await),
                ("Attributes.entry.1.key", "RawMessageDelivery"),
                ("Attributes.entry.1.value", "true"),
                ("Attributes.entry.2.key", "RedrivePolicy"),
                ("Attributes.entry.2.value", &redrive.to_string()),
            ])
            .await;
    }

    /// Creates the event destination, and returns the status and the text of the answer.
    pub async fn publish_there(&self) -> (u16, String) {
        let path = format!("/v2/email/configuration-sets/{CONFIGURATION_SET}/event-destinations");
        let name = format!("to-the-topic-{}", uuid::Uuid::now_v7());
        let destination = json!({
            "EventDestinationName": name,
            "EventDestination": {
                "Enabled": true,
                "MatchingEventTypes": TYPES,
                "SnsDestination": { "TopicArn": self.topic },
            },
        });
        self.account
            .try_rest(Method::POST, "ses", &path, Some(&destination))
            .await
    }

    /// Takes events until `count` of them are there.
    pub async fn take(&self, count: usize) -> Vec<Value> {
        let enough = |taken: &[Value]| taken.len() >= count;
        let taken = self.queue.take_until("the events", enough).await;
        assert_eq!(taken.len(), count, "{taken:?}");
        taken
    }
}
