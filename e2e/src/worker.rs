//! `worker` as a process of a test's own.

use rustix::process::Signal;

use crate::database::Database;
use crate::process::Program;

const READY: &str = "MMMS worker is running";

/// A running `worker`, until it is dropped.
pub struct Worker(Program);

impl Worker {
    /// Starts a worker on this database, and waits until it logs that it runs.
    pub async fn start(database: &Database, variables: &[(&str, &str)]) -> Self {
        let mut environment = vec![("DATABASE_URL".to_owned(), database.url().to_owned())];
        for (name, value) in variables {
            environment.push(((*name).to_owned(), (*value).to_owned()));
        }
        let program = Program::start("worker", &[], &environment, database.folder());
        program.line(|line| line == READY).await;
        Self(program)
    }

    /// Suspends the process until `resume`.
    pub fn freeze(&self) {
        self.0.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.0.signal(Signal::CONT);
    }

    pub async fn kill(self) {
        self.0.signal(Signal::KILL);
        self.0.ended().await;
    }

    /// Stops the worker as a supervisor does, and asserts that it exits successfully.
    pub async fn stop(self) {
        self.0.signal(Signal::TERM);
        let status = self.0.ended().await;
        assert!(status.success(), "after SIGTERM the worker ends {status}");
    }

    pub fn program(&self) -> &Program {
        &self.0
    }

    pub fn logs(&self) -> Vec<String> {
        self.0.stderr()
    }
}
