//! Sends what is due to webhooks, from this process. Each webhook has a lane of its own, so that a slow or dead one
//! holds up no other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use entity::webhook::Model;
use tokio::{
    sync::{Notify, OnceCell},
    task::JoinSet,
};
use uuid::Uuid;
use webhook::{Poster, Reach};

use super::{DisabledReason, sign::signed};
use crate::{
    error::{Error, Result},
    fail_point,
    ledger::{ClaimedDelivery, IN_FLIGHT, Recorded, Route, Try},
    service::Service,
    telemetry,
};

/// The interval at which the ledger is asked for due deliveries: retries, and events of other processes.
const POLL: Duration = Duration::from_secs(1);
/// The same while there is no webhook to send to.
const IDLE_POLL: Duration = Duration::from_secs(5);
/// The shortest time between two looks that hand over: with each, a message takes what has become due meanwhile.
const HAND_OVER: Duration = Duration::from_millis(100);

/// The state of sending in this process.
#[derive(Debug)]
pub struct WebhookSender {
    reach: Reach,
    /// Opened with the first message: it reads the system's roots.
    poster: OnceCell<Poster>,
    /// Notified when there may be something to send, or another webhook.
    moved: Arc<Notify>,
    looked: Notify,
    /// Until then nobody looks for webhooks, because there was none.
    none_until: Mutex<Option<Instant>>,
    /// The webhooks that are being sent to. A lane is notified when more may be due.
    lanes: Mutex<HashMap<Uuid, Arc<Notify>>>,
}

impl WebhookSender {
    /// `moved` is notified when a recipient has moved.
    pub fn new(reach: Reach, moved: Arc<Notify>) -> Self {
        Self {
            reach,
            poster: OnceCell::new(),
            moved,
            looked: Notify::new(),
            none_until: Mutex::default(),
            lanes: Mutex::default(),
        }
    }

    /// Returns the addresses that webhooks may be at.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Looks for due deliveries at once.
    pub(super) fn look(&self) {
        self.looked.notify_one();
    }

    /// Returns whether there was no webhook to send to a moment ago.
    pub(super) fn knows_none(&self) -> bool {
        let until = *self.none_until();
        until.is_some_and(|until| until > Instant::now())
    }

    pub(super) fn note_live(&self, live: bool) {
        *self.none_until() = (!live).then(|| Instant::now() + IDLE_POLL);
    }

    fn none_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.none_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn poster(&self) -> Result<&Poster> {
        let poster = self
            .poster
            .get_or_try_init(async || Poster::new(self.reach));
        poster.await.map_err(Error::Poster)
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Notify>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes a lane when its task ends, however it ends.
struct Lane {
    service: Arc<Service>,
    id: Uuid,
    more: Arc<Notify>,
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.service.webhooks.lanes().remove(&self.id);
    }
}

impl Service {
    /// Sends what is due until the process stops.
    pub(crate) async fn keep_sending_to_webhooks(self: Arc<Self>) {
        let mut has_webhooks = true;
        while !self.stop.is_cancelled() {
            match self.ledger.due_webhooks().await {
                Ok((live, due)) => {
                    has_webhooks = live;
                    if self.webhook_queues.is_some() {
                        self.hand_over_to(due, None).await;
                        tokio::time::sleep(HAND_OVER).await;
                    } else {
                        for id in due {
                            self.send_in_lane(id);
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = telemetry::causes(&error),
                        "the ledger does not answer, webhooks wait"
                    );
                }
            }
            self.wait_for_more(has_webhooks).await;
        }
    }

    /// Without a webhook no event is of interest.
    async fn wait_for_more(&self, has_webhooks: bool) {
        let poll = if has_webhooks { POLL } else { IDLE_POLL };
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = tokio::time::sleep(poll) => {}
            () = self.webhooks.looked.notified() => {}
            () = self.webhooks.moved.notified(), if has_webhooks => {}
        }
    }

