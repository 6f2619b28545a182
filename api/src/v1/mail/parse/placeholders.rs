//! Checks of the templates together with the recipients: each placeholder has a value, and no mail becomes too large.
//! The time of every check grows with the length of the body, not with recipients times placeholders.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use mail::{
    mailer::{LINK_HEADER_COUNT, custom_header},
    mailing,
    message::{Envelope, HeaderFields, Recipient},
    template::{MAX_BODY, MAX_SUBJECT, Template, UNSUBSCRIBE_URL, Values},
};

use crate::{
    request::{ObjectNode, shown},
    v1::{
        text::{HeaderValue, Kind},
        values::MAX_DISPLAY_NAME,
    },
};

/// SES allows this number of fields in a mail; a field with placeholders is filled in for each recipient.
const MAX_FILLED_HEADERS: usize = 15;
/// The maximum length of the value of a header field, filled in.
const MAX_HEADER_VALUE: usize = match HeaderValue::MAX {
    Some(max) => max,
    None => usize::MAX,
};
/// The maximum length of the name of a placeholder, in characters.
const MAX_PLACEHOLDER: usize = 100;
/// Largest size of all mails of a request together, filled in, in bytes: 256 MiB.
const MAX_RENDERED: usize = 256 * 1024 * 1024;

/// The templates of a request with the paths of their fields. A header field without a placeholder is not a template.
pub struct Templates {
    written: Vec<(String, Template)>,
    headers: Vec<(String, Template)>,
    /// A text of the length of the links to unsubscribe, if the mails have them.
    pub(super) link: Option<String>,
}

