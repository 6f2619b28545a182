//! The parts put together: what both programs run on.

use std::{
    fmt, io,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::fs::Mode;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admin::AdminAuth,
    aws::Aws,
    config::{Config, InvalidConfig, Transport, invalid},
    hash_secret::HashSecret,
    health::TransportHealth,
    ledger::Ledger,
    mailer::Mailer,
    pace::Pace,
    publish::Publisher,
    queue::{LocalQueue, Queue, SqsQueue},
    statistics::KnownStatistics,
    telemetry,
    webhooks::WebhookSender,
};

/// The time for which a process waits for its database before it starts without having compared the secret.
const FOR_SECRET: Duration = Duration::from_secs(3);

/// The queues by which a function posts to webhooks.
#[derive(Debug)]
pub(crate) struct WebhookQueues {
    pub messages: SqsQueue,
    pub outcomes: SqsQueue,
}

pub struct Service {
    pub config: Config,
    aws: Arc<Aws>,
    pub admin: AdminAuth,
    pub ledger: Arc<Ledger>,
    pub mailer: Arc<Mailer>,
    pub queue: Queue,
    /// The queue of SES's events, where there is one.
    pub(crate) event_queue: Option<SqsQueue>,
    /// The queues by which a function posts to webhooks, where there are such.
    pub(crate) webhook_queues: Option<WebhookQueues>,
    pub(crate) pace: Pace,
    pub(crate) health: TransportHealth,
    pub(crate) known_statistics: KnownStatistics,
    pub(crate) publisher: Arc<Publisher>,
    pub webhooks: WebhookSender,
    /// Cancelled when the process is to end: finish what was begun, begin nothing.
    pub stop: CancellationToken,
    /// Work that the process finishes before it ends.
    pub(crate) tasks: TaskTracker,
}

impl Service {
    /// Reads the settings and opens what they name; nothing works yet.
    pub async fn start() -> Result<Arc<Self>, InvalidConfig> {
        // Other users of the machine must not read databases and captured mail.
        rustix::process::umask(Mode::RWXG | Mode::RWXO);
        let config = Config::from_env()?;
        telemetry::start(&config)?;
        let aws = Arc::new(Aws::default());
        let ledger = Ledger::open(&config, &aws)
            .await
            .map_err(|_| invalid("DATABASE_URL", "names a database that cannot be opened"))?;
        let mailer = Mailer::open(&config.transport, &aws)
            .await
            .map_err(|error| match config.transport {
                Transport::Mailbox(_) => {
                    invalid("MAILBOX_DIR", format!("cannot be used ({})", error.kind()))
                }
                Transport::Smtp { .. } | Transport::Ses { .. } => {
                    invalid("MAIL_TRANSPORT", error.to_string())
                }
            })?;
        let queue = match &config.queue_url {
            Some(url) => Queue::Sqs(SqsQueue::new(Arc::clone(&aws), url)),
            None => Queue::Local(LocalQueue::default()),
        };
        let event_queue = config.event_queue_url.as_ref();
        let event_queue = event_queue.map(|url| SqsQueue::new(Arc::clone(&aws), url));
        let webhook_queues = config.webhook_queues.as_ref();
        let webhook_queues = webhook_queues.map(|queues| WebhookQueues {
            messages: SqsQueue::new(Arc::clone(&aws), &queues.messages),
            outcomes: SqsQueue::new(Arc::clone(&aws), &queues.outcomes),
        });
        let (ledger, mailer) = (Arc::new(ledger), Arc::new(mailer));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let rate = config.max_send_rate;
        let moved = Arc::<Notify>::default();
        Ok(Arc::new(Self {
            admin: AdminAuth::new(config.admin.as_ref(), &aws),
            publisher: Arc::new(Publisher::new(
                Arc::clone(&ledger),
                config.result_queue_url.as_ref(),
                config.result_statuses.clone(),
                &aws,
                tasks.clone(),
                Arc::clone(&moved),
            )),
            webhooks: WebhookSender::new(config.webhook_reach(), moved),
            pace: Pace::new(Arc::clone(&ledger), Arc::clone(&mailer), rate, stop.clone()),
            health: TransportHealth::new(Arc::clone(&ledger), config.send_timeout()),
            known_statistics: KnownStatistics::default(),
            ledger,
            mailer,
            queue,
            event_queue,
            webhook_queues,
            stop,
            tasks,
            aws,
            config,
        }))
    }

    /// Brings the schema up to date, and sets up the role of the service where there is one.
    pub async fn migrate(&self) -> Result<(), crate::Error> {
        match &self.config.role_secret {
            Some(secret) => self.ledger.set_up_role(secret, &self.aws).await,
            None => Ok(()),
        }
    }

    /// Returns the secret that keys hashes and seals secrets.
    pub async fn hash_secret(&self) -> crate::Result<&HashSecret> {
        self.ledger.hash_secret().await
    }

    /// Compares the secret with the one that the database was used with. A database that does not answer is asked later.
    pub async fn check_hash_secret(&self) -> Result<(), InvalidConfig> {
        match tokio::time::timeout(FOR_SECRET, self.hash_secret()).await {
            Ok(Err(crate::Error::HashSecret)) => Err(invalid(
                "HASH_SECRET",
                "is missing, or is not the secret that this database was used with",
            )),
            Ok(Ok(_) | Err(_)) | Err(_) => Ok(()),
        }
    }

    /// Returns whether the configured queues answer; both are asked at once.
    pub async fn queues_work(&self) -> bool {
        let (wake_ups, results) = tokio::join!(self.queue.works(), self.publisher.works());
        wake_ups && results
    }

    /// Waits until nothing that was begun is running, but no longer than until then: an instance of a function is
    /// frozen when it has answered. Nothing may have been started that runs for ever.
    pub async fn settle(&self, until: Instant) {
        self.tasks.close();
        let settled = tokio::time::timeout_at(until.into(), self.tasks.wait()).await;
        self.tasks.reopen();
        if settled.is_err() {
            tracing::warn!(
                tasks = self.tasks.len(),
                "what was begun goes on in the next invocation"
            );
        }
    }

    /// Waits until everything that was begun is finished.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Ends `stop` at the first SIGTERM or SIGINT.
    pub fn stop_on_signal(&self) -> io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping: what was begun is finished first");
            stop.cancel();
        });
        Ok(())
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}