    /// Claims what is due to a webhook, and where that is little, the next events of a replay.
    pub(super) async fn claim_for_webhook(
        &self,
        id: Uuid,
        most: u64,
        route: Route,
    ) -> Result<Option<(Model, Vec<ClaimedDelivery>)>> {
        loop {
            let claimed = self.ledger.claim_deliveries(id, most, route).await?;
            let is_replaying = claimed.as_ref().is_some_and(|(webhook, claimed)| {
                webhook.replay_after.is_some() && claimed.is_empty()
            });
            if !is_replaying || !self.ledger.replay_some(id).await? {
                return Ok(claimed);
            }
        }
    }

    /// Sends to a webhook, in its lane if it has one.
    fn send_in_lane(self: &Arc<Self>, id: Uuid) {
        let mut lanes = self.webhooks.lanes();
        if let Some(more) = lanes.get(&id) {
            more.notify_one();
            return;
        }
        let more = Arc::<Notify>::default();
        lanes.insert(id, Arc::clone(&more));
        let lane = Lane {
            service: Arc::clone(self),
            id,
            more,
        };
        self.tasks.spawn(async move { lane.run().await });
    }

    async fn send_to_webhook(&self, webhook: &Model, delivery: ClaimedDelivery) -> Result<()> {
        let secret = self.ledger.hash_secret().await?;
        let message = signed(webhook, &delivery, secret)?;
        let outcome = self.webhooks.poster().await?.post(&message).await;
        fail_point!("webhook-posted");
        let made = Try::from((delivery.attempt(), outcome));
        let recorded = self.ledger.record_try(&made).await?;
        fail_point!("webhook-recorded");
        log(&made, recorded);
        Ok(())
    }
}

impl Lane {
    async fn run(self) {
        let mut posts = JoinSet::new();
        loop {
            let free = IN_FLIGHT.saturating_sub(posts.len() as u64);
            let started = if free == 0 || self.service.stop.is_cancelled() {
                Ok(0)
            } else {
                self.start(free, &mut posts).await
            };
            if let Err(error) = started {
                tracing::warn!(
                    webhook.id = %self.id, error = telemetry::causes(&error),
                    "events for a webhook cannot be read, they wait"
                );
            } else if started.is_ok_and(|started| started as u64 == free) && free > 0 {
                continue;
            }
            tokio::select! {
                ended = posts.join_next() => if ended.is_none() { return },
                () = self.more.notified() => {}
            }
        }
    }

    /// Claims deliveries and starts to send them. Returns their number.
    async fn start(&self, most: u64, posts: &mut JoinSet<()>) -> Result<usize> {
        let claimed = self.service.claim_for_webhook(self.id, most, Route::Direct);
        let Some((webhook, claimed)) = claimed.await? else {
            return Ok(0);
        };
        let started = claimed.len();
        if started > 0 {
            fail_point!("webhook-claimed");
        }
        let webhook = Arc::new(webhook);
        for delivery in claimed {
            let (service, webhook) = (Arc::clone(&self.service), Arc::clone(&webhook));
            posts.spawn(async move {
                let id = delivery.webhook_id;
                if let Err(error) = service.send_to_webhook(&webhook, delivery).await {
                    // Its lease ends, and it is sent again.
                    tracing::error!(
                        webhook.id = %id, error = telemetry::causes(&error),
                        "an event was not sent to a webhook, or its outcome not recorded"
                    );
                }
            });
        }
        Ok(started)
    }
}

pub(super) fn log(made: &Try, recorded: Recorded) {
    let failure = made.outcome.failure.map(tracing::field::display);
    tracing::debug!(
        webhook.id = %made.webhook_id, event.id = %made.event_id, webhook.attempt = made.number,
        http.status = made.outcome.status, webhook.failure = failure,
        duration_ms = made.outcome.duration_ms, "an event was sent to a webhook"
    );
    match recorded {
        Recorded::GivenUp => tracing::warn!(
            webhook.id = %made.webhook_id, event.id = %made.event_id,
            "an event did not reach a webhook, it is not tried again"
        ),
        Recorded::Disabled(reason) => tracing::warn!(
            webhook.id = %made.webhook_id, webhook.reason = DisabledReason::as_str(reason),
            "a webhook is disabled"
        ),
        Recorded::Arrived | Recorded::Again | Recorded::Late => {}
    }
}
