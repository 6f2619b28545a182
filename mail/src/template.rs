//! Placeholders: `{{ name }}` stands for a recipient's variable or a field of that name.

use std::{borrow::Cow, collections::BTreeSet};

use crate::message::{CallerId, Envelope, Recipient};

/// Fields that a placeholder may name; where the request leaves one out it stands for nothing.
pub const FIELDS: [&str; 11] = [
    "name",
    "mail",
    "company",
    "emailRecipientId",
    "sender_name",
    "sender_email",
    "sender_organisation_name",
    "client_env_id",
    "email_id",
    "projectId",
    "closureId",
];

/// A text taken apart into what is literal and what is a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Placeholder(String),
}

impl Template {
    pub fn parse(text: &str) -> Self {
        let mut segments = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            literal.push_str(&rest[..at]);
            if let Some((name, after)) = placeholder(&rest[at..]) {
                if !literal.is_empty() {
                    segments.push(Segment::Literal(std::mem::take(&mut literal)));
                }
                segments.push(Segment::Placeholder(name.to_owned()));
                rest = after;
            } else {
                // One brace only: in `{{{name}}` the placeholder starts at the second.
                literal.push('{');
                rest = &rest[at + 1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal));
        }
        Self(segments)
    }

    /// The names that only a recipient's variables can give a value.
    pub fn variables(&self) -> BTreeSet<&str> {
        self.0
            .iter()
            .filter_map(|segment| match segment {
                Segment::Placeholder(name) if !FIELDS.contains(&name.as_str()) => {
                    Some(name.as_str())
                }
                _ => None,
            })
            .collect()
    }

    pub fn html(&self, values: &Values<'_>) -> String {
        self.render(values, |value| {
            html_escape::encode_quoted_attribute(value)
                .into_owned()
                .into()
        })
    }

    pub fn text(&self, values: &Values<'_>) -> String {
        self.render(values, |value| value.into())
    }

    /// For a header: whatever would end its line becomes a space.
    pub fn header(&self, values: &Values<'_>) -> String {
        one_line(&self.text(values))
    }

    fn render(&self, values: &Values<'_>, escape: impl Fn(&str) -> Cow<'_, str>) -> String {
        let mut out = String::new();
        for segment in &self.0 {
            match segment {
                Segment::Literal(text) => out.push_str(text),
                Segment::Placeholder(name) => {
                    if let Some(value) = values.get(name) {
                        out.push_str(&escape(&value));
                    }
                }
            }
        }
        out
    }
}

/// Takes `{{ name }}` off the front.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix("{{")?.trim_start_matches(' ');
    let end = inner
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|end| *end > 0)?;
    let (name, rest) = inner.split_at(end);
    let rest = rest.trim_start_matches(' ').strip_prefix("}}")?;
    Some((name, rest))
}

/// Control characters, line ends among them, become spaces.
pub fn one_line(text: &str) -> String {
    text.replace("\r\n", " ")
        .replace(|c: char| c.is_control(), " ")
}

/// Where a recipient's placeholders find their values.
pub struct Values<'a> {
    pub envelope: &'a Envelope,
    pub recipient: &'a Recipient,
}

