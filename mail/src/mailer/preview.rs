//! The mails of a request as they would be sent, without sending them.

use std::{cmp::Reverse, collections::BTreeMap};

use uuid::Uuid;

use super::compose::{NotComposed, aside, compose, custom_headers, render};
use crate::{
    mailing::{ClaimedRecipient, Mailing},
    message::{Recipient, Variable},
    template::Values,
};

/// The number of mails that are composed to find the largest one.
const MOST_COMPOSED: usize = 50;
/// The size of these mails together, in octets, after which no other one is composed.
const MOST_OCTETS: usize = 32 * 1024 * 1024;

/// The mail of one recipient, with its placeholders filled in.
#[derive(Clone, Debug)]
pub struct Rendered {
    pub subject: String,
    pub html: Option<String>,
    pub text: Option<String>,
    /// The caller's header fields.
    pub headers: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub struct Preview {
    /// The mail of the first recipient.
    pub first: Rendered,
    /// The size of the largest mail as MIME, in octets.
    pub largest: usize,
}

/// Renders the mails of a request. The time it takes is bounded: the lengths of all mails are computed without
/// rendering, and those that are then the longest are composed one after the other. They are all mails of a request of
/// up to 50 recipients, unless they are very large.
pub async fn preview(
    mailing: &Mailing,
    recipients: &[Recipient],
) -> Result<Option<Preview>, NotComposed> {
    let Some(first) = recipients.first() else {
        return Ok(None);
    };
    aside(|| {
        Ok(Some(Preview {
            first: render_one(mailing, 0, first)?,
            largest: largest(mailing, recipients)?,
        }))
    })
    .await
}

/// Renders the mail of one recipient.
pub async fn rendered(
    mailing: &Mailing,
    position: i32,
    recipient: &Recipient,
) -> Result<Rendered, NotComposed> {
    aside(|| render_one(mailing, position, recipient)).await
}

fn render_one(
    mailing: &Mailing,
    position: i32,
    recipient: &Recipient,
) -> Result<Rendered, NotComposed> {
    let values = mailing.values(position, recipient);
    let content = render(mailing, &values)?;
    Ok(Rendered {
        subject: content.subject,
        html: content.html,
        text: content.text,
        headers: custom_headers(mailing, &values),
    })
}

fn largest(mailing: &Mailing, recipients: &[Recipient]) -> Result<usize, NotComposed> {
    let (mut largest, mut octets) = (0, 0);
    for position in longest(mailing, recipients) {
        let claimed = ClaimedRecipient {
            position: i32::try_from(position).unwrap_or(i32::MAX),
            attempt: Uuid::nil(),
            attempts: 0,
            recipient: recipients[position].clone(),
        };
        let size = compose(mailing, &claimed)?.bytes.len();
        largest = largest.max(size);
        octets += size;
        if octets > MOST_OCTETS {
            break;
        }
    }
    Ok(largest)
}

/// Returns the positions of the recipients whose mails may be the largest, in the order of their lengths before they are
/// encoded. A value that is not ASCII makes its mail longer: half of them have such values, if there are any.
fn longest(mailing: &Mailing, recipients: &[Recipient]) -> Vec<usize> {
    let (mut plain, mut encoded) = (Vec::new(), Vec::new());
    for (position, recipient) in recipients.iter().enumerate() {
        let length = Reverse(length(mailing, recipient));
        let class = if is_ascii(recipient) {
            &mut plain
        } else {
            &mut encoded
        };
        class.push((length, position));
    }
    for class in [&mut plain, &mut encoded] {
        class.sort_unstable();
    }
    let half = MOST_COMPOSED / 2;
    let of_encoded = encoded.len().min(MOST_COMPOSED - plain.len().min(half));
    encoded.truncate(of_encoded);
    plain.truncate(MOST_COMPOSED - of_encoded);
    let mut both = [plain, encoded].concat();
    both.sort_unstable();
    both.into_iter().map(|(_, position)| position).collect()
}

fn length(mailing: &Mailing, recipient: &Recipient) -> usize {
    let values = Values::new(&mailing.envelope, recipient);
    let templates = &mailing.templates;
    let html = templates.html.as_ref();
    let text = templates.text.as_ref();
    let headers = templates.headers.values();
    let own = recipient.headers.iter();
    html.map_or(0, |html| html.html_length(&values))
        + text.map_or(0, |text| text.text_length(&values))
        + templates.subject.text_length(&values)
        + headers
            .map(|value| value.text_length(&values))
            .sum::<usize>()
        + own
            .map(|(name, value)| name.len() + value.len())
            .sum::<usize>()
        + recipient.name.as_ref().map_or(0, String::len)
        + recipient.mail.as_str().len()
}

fn is_ascii(recipient: &Recipient) -> bool {
    let texts = [&recipient.name, &recipient.company].into_iter().flatten();
    let variables = recipient.variables.values();
    texts.into_iter().all(|text| text.is_ascii())
        && variables.into_iter().all(|value| match value {
            Variable::Text(text) => text.is_ascii(),
            Variable::Boolean(_) | Variable::Number(_) => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixtures::{envelope, recipient},
        message::Body,
    };
    use uuid::Uuid;

    fn mailing() -> Mailing {
        let body = Body {
            text: Some("Dear {{name}}, {{v}}".to_owned()),
            headers: [("X-To".to_owned(), "{{mail}}".to_owned())].into(),
            ..Body::default()
        };
        Mailing::new(Uuid::nil(), Uuid::nil(), envelope(), body, vec![])
    }

    fn with_value(mail: &str, value: String) -> Recipient {
        Recipient {
            variables: [("v".to_owned(), Variable::Text(value))].into(),
            ..recipient(mail)
        }
    }

    fn sizes(mailing: &Mailing, recipients: &[Recipient]) -> Vec<usize> {
        let claimed = (0..)
            .zip(recipients)
            .map(|(position, recipient)| ClaimedRecipient {
                position,
                attempt: Uuid::nil(),
                attempts: 0,
                recipient: recipient.clone(),
            });
        claimed
            .map(|claimed| compose(mailing, &claimed).unwrap().bytes.len())
            .collect()
    }

    #[tokio::test]
    async fn the_largest_of_few_is_the_largest_whatever_its_encoding() {
        let recipients = [
            with_value("a@example.org", "x".repeat(2_000)),
            with_value("b@example.org", "ü".repeat(900)),
            with_value("c@example.org", "short".to_owned()),
        ];
        let mailing = mailing();
        let preview = preview(&mailing, &recipients).await.unwrap().unwrap();
        let sizes = sizes(&mailing, &recipients);
        assert_eq!(preview.largest, *sizes.iter().max().unwrap());
        assert!(sizes[1] > sizes[0], "the shorter one is larger: {sizes:?}");
        assert_eq!(preview.first.headers["X-To"], "a@example.org");
        assert!(preview.first.text.unwrap().ends_with('x'));
    }

    #[tokio::test]
    async fn the_largest_of_many_is_found_among_plain_and_encoded_ones() {
        let mut recipients: Vec<Recipient> = (0..500)
            .map(|number| with_value("a@example.org", "x".repeat(1_000 + number)))
            .collect();
        recipients[77] = with_value("b@example.org", "ü".repeat(450));
        let mailing = mailing();
        let preview = preview(&mailing, &recipients).await.unwrap().unwrap();
        let sizes = sizes(&mailing, &recipients);
        assert_eq!(preview.largest, *sizes.iter().max().unwrap());
        assert_eq!(longest(&mailing, &recipients).len(), MOST_COMPOSED);
    }
}
