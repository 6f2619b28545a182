//! A mailing's templates in the form that SES fills in, and the data for each recipient.
//!
//! SES documents little of how it fills in templates
//! (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Template.html>: "only simple substitutions";
//! <https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-advanced.html>: based on Handlebars, no
//! escaping). So nothing is left for it to interpret:
//!
//! - Each placeholder is a variable of our own, whose value is ready, escaped for its place.
//! - Braces and backslashes of the text that could have a meaning are variables too.
//! - Every variable has a value for every recipient: SES accepts a mail that lacks one, and drops it.
//! - The variables' names cannot be guessed, so that no value can name one, however values are filled in.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::{
    mailer::compose::{NotComposed, check_length, fields::subject_text},
    mailing::Mailing,
    template::{Segment, Template, Values, html_value},
};

/// Characters that could open, close or escape a placeholder.
const SPECIAL: [char; 3] = ['{', '}', '\\'];

#[derive(Debug)]
pub struct SesTemplate<'a> {
    pub subject: String,
    pub html: Option<String>,
    pub text: Option<String>,
    mailing: &'a Mailing,
    variables: Variables<'a>,
}

impl<'a> SesTemplate<'a> {
    pub fn new(mailing: &'a Mailing) -> Self {
        let mut variables = Variables::default();
        Self {
            // The subject is one variable, because a line end may be made of two adjacent values.
            subject: variables.placeholder(Source::Subject),
            html: mailing
                .templates
                .html
                .as_ref()
                .map(|html| variables.part(html, Source::Html)),
            text: mailing
                .templates
                .text
                .as_ref()
                .map(|text| variables.part(text, Source::Text)),
            mailing,
            variables,
        }
    }

    /// Returns the length in octets.
    pub fn len(&self) -> usize {
        let parts = [Some(&self.subject), self.html.as_ref(), self.text.as_ref()];
        parts.into_iter().flatten().map(String::len).sum()
    }

    /// Returns the replacement data of one recipient, as JSON.
    pub fn data(&self, values: &Values<'_>) -> Result<String, NotComposed> {
        check_length(self.mailing, values)?;
        let get = |name| values.get(name).unwrap_or_default();
        let data: Map<String, Value> = self
            .variables
            .sources
            .iter()
            .map(|(source, number)| {
                let value = match source {
                    Source::Subject => subject_text(self.mailing.templates.subject.header(values)),
                    Source::Html(name) => html_value(&get(name)).into_owned(),
                    Source::Text(name) => get(name).into_owned(),
                    Source::Literal(text) => (*text).to_owned(),
                };
                (self.variables.name(*number), value.into())
            })
            .collect();
        Ok(Value::Object(data).to_string())
    }
}

/// The source of a variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source<'a> {
    Subject,
    Html(&'a str),
    Text(&'a str),
    Literal(&'a str),
}

#[derive(Debug)]
struct Variables<'a> {
    prefix: String,
    sources: HashMap<Source<'a>, usize>,
}

impl Default for Variables<'_> {
    fn default() -> Self {
        Self {
            prefix: format!("v{:08x}n", rand::random::<u32>()),
            sources: HashMap::new(),
        }
    }
}

impl<'a> Variables<'a> {
    fn name(&self, number: usize) -> String {
        format!("{}{number}", self.prefix)
    }

    fn placeholder(&mut self, source: Source<'a>) -> String {
        let next = self.sources.len();
        let number = *self.sources.entry(source).or_insert(next);
        format!("{{{{{}}}}}", self.name(number))
    }

    fn part(&mut self, template: &'a Template, source: fn(&'a str) -> Source<'a>) -> String {
        let mut out = String::new();
        for segment in template.segments() {
            match segment {
                Segment::Placeholder(name) => out.push_str(&self.placeholder(source(name))),
                Segment::Literal(text) => self.literal(text, &mut out),
            }
        }
        out
    }

    /// Writes a literal text. A lone special character within plain text stays; several together, or one next to a
    /// placeholder, become a variable.
    fn literal(&mut self, mut rest: &'a str, out: &mut String) {
        let mut at_start = true;
        while let Some(start) = rest.find(SPECIAL) {
            let (plain, from) = rest.split_at(start);
            let end = from.find(|c| !SPECIAL.contains(&c)).unwrap_or(from.len());
            let (run, after) = from.split_at(end);
            out.push_str(plain);
            let touches = (at_start && plain.is_empty()) || after.is_empty();
            if touches || run.len() > 1 {
                out.push_str(&self.placeholder(Source::Literal(run)));
            } else {
                out.push_str(run);
            }
            (rest, at_start) = (after, false);
        }
        out.push_str(rest);
    }
}

#[cfg(test)]
mod tests;
