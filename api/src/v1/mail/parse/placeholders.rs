//! What the templates ask of the recipients, and how much that makes of each mail. Every check takes about as
//! long as the body is, however many recipients meet however many placeholders.

use mail::{
    message::{Envelope, Recipient},
    template::{MAX_BODY, MAX_SUBJECT, Template, Values},
};

use crate::request::ObjectNode;

/// The templates of a request with the names of their fields.
pub struct Templates([(&'static str, Option<Template>); 3]);

impl Templates {
    pub fn parse(written: [(&'static str, Option<&str>); 3]) -> Self {
        Self(written.map(|(field, text)| (field, text.map(Template::parse))))
    }

    fn each(&self) -> impl Iterator<Item = (&'static str, &Template)> {
        let templates = self.0.iter();
        templates.filter_map(|(field, template)| Some((*field, template.as_ref()?)))
    }

    /// Every name that is no field must be a variable of every recipient.
    pub fn check_names(&self, object: &ObjectNode<'_>, recipients: &[Option<Recipient>]) {
        for (field, template) in self.each() {
            for (index, recipient) in sound(recipients) {
                let missing = template
                    .variables()
                    .filter(|name| !recipient.variables.contains_key(*name))
                    .map(|name| {
                        (
                            format!("recipients.{index}.variables"),
                            format!("has no \"{name}\", which {field} names"),
                        )
                    });
                object.faults(template.count_missing(recipient), missing);
            }
        }
    }

    /// Only where all that goes into a mail is known.
    pub fn check_lengths(
        &self,
        object: &ObjectNode<'_>,
        envelope: &Envelope,
        recipients: &[Option<Recipient>],
    ) {
        for (index, recipient) in sound(recipients) {
            let values = Values {
                envelope,
                recipient,
            };
            for (field, template) in self.each() {
                let (length, most, unit) = match field {
                    "subject" => (template.header_length(&values), MAX_SUBJECT, "characters"),
                    "html_template" => (template.html_length(&values), MAX_BODY, "bytes"),
                    _ => (template.text_length(&values), MAX_BODY, "bytes"),
                };
                if length > most {
                    object.fault(
                        &format!("recipients.{index}"),
                        format!("makes {field} {length} {unit} long, at most {most} are allowed"),
                    );
                }
            }
        }
    }
}

/// Those without a fault, with their places in the request.
fn sound(recipients: &[Option<Recipient>]) -> impl Iterator<Item = (usize, &Recipient)> {
    let places = recipients.iter().enumerate();
    places.filter_map(|(index, recipient)| Some((index, recipient.as_ref()?)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::v1::mail::parse::mailing;

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
        match mailing(body.to_string().into_bytes()).await {
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
    async fn what_escaping_adds_counts() {
        let mut body = body(&json!([
            {"mail": "ann@example.org", "variables": {"v": "&".repeat(MAX_BODY / 40 + 1)}}
        ]));
        body["text_template"] = "{{v}}".repeat(8).into();
        assert!(faults_of(&body).await.0.is_empty());
        body["html_template"] = "{{v}}".repeat(8).into();
        assert_eq!(faults_of(&body).await.0, ["recipients.0"]);
    }

    /// Looked at one by one these would take hours.
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
}
