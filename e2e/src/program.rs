//! Programs that are not ours, run to their end.

use std::process::Output;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// More than a script allows itself, so that its own message comes first.
const LIMIT: Duration = Duration::from_mins(3);

/// How it ended, whichever way.
pub async fn run(mut command: Command) -> Output {
    let what = format!("{command:?}");
    timeout(LIMIT, command.kill_on_drop(true).output())
        .await
        .unwrap_or_else(|_| panic!("{what} did not end within {LIMIT:?}"))
        .unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Asserts that it succeeds, and gives what it printed.
pub async fn passes(command: Command) -> String {
    let what = format!("{command:?}");
    let output = run(command).await;
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{what} failed ({status}):\n{shown}{stderr}",
        status = output.status,
        stderr = String::from_utf8_lossy(&output.stderr),
    );
    shown
}

/// A script of `e2e/browser`, whose modules are those of its lock file.
pub fn browser_script(name: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/browser/").to_owned() + name);
    command
}