impl Values<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(value) = self.recipient.variables.get(name) {
            return Some(value.to_string().into());
        }
        let (envelope, recipient) = (self.envelope, self.recipient);
        let id = |id: &Option<CallerId>| id.as_ref().map(|id| Cow::Owned(id.to_string()));
        let text = |text: &'_ Option<String>| text.as_deref().map(|t| Cow::Owned(t.to_owned()));
        match name {
            "name" => text(&recipient.name),
            "mail" => Some(recipient.mail.as_str().into()),
            "company" => text(&recipient.company),
            "emailRecipientId" => {
                id(&recipient.email_recipient_id).or_else(|| id(&envelope.ids.email_recipient_id))
            }
            "sender_name" => Some(envelope.sender_name.as_str().into()),
            "sender_email" => Some(envelope.sender_email.as_str().into()),
            "sender_organisation_name" => text(&envelope.sender_organisation_name),
            "client_env_id" => id(&envelope.ids.client_env_id),
            "email_id" => id(&envelope.ids.email_id),
            "projectId" => id(&envelope.ids.project_id),
            "closureId" => id(&envelope.ids.closure_id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        address::Address,
        message::{CallerIds, Variable},
    };

    fn envelope() -> Envelope {
        Envelope {
            sender_email: Address::parse("team@example.com").unwrap(),
            sender_name: "Team".into(),
            sender_organisation_name: None,
            subject: String::new(),
            reply_to: vec![],
            cc: vec![],
            bcc: vec![],
            ids: CallerIds {
                email_id: Some(CallerId::Integer(7)),
                ..CallerIds::default()
            },
        }
    }

    fn recipient(variables: &[(&str, Variable)]) -> Recipient {
        Recipient {
            mail: Address::parse("ann@example.com").unwrap(),
            name: Some("Ann <3".into()),
            company: None,
            email_recipient_id: None,
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        }
    }

    fn html(template: &str, variables: &[(&str, Variable)]) -> String {
        Template::parse(template).html(&Values {
            envelope: &envelope(),
            recipient: &recipient(variables),
        })
    }

    #[test]
    fn a_placeholder_stands_for_the_variable_before_the_field() {
        assert_eq!(html("{{mail}}", &[]), "ann@example.com");
        assert_eq!(
            html("{{ mail }}", &[("mail", Variable::Text("x".into()))]),
            "x"
        );
        assert_eq!(
            html(
                "{{email_id}} {{n}} {{b}}",
                &[
                    ("n", Variable::Number(5.into())),
                    ("b", Variable::Boolean(true)),
                ]
            ),
            "7 5 true"
        );
    }

    #[test]
    fn a_known_field_that_is_absent_is_empty() {
        assert_eq!(html("[{{company}}{{closureId}}]", &[]), "[]");
    }

    #[test]
    fn values_are_escaped_in_html_and_plain_in_text() {
        assert_eq!(html("<b>{{name}}</b>", &[]), "<b>Ann &lt;3</b>");
        let (envelope, recipient) = (
            envelope(),
            recipient(&[("q", Variable::Text("\"'&".into()))]),
        );
        let values = Values {
            envelope: &envelope,
            recipient: &recipient,
        };
        assert_eq!(Template::parse("{{name}}").text(&values), "Ann <3");
        assert_eq!(Template::parse("{{q}}").html(&values), "&quot;&#x27;&amp;");
    }

    #[test]
    fn other_braces_are_plain_text() {
        for text in [
            "{{",
            "{{}}",
            "{{ }}",
            "{{a b}}",
            "{{a-b}}",
            "{{ü}}",
            "{{\nname}}",
            "{name}",
            "{{name}",
            "{{#if}}",
        ] {
            assert_eq!(html(text, &[]), text);
        }
        assert_eq!(html("{{{mail}}}", &[]), "{ann@example.com}");
        assert_eq!(html("{{ {{mail}}", &[]), "{{ ann@example.com");
    }

    #[test]
    fn a_value_is_never_taken_for_a_template() {
        assert_eq!(
            html("{{a}}", &[("a", Variable::Text("{{mail}}".into()))]),
            "{{mail}}"
        );
    }

    #[test]
    fn a_line_end_in_a_value_never_reaches_a_header() {
        let recipient = recipient(&[("a", Variable::Text("x\r\nBcc: y\nz\0".into()))]);
        let envelope = envelope();
        let values = Values {
            envelope: &envelope,
            recipient: &recipient,
        };
        assert_eq!(Template::parse("{{a}}").header(&values), "x Bcc: y z ");
    }

    #[test]
    fn names_that_are_no_fields_need_a_variable() {
        let template = Template::parse("{{name}} {{code}} {{ code }} {{x_1}}");
        assert_eq!(
            template.variables().into_iter().collect::<Vec<_>>(),
            ["code", "x_1"]
        );
    }
}
