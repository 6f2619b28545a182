//! The service as it is on AWS: both programs as functions, API Gateway in front of one, SQS and the schedule in front
//! of the other.

use std::path::Path;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::aws::{Account, Queues};
use crate::event_source::{self, Delivery, EventSource};
use crate::gateway::{Format, Gateway};
use crate::runtime::{self, Function};

/// The place and the settings of a deployment, which can be deployed repeatedly.
#[derive(Clone)]
pub struct Cloud {
    pub account: Account,
    pub queues: Queues,
    pub format: Format,
    pub delivery: Delivery,
    /// `true` if the queue invokes the worker from the start.
    pub enabled: bool,
    /// The maximum number of instances of the worker.
    pub workers: usize,
    /// The time limit of an invocation of the worker.
    pub time_limit: Duration,
    /// The fail points at which the first instances of each function die.
    pub doomed_apis: Vec<String>,
    pub doomed_workers: Vec<String>,
}

/// The maximum number of instances of the API.
const API_INSTANCES: usize = 10;
/// The time limit of API Gateway.
const API_TIME_LIMIT: Duration = Duration::from_secs(30);

impl Cloud {
    pub async fn new() -> Self {
        // Wake-ups become visible again soon, so that tests need not wait for them.
        Self::with_queues(5, 5).await
    }

    /// Creates the queues. A received wake-up becomes visible again after `visibility` seconds, and is received at most
    /// `receives` times.
    pub async fn with_queues(visibility: u32, receives: u32) -> Self {
        let account = Account::new();
        let queues = account.queues(visibility, receives).await;
        Self {
            account,
            queues,
            format: Format::Http,
            delivery: Delivery::default(),
            enabled: true,
            workers: 2,
            time_limit: Duration::from_mins(1),
            doomed_apis: Vec::new(),
            doomed_workers: Vec::new(),
        }
    }

    /// Returns the variables of every program of the service.
    pub fn variables(&self) -> Vec<(String, String)> {
        let mut variables = self.account.variables();
        variables.extend(self.queues.variables());
        variables
    }
}

/// A deployment, which runs until it is dropped.
pub struct Deployment {
    pub api: Function,
    pub worker: Function,
    pub source: EventSource,
    gateway: Gateway,
    _schedule: JoinSet<()>,
}

impl Deployment {
    /// Deploys both functions with these variables, and sweeps at the interval `sweep`.
    pub async fn start(
        cloud: &Cloud,
        environment: &[(String, String)],
        folder: &Path,
        sweep: Duration,
    ) -> Self {
        let mut of_all = environment.to_vec();
        if cloud.format == Format::Rest {
            // The documentation recommends this for an API behind a named stage.
            let variable = "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH";
            of_all.push((variable.to_owned(), "true".to_owned()));
        }
        let api = Function::new(runtime::Settings {
            program: "api",
            environment: of_all.clone(),
            folder: folder.to_owned(),
            time_limit: API_TIME_LIMIT,
            instances: API_INSTANCES,
            doomed: cloud.doomed_apis.clone(),
        });
        let worker = Function::new(runtime::Settings {
            program: "worker",
            environment: of_all,
            folder: folder.to_owned(),
            time_limit: cloud.time_limit,
            // One instance more than the queue uses: the sweep must not wait for it.
            instances: 2 * cloud.workers + 1,
            doomed: cloud.doomed_workers.clone(),
        });
        let queue = &cloud.queues.wake_ups;
        let source = EventSource::between(queue, &worker, cloud.workers, cloud.delivery).await;
        source.set_enabled(cloud.enabled);
        Self {
            source,
            gateway: Gateway::before(api.clone(), cloud.format).await,
            _schedule: event_source::schedule(worker.clone(), sweep),
            api,
            worker,
        }
    }

    pub fn url(&self) -> String {
        self.gateway.url()
    }

    pub fn logs(&self) -> Vec<String> {
        let mut lines = self.api.logs();
        lines.extend(self.worker.logs());
        lines
    }
}
