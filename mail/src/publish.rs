//! Publishes every end to the result queue, once the ledger has it; `result.schema.json` describes a message.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use entity::{Document, recipient::Model};
use sea_orm::ActiveEnum;
use serde::Serialize;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::{
    aws::Aws,
    error::Result,
    fail_point,
    mailing::Mailing,
    message::CallerIds,
    queue::{self, Outgoing, Sent},
    service::Service,
    telemetry, timestamp,
};

/// How long nobody waits for a queue that was just seen to be away; the sweep tells what it missed.
const AWAY: Duration = Duration::from_secs(30);
/// Ends that the sweep tells at once.
const STEP: u64 = 500;

/// The queue of results.
#[derive(Debug)]
pub struct Results {
    aws: Arc<Aws>,
    url: String,
    away_until: Mutex<Option<Instant>>,
}

impl Results {
    pub fn new(aws: Arc<Aws>, url: &Url) -> Self {
        Self {
            aws,
            url: url.to_string(),
            away_until: Mutex::default(),
        }
    }

    fn is_away(&self) -> bool {
        let until = *self
            .away_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| until > Instant::now())
    }

    /// Whether the queue answers.
    pub(crate) async fn works(&self) -> bool {
        queue::length(&self.aws, &self.url).await.is_some()
    }

    /// What became of each message. Only a queue that took and refused none of them counts as away: a refusal is an
    /// answer, and concerns that one message.
    async fn send(&self, bodies: Vec<String>) -> Vec<Sent> {
        let messages = bodies
            .into_iter()
            .map(|body| Outgoing { body, group: None })
            .collect();
        let sent = queue::send(&self.aws, &self.url, messages, Duration::ZERO).await;
        let away = !sent.is_empty() && sent.iter().all(|sent| *sent == Sent::NotNow);
        let until = away.then(|| Instant::now() + AWAY);
        *self
            .away_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = until;
        sent
    }
}

/// The message as JSON text that SQS can carry. It refuses U+FFFE and U+FFFF
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>), which JSON leaves as
/// they are; inside a string, and they are nowhere else, they may be escaped.
fn body_of(message: &Message<'_>) -> Option<String> {
    let mut body = serde_json::to_string(message).ok()?;
    for (character, escaped) in [('\u{fffe}', "\\ufffe"), ('\u{ffff}', "\\uffff")] {
        if body.contains(character) {
            body = body.replace(character, escaped);
        }
    }
    Some(body)
}

/// One end of one recipient.
#[expect(clippy::struct_field_names, reason = "they are the published names")]
#[derive(Debug, Serialize)]
struct Message<'a> {
    event_id: Uuid,
    occurred_at: String,
    id: Uuid,
    index: i32,
    email_id: Option<Value>,
    email_recipient_id: Option<Value>,
    recipient: Option<&'a str>,
    status: String,
    message_id: Option<&'a str>,
    status_detail: Option<&'a str>,
    last_error: Option<&'a str>,
    queued_at: Option<String>,
    sent_at: Option<String>,
    client_env_id: Option<Value>,
    project_id: Option<Value>,
    closure_id: Option<Value>,
    attempts: i32,
}

impl<'a> Message<'a> {
    /// Nothing where the recipient is not at an end.
    fn of(row: &'a Model, ids: &CallerIds) -> Option<Self> {
        let value = |id: &Option<_>| id.as_ref().and_then(|id| serde_json::to_value(id).ok());
        Some(Self {
            event_id: row.event_id?,
            occurred_at: timestamp::write(row.ended_at?),
            id: row.mailing_id,
            index: row.position,
            email_id: value(&ids.email_id),
            email_recipient_id: row
                .email_recipient_id
                .clone()
                .and_then(Document::readable)
                .or_else(|| value(&ids.email_recipient_id)),
            recipient: row.mail.as_deref(),
            status: row.status.to_value(),
            message_id: row.message_id.as_deref(),
            status_detail: row.status_detail.as_deref(),
            last_error: row.last_error.as_deref(),
            queued_at: row.queued_at.map(timestamp::write),
            sent_at: row.sent_at.map(timestamp::write),
            client_env_id: value(&ids.client_env_id),
            project_id: value(&ids.project_id),
            closure_id: value(&ids.closure_id),
            attempts: row.attempts,
        })
    }
}

impl Service {
    /// Logs where recipients have moved to, and tells the result queue of those at an end. What it cannot tell the
    /// sweep tells later.
    pub(crate) async fn tell(&self, moved: &[Model]) {
        self.tell_with(moved, HashMap::new()).await;
    }

