//! The Python package as users get it: the wheel, installed in an environment of its own. Runs what its README and that
//! of the project print, and the scripts of `e2e/python`.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::Server;
use e2e::printed::printed;
use e2e::program::passes;
use e2e::webhook_example::receives;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

const README: &str = include_str!("../../clients/python/README.md");
const PROJECT: &str = include_str!("../../README.md");
const ADDRESS: &str = "http://127.0.0.1:8000";

fn of_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A folder with an environment in which the wheel is installed.
struct Environment(TempDir);

impl Environment {
    /// Also installs these packages. No registry is asked: what the wheel needs is in a folder beside the tools.
    async fn with(packages: &[&str]) -> Self {
        let wheel = std::env::var_os("PYTHON_PACKAGE")
            .expect("PYTHON_PACKAGE names the wheel, as `scripts/python-client pack` prints it");
        let environment = Self(TempDir::new().expect("a temporary folder"));
        let tools = of_repository(".cache/python-client");
        let mut create = environment.command(tools.join("bin/python"));
        create.args(["-m", "venv", "--without-pip", "environment"]);
        passes(create).await;
        let mut install = environment.command(tools.join("bin/pip"));
        install
            .arg("--python")
            .arg(environment.python())
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(["--no-index", "--find-links"])
            .arg(tools.join("wheels"))
            .arg(wheel)
            .args(packages);
        passes(install).await;
        environment
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn python(&self) -> PathBuf {
        self.path().join("environment/bin/python")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("the file is written");
    }

    /// Copies the scripts of `e2e/python`.
    fn copy_scripts(&self) {
        for entry in fs::read_dir(of_repository("e2e/python")).expect("the scripts") {
            let path = entry.expect("a script").path();
            if path.extension().is_some_and(|extension| extension == "py") {
                fs::copy(&path, self.path().join(path.file_name().expect("a name")))
                    .expect("the script is copied");
            }
        }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path())
            .env("PYTHONUNBUFFERED", "1")
            .env_remove("MMMS_URL")
            .env_remove("MMMS_API_KEY");
        command
    }

    fn script(&self, name: &str) -> Command {
        let mut command = self.command(self.python());
        command.arg(name);
        command
    }

    /// Runs the shell examples and then the Python examples as one shell script, and returns what they print.
    async fn follow(&self, server: &Server, shell: &str, python: &str) -> String {
        self.write("example.py", python);
        let mut bash = self.command("bash");
        bash.args(["-euo", "pipefail", "-c"]).arg(format!(
            "{}\n{} example.py",
            shell.replace(ADDRESS, server.url()),
            self.python().display()
        ));
        passes(bash).await
    }

    /// Returns what the examples below a heading of the package's README print.
    async fn example(&self, server: &Server, heading: &str) -> String {
        let shell = printed(README, "Send a mail", "sh");
        assert!(shell.contains(ADDRESS), "{shell}");
        self.follow(server, &shell, &printed(README, heading, "python"))
            .await
    }
}

#[tokio::test]
async fn its_examples_send_and_tell_what_became_of_mail() {
    let environment = Environment::with(&[]).await;
    let server = Server::embedded().await;
    let shown = environment.example(&server, "Send a mail").await;
    assert!(shown.ends_with(" sent\n"), "{shown}");
    let letter = server.mailbox().only_to("ann@example.org").await;
    assert_eq!(letter.subject(), "Hello Ann");
    assert_eq!(letter.html(), "<h1>Hello Ann!</h1>");
    let attached: Vec<_> = letter
        .parsed()
        .attachments()
        .map(|part| String::from_utf8_lossy(part.contents()).into_owned())
        .collect();
    assert_eq!(attached, ["9 to 5", "as bytes"]);

    let shown = environment.example(&server, "Many recipients").await;
    assert!(
        shown.contains("2 of 2\n1 sent, 1 failed\nrefused@simulator.mmms.test refused "),
        "{shown}"
    );
    let letter = server.mailbox().only_to("grace@example.com").await;
    assert_eq!(letter.subject(), "Grace, see you on Tuesday");

    let shown = environment.example(&server, "Errors").await;
    for part in [
        "validation_error (400): The request is not valid",
        "\n  recipients.1.mail: must be an address with one @\n",
        "\n  request id: ",
        "\n  what to do: fix the fields",
        "\n['recipients.1.mail']\n",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }

    let shown = environment.example(&server, "asyncio").await;
    assert_eq!(shown, "grace@example.com sent\nedsger@example.com sent\n");
}

