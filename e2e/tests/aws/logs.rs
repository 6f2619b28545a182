//! The functions' output: JSON with the invocation's id, metrics in the format of `CloudWatch`, and no private data.

use std::collections::HashSet;

use e2e::letter::{addressed, recipient};
use e2e::ses::Reaction;
use e2e::{Service, With, eventually, mailing};
use serde_json::{Value, json};

const PRIVATE: [&str; 8] = [
    "Ann.Private@example.org",
    "ann.private@example.org",
    "Subject0Word",
    "Text0Word",
    "Html0Word",
    "Variable0Word",
    "Name0Word",
    "Idempotency0Word",
];
const COUNTS: [&str; 4] = [
    "MailsSent",
    "MailsFailed",
    "MailsUnconfirmed",
    "MailsThrottled",
];

/// Causes a log line of every kind, including answers of SES that quote an address. Returns the API key that was used.
async fn everything(service: &Service) -> String {
    service.ses.script(|call| match call.number {
        2 => Reaction::Throttle,
        3 if call.is_bulk => Reaction::RefuseSome(vec![(recipient(0), "MESSAGE_REJECTED")]),
        // After the throttling a single recipient probes.
        3 => Reaction::Refuse("MessageRejected"),
        4 | 5 => Reaction::Fail,
        _ => Reaction::Accept,
    });
    let key = service.server.new_key(json!({})).await;
    let key = key["api_key"].as_str().expect("a key").to_owned();
    let sender = service.server.with_key(&key);
    let entry = json!({
        "mail": "Ann.Private@example.org",
        "name": "Name0Word",
        "variables": { "word": "Variable0Word" },
    });
    let body = addressed(&json!([entry]))
        .with("subject", "Subject0Word")
        .with("text_template", "Text0Word {{word}}")
        .with("html_template", "Html0Word");
    let once = sender.clone().idempotency_key("Idempotency0Word");
    once.mail(&body).await.data(200);
    once.mail(&body).await.data(200);
    let data = sender.mail(&mailing(3)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    service.server.settled(id).await;
    let unknown = sender.mail(&body).await.data(202);
    assert_eq!(unknown["status"], "unconfirmed", "{unknown}");
    key
}

async fn nothing_private(level: &str) {
    let cloud = e2e::Cloud::new().await;
    let service = Service::like(cloud, |settings| settings.env("RUST_LOG", level)).await;
    let key = everything(&service).await;
    let lines = eventually("every kind of end is counted", async || {
        let lines = service.server.logs();
        let counted = |name: &&&str| lines.iter().any(|line| line.contains(**name));
        let missing: Vec<_> = COUNTS.iter().filter(|name| !counted(name)).collect();
        if missing.is_empty() {
            Ok(lines)
        } else {
            Err(missing)
        }
    })
    .await;
    let addresses: Vec<String> = (0..3).map(recipient).collect();
    let mut private: Vec<&str> = PRIVATE.to_vec();
    private.extend(addresses.iter().map(String::as_str));
    private.extend([key.as_str(), e2e::aws::SECRET]);
    let mut metrics = HashSet::new();
    for line in &lines {
        for word in &private {
            assert!(!line.contains(word), "{word} in {line}");
        }
        let parsed: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        if parsed.get("_aws").is_some() {
            metrics.extend(look_at_metrics(&parsed));
        }
    }
    for name in COUNTS.iter().chain(&["SendDuration", "WakeUps"]) {
        assert!(metrics.contains(*name), "{name} in {metrics:?}");
    }
}

/// Checks the rules of the embedded metric format
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>),
/// and returns the names of the metrics.
fn look_at_metrics(document: &Value) -> Vec<String> {
    let about = &document["_aws"];
    assert!(about["Timestamp"].is_u64(), "{document}");
    let directives = about["CloudWatchMetrics"].as_array().expect("directives");
    let mut names = Vec::new();
    for directive in directives {
        assert!(directive["Namespace"].is_string(), "{document}");
        for set in directive["Dimensions"].as_array().expect("dimensions") {
            for dimension in set.as_array().expect("a set of dimensions") {
                let value = &document[dimension.as_str().expect("a name")];
                assert!(value.is_string(), "{dimension} in {document}");
            }
        }
        for metric in directive["Metrics"].as_array().expect("metrics") {
            let name = metric["Name"].as_str().expect("a name");
            let value = &document[name];
            let values = value
                .as_array()
                .map_or(std::slice::from_ref(value), Vec::as_slice);
            assert!(values.iter().all(Value::is_number), "{name} in {document}");
            names.push(name.to_owned());
        }
    }
    names
}

#[tokio::test]
async fn a_wake_up_that_fails_is_one_line_with_its_invocation_and_its_cause() {
    let mut cloud = e2e::Cloud::new().await;
    cloud.enabled = false;
    let service = Service::like(cloud, |settings| settings.env("SWEEP_SECONDS", "3600")).await;
    let sender = service.sender().await;
    let data = sender.mail(&mailing(3)).await.data(202);
    let database = service.server.database();
    database
        .execute("ALTER TABLE recipient RENAME TO recipient_that_was")
        .await;
    let deployment = service.server.deployment();
    deployment.source.set_enabled(true);
    let lines = eventually("the wake-up fails and its invocation ends", async || {
        let lines = deployment.worker.logs();
        let parse = |line: &String| serde_json::from_str::<Value>(line).ok();
        let parsed: Vec<Value> = lines.iter().filter_map(parse).collect();
        let has_ended = |line: &&Value| line["message"] == "wake-ups worked on";
        match parsed.iter().find(has_ended) {
            Some(end) if end["failed"] == 1 => {
                let invocation = end["function.request_id"].clone();
                let own = parsed.into_iter();
                Ok(own
                    .filter(|line| line["function.request_id"] == invocation)
                    .collect::<Vec<_>>())
            }
            _ => Err(lines),
        }
    })
    .await;
    let cause = "relation \"recipient\" does not exist";
    let told = |line: &&Value| line["error"].as_str().is_some_and(|e| e.contains(cause));
    let told: Vec<&Value> = lines.iter().filter(told).collect();
    assert_eq!(told.len(), 1, "{lines:?}");
    assert_eq!(told[0]["level"], "ERROR");
    assert_eq!(told[0]["mail.id"], data["id"]);
    assert!(told[0]["function.request_id"].is_string(), "{told:?}");
}

#[tokio::test]
async fn nothing_private_is_logged() {
    nothing_private("info").await;
}

#[tokio::test]
async fn nothing_private_is_logged_in_detail_either() {
    nothing_private("debug").await;
}
