//! The service as it is on AWS: both programs as functions, API Gateway before the one, SQS and the schedule before
//! the other.

use std::path::Path;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::aws::{Account, Queues};
use crate::event_source::{self, Delivery, EventSource};
use crate::gateway::{Format, Gateway};
use crate::runtime::{self, Function};

/// Where a deployment is, and what it is to be like. It can be deployed again and again.
#[derive(Clone)]
pub struct Cloud {
    pub account: Account,
    pub queues: Queues,
    pub format: Format,
    pub delivery: Delivery,
    /// Whether the queue leads to the worker from the start.
    pub enabled: bool,
    /// Most instances of the worker.
    pub workers: usize,
    /// Most that an invocation of the worker may take.
    pub time_limit: Duration,
    /// The fail points at which the first instances of each function die.
    pub doomed_apis: Vec<String>,
    pub doomed_workers: Vec<String>,
}

/// Most instances of the API.
const API_INSTANCES: usize = 10;
/// As API Gateway does.
const API_TIME_LIMIT: Duration = Duration::from_secs(30);

impl Cloud {
    pub async fn new() -> Self {
        let account = Account::new();
        // A wake-up comes again soon, so that no test waits for it.
        let queues = account.queues(5, 5).await;
        Self {
            account,
            queues,
            format: Format::Http,
            delivery: Delivery::default(),
            enabled: true,
            workers: 2,
            time_limit: Duration::from_secs(60),
            doomed_apis: Vec::new(),
            doomed_workers: Vec::new(),
        }
    }

    /// What every program of the service is told of it.
    pub fn variables(&self) -> Vec<(String, String)> {
        let mut variables = self.account.variables();
        variables.extend(self.queues.variables());
        variables
    }
}

/// Runs until it is dropped.
pub struct Deployment {
    pub api: Function,
    pub worker: Function,
    pub source: EventSource,
    gateway: Gateway,
    _schedule: JoinSet<()>,
}

impl Deployment {
    /// Deploys both functions with these variables, and sweeps every so often.
    pub async fn start(
        cloud: &Cloud,
        environment: &[(String, String)],
        folder: &Path,
        sweep: Duration,
    ) -> Self {
        let mut of_all = environment.to_vec();
        if cloud.format == Format::Rest {
            // As the documentation says for an API behind a named stage.
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
            // The sweep never waits for the queue.
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