#[tokio::test]
async fn its_examples_read_the_feed_and_the_result_queue() {
    let environment = Environment::with(&[]).await;
    let server = Server::embedded().await;
    // A message of the result queue is an event without these fields; this one comes twice.
    let published = r#"
import json

message = {name: value for name, value in came_back.to_dict().items() if name not in ("api_key_id", "copies")}
take(json.dumps(message))
take(json.dumps(message))
"#;
    let shown = environment
        .follow(
            &server,
            &printed(README, "Send a mail", "sh"),
            &(printed(README, "What became of it", "python") + published),
        )
        .await;
    assert!(
        shown.starts_with("invoice-4711 bounce@simulator.amazonses.com Bounce(type_='permanent'"),
        "{shown}"
    );
    assert!(shown.ends_with(")\ninvoice-4711 bounced\n"), "{shown}");
}

#[tokio::test]
async fn the_example_of_the_project_sends() {
    let environment = Environment::with(&[]).await;
    let server = Server::embedded().await;
    let key = server.new_key(json!({ "name": "python" })).await;
    let shell = format!(
        "export MMMS_URL={} MMMS_API_KEY={}",
        server.url(),
        key["api_key"].as_str().expect("a key")
    );
    let python = printed(PROJECT, "From Python", "python");
    let shown = environment.follow(&server, &shell, &python).await;
    assert_eq!(shown, "sent\n");
    let letter = server.mailbox().only_to("ada@example.com").await;
    assert_eq!(letter.text(), "Hello Ada!");
}

#[tokio::test]
async fn it_sends_once_through_whatever_happens_on_the_way() {
    let environment = Environment::with(&[]).await;
    environment.copy_scripts();
    let server = Server::embedded().await;
    let mut script = environment.script("reliable.py");
    script.arg(server.url());
    for settings in [
        json!({ "name": "python" }),
        json!({ "name": "one sender", "senders": ["team@example.com"] }),
    ] {
        let key = server.new_key(settings).await;
        script.arg(key["api_key"].as_str().expect("a key"));
    }
    assert_eq!(passes(script).await, "reliable\n");
}

#[tokio::test]
async fn it_judges_messages_arguments_and_answers_of_a_later_version() {
    let environment = Environment::with(&[]).await;
    environment.copy_scripts();
    let server = Server::embedded().await;
    assert_eq!(passes(environment.script("webhook.py")).await, "webhook\n");
    let mut newer = environment.script("newer.py");
    newer.arg(server.url());
    assert_eq!(passes(newer).await, "newer\n");
    let mut fields = environment.script("fields.py");
    fields
        .arg(server.url())
        .arg(of_repository("mail/result.schema.json"));
    assert_eq!(passes(fields).await, "fields\n");
}

/// Runs the receiver of the README in this framework, a package of the same name.
async fn receives_with(framework: &str, packages: &[&str]) {
    let environment = Environment::with(packages).await;
    environment.copy_scripts();
    let heading = format!("Webhooks with {framework}");
    environment.write("example.py", &printed(README, &heading, "python"));
    let mut serve = environment.script("serve.py");
    serve.arg(framework);
    receives(serve, "/mmms").await;
}

#[tokio::test]
async fn fastapi_receives_events() {
    receives_with("FastAPI", &["fastapi", "uvicorn"]).await;
}

#[tokio::test]
async fn flask_receives_events() {
    receives_with("Flask", &["flask"]).await;
}

#[tokio::test]
async fn django_receives_events() {
    receives_with("Django", &["django"]).await;
}

#[tokio::test]
async fn its_types_hold_for_programs_that_use_it() {
    let environment = Environment::with(&["fastapi", "flask"]).await;
    environment.copy_scripts();
    let mut files = Vec::new();
    for (at, heading) in [
        "Send a mail",
        "Many recipients",
        "Errors",
        "What became of it",
        "asyncio",
        "Webhooks with FastAPI",
        "Webhooks with Flask",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("example{at}.py");
        environment.write(&name, &printed(README, heading, "python"));
        files.push(name);
    }
    files.extend(
        [
            "reliable.py",
            "newer.py",
            "webhook.py",
            "fields.py",
            "misuse.py",
        ]
        .map(str::to_owned),
    );
    let mut mypy = environment.command(of_repository(".cache/python-client/bin/mypy"));
    mypy.arg("--strict")
        .arg("--python-executable")
        .arg(environment.python())
        .args(files);
    passes(mypy).await;
}
