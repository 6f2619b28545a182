//! External programs, which are run to their end.

use std::process::Output;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// Longer than the time limits of the scripts, so that their own messages come first.
const LIMIT: Duration = Duration::from_mins(3);

/// Runs a command, and returns its output whether it succeeded or not.
pub async fn run(mut command: Command) -> Output {
    let what = format!("{command:?}");
    timeout(LIMIT, command.kill_on_drop(true).output())
        .await
        .unwrap_or_else(|_| panic!("{what} did not end within {LIMIT:?}"))
        .unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Asserts that a command succeeds, and returns its output.
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

/// Returns a script of `e2e/browser`, which uses the modules of its lock file.
pub fn browser_script(name: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/browser/").to_owned() + name);
    command
}

/// Runs a script of the console in the browser, with the folder for its screenshots as the last argument.
pub async fn console_passes(script: &str, arguments: &[&str]) {
    const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots/console");
    let mut run = browser_script(script);
    run.args(arguments).arg(PICTURES);
    passes(run).await;
}
