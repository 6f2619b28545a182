//! Tests against a real server that plays SES.

use std::collections::BTreeMap;

use aws_sdk_sesv2::config::{Credentials, SharedCredentialsProvider};
use e2e::{http::Reply, ses::error};
use serde_json::{Value, json};

use super::*;
use crate::{
    fixtures::{self, address},
    mailer::fixtures::claimed,
    message::{Attachment, Body, Envelope, Recipient, Tag, Variable},
    outcome::Fault,
};

mod answers;
mod connections;
mod links;
mod requests;
mod server;
mod several;

use server::{Request, Server, ok};

/// Far longer than any step takes here.
const LIMIT: Duration = Duration::from_secs(15);

/// The connection is closed after the request.
const HANG_UP: Reply = Reply::Close(b"");

fn mailing() -> Mailing {
    let envelope = Envelope {
        sender_email: address("team@bücher.example"),
        sender_name: "Tëam".into(),
        ..fixtures::envelope()
    };
    let body = Body {
        html: Some("<p>Hi {{name}}</p>".into()),
        text: Some("Hi {{name}}".into()),
        ..Body::default()
    };
    crate::mailer::fixtures::mailing(envelope, body)
}

/// Returns the mailing with a change.
fn mailing_with(change: impl FnOnce(&mut Mailing)) -> Mailing {
    let mut mailing = mailing();
    change(&mut mailing);
    Mailing::new(
        mailing.id,
        mailing.api_key_id,
        mailing.envelope,
        mailing.body,
        mailing.attachments,
    )
}

/// Returns recipients with the addresses `r0@example.com`, `r1@example.com` and so on.
fn recipients(count: i32) -> Vec<ClaimedRecipient> {
    (0..count)
        .map(|position| {
            let recipient = Recipient {
                name: Some(format!("R<{position}>")),
                ..fixtures::recipient(&format!("r{position}@example.com"))
            };
            claimed(position, recipient)
        })
        .collect()
}

fn credentials() -> SharedCredentialsProvider {
    let credentials = Credentials::new("key", "secret", None, None, "test");
    SharedCredentialsProvider::new(credentials)
}

async fn ses(url: &str) -> Ses {
    let aws = Aws::at(url.to_owned(), credentials()).await;
    Ses::new(Arc::new(aws), Some("set".into()))
}

/// Returns the outcome of one mail to one recipient.
async fn send_one(url: &str, limit: Duration) -> Outcome {
    let outcomes = ses(url).await.send(&mailing(), &recipients(1), limit).await;
    let [outcome] = <[Outcome; 1]>::try_from(outcomes).unwrap();
    outcome
}

/// Returns the kind of the outcome, its code and its fault.
fn short(outcome: &Outcome) -> (&'static str, &str, Option<Fault>) {
    match outcome {
        Outcome::Accepted { message_id } => ("accepted", message_id, None),
        Outcome::Refused(reason) => ("refused", reason.code.as_str(), None),
        Outcome::NotAccepted { reason, fault, .. } => {
            ("not accepted", reason.code.as_str(), Some(*fault))
        }
        Outcome::Unknown(reason) => ("unknown", reason.code.as_str(), None),
    }
}

fn text(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Accepted { .. } => panic!("accepted"),
        Outcome::Refused(reason)
        | Outcome::Unknown(reason)
        | Outcome::NotAccepted { reason, .. } => &reason.text,
    }
}
