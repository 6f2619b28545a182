//! Tests that every limit in the published schema of a mail is the limit of its check: a value at the limit is
//! accepted, and the next one is refused at its field.

use serde_json::{Value, json};

use super::{
    parse::{Lists, mailing},
    preconditions::{MAX_IDEMPOTENCY_KEY, check_idempotency_key},
};
use crate::docs;

/// The places of the schemas' objects in a request.
const OBJECTS: [(&str, &str); 5] = [
    ("MailRequest", ""),
    ("RecipientRequest", "/recipients/0"),
    ("NamedAddress", "/reply_to/0"),
    ("Attachment", "/attachments/0"),
    ("MailTag", "/tags/0"),
];

fn body() -> Value {
    json!({
        "recipients": [{"mail": "ann@example.org"}],
        "sender_email": "news@example.com",
        "sender_name": "News",
        "subject": "Hello",
        "text_template": "Hello",
        "reply_to": [{"mail": "reply@example.com"}],
        "attachments": [{"filename": "a.txt", "content": ""}],
        "tags": [{"name": "a", "value": "b"}],
    })
}

/// Returns the fields at which a request with this value at this place is refused.
async fn faults_with(pointer: &str, value: Value) -> Vec<String> {
    let mut body = body();
    let (object, field) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(object).unwrap()[field] = value;
    match mailing(body.to_string().into_bytes(), Lists::default()).await {
        Ok(_) => vec![],
        Err(problem) => problem.errors().iter().map(|e| e.field.clone()).collect(),
    }
}

async fn assert_limit(pointer: &str, limit: usize, value: impl Fn(usize) -> Value) {
    let path = pointer[1..].replace('/', ".");
    let at = faults_with(pointer, value(limit)).await;
    assert_eq!(at, [""; 0], "{path} of {limit}");
    let over = faults_with(pointer, value(limit + 1)).await;
    assert!(over.contains(&path), "{path} over {limit}: {over:?}");
}

fn text(field: &str, length: usize) -> Value {
    let start = if field == "content_type" { "a/" } else { "" };
    json!(format!("{start}{}", "x".repeat(length - start.len())))
}

fn entry(field: &str, number: usize) -> Value {
    match field {
        "attachments" => json!({"filename": "a.txt", "content": ""}),
        "tags" => json!({"name": format!("tag-{number}"), "value": "b"}),
        "recipients" => json!({"mail": "ann@example.org"}),
        _ => json!("ann@example.org"),
    }
}

#[tokio::test]
async fn a_text_has_the_published_length_and_a_list_the_published_entries() {
    let (mut texts, mut lists) = (0, 0);
    for (name, object) in OBJECTS {
        for (field, schema) in docs::schema(name)["properties"].as_object().unwrap() {
            let pointer = format!("{object}/{field}");
            let number = |key: &str| schema[key].as_u64().map(|n| usize::try_from(n).unwrap());
            // `mail` has the rules of an address.
            if let Some(limit) = number("maxLength").filter(|_| schema["format"].is_null()) {
                assert_limit(&pointer, limit, |length| text(field, length)).await;
                texts += 1;
            }
            if let Some(limit) = number("maxItems") {
                let list = |count| (0..count).map(|number| entry(field, number)).collect();
                assert_limit(&pointer, limit, list).await;
                lists += 1;
            }
            if let Some(least) = number("minLength") {
                assert_eq!(least, 1, "{pointer}");
                let empty = faults_with(&pointer, json!("")).await;
                assert_eq!(empty, [pointer[1..].replace('/', ".")]);
            }
            if let Some(least) = number("minItems") {
                assert_eq!(least, 1, "{pointer}");
                assert!(!faults_with(&pointer, json!([])).await.is_empty());
            }
        }
    }
    assert_eq!((texts, lists), (11, 6));
}

#[tokio::test]
async fn an_id_and_the_value_of_a_header_have_the_published_length() {
    let limit = |schema: &Value| usize::try_from(schema["maxLength"].as_u64().unwrap()).unwrap();
    let id = limit(&docs::schema("CallerId")["anyOf"][0]);
    assert_limit("/email_id", id, |length| json!("x".repeat(length))).await;
    let value = limit(&docs::schema("MailHeaders")["additionalProperties"]);
    for length in [value, value + 1] {
        let headers = json!({"X-Word": "x".repeat(length)});
        let faults = faults_with("/headers", headers).await;
        assert_eq!(faults.is_empty(), length == value, "{faults:?}");
    }
}

#[test]
fn an_idempotency_key_has_the_published_length() {
    let published = docs::parameter("sendMail", "Idempotency-Key");
    assert_eq!(published["minLength"], 1);
    assert_eq!(published["maxLength"], MAX_IDEMPOTENCY_KEY);
    for (length, fits) in [
        (0, false),
        (1, true),
        (MAX_IDEMPOTENCY_KEY, true),
        (MAX_IDEMPOTENCY_KEY + 1, false),
    ] {
        let mut headers = poem::http::HeaderMap::new();
        headers.insert("idempotency-key", "x".repeat(length).parse().unwrap());
        assert_eq!(check_idempotency_key(&headers).is_ok(), fits, "{length}");
    }
}
