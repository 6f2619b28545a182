//! Webhooks where the programs have no way out: a function of its own posts what the worker has signed.

mod arrivals;
mod failures;
mod losses;
mod processes;
mod secrecy;

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::aws::WebhookQueues;
use e2e::event_source::{Delivery, EventSource};
use e2e::runtime::{Function, Settings};
use e2e::server;
use e2e::{Cloud, Receiver, Service, eventually};

/// The time limit of the function in the stack.
const TIME_LIMIT: Duration = Duration::from_secs(25);
/// The instances of the function, which take ten messages each.
const INSTANCES: usize = 2;
/// The seconds after which a message of a function that has died is received again.
const VISIBILITY: u32 = 2;

/// The function that posts, and its event source.
pub struct Poster {
    pub function: Function,
    pub source: EventSource,
}

impl Poster {
    /// Deploys the function with the rights to its two queues alone.
    pub async fn of(cloud: &Cloud, service: &Service, queues: &WebhookQueues) -> Self {
        let mut environment = cloud.account.variables();
        for (name, value) in [
            ("WEBHOOK_OUTCOME_QUEUE_URL", queues.outcomes.url()),
            ("WEBHOOK_REACH", "loopback"),
            ("RUST_LOG", "trace"),
        ] {
            environment.push((name.to_owned(), value.to_owned()));
        }
        let function = Function::new(Settings {
            program: "poster",
            environment,
            folder: service.server.database().folder().to_owned(),
            time_limit: TIME_LIMIT,
            instances: INSTANCES,
            doomed: Vec::new(),
        });
        let delivery = Delivery::default();
        let source = EventSource::between(&queues.messages, &function, INSTANCES, delivery).await;
        Self { function, source }
    }
}

/// The service as functions, with webhooks.
pub struct Webhooks {
    pub service: Service,
    pub queues: WebhookQueues,
    pub poster: Poster,
    /// Of the outcomes, to the worker.
    pub outcomes: EventSource,
}

impl Webhooks {
    /// Starts everything. The worker sweeps at this interval, in seconds.
    pub async fn start(sweep: &str) -> Self {
        let webhooks = Self::prepare(sweep).await;
        webhooks.poster.source.set_enabled(true);
        webhooks.outcomes.set_enabled(true);
        webhooks
    }

    /// Does the same, with both event sources disabled: one that is enabled may be waiting for a message when it is
    /// disabled, and takes it.
    pub async fn prepare(sweep: &str) -> Self {
        let set = |settings: server::Settings| settings.env("SWEEP_SECONDS", sweep);
        Self::of(Cloud::new().await, VISIBILITY, set).await
    }

    /// A message that was received becomes visible again after `visibility` seconds.
    pub async fn of(
        cloud: Cloud,
        visibility: u32,
        set: impl FnOnce(server::Settings) -> server::Settings,
    ) -> Self {
        let queues = cloud.account.webhook_queues(visibility).await;
        let service = Service::like(cloud.clone(), |settings| {
            set(settings
                .envs(queues.variables())
                .env("WEBHOOK_REACH", "loopback"))
        })
        .await;
        let poster = Poster::of(&cloud, &service, &queues).await;
        let worker = &service.server.deployment().worker;
        let outcomes = EventSource::between(&queues.outcomes, worker, 1, Delivery::default()).await;
        Self {
            service,
            queues,
            poster,
            outcomes,
        }
    }

    /// Waits until nothing is left to be sent, nor in a queue.
    pub async fn all_sent(&self) {
        e2e::hook::all_sent(&self.service.server).await;
        eventually("the queues are empty", async || {
            let left = (
                self.queues.messages.length().await,
                self.queues.outcomes.length().await,
            );
            if left == (0, 0) { Ok(()) } else { Err(left) }
        })
        .await;
        assert_eq!(self.queues.dead.length().await, 0);
        assert_eq!(self.queues.dead_outcomes.length().await, 0);
    }
}

/// Returns the ids of the events that have come.
pub fn ids_at(receiver: &Receiver) -> BTreeSet<String> {
    let messages = receiver.messages();
    messages.iter().map(|one| one.id().to_owned()).collect()
}
