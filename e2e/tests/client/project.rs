//! A project with the package installed, as its users have it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use e2e::program::passes;
use tempfile::TempDir;
use tokio::process::Command;

pub fn of_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

pub fn tool(name: &str) -> PathBuf {
    of_repository("client/node_modules/.bin").join(name)
}

/// A project with the package installed.
pub struct Project(TempDir);

impl Project {
    pub async fn new() -> Self {
        let package = std::env::var_os("CLIENT_PACKAGE")
            .expect("CLIENT_PACKAGE names the packed client, as `scripts/client pack` prints it");
        let project = Self(TempDir::new().expect("a temporary folder"));
        project.write("package.json", r#"{"private": true, "type": "module"}"#);
        let mut install = project.command("npm");
        install
            .args(["install", "--offline", "--no-audit", "--no-fund"])
            .arg(package);
        passes(install).await;
        project
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("the file is written");
    }

    pub fn copy(&self, path: &str) {
        let name = Path::new(path).file_name().expect("a file");
        fs::copy(of_repository(path), self.path().join(name))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Adds a package that is pinned in `e2e/client`, or a scope of them.
    pub fn link(&self, package: &str) {
        let installed = of_repository("e2e/client/node_modules").join(package);
        let installed = installed
            .canonicalize()
            .unwrap_or_else(|error| panic!("scripts/node-tools e2e/client, {package}: {error}"));
        symlink(installed, self.path().join("node_modules").join(package)).expect("a new link");
    }

    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path());
        command
    }
}

/// Returns the module folder of the tests, with the reference implementation of webhooks.
pub fn reference() -> PathBuf {
    of_repository("e2e/browser/package.json")
}