impl Templates {
    pub fn parse<const N: usize>(
        written: [(&'static str, Option<&str>); N],
        headers: &HeaderFields,
        link: Option<String>,
    ) -> Self {
        let written = written.into_iter();
        let written =
            written.filter_map(|(field, text)| Some((field.to_owned(), Template::parse(text?))));
        Self {
            written: written.collect(),
            headers: with_placeholders("headers", headers),
            link,
        }
    }

    /// The same templates in the form in which they are sent. None where there is no subject.
    pub fn into_templates(mut self, headers: &HeaderFields) -> Option<mailing::Templates> {
        let mut take = |field: &str| {
            let at = self.written.iter().position(|(name, _)| name == field)?;
            Some(self.written.swap_remove(at).1)
        };
        let subject = take("subject")?;
        let (html, text) = (take("html_template"), take("text_template"));
        let mut filled: BTreeMap<String, Template> = self.headers.into_iter().collect();
        let headers = headers.iter().map(|(name, value)| {
            let filled = filled.remove(&format!("headers.{name}"));
            (
                name.clone(),
                filled.unwrap_or_else(|| Template::parse(value)),
            )
        });
        Some(mailing::Templates {
            subject,
            headers: headers.collect(),
            html,
            text,
        })
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &(String, Template)> {
        let headers = self.headers.iter().take(MAX_FILLED_HEADERS);
        self.written.iter().chain(headers)
    }

    /// Returns the number of header fields that may be filled in for each recipient.
    fn most_filled_headers(&self) -> usize {
        match self.link {
            Some(_) => MAX_FILLED_HEADERS - LINK_HEADER_COUNT,
            None => MAX_FILLED_HEADERS,
        }
    }

    /// Checks the rules that do not depend on the recipients.
    pub fn check_themselves(&self, object: &ObjectNode<'_>) {
        let most = self.most_filled_headers();
        if self.headers.len() > most {
            let fault = format!("must have at most {most} fields with placeholders");
            object.fault("headers", fault);
        }
        let of_itself = |(field, template): &&(String, Template)| {
            field == "sender_name" && template.names("sender_name")
        };
        if self.written.iter().any(|each| of_itself(&each)) {
            object.fault("sender_name", "must not name itself");
        }
    }

    /// Adds a fault for every name that is neither a field nor a variable of the recipient, and for every variable
    /// whose name cannot be used in a placeholder: the mail would show it with its braces.
    pub fn check_names(&self, object: &ObjectNode<'_>, recipients: &[Option<Recipient>]) {
        for (field, template) in self.each() {
            if has_long_name(object, field, template) {
                continue;
            }
            let others = template.other_names();
            for (index, recipient) in sound(recipients) {
                if !replaces(recipient, field) {
                    check_names_of(object, (field, template), &others, (index, recipient));
                }
            }
        }
        for (index, recipient) in sound(recipients) {
            self.check_own_headers(object, index, recipient);
        }
    }

    fn check_own_headers(&self, object: &ObjectNode<'_>, index: usize, recipient: &Recipient) {
        if recipient.headers.is_empty() {
            return;
        }
        let shared = self.headers.iter();
        let shared = shared.filter(|(field, _)| !replaces(recipient, field));
        let filled = recipient.headers.len() + shared.count();
        let most = self.most_filled_headers();
        if filled > most {
            object.fault(
                &format!("recipients.{index}.headers"),
                format!("and the fields with placeholders for all make {filled}, at most {most} are allowed"),
            );
        }
        for (field, template) in own_headers(index, recipient) {
            if !has_long_name(object, &field, &template) {
                let others = template.other_names();
                check_names_of(object, (&field, &template), &others, (index, recipient));
            }
        }
    }

    /// Checks the sizes of the filled-in mails. All parts of the envelope have to be sound.
    pub fn check_filled(
        &self,
        object: &ObjectNode<'_>,
        envelope: &Envelope,
        recipients: &[Option<Recipient>],
        may_be_blank: bool,
    ) {
        let (mut rendered, mut too_long) = (0_usize, false);
        for (index, recipient) in sound(recipients) {
            let values = Values::new(envelope, recipient)
                .with_unsubscribe_url(self.link.as_deref().map(Cow::Borrowed));
            let fault = |message: String| object.fault(&format!("recipients.{index}"), message);
            let mut is_empty = !may_be_blank;
            let own = own_headers(index, recipient);
            let shared = self.each();
            let shared = shared.filter(|(field, _)| !replaces(recipient, field));
            for (field, template) in shared.chain(&own) {
                let (length, most, unit) = match field.as_str() {
                    "subject" => (template.header_length(&values), MAX_SUBJECT, "characters"),
                    "sender_name" => (
                        template.header_length(&values),
                        MAX_DISPLAY_NAME,
                        "characters",
                    ),
                    "html_template" => (template.html_length(&values), MAX_BODY, "bytes"),
                    "text_template" => (template.text_length(&values), MAX_BODY, "bytes"),
                    _ => (
                        custom_length(template, &values),
                        MAX_HEADER_VALUE,
                        "characters",
                    ),
                };
                rendered = rendered.saturating_add(length);
                if length > most {
                    too_long = true;
                    fault(format!(
                        "makes {field} {length} {unit} long, at most {most} are allowed"
                    ));
                }
                // A missing value is a fault of its own.
                let is_blank = || {
                    template.count_missing(recipient) == 0
                        && !template.names("sender_name")
                        && !template.names(UNSUBSCRIBE_URL)
                        && template.is_blank(&values)
                };
                match field.as_str() {
                    "subject" | "sender_name" if is_blank() => {
                        fault(format!("makes {field} empty"));
                    }
                    "html_template" | "text_template" => is_empty &= is_blank(),
                    _ => {}
                }
            }
            if is_empty {
                fault("makes the mail empty: neither template has any text".to_owned());
            }
        }
        if rendered > MAX_RENDERED && !too_long {
            object.fault(
                "recipients",
                format!("make {rendered} bytes of mail in all, filled in; at most {MAX_RENDERED} are allowed: shorten the templates, or send several requests"),
            );
        }
    }
}

/// Returns whether the recipient has a header field of its own in place of this one.
fn replaces(recipient: &Recipient, field: &str) -> bool {
    let mut own = recipient.headers.keys();
    field
        .strip_prefix("headers.")
        .is_some_and(|shared| own.any(|own| own.eq_ignore_ascii_case(shared)))
}

/// The recipient's own header fields that have placeholders.
pub(super) fn own_headers(index: usize, recipient: &Recipient) -> Vec<(String, Template)> {
    with_placeholders(&format!("recipients.{index}.headers"), &recipient.headers)
}

fn with_placeholders(path: &str, headers: &HeaderFields) -> Vec<(String, Template)> {
    headers
        .iter()
        .filter(|(_, value)| value.contains("{{"))
        .map(|(name, value)| (format!("{path}.{name}"), Template::parse(value)))
        .collect()
}

fn has_long_name(object: &ObjectNode<'_>, field: &str, template: &Template) -> bool {
    let mut names = template.variables();
    let Some(name) = names.find(|name| name.len() > MAX_PLACEHOLDER) else {
        return false;
    };
    let name = shown(name);
    object.fault(
        field,
        format!("has a placeholder that begins with \"{name}\": a name has at most {MAX_PLACEHOLDER} characters"),
    );
    true
}

fn check_names_of(
    object: &ObjectNode<'_>,
    (field, template): (&str, &Template),
    others: &BTreeSet<&str>,
    (index, recipient): (usize, &Recipient),
) {
    let missing = template
        .variables()
        .filter(|name| !recipient.variables.contains_key(*name))
        .map(|name| {
            (
                format!("recipients.{index}.variables"),
                format!("has no \"{}\", which {field} names", shown(name)),
            )
        });
    object.faults(template.count_missing(recipient), missing);
    if others.is_empty() {
        return;
    }
    let unusable = || {
        let names = recipient.variables.keys();
        names.filter(|name| others.contains(name.trim()))
    };
    let faults = unusable().map(|name| {
        (
            format!("recipients.{index}.variables.{}", shown(name)),
            format!(
                "stands in {field}, but a placeholder is {{{{name}}}} with a name of letters, digits and _"
            ),
        )
    });
    object.faults(unusable().count(), faults);
}

/// The length of a header field's value as it is sent. A value that is too long before encoding is not encoded.
fn custom_length(template: &Template, values: &Values<'_>) -> usize {
    let length = template.header_length(values);
    if length > MAX_HEADER_VALUE {
        return length;
    }
    custom_header(template, values).len()
}

/// The recipients without a fault, with their indices in the request.
pub(super) fn sound(recipients: &[Option<Recipient>]) -> impl Iterator<Item = (usize, &Recipient)> {
    let places = recipients.iter().enumerate();
    places.filter_map(|(index, recipient)| Some((index, recipient.as_ref()?)))
}

#[cfg(test)]
mod tests;
