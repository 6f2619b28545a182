//! Tests the running server against its own description: every operation with valid and invalid data, and in the
//! sequences that the description's links allow.

use std::path::Path;

use e2e::{Server, letter};
use serde_json::json;
use tokio::process::Command;

const ADMIN_TOKEN: &str = "schemathesis-admin-token";

#[tokio::test(flavor = "multi_thread")]
async fn the_server_keeps_to_its_description() {
    let server = Server::start_with(&[("ADMIN_TOKEN", ADMIN_TOKEN)]).await;
    let key = server.new_key(json!({ "name": "schemathesis" })).await;
    let api_key = key["api_key"].as_str().expect("the key is shown once");
    let id = key["id"].as_str().expect("a key has an id");

    let e2e = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = e2e.join("../.cache/python/bin/st");
    assert!(
        program.is_file(),
        "schemathesis is not there: install it first, as `make test` does"
    );
    let run = Command::new(program)
        .arg("--no-color")
        .arg("--config-file")
        .arg(e2e.join("schemathesis.toml"))
        .args(["run", "--checks", "all"])
        .arg(format!("{}/openapi.json", server.url()))
        .env("ADMIN_TOKEN", ADMIN_TOKEN)
        .env("API_KEY", api_key)
        .env("API_KEY_ID", id)
        .env("HOOKS", e2e.join("schemathesis_hooks.py"))
        // Keeps Python from writing bytecode next to the hooks.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(server.database().folder())
        .output()
        .await
        .expect("schemathesis runs");
    let report = String::from_utf8_lossy(&run.stdout);
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{report}\n{complaints}");

    // If the run had revoked its own key, every later mail would have been answered 401, which the run accepts.
    let answer = server
        .with_key(api_key)
        .mail(&letter("ada@example.com"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}
