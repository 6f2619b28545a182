//! The whole service on the emulator: both functions, the queues, `PostgreSQL`, and SES behind the counting proxy.

use crate::caller::Caller;
use crate::database::Database;
use crate::deployment::Cloud;
use crate::reckoning::Reckoning;
use crate::results::Results;
use crate::server::{Server, Settings};
use crate::ses::Ses;
use crate::worker::Worker;

pub struct Service {
    pub server: Server,
    pub ses: Ses,
    pub cloud: Cloud,
    pub results: Results,
}

impl Service {
    pub async fn start() -> Self {
        Self::like(Cloud::new().await, |settings| settings).await
    }

    /// Starts the service in this deployment, with additional variables.
    pub async fn like(cloud: Cloud, set: impl FnOnce(Settings) -> Settings) -> Self {
        Self::on(Database::postgres().await, cloud, set).await
    }

    pub async fn on(
        database: Database,
        cloud: Cloud,
        set: impl FnOnce(Settings) -> Settings,
    ) -> Self {
        let ses = Ses::before(&cloud.account).await;
        let database = database.in_cloud(cloud.clone());
        let (variable, url) = ses.variable();
        let settings = Server::on(&database)
            .env("MAIL_TRANSPORT", "ses")
            .env(&variable, &url);
        Self {
            server: set(settings).start().await,
            ses,
            results: Results::of(&cloud.queues.results),
            cloud,
        }
    }

    /// Starts `api` as a process that leaves mailings to workers on SQS.
    pub async fn of_processes(set: impl FnOnce(Settings) -> Settings) -> Self {
        Self::of_processes_in(Cloud::new().await, set).await
    }

    pub async fn of_processes_in(cloud: Cloud, set: impl FnOnce(Settings) -> Settings) -> Self {
        let ses = Ses::before(&cloud.account).await;
        let database = Database::postgres().await;
        let mut settings = Server::on(&database);
        for (name, value) in cloud.variables() {
            settings = settings.env(&name, &value);
        }
        let (variable, url) = ses.variable();
        let settings = settings.env(&variable, &url);
        Self {
            server: set(settings).start().await,
            ses,
            results: Results::of(&cloud.queues.results),
            cloud,
        }
    }

    /// Starts another `worker` as a process, with the server's variables.
    pub async fn worker(&self, more: &[(&str, &str)]) -> Worker {
        let variables = self.server.environment();
        let mut variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        variables.extend(more);
        Worker::start(self.server.database(), &variables).await
    }

    pub async fn sender(&self) -> Caller {
        self.server.sender().await
    }

    /// Waits until every recipient is at an end, and asserts that the ends, SES and the results agree.
    pub async fn reckon(&self, id: &str, count: usize) -> Reckoning {
        Reckoning::of(self, id, count).await
    }
}
