//! Placeholders: `{{ name }}` stands for a recipient's variable or a field of that name.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, btree_map::Keys},
};

use crate::message::{CallerId, Envelope, Recipient, Variable};

/// The fields that a placeholder may name. A field that the request omits is replaced by nothing.
pub const FIELDS: [&str; 12] = [
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
    UNSUBSCRIBE_URL,
];

/// The field whose value is the link by which the recipient unsubscribes from the list of the mail.
pub const UNSUBSCRIBE_URL: &str = "unsubscribe_url";

/// The longest body that is rendered, in octets: 10 MiB.
pub const MAX_BODY: usize = 10 * 1024 * 1024;
/// The longest subject that is rendered, in characters.
pub const MAX_SUBJECT: usize = 2_000;

/// A text, parsed into literals and placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    segments: Vec<Segment>,
    literal: Length,
    /// `true` if the literals are only blanks.
    is_bare: bool,
    /// The number of placeholders for each name, so that the length is known without another pass.
    fields: BTreeMap<String, usize>,
    variables: BTreeMap<String, usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Length {
    octets: usize,
    characters: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
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
            if let Some((name, mut after)) = placeholder(&rest[at..]) {
                // Other template languages use three braces for a value that is not escaped. Braces around a
                // placeholder are never part of the text.
                while literal.ends_with('{') && after.starts_with('}') {
                    literal.pop();
                    after = &after[1..];
                }
                if !literal.is_empty() {
                    segments.push(Segment::Literal(std::mem::take(&mut literal)));
                }
                segments.push(Segment::Placeholder(name.to_owned()));
                rest = after;
            } else {
                // Only one brace: in `{{{name}}` the placeholder starts at the second.
                literal.push('{');
                rest = &rest[at + 1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal));
        }
        Self::of(segments)
    }

    fn of(segments: Vec<Segment>) -> Self {
        let (mut literal, mut is_bare) = (Length::default(), true);
        let (mut fields, mut variables) = (BTreeMap::new(), BTreeMap::new());
        for segment in &segments {
            match segment {
                Segment::Literal(text) => {
                    is_bare &= text.trim().is_empty();
                    literal.octets += text.len();
                    literal.characters += text.chars().count();
                }
                Segment::Placeholder(name) => {
                    let names = if FIELDS.contains(&name.as_str()) {
                        &mut fields
                    } else {
                        &mut variables
                    };
                    match names.get_mut(name) {
                        Some(times) => *times += 1,
                        None => drop(names.insert(name.clone(), 1)),
                    }
                }
            }
        }
        Self {
            segments,
            literal,
            is_bare,
            fields,
            variables,
        }
    }

    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub fn has_placeholders(&self) -> bool {
        !(self.fields.is_empty() && self.variables.is_empty())
    }

    /// Returns whether a placeholder names this field or variable.
    pub fn names(&self, name: &str) -> bool {
        self.fields.contains_key(name) || self.variables.contains_key(name)
    }

    /// Returns whether the result is blank, without rendering it.
    pub fn is_blank(&self, values: &Values<'_>) -> bool {
        let shows = |text: &str| !text.trim().is_empty();
        let mut variables = values.recipient.variables.iter();
        self.is_bare
            && !variables.any(|(name, value)| {
                self.variables.contains_key(name)
                    && match value {
                        Variable::Text(text) => shows(text),
                        Variable::Boolean(_) | Variable::Number(_) => true,
                    }
            })
            && !(self.fields.keys()).any(|name| values.get(name).is_some_and(|text| shows(&text)))
    }

    /// Returns the texts between double braces that are not a valid name, such as `first-name`.
    pub fn other_names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for segment in &self.segments {
            let Segment::Literal(text) = segment else {
                continue;
            };
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("}}") {
                if let Some((_, name)) = before.rsplit_once("{{") {
                    names.insert(name.trim());
                }
                rest = after;
            }
        }
        names
    }

    /// Returns the names to which only a recipient's variables can give a value.
    pub fn variables(&self) -> Keys<'_, String, usize> {
        self.variables.keys()
    }

    /// Returns the number of [`Self::variables`] that the recipient does not have. The time it takes grows with the
    /// recipient's variables.
    pub fn count_missing(&self, recipient: &Recipient) -> usize {
        let names = recipient.variables.keys();
        let known = names.filter(|name| self.variables.contains_key(*name));
        self.variables.len() - known.count()
    }

    /// Returns the length of [`Self::html`] in octets, without rendering it.
    pub fn html_length(&self, values: &Values<'_>) -> usize {
        self.length(self.literal.octets, values, escaped_length)
    }

    /// Returns the length of [`Self::text`] in octets, without rendering it.
    pub fn text_length(&self, values: &Values<'_>) -> usize {
        self.length(self.literal.octets, values, str::len)
    }

    /// Returns the maximum length of [`Self::header`] in characters, without rendering it.
    pub fn header_length(&self, values: &Values<'_>) -> usize {
        self.length(self.literal.characters, values, |text| text.chars().count())
    }

    fn length(&self, literal: usize, values: &Values<'_>, of: impl Fn(&str) -> usize) -> usize {
        let variables = values.recipient.variables.iter();
        let variables = variables.filter_map(|(name, value)| {
            let times = self.variables.get(name)?;
            Some(times.saturating_mul(match value {
                Variable::Text(text) => of(text),
                Variable::Boolean(_) | Variable::Number(_) => of(&value.to_string()),
            }))
        });
        let fields = self.fields.iter().filter_map(|(name, times)| {
            let value = values.get(name)?;
            Some(times.saturating_mul(of(&value)))
        });
        variables.chain(fields).fold(literal, usize::saturating_add)
    }

    pub fn html(&self, values: &Values<'_>) -> String {
        self.render(values, |value| html_value(value).into_owned().into())
    }

    pub fn text(&self, values: &Values<'_>) -> String {
        self.render(values, |value| value.into())
    }

    /// Renders a header: every character that would end its line becomes a space.
    pub fn header(&self, values: &Values<'_>) -> String {
        one_line(&self.text(values))
    }

    fn render(&self, values: &Values<'_>, escape: impl Fn(&str) -> Cow<'_, str>) -> String {
        let mut out = String::new();
        for segment in &self.segments {
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

/// Escapes a value for HTML.
pub fn html_value(value: &str) -> Cow<'_, str> {
    html_escape::encode_quoted_attribute(value)
}

/// Returns the length of the text after it is escaped for HTML.
fn escaped_length(text: &str) -> usize {
    let added = text.bytes().map(|octet| match octet {
        b'<' | b'>' => 3,
        b'&' => 4,
        b'"' | b'\'' => 5,
        _ => 0,
    });
    text.len() + added.sum::<usize>()
}

/// Parses `{{ name }}` at the start of `text`. Returns the name and the rest of the text.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix("{{")?.trim_start_matches(' ');
    let end = inner
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|end| *end > 0)?;
    let (name, rest) = inner.split_at(end);
    let rest = rest.trim_start_matches(' ').strip_prefix("}}")?;
    Some((name, rest))
}

