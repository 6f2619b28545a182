//! The published contract is the same text wherever it is published.

use std::path::Path;

use e2e::process::Program;
use e2e::{Database, Server};
use serde_json::Value;

async fn printed() -> String {
    let database = Database::sqlite();
    let run = Program::run("api", &["openapi"], &[], database.folder()).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run.stdout
}

#[tokio::test]
async fn the_spec_is_the_same_served_printed_and_checked_in() {
    let server = Server::embedded().await;
    let published = server.anonymous().get("/openapi.yaml").await;
    assert_eq!(published.status, 200);
    let content_type = published.header("content-type").unwrap_or_default();
    assert!(content_type.contains("yaml"), "{content_type}");
    let checked_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.yaml");
    let checked_in = std::fs::read_to_string(checked_in).expect("openapi.yaml is checked in");
    assert_eq!(published.text().trim_end(), printed().await.trim_end());
    assert!(
        published.text() == checked_in,
        "openapi.yaml is not what the server publishes: run `make openapi`"
    );
}

#[tokio::test]
async fn the_spec_is_the_same_in_json() {
    let server = Server::embedded().await;
    let yaml = server.anonymous().get("/openapi.yaml").await.text();
    let yaml: Value = serde_yaml_ng::from_str(&yaml).expect("YAML");
    let json = server.anonymous().get("/openapi.json").await;
    assert_eq!(json.status, 200);
    assert_eq!(json.json(), yaml);
}

#[tokio::test]
async fn every_operation_of_the_contract_is_described() {
    let spec: Value = serde_yaml_ng::from_str(&printed().await).expect("YAML");
    for (path, methods) in [
        ("/v1/health", &["get"][..]),
        ("/v1/ready", &["get"]),
        ("/v1/mail", &["get", "post"]),
        ("/v1/mail/{id}", &["get"]),
        ("/v1/mail/{id}/recipients", &["get"]),
        ("/v1/mail/{id}/cancel", &["post"]),
        ("/v1/mail/{id}/reschedule", &["post"]),
        ("/v1/mail/{id}/resend", &["post"]),
        ("/v1/api-key", &["get", "post"]),
        ("/v1/api-key/{api_key}", &["delete"]),
        ("/v1/api-key/{api_key}/rotate", &["post"]),
        ("/v1/api-key/{api_key}/origins", &["delete", "post"]),
        ("/v1/statistics", &["get"]),
        ("/v1/erase", &["post"]),
    ] {
        for method in methods {
            let operation = &spec["paths"][path][method];
            for part in ["summary", "operationId"] {
                assert!(operation[part].is_string(), "{part} of {method} {path}");
            }
            let answers = operation["responses"].as_object().expect("responses");
            assert!(answers.keys().any(|status| status.starts_with('2')));
            let errors = answers.keys().any(|status| status.starts_with(['4', '5']));
            assert!(errors || path == "/v1/health", "errors of {method} {path}");
        }
    }
}

#[tokio::test]
async fn the_documentation_asks_no_other_host() {
    let server = Server::embedded().await;
    for path in ["/docs", "/mailbox", "/console"] {
        let page = server.anonymous().get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let html = page.text();
        for tag in ["<script ", "<link ", "<img ", "<iframe "] {
            for inside in html.split(tag).skip(1) {
                let inside = inside.split('>').next().unwrap_or_default();
                for other_host in ["=\"http", "='http", "=\"//", "='//"] {
                    assert!(
                        !inside.contains(other_host) || inside.contains("data:"),
                        "{path} asks another host: {tag}{inside}"
                    );
                }
            }
        }
    }
}
