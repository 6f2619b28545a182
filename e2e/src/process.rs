//! A program under test as a child process. Its output is kept for assertions and printed if the test fails; the
//! process is ended with the test at the latest.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::binaries;

const START: Duration = Duration::from_secs(30);
const END: Duration = Duration::from_mins(1);
const LINES_SHOWN: usize = 150;

/// The output that a process has written so far.
#[derive(Clone, Default)]
struct Output {
    lines: Vec<String>,
    closed: bool,
}

pub struct Program {
    name: String,
    pid: Pid,
    stdout: watch::Receiver<Output>,
    stderr: watch::Receiver<Output>,
    end: watch::Receiver<Option<ExitStatus>>,
    threads: Vec<JoinHandle<()>>,
}

/// The result of a program that was run to its end.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    /// Starts the program with this environment, and no other variable but `PATH`.
    pub fn start(
        name: &str,
        arguments: &[&str],
        environment: &[(String, String)],
        directory: &Path,
    ) -> Self {
        let mut child = command(name, arguments, environment, directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let pid = Pid::from_child(&child);
        let (stdout, out) = collect(child.stdout.take().expect("stdout is piped"));
        let (stderr, err) = collect(child.stderr.take().expect("stderr is piped"));
        let (end, reaper) = reap(child);
        Self {
            name: name.to_owned(),
            pid,
            stdout,
            stderr,
            end,
            threads: vec![out, err, reaper],
        }
    }

    /// Runs the program until it ends by itself.
    pub async fn run(
        name: &str,
        arguments: &[&str],
        environment: &[(String, String)],
        directory: &Path,
    ) -> Run {
        let mut program = Self::start(name, arguments, environment, directory);
        let status = program.ended().await;
        program.join();
        Run {
            code: status.code(),
            stdout: program.stdout().join("\n"),
            stderr: program.stderr().join("\n"),
        }
    }

    /// Returns the first line of stdout for which `wanted` holds.
    pub async fn line(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut stdout = self.stdout.clone();
        let output = timeout(
            START,
            stdout.wait_for(|output| output.closed || output.lines.iter().any(|l| wanted(l))),
        )
        .await;
        let found = match &output {
            Ok(Ok(output)) => output.lines.iter().find(|l| wanted(l)).cloned(),
            _ => None,
        };
        drop(output);
        found.unwrap_or_else(|| {
            panic!(
                "{} did not print the expected line; stdout: {:?}; stderr: {:?}",
                self.name,
                self.stdout(),
                self.stderr()
            )
        })
    }

    pub fn signal(&self, signal: Signal) {
        if self.end.borrow().is_none() {
            kill_process(self.pid, signal)
                .unwrap_or_else(|error| panic!("no signal to {}: {error}", self.name));
        }
    }

    pub fn is_running(&self) -> bool {
        self.end.borrow().is_none()
    }

    /// Waits until the process has ended, and fails if that takes long.
    pub async fn ended(&self) -> ExitStatus {
        timeout(END, self.end())
            .await
            .unwrap_or_else(|_| panic!("{} still runs after {END:?}", self.name))
    }

    /// Waits until the process has ended, without a time limit.
    pub async fn end(&self) -> ExitStatus {
        let mut end = self.end.clone();
        let status = end.wait_for(Option::is_some).await;
        status
            .expect("the reaper answers before it goes")
            .expect("there is a status")
    }

    pub fn stdout(&self) -> Vec<String> {
        self.stdout.borrow().lines.clone()
    }

    pub fn stderr(&self) -> Vec<String> {
        self.stderr.borrow().lines.clone()
    }

    /// Waits until all output of the ended process has been collected.
    pub fn join(&mut self) {
        for thread in self.threads.drain(..) {
            thread.join().expect("collecting output does not fail");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.is_running() {
            // The process may end by itself at this moment.
            let _ = kill_process(self.pid, Signal::KILL);
        }
        self.join();
        if thread::panicking() {
            let lines = self.stderr();
            let (before, last) = lines.split_at(lines.len().saturating_sub(LINES_SHOWN));
            eprintln!("--- stderr of {}: warnings, then the last lines", self.name);
            let warns = |line: &&String| line.contains("WARN") || line.contains("ERROR");
            for line in before.iter().filter(warns).chain(last) {
                eprintln!("{line}");
            }
        }
    }
}

fn command(
    name: &str,
    arguments: &[&str],
    environment: &[(String, String)],
    directory: &Path,
) -> Command {
    let mut command = Command::new(binaries::path(name));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(directory);
    command
}

fn collect(source: impl Read + Send + 'static) -> (watch::Receiver<Output>, JoinHandle<()>) {
    let (sender, receiver) = watch::channel(Output::default());
    let thread = thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        while matches!(source.read_until(b'\n', &mut line), Ok(1..)) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            sender.send_modify(|output| output.lines.push(text));
        }
        sender.send_modify(|output| output.closed = true);
    });
    (receiver, thread)
}

fn reap(mut child: Child) -> (watch::Receiver<Option<ExitStatus>>, JoinHandle<()>) {
    let (sender, receiver) = watch::channel(None);
    let thread = thread::spawn(move || {
        let status = child.wait().expect("a child can be waited for");
        sender.send_replace(Some(status));
    });
    (receiver, thread)
}
