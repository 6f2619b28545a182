//! The checks of placeholders, and the limits of filled-in mail.

use serde_json::{Value, json};

use super::*;
use crate::v1::mail::parse::{Lists, mailing};

fn body(recipients: &Value) -> Value {
    json!({
        "recipients": recipients,
        "sender_email": "news@example.com",
        "sender_name": "News",
        "subject": "Hello",
        "text_template": "Hello",
    })
}

async fn faults_of(body: &Value) -> (Vec<String>, Option<String>) {
    match mailing(body.to_string().into_bytes(), Lists::default()).await {
        Ok(_) => (vec![], None),
        Err(problem) => (
            problem.errors().iter().map(|e| e.field.clone()).collect(),
            problem.details().map(ToOwned::to_owned),
        ),
    }
}

#[tokio::test]
async fn a_mail_that_would_be_too_long_is_refused_with_its_recipient() {
    for (field, template, fits) in [
        ("subject", "{{v}}", 2_000),
        ("html_template", &"{{v}}".repeat(8), MAX_BODY / 8),
        ("text_template", &"{{v}}".repeat(8), MAX_BODY / 8),
        ("html_template", &"{{v}}".repeat(400_000), 26),
    ] {
        let recipients = |length: usize| {
            json!([
                {"mail": "ann@example.org", "variables": {"v": "x"}},
                {"mail": "bob@example.org", "variables": {"v": "x".repeat(length)}},
            ])
        };
        let mut body = body(&recipients(fits));
        body[field] = template.into();
        assert!(faults_of(&body).await.0.is_empty(), "{field}");
        body["recipients"] = recipients(fits + 1);
        assert_eq!(faults_of(&body).await.0, ["recipients.1"], "{field}");
    }
}

#[tokio::test]
async fn all_mails_of_a_request_together_have_a_limit() {
    let recipients = |count: usize| -> Value {
        (0..count)
            .map(|_| json!({"mail": "ann@example.org"}))
            .collect()
    };
    // 8 MiB each.
    let mut body = body(&recipients(32));
    body["sender_organisation_name"] = "é".repeat(512).into();
    body["html_template"] = "{{sender_organisation_name}}".repeat(4096).into();
    body["text_template"] = "{{sender_organisation_name}}".repeat(4096).into();
    body["subject"] = "x".into();
    let (fields, _) = faults_of(&body).await;
    assert_eq!(fields, ["recipients"]);
    body["recipients"] = recipients(31);
    assert!(faults_of(&body).await.0.is_empty());
}

#[tokio::test]
async fn a_placeholder_has_a_name_of_at_most_a_hundred_characters() {
    let mut body = body(&json!([{"mail": "ann@example.org"}, {"mail": "bob@example.org"}]));
    for (length, fields) in [
        (
            100,
            vec!["recipients.0.variables", "recipients.1.variables"],
        ),
        (101, vec!["text_template"]),
    ] {
        body["text_template"] = format!("{{{{{}}}}}", "a".repeat(length)).into();
        assert_eq!(faults_of(&body).await.0, fields, "{length}");
    }
}

#[tokio::test]
async fn what_escaping_adds_counts() {
    let mut body = body(&json!([
        {"mail": "ann@example.org", "variables": {"v": "&".repeat(MAX_BODY / 40 + 1)}}
    ]));
    body["text_template"] = "{{v}}".repeat(8).into();
    assert!(faults_of(&body).await.0.is_empty());
    body["html_template"] = "{{v}}".repeat(8).into();
    assert_eq!(faults_of(&body).await.0, ["recipients.0"]);
}

/// To check these one by one would take hours.
#[tokio::test]
async fn a_thousand_million_missing_values_are_counted() {
    let recipients: Value = (0..10_000)
        .map(|_| json!({"mail": "ann@example.org"}))
        .collect();
    let mut body = body(&recipients);
    let names = (0..100_000).map(|name| format!("{{{{v{name}}}}}"));
    body["text_template"] = names.collect::<String>().into();
    let (fields, details) = faults_of(&body).await;
    assert_eq!(fields, vec!["recipients.0.variables"; 100]);
    let expected = "1000000000 faults, the first 100 are listed";
    assert_eq!(details.as_deref(), Some(expected));
}
