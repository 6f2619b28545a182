//! Publishes every end of a recipient to the result queue, once it is recorded in the ledger.

use std::{
    collections::{BTreeSet, HashMap},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;
use url::Url;
use uuid::Uuid;

use crate::{
    aws::Aws,
    error::Result,
    event_message::EventMessage,
    fail_point,
    ledger::Ledger,
    mailing::Mailing,
    message::CallerIds,
    queue::{self, Outgoing, Sent},
    recipient_update::RecipientUpdate,
    result_statuses::ResultStatuses,
    telemetry,
};

/// The time for which requests and workers do not use the result queue after it was unreachable; the sweep publishes
/// the ends that they skip.
const AWAY: Duration = Duration::from_secs(30);
/// The maximum number of ends that one step of the sweep publishes.
const STEP: u64 = 500;
/// The number of groups of ends that a process publishes at once.
const LANES: usize = 4;

/// The SQS queue that back ends read results from.
#[derive(Debug)]
struct ResultQueue {
    aws: Arc<Aws>,
    url: String,
    away_until: Mutex<Option<Instant>>,
}

impl ResultQueue {
    fn is_away(&self) -> bool {
        let until = *self
            .away_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| until > Instant::now())
    }

    /// Sends messages, and returns the fate of each. The queue counts as unreachable only if it took and refused none
    /// of them: a refusal is an answer, and concerns that one message.
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

#[derive(Debug, Default)]
struct Waiting {
    ends: Vec<RecipientUpdate>,
    /// The callers' ids of mailings that are in memory.
    ids: HashMap<Uuid, CallerIds>,
}

/// Publishes to the result queue if one is set, and logs every move of a recipient.
#[derive(Debug)]
pub struct Publisher {
    ledger: Arc<Ledger>,
    queue: Option<ResultQueue>,
    /// The statuses that are published.
    statuses: ResultStatuses,
    /// Ends that wait for a lane: one request to the queue takes those that came meanwhile.
    waiting: Mutex<Waiting>,
    lanes: Semaphore,
    /// Tasks that the process waits for before it ends.
    tasks: TaskTracker,
    /// Notified of every move: webhooks may be sent its event.
    moved: Arc<Notify>,
}

impl Publisher {
    pub fn new(
        ledger: Arc<Ledger>,
        queue: Option<&Url>,
        statuses: ResultStatuses,
        aws: &Arc<Aws>,
        tasks: TaskTracker,
        moved: Arc<Notify>,
    ) -> Self {
        let queue = queue.map(|url| ResultQueue {
            aws: Arc::clone(aws),
            url: url.to_string(),
            away_until: Mutex::default(),
        });
        Self {
            ledger,
            queue,
            statuses,
            waiting: Mutex::default(),
            lanes: Semaphore::new(LANES),
            tasks,
            moved,
        }
    }

    /// Returns whether the result queue answers; also `true` if none is set.
    pub async fn works(&self) -> bool {
        match &self.queue {
            Some(queue) => queue::length(&queue.aws, &queue.url).await.is_some(),
            None => true,
        }
    }

    /// Logs the updates, and publishes those that are ends. The sweep publishes later what cannot be published now.
    pub async fn publish(&self, updates: &[RecipientUpdate]) {
        self.publish_with(updates, HashMap::new()).await;
    }

    /// Does the same for updates of one mailing that is in memory, whose callers' ids need not be read.
    pub async fn publish_of(&self, mailing: &Mailing, updates: &[RecipientUpdate]) {
        let known = HashMap::from([(mailing.id, mailing.envelope.ids.clone())]);
        self.publish_with(updates, known).await;
    }

    /// Does the same in the background, without keeping the caller waiting.
    pub fn publish_in_background(self: &Arc<Self>, updates: Vec<RecipientUpdate>) {
        let publisher = Arc::clone(self);
        self.tasks
            .spawn(async move { publisher.publish(&updates).await });
    }

    /// Publishes ends that were not published when they were reached. Returns whether there may be more.
    pub async fn publish_pending(&self) -> Result<bool> {
        let Some(queue) = &self.queue else {
            return Ok(false);
        };
        let pending = self.ledger.unpublished(STEP).await?;
        let answered = self.send(queue, &pending, HashMap::new()).await?;
        Ok(pending.len() as u64 == STEP && answered)
    }

    async fn publish_with(&self, updates: &[RecipientUpdate], known: HashMap<Uuid, CallerIds>) {
        updates.iter().for_each(telemetry::recipient_moved);
        self.moved.notify_one();
        let Some(queue) = self.queue.as_ref().filter(|queue| !queue.is_away()) else {
            return;
        };
        let is_published = |update: &&RecipientUpdate| {
            update.event_id.is_some() && self.statuses.name_of(update.status).is_some()
        };
        let ends = updates.iter().filter(is_published);
        let ends: Vec<RecipientUpdate> = ends.cloned().collect();
        if ends.is_empty() {
            return;
        }
        {
            let mut waiting = self.waiting();
            waiting.ends.extend(ends);
            waiting.ids.extend(known);
        }
        let Ok(_lane) = self.lanes.acquire().await else {
            return;
        };
        // Another lane may have taken these ends.
        let Waiting { ends, ids } = mem::take(&mut *self.waiting());
        if let Err(error) = self.send(queue, &ends, ids).await {
            tracing::warn!(
                error = telemetry::causes(&error),
                "results were not published, the sweep publishes them"
            );
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes ends, and returns whether the queue has taken or refused any. A message that it refuses a second time
    /// is given up: it would be refused for ever.
    async fn send(
        &self,
        queue: &ResultQueue,
        ends: &[RecipientUpdate],
        ids: HashMap<Uuid, CallerIds>,
    ) -> Result<bool> {
        let (ends, bodies) = self.messages(ends, ids).await?;
        if ends.is_empty() {
            return Ok(false);
        }
        let sent: Vec<_> = ends.into_iter().zip(queue.send(bodies).await).collect();
        let taken = sent.iter().filter(|(_, sent)| *sent == Sent::Taken);
        let taken: Vec<&RecipientUpdate> = taken.map(|(end, _)| *end).collect();
        fail_point!("published");
        self.ledger.mark_published(&taken).await?;
        fail_point!("marked");
        let mut answered = !taken.is_empty();
        for (end, sent) in sent {
            if let Sent::Refused(code) = sent {
                answered = true;
                if self.ledger.mark_refused(end).await? {
                    telemetry::result_refused(end, &code);
                }
            }
        }
        Ok(answered)
    }

    /// Returns the ends that have a message, and the message of each. Callers' ids that are not in `ids` are read from
    /// the ledger.
    async fn messages<'a>(
        &self,
        ends: &'a [RecipientUpdate],
        mut ids: HashMap<Uuid, CallerIds>,
    ) -> Result<(Vec<&'a RecipientUpdate>, Vec<String>)> {
        let mailings: BTreeSet<Uuid> = ends.iter().map(|end| end.mailing_id).collect();
        let unknown = mailings.into_iter().filter(|id| !ids.contains_key(id));
        let unknown: Vec<Uuid> = unknown.collect();
        if !unknown.is_empty() {
            ids.extend(self.ledger.caller_ids(&unknown).await?);
        }
        Ok(ends
            .iter()
            .filter_map(|end| {
                let status = self.statuses.name_of(end.status)?;
                let message = EventMessage::of_end(end, ids.get(&end.mailing_id)?, status)?;
                Some((end, queue::json(&message).ok()?))
            })
            .unzip())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::message::CallerId;

    #[test]
    fn a_message_holds_nothing_that_the_queue_cannot_carry() {
        let id = "\u{fffe}\\\u{ffff}\u{0}\u{1f}\u{7f}\u{fffd}\u{1fffe}\"";
        let email_id = CallerId::Text(id.to_owned());
        let message = EventMessage {
            event_id: Uuid::nil(),
            occurred_at: String::new(),
            id: Uuid::nil(),
            index: 0,
            email_id: Some(&email_id),
            email_recipient_id: None,
            recipient: None,
            status: "sent",
            message_id: None,
            status_detail: None,
            last_error: Some("\u{ffff}"),
            queued_at: None,
            sent_at: None,
            client_env_id: None,
            project_id: None,
            closure_id: None,
            attempts: 1,
            sequence: 1,
            bounce: None,
            copies: &[],
        };
        let body = queue::json(&message).unwrap();
        let carried = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
        assert!(body.chars().all(carried), "{body:?}");
        let read: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&read["email_id"], &read["last_error"]),
            (&id.into(), &"\u{ffff}".into())
        );
    }
}