    /// The same, of a mailing that is at hand.
    pub(crate) async fn tell_of(&self, mailing: &Mailing, moved: &[Model]) {
        let known = HashMap::from([(mailing.id, mailing.envelope.ids.clone())]);
        self.tell_with(moved, known).await;
    }

    async fn tell_with(&self, moved: &[Model], known: HashMap<Uuid, CallerIds>) {
        moved.iter().for_each(telemetry::recipient_moved);
        let Some(results) = self.results.as_ref().filter(|results| !results.is_away()) else {
            return;
        };
        if let Err(error) = self.publish(results, moved, known).await {
            tracing::warn!(
                error = telemetry::causes(&error),
                "results were not told, the sweep tells them"
            );
        }
    }

    /// The same, while whoever asked for it goes on.
    pub(crate) fn tell_behind(self: &Arc<Self>, moved: Vec<Model>) {
        let service = Arc::clone(self);
        self.tasks.spawn(async move { service.tell(&moved).await });
    }

    /// Publishes the ends that were not published when they were reached; whether there may be more.
    pub(crate) async fn tell_missed(&self) -> Result<bool> {
        let Some(results) = &self.results else {
            return Ok(false);
        };
        let missed = self.ledger.unpublished(STEP).await?;
        let answered = self.publish(results, &missed, HashMap::new()).await?;
        Ok(missed.len() as u64 == STEP && answered)
    }

    /// Whether the queue has taken or refused any. One that it refuses again is given up: it would be refused for ever,
    /// and holds nothing else back.
    async fn publish(
        &self,
        results: &Results,
        ended: &[Model],
        ids: HashMap<Uuid, CallerIds>,
    ) -> Result<bool> {
        let sent = self.send_results(results, ended, ids).await?;
        let taken = sent.iter().filter(|(_, sent)| *sent == Sent::Taken);
        let taken: Vec<&Model> = taken.map(|(row, _)| *row).collect();
        fail_point!("published");
        self.ledger.mark_published(&taken).await?;
        fail_point!("marked");
        let mut answered = !taken.is_empty();
        for (row, sent) in sent {
            if let Sent::Refused(code) = sent {
                answered = true;
                if self.ledger.mark_refused(row).await? {
                    telemetry::result_refused(row, &code);
                }
            }
        }
        Ok(answered)
    }

    /// What became of the message of each end. The callers' ids that are not known are read.
    async fn send_results<'a>(
        &self,
        results: &Results,
        ended: &'a [Model],
        mut ids: HashMap<Uuid, CallerIds>,
    ) -> Result<Vec<(&'a Model, Sent)>> {
        let ended: Vec<&Model> = ended.iter().filter(|row| row.event_id.is_some()).collect();
        if ended.is_empty() {
            return Ok(Vec::new());
        }
        let mailings: BTreeSet<Uuid> = ended.iter().map(|row| row.mailing_id).collect();
        let unknown = mailings.into_iter().filter(|id| !ids.contains_key(id));
        let unknown: Vec<Uuid> = unknown.collect();
        if !unknown.is_empty() {
            ids.extend(self.ledger.caller_ids(&unknown).await?);
        }
        let mut bodies = Vec::with_capacity(ended.len());
        let mut rows = Vec::with_capacity(ended.len());
        for row in ended {
            let message = ids
                .get(&row.mailing_id)
                .and_then(|ids| Message::of(row, ids));
            if let Some(body) = message.as_ref().and_then(body_of) {
                bodies.push(body);
                rows.push(row);
            }
        }
        Ok(rows.into_iter().zip(results.send(bodies).await).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_holds_nothing_that_the_queue_cannot_carry() {
        let id = "\u{fffe}\\\u{ffff}\u{0}\u{1f}\u{7f}\u{fffd}\u{1fffe}\"";
        let message = Message {
            event_id: Uuid::nil(),
            occurred_at: String::new(),
            id: Uuid::nil(),
            index: 0,
            email_id: Some(id.into()),
            email_recipient_id: None,
            recipient: None,
            status: "sent".to_owned(),
            message_id: None,
            status_detail: None,
            last_error: Some("\u{ffff}"),
            queued_at: None,
            sent_at: None,
            client_env_id: None,
            project_id: None,
            closure_id: None,
            attempts: 1,
        };
        let body = body_of(&message).unwrap();
        let carried = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
        assert!(body.chars().all(carried), "{body:?}");
        let read: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&read["email_id"], &read["last_error"]),
            (&id.into(), &"\u{ffff}".into())
        );
    }
}
