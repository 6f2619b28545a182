//! The bodies of `POST /v1/mail`.

use serde_json::{Value, json};

/// Returns the smallest mail to one recipient.
pub fn letter(to: &str) -> Value {
    addressed(&json!([{ "mail": to }]))
}

/// Returns a mailing to `count` recipients: `recipient-0@example.org` and so on.
pub fn mailing(count: usize) -> Value {
    let entry = |index| json!({ "mail": recipient(index) });
    addressed(&(0..count).map(entry).collect())
}

/// Returns the address of a recipient of [`mailing`].
pub fn recipient(index: usize) -> String {
    format!("recipient-{index}@example.org")
}

/// Returns a mail to these recipients.
pub fn addressed(recipients: &Value) -> Value {
    json!({
        "recipients": recipients,
        "sender_email": "news@example.com",
        "sender_name": "Example News",
        "subject": "Hello",
        "text_template": "Good morning.",
    })
}

/// Changes to a body, which can be chained.
pub trait With {
    #[must_use]
    fn with(self, field: &str, value: impl Into<Value>) -> Self;
    #[must_use]
    fn without(self, field: &str) -> Self;
}

impl With for Value {
    fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self[field] = value.into();
        self
    }

    fn without(mut self, field: &str) -> Self {
        let object = self.as_object_mut().expect("a JSON object");
        object.remove(field);
        self
    }
}
