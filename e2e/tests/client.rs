//! The npm package as users get it: packed, installed in a project of its own, compiled, bundled and used. Its uses are
//! in `e2e/client` and `client/examples`. Also tests a client in another language that is generated from the same
//! description.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use e2e::printed::printed;
use e2e::program::{passes, run};
use e2e::webhook_example::receives;
use e2e::{Server, eventually};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

const README: &str = include_str!("../../client/README.md");

fn of_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn tool(name: &str) -> PathBuf {
    of_repository("client/node_modules/.bin").join(name)
}

/// A project with the package installed.
struct Project(TempDir);

impl Project {
    async fn new() -> Self {
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

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("the file is written");
    }

    fn copy(&self, path: &str) {
        let name = Path::new(path).file_name().expect("a file");
        fs::copy(of_repository(path), self.path().join(name))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path());
        command
    }
}

/// Returns the examples of the client's README below one heading.
fn printed_under(heading: &str) -> String {
    printed(README, heading, "ts")
}

#[tokio::test]
async fn its_types_hold_for_a_bundler_and_for_node() {
    let project = Project::new().await;
    for path in [
        "e2e/client/consumer.ts",
        "e2e/client/browser.tsconfig.json",
        "e2e/client/node.tsconfig.json",
        "client/examples/contact-form/contact.ts",
        "client/examples/newsletter.mjs",
    ] {
        project.copy(path);
    }
    project.write("browser.example.ts", &printed_under("In a page"));
    project.write("node.example.ts", &printed_under("On a server"));
    project.write("webhook.example.ts", &printed_under("Events of MMMS"));
    for settings in ["browser.tsconfig.json", "node.tsconfig.json"] {
        let mut compile = project.command(tool("tsc"));
        compile
            .args(["--project", settings, "--typeRoots"])
            .arg(of_repository("client/node_modules/@types"));
        passes(compile).await;
    }
}

#[tokio::test]
async fn a_page_sends_from_the_origin_of_its_key_and_from_no_other() {
    let project = Project::new().await;
    project.copy("client/examples/contact-form/contact.ts");
    project.copy("client/examples/contact-form/index.html");
    let mut bundle = project.command(tool("esbuild"));
    bundle.args(["contact.ts", "--bundle", "--minify", "--format=esm"]);
    bundle.args(["--outfile=contact.js", "--log-level=warning"]);
    passes(bundle).await;

    let server = Server::embedded().await;
    let mut browser = project.command("node");
    browser
        .arg(of_repository("e2e/browser/contact.mjs"))
        .arg(server.url())
        .arg(project.path());
    passes(browser).await;
}

#[tokio::test]
async fn a_server_sends_once_through_whatever_happens_on_the_way() {
    let project = Project::new().await;
    project.copy("e2e/client/reliable.mjs");
    let server = Server::embedded().await;
    let mut node = project.command("node");
    node.arg("reliable.mjs").arg(server.url());
    passes(node).await;
}

#[tokio::test]
async fn a_mailing_shows_its_progress_and_goes_out_once() {
    const READERS: usize = 300;
    let project = Project::new().await;
    project.copy("client/examples/newsletter.mjs");
    let lines = (0..READERS).map(|at| format!("reader{at}@example.com, Reader {at}\n"));
    project.write("recipients.csv", &lines.collect::<String>());

    let server = Server::embedded().await;
    let key = server.new_key(json!({ "name": "newsletter" })).await;
    let send = || {
        let mut node = project.command("node");
        node.args(["newsletter.mjs", "recipients.csv"])
            .env("MMMS_URL", server.url())
            .env("MMMS_API_KEY", key["api_key"].as_str().expect("a key"));
        node
    };
    for _ in 0..2 {
        let shown = passes(send()).await;
        let full = format!("\r[{}] {READERS}/{READERS}\n", "#".repeat(30));
        assert!(shown.contains(&full), "{shown}");
        assert!(shown.ends_with(&format!("\nsent: {READERS}\n")), "{shown}");
    }
    assert_eq!(
        server.mailbox().total().await,
        300,
        "the second run sends nothing"
    );

    project.write("recipients.csv", "no address\n");
    let refused = run(send()).await;
    let complaints = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{complaints}");
    assert!(complaints.contains("validation_error"), "{complaints}");
    assert!(complaints.contains("recipients.0.mail"), "{complaints}");
}

/// Returns the module folder of the tests, with the reference implementation of webhooks.
fn reference() -> PathBuf {
    of_repository("e2e/browser/package.json")
}

#[tokio::test]
async fn a_webhook_is_verified_as_by_the_reference_implementation() {
    let project = Project::new().await;
    project.copy("e2e/client/webhook.mjs");
    let mut node = project.command("node");
    node.arg("webhook.mjs").arg(reference());
    passes(node).await;
}

#[tokio::test]
async fn a_receiver_in_node_takes_events() {
    let project = Project::new().await;
    project.copy("client/examples/webhook/receiver.mjs");
    let mut node = project.command("node");
    node.arg("receiver.mjs");
    receives(node, "/").await;
}

#[tokio::test]
async fn a_receiver_in_python_takes_events() {
    let mut python = Command::new(of_repository(".cache/python/bin/python"));
    python.arg(of_repository("client/examples/webhook/receiver.py"));
    receives(python, "/").await;
}

/// Returns a folder with the Python client that is generated from the description, as `mmms`.
async fn python_client() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let python = of_repository(".cache/python/bin");
    // The generator formats its output with a program in the same folder.
    let path = std::env::var("PATH").expect("a PATH");
    let mut generate = Command::new(python.join("openapi-python-client"));
    generate
        .args(["generate", "--meta", "none", "--fail-on-warning", "--path"])
        .arg(of_repository("openapi.yaml"))
        .arg("--output-path")
        .arg(folder.path().join("mmms"))
        .env("PATH", format!("{}:{path}", python.display()))
        .current_dir(folder.path());
    passes(generate).await;
    folder
}

fn script_with(client: &TempDir, script: &str) -> Command {
    let mut command = Command::new(of_repository(".cache/python/bin/python"));
    command
        .arg(of_repository("e2e/client").join(script))
        .env("PYTHONPATH", client.path());
    command
}

#[tokio::test]
async fn a_generated_python_client_sends() {
    let client = python_client().await;
    let server = Server::embedded().await;
    let mut send = script_with(&client, "send.py");
    send.arg(server.url());
    passes(send).await;
    let mailbox = server.mailbox();
    eventually("all three have gone", || async {
        match mailbox.total().await {
            3 => Ok(()),
            other => Err(other),
        }
    })
    .await;
    let letter = mailbox.only_to("guido@example.com").await;
    assert_eq!(letter.subject(), "From Python");
}

#[tokio::test]
async fn a_generated_python_client_takes_what_only_a_later_version_answers() {
    let client = python_client().await;
    let mut read = script_with(&client, "newer.py");
    read.arg(of_repository("openapi.yaml"));
    passes(read).await;
}

#[tokio::test]
async fn a_generated_python_client_has_names_that_can_be_read() {
    let client = python_client().await;
    let models = fs::read_to_string(client.path().join("mmms/models/__init__.py"))
        .expect("the generated models");
    for name in ["SentMailResponse", "MailingPage", "RecipientStatusFilter"] {
        assert!(models.contains(&format!("\"{name}\"")), "{name}");
    }
    // The names that the generator invents for schemas without a name end in one of these.
    for made_up in ["Type0", "Type1", "Type2", "Item"] {
        let found = models.contains(&format!("{made_up}\""));
        assert!(
            !found,
            "a schema has no name of its own: {made_up}\n{models}"
        );
    }
}
