//! The service as a client sees it: `api` as a process on a port of its own, or deployed as functions behind a gateway,
//! depending on the test's database.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::SmtpServer;
use crate::caller::Caller;
use crate::database::Database;
use crate::deployment::Deployment;
use crate::description;
use crate::mailbox::Mailbox;
use crate::process::Program;
use crate::waiting::{eventually, within};

const READY: &str = "MMMS is listening on ";

/// The admin token of servers whose management operations require one.
const ADMIN_TOKEN: &str = "an-admin-token-of-the-tests";
/// The programs' default interval of the sweep.
const SWEEP: Duration = Duration::from_mins(1);

/// A running service, until it is dropped. It can be stopped, killed and started again on the same database; each start
/// uses another port.
pub struct Server {
    running: Option<Running>,
    environment: Vec<(String, String)>,
    url: String,
    past_logs: Vec<String>,
    database: Database,
}

enum Running {
    Process(Program),
    Functions(Box<Deployment>),
}

/// The settings of a server that is not started yet.
pub struct Settings {
    environment: Vec<(String, String)>,
    database: Database,
}

impl Settings {
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn envs(mut self, variables: Vec<(String, String)>) -> Self {
        self.environment.extend(variables);
        self
    }

    pub async fn start(mut self) -> Server {
        // Without a token, management is open only in the embedded default.
        let given = |name: &str| self.environment.iter().any(|(given, _)| given == name);
        let has_transport = self
            .environment
            .iter()
            .any(|(name, value)| name == "MAIL_TRANSPORT" && value != "mailbox");
        if (has_transport || given("MAIL_QUEUE_URL"))
            && !given("ADMIN_TOKEN")
            && !given("ADMIN_SECRET_NAME")
        {
            self = self.env("ADMIN_TOKEN", ADMIN_TOKEN);
        }
        let mut server = Server {
            running: None,
            environment: self.environment,
            url: String::new(),
            past_logs: Vec::new(),
            database: self.database,
        };
        server.start().await;
        server
    }
}

impl Server {
    /// Starts the embedded default: `SQLite` and the mailbox, in a folder of its own.
    pub async fn embedded() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts the embedded default with additional variables.
    pub async fn start_with(variables: &[(&str, &str)]) -> Self {
        let mut settings = Self::on(&Database::sqlite());
        for (name, value) in variables {
            settings = settings.env(name, value);
        }
        settings.start().await
    }

    /// Returns the settings of a server on this database that sends through that SMTP server.
    pub fn through(smtp: &SmtpServer, database: &Database) -> Settings {
        Self::on(database).env("MAIL_TRANSPORT", &smtp.transport())
    }

    /// Returns the settings of a server on this database.
    pub fn on(database: &Database) -> Settings {
        let mut settings = Settings {
            environment: Vec::new(),
            database: database.clone(),
        };
        if let Some(cloud) = database.cloud() {
            settings.environment = cloud.variables();
            // With the mailbox, tests can read the captured mails here too.
            settings = settings
                .env("MAIL_TRANSPORT", "mailbox")
                .env("ADMIN_TOKEN", ADMIN_TOKEN);
        } else {
            settings = settings.env("PORT", "0");
        }
        settings.env("DATABASE_URL", database.url())
    }

    /// Starts the service again, with the same variables, after `stop` or `kill`.
    pub async fn start(&mut self) {
        assert!(self.running.is_none(), "the server runs already");
        let folder = self.database.folder();
        if let Some(cloud) = self.database.cloud() {
            let sweep = self.variable("SWEEP_SECONDS").map(|seconds| {
                let seconds = seconds.parse().expect("a number of seconds");
                Duration::from_secs(seconds)
            });
            let sweep = sweep.unwrap_or(SWEEP);
            let deployment = Deployment::start(cloud, &self.environment, folder, sweep).await;
            self.url = deployment.url();
            self.running = Some(Running::Functions(Box::new(deployment)));
            return;
        }
        let program = Program::start("api", &[], &self.environment, folder);
        let line = program.line(|_| true).await;
        let address = line
            .strip_prefix(READY)
            .unwrap_or_else(|| panic!("the first line is {line:?}"));
        self.url = address.replace("//0.0.0.0:", "//127.0.0.1:");
        self.running = Some(Running::Process(program));
    }

    /// Stops the program as a supervisor does, and asserts that it exits successfully. Functions are removed without a
    /// request.
    pub async fn stop(&mut self) {
        let status = self.ended(Signal::TERM).await;
        if let Some(status) = status {
            assert!(status.success(), "after SIGTERM the server ends {status}");
        }
    }

