//! The logs in `CloudWatch`.

use e2e::aws::Account;
use serde_json::{Value, json};

/// Returns every line of every log of the account.
async fn lines(account: &Account) -> Vec<String> {
    let mut lines = Vec::new();
    let groups = logs(account, "DescribeLogGroups", &json!({})).await;
    for group in groups["logGroups"].as_array().expect("log groups") {
        let mut ask = json!({ "logGroupName": group["logGroupName"] });
        loop {
            let page = logs(account, "FilterLogEvents", &ask).await;
            for event in page["events"].as_array().expect("events") {
                lines.push(event["message"].as_str().expect("a message").to_owned());
            }
            if page["nextToken"].is_null() {
                break;
            }
            ask["nextToken"] = page["nextToken"].clone();
        }
    }
    lines
}

async fn logs(account: &Account, action: &str, body: &Value) -> Value {
    let target = format!("Logs_20140328.{action}");
    let answer = account.json("logs", &target, body).await;
    serde_json::from_str(&answer).expect("a JSON answer")
}

/// Asserts that the access logs contain the requested routes, and that no log contains one of the secret texts.
pub async fn tell_routes_and_nothing_else(account: &Account, secret: &[&str]) {
    let lines = lines(account).await;
    let names = |text: &str| lines.iter().any(|line| line.contains(text));
    let of_posts = "messages posted";
    for told in ["POST /v1/mail", "DELETE /v1/api-key/{api_key}", of_posts] {
        assert!(names(told), "{told} is in no log");
    }
    for text in secret {
        assert!(!names(text), "{text} is in a log");
    }
}