/// Replaces control characters, including line ends, by spaces.
pub fn one_line(text: &str) -> String {
    text.replace("\r\n", " ")
        .replace(|c: char| c.is_control(), " ")
}

/// The values of a recipient's placeholders.
pub struct Values<'a> {
    pub envelope: &'a Envelope,
    pub recipient: &'a Recipient,
    /// The sender's name with its own placeholders filled in.
    sender_name: Cow<'a, str>,
    unsubscribe_url: Option<Cow<'a, str>>,
}

impl<'a> Values<'a> {
    pub fn new(envelope: &'a Envelope, recipient: &'a Recipient) -> Self {
        let mut values = Self {
            envelope,
            recipient,
            sender_name: "".into(),
            unsubscribe_url: None,
        };
        let name = envelope.sender_name.as_str();
        values.sender_name = if name.contains("{{") {
            Template::parse(name).header(&values).into()
        } else {
            name.into()
        };
        values
    }

    #[must_use]
    pub fn with_unsubscribe_url(mut self, url: Option<Cow<'a, str>>) -> Self {
        self.unsubscribe_url = url;
        self
    }

    /// Returns the link by which the recipient unsubscribes, if the mail has one.
    pub fn unsubscribe_url(&self) -> Option<&str> {
        self.unsubscribe_url.as_deref()
    }

    pub fn sender_name(&self) -> &str {
        &self.sender_name
    }

    /// Returns `None` if the recipient has no such variable and the field is omitted.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
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
            "sender_name" => Some(self.sender_name.as_ref().into()),
            "sender_email" => Some(envelope.sender_email.as_str().into()),
            "sender_organisation_name" => text(&envelope.sender_organisation_name),
            "client_env_id" => id(&envelope.ids.client_env_id),
            "email_id" => id(&envelope.ids.email_id),
            "projectId" => id(&envelope.ids.project_id),
            "closureId" => id(&envelope.ids.closure_id),
            UNSUBSCRIBE_URL => self.unsubscribe_url().map(Cow::Borrowed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