    /// Ends the service as a power cut does.
    pub async fn kill(&mut self) {
        self.ended(Signal::KILL).await;
    }

    /// Kills the service, and starts it again on the same database.
    pub async fn crash(&mut self) {
        self.kill().await;
        self.start().await;
    }

    async fn ended(&mut self, signal: Signal) -> Option<std::process::ExitStatus> {
        match self.running.take().expect("the server runs") {
            Running::Process(mut program) => {
                program.signal(signal);
                let status = program.ended().await;
                program.join();
                self.past_logs.extend(program.stderr());
                Some(status)
            }
            Running::Functions(deployment) => {
                self.past_logs.extend(deployment.logs());
                None
            }
        }
    }

    /// Returns the URL of the service: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the process. Panics if the service is deployed as functions.
    pub fn program(&self) -> &Program {
        match self.running.as_ref().expect("the server runs") {
            Running::Process(program) => program,
            Running::Functions(_) => panic!("functions are no process"),
        }
    }

    /// Returns the deployment. Panics if the service is a process.
    pub fn deployment(&self) -> &Deployment {
        match self.running.as_ref().expect("the server runs") {
            Running::Process(_) => panic!("a process is no deployment"),
            Running::Functions(deployment) => deployment,
        }
    }

    /// Waits until the service says that it is ready.
    pub async fn ready(&self) {
        eventually("the service is ready", async || {
            let answer = self.anonymous().get("/v1/ready").await;
            if answer.status == 200 {
                Ok(())
            } else {
                Err(answer.text())
            }
        })
        .await;
    }

    /// Returns the variables that the service is started with.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Returns the log lines of the server, over all its starts.
    pub fn logs(&self) -> Vec<String> {
        let mut lines = self.past_logs.clone();
        match &self.running {
            Some(Running::Process(program)) => lines.extend(program.stderr()),
            Some(Running::Functions(deployment)) => lines.extend(deployment.logs()),
            None => {}
        }
        lines
    }

    /// Returns a caller without credentials.
    pub fn anonymous(&self) -> Caller {
        Caller::new(&self.url)
    }

    pub fn with_key(&self, api_key: &str) -> Caller {
        self.anonymous().key(api_key)
    }

    /// Returns a caller with the admin token, if there is one.
    pub fn management(&self) -> Caller {
        let caller = self.anonymous();
        match self.variable("ADMIN_TOKEN") {
            Some(token) => caller.bearer(token),
            None => caller,
        }
    }

    /// Creates an API key, and returns it as `POST /v1/api-key` shows it.
    pub async fn new_key(&self, body: Value) -> Value {
        let answer = self.management().post("/v1/api-key", &body).await;
        answer.data(201)
    }

    /// Returns a caller with a new server key.
    pub async fn sender(&self) -> Caller {
        let key = self.new_key(json!({ "name": "a server" })).await;
        self.with_key(key["api_key"].as_str().expect("the key is shown once"))
    }

    /// Returns the mailbox with the captured mails.
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::of(self.management())
    }

    /// Returns the mailing as management sees it.
    pub async fn mailing(&self, id: &str) -> Value {
        let answer = self.management().get(&format!("/v1/mail/{id}")).await;
        answer.data(200)
    }

    /// Returns every recipient of a mailing, over all pages.
    pub async fn recipients(&self, id: &str) -> Vec<Value> {
        let management = self.management();
        let page = format!("/v1/mail/{id}/recipients?limit=100");
        let mut recipients = Vec::new();
        let mut path = page.clone();
        loop {
            let answer = management.get(&path).await;
            recipients.extend(answer.items());
            match answer.next() {
                Some(cursor) => path = format!("{page}&after={cursor}"),
                None => break,
            }
        }
        recipients
            .iter()
            .for_each(description::assert_names_the_detail_of);
        recipients
    }

    /// Waits until no recipient of the mailing is queued or being sent, and returns its counts.
    pub async fn settled(&self, id: &str) -> Value {
        self.settled_within(Duration::from_mins(1), id).await
    }

    pub async fn settled_within(&self, limit: Duration, id: &str) -> Value {
        within(limit, "every recipient comes to an end", || async {
            let counts = self.mailing(id).await["counts"].clone();
            if counts["queued"] == 0 && counts["sending"] == 0 {
                Ok(counts)
            } else {
                Err(counts)
            }
        })
        .await
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.environment.iter().rev();
        variables
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }
}
