//! Reads events of SES, bare or in an envelope of SNS
//! (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>). Only the necessary
//! fields are read, and an unknown field or kind is no error: SES adds some from time to time.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use uuid::Uuid;

use super::{MailEvent, Report};
use crate::{
    address::Address,
    event::{Bounce, BounceType},
    mailer::{ATTEMPT_TAG, MAILING_TAG, RECIPIENT_TAG, redact},
    timestamp,
};

/// Subtypes with which SES says that it has not sent the mail, because the address is on a list of its own.
const SUPPRESSED: [&str; 2] = ["Suppressed", "OnAccountSuppressionList"];

/// A message of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    Event(Box<MailEvent>),
    /// It is about no mail of this service, or of a kind that says nothing about delivery, such as a click.
    Foreign,
}

/// The reason why a message is no event. It quotes nothing of the message, which may contain addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is no event of SES: {0}")]
pub struct Unreadable(&'static str);

#[derive(Deserialize)]
struct Mail {
    #[serde(rename = "messageId")]
    message_id: String,
    timestamp: String,
    #[serde(default)]
    destination: Vec<String>,
    #[serde(default)]
    tags: Value,
}

/// Reads one message of the queue.
pub fn parse(body: &str) -> Result<Parsed, Unreadable> {
    let outer: Value =
        serde_json::from_str(body).map_err(|_| Unreadable("the message is not JSON"))?;
    let inner: Value = match (&outer["Type"], &outer["Message"]) {
        (Value::String(_), Value::String(message)) => serde_json::from_str(message)
            .map_err(|_| Unreadable("the message in SNS's envelope is not JSON"))?,
        _ => outer,
    };
    // SNS tells a new subscriber so, and SES a new destination.
    if inner["Type"] == "SubscriptionConfirmation" {
        return Ok(Parsed::Foreign);
    }
    let kind = ["eventType", "notificationType"]
        .iter()
        .find_map(|name| inner[*name].as_str())
        .ok_or(Unreadable("it names no type"))?;
    if inner["mail"].is_null() {
        return Err(Unreadable("it names no mail"));
    }
    let mail: Mail = Deserialize::deserialize(&inner["mail"])
        .map_err(|_| Unreadable("its mail has no messageId or timestamp"))?;
    let tag = |name: &str| match &mail.tags[name] {
        Value::Array(values) => values.first().and_then(Value::as_str),
        Value::String(value) => Some(value.as_str()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    };
    let named = tag(MAILING_TAG)
        .and_then(|id| id.parse::<Uuid>().ok())
        .zip(tag(RECIPIENT_TAG).and_then(|position| position.parse::<i32>().ok()));
    let Some((mailing_id, position)) = named else {
        return Ok(Parsed::Foreign);
    };
    let Some((report, occurred_at, addresses)) = report(kind, &inner)? else {
        return Ok(Parsed::Foreign);
    };
    let accepted_at =
        timestamp::parse(&mail.timestamp).map_err(|_| Unreadable("its mail has no time"))?;
    let name = format!(
        "{}/{kind}/{occurred_at:?}/{}",
        mail.message_id,
        addresses.join(",")
    );
    Ok(Parsed::Event(Box::new(MailEvent {
        mailing_id,
        position,
        attempt: tag(ATTEMPT_TAG).and_then(|id| id.parse().ok()),
        accepted_at,
        occurred_at: occurred_at.unwrap_or(accepted_at),
        addresses,
        destinations: mail.destination.len(),
        report,
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()),
        message_id: mail.message_id,
    })))
}

type Read = (Report, Option<i64>, Vec<String>);

/// Reads the part of an event that depends on its kind. Returns nothing for kinds that say nothing about delivery.
fn report(kind: &str, event: &Value) -> Result<Option<Read>, Unreadable> {
    let time = |object: &Value| match &object["timestamp"] {
        Value::String(time) => timestamp::parse(time)
            .map(Some)
            .map_err(|_| Unreadable("its time is none")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Ok(None)
        }
    };
    let part = |name: &str| &event[name];
    Ok(Some(match kind {
        "Send" => (Report::Accepted, None, Vec::new()),
        "Delivery" => {
            let delivery = part("delivery");
            let recipients = delivery["recipients"].as_array();
            let addresses = recipients.into_iter().flatten().filter_map(Value::as_str);
            (
                Report::Delivered,
                time(delivery)?,
                addresses.map(key).collect(),
            )
        }
        "DeliveryDelay" => {
            let delay = part("deliveryDelay");
            let addresses = addresses(&delay["delayedRecipients"]);
            (Report::Delayed, time(delay)?, addresses)
        }
        "Bounce" => {
            let bounce = part("bounce");
            let addresses = addresses(&bounce["bouncedRecipients"]);
            (bounced(bounce), time(bounce)?, addresses)
        }
        "Complaint" => {
            let complaint = part("complaint");
            let addresses = addresses(&complaint["complainedRecipients"]);
            let report = match complaint["complaintSubType"].as_str() {
                Some(subtype) if SUPPRESSED.contains(&subtype) => Report::Suppressed,
                _ => Report::Complained,
            };
            (report, time(complaint)?, addresses)
        }
        "Reject" => {
            let reason = part("reject")["reason"].as_str().unwrap_or_default();
            (Report::Rejected(redact(reason)), None, Vec::new())
        }
        "Rendering Failure" | "RenderingFailure" => {
            let text = ["failure", "renderingFailure"]
                .iter()
                .find_map(|name| part(name)["errorMessage"].as_str());
            let text = redact(text.unwrap_or_default());
            (Report::NotRendered(text), None, Vec::new())
        }
        _ => return Ok(None),
    }))
}

fn bounced(bounce: &Value) -> Report {
    let text = |name: &str| bounce[name].as_str().unwrap_or_default();
    let subtype = text("bounceSubType");
    if SUPPRESSED.contains(&subtype) {
        return Report::Suppressed;
    }
    let recipients = bounce["bouncedRecipients"].as_array();
    let diagnostic = recipients
        .into_iter()
        .flatten()
        .find_map(|recipient| recipient["diagnosticCode"].as_str());
    Report::Bounced(Bounce {
        kind: match text("bounceType") {
            "Permanent" => BounceType::Permanent,
            "Transient" => BounceType::Transient,
            _ => BounceType::Undetermined,
        },
        subtype: redact(subtype),
        diagnostic: diagnostic.map(redact),
    })
}

fn addresses(recipients: &Value) -> Vec<String> {
    let recipients = recipients.as_array().into_iter().flatten();
    recipients
        .filter_map(|recipient| recipient["emailAddress"].as_str())
        .map(key)
        .collect()
}

/// Returns the normalised form of an address, which SES may give with a name.
fn key(address: &str) -> String {
    let bare = match (address.rfind('<'), address.rfind('>')) {
        (Some(start), Some(end)) if start < end => &address[start + 1..end],
        _ => address.trim(),
    };
    Address::parse(bare).map_or_else(|_| bare.to_lowercase(), |address| address.key())
}
