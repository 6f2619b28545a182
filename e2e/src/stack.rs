//! The real stack, deployed by the real CDK into an account of a test's own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use crate::aws::{Account, REGION, SECRET};
use crate::binaries;

/// The stage for the emulator.
const STAGE: &str = "emulator";
const NAME: &str = "Mmms-emulator";

/// A stack, deployed or not. Its resources stay in the account until `destroy`.
pub struct Stack {
    account: Account,
    folder: TempDir,
    outputs: HashMap<String, String>,
}

impl Stack {
    /// Packs the programs, and prepares the account for the CDK.
    pub async fn prepare(account: &Account) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        tokio::join!(
            pack("api", folder.path()),
            pack("worker", folder.path()),
            pack("poster", folder.path())
        );
        let stack = Self {
            account: account.clone(),
            folder,
            outputs: HashMap::new(),
        };
        // The bootstrap stack that every deployment needs. There is no app in that folder, so none is synthesized.
        let environment = format!("aws://{}/{REGION}", account.id());
        let mut bootstrap = Command::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../cdk/node_modules/.bin/cdk"
        ));
        bootstrap.args(["bootstrap", &environment]);
        stack.lead_into_the_account(&mut bootstrap);
        run(bootstrap.current_dir(stack.folder.path())).await;
        stack
    }

    /// Deploys the stack, or updates it, with these settings.
    pub async fn deploy(&mut self, settings: &[(&str, &str)]) {
        let mut deploy = self.script("deploy");
        deploy.arg("--require-approval=never");
        for (name, value) in settings {
            deploy.args(["-c", &format!("{name}={value}")]);
        }
        run(&mut deploy).await;
        self.outputs = self.account.stack_outputs(NAME).await;
    }

    pub async fn destroy(self) {
        run(self.script("destroy").arg("--force")).await;
    }

    /// Tests the deployment from outside, with the script for users.
    pub async fn smoke(&self) {
        let root = env!("CARGO_MANIFEST_DIR");
        let mut smoke = Command::new(format!("{root}/../scripts/smoke"));
        self.lead_into_the_account(&mut smoke);
        let resolve = format!("--import={root}/tests/deployed/localhost.mjs");
        run(smoke.env("STAGE", STAGE).env("NODE_OPTIONS", resolve)).await;
    }

    /// Returns an output of the stack.
    pub fn output(&self, name: &str) -> &str {
        let value = self.outputs.get(name);
        value.unwrap_or_else(|| panic!("no output {name} in {:?}", self.outputs))
    }

    /// Returns a command as `make` runs it.
    fn script(&self, task: &str) -> Command {
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/cdk"));
        command
            .args([task, "--no-notices", "--output"])
            .arg(self.path("cdk.out"));
        self.lead_into_the_account(&mut command);
        command
            .env("STAGE", STAGE)
            .env("LAMBDA_CODE", self.folder.path());
        command
    }

    /// Makes a command use this account, regardless of the user's own AWS variables.
    fn lead_into_the_account(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        command
            .envs(self.account.variables())
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("CDK_DEFAULT_ACCOUNT", self.account.id())
            .env("CDK_DEFAULT_REGION", REGION)
            .env("CDK_HOME", self.path("home"))
            .env("CDK_DISABLE_CLI_TELEMETRY", "true");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Packs a program as `make build` does: a `bootstrap.zip` in a folder with the program's name.
async fn pack(program: &str, folder: &Path) {
    let folder = folder.join(program);
    std::fs::create_dir(&folder).expect("a folder");
    let bootstrap = folder.join("bootstrap");
    // Stripping removes debug information, which leaves a tenth of the size.
    let mut strip = Command::new("strip");
    run(strip.arg("-o").arg(&bootstrap).arg(binaries::path(program))).await;
    let mut zip = Command::new("python3");
    zip.args(["-m", "zipfile", "-c", "bootstrap.zip", "bootstrap"]);
    run(zip.current_dir(&folder)).await;
}

async fn run(command: &mut Command) {
    let ended = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap_or_else(|error| panic!("{error}: {command:?}"));
    let said = String::from_utf8_lossy(&ended.stdout);
    let complained = String::from_utf8_lossy(&ended.stderr);
    println!("{said}{complained}");
    assert!(ended.status.success(), "{}: {command:?}", ended.status);
}
