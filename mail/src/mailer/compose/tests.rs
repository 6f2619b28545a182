//! Mails as a mail program reads them: bodies, attachments and refusals.

mod header_fields;

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

use super::*;
use crate::{
    fixtures::{address, envelope, recipient},
    mailer::fixtures::{claimed, mailing},
    message::{Attachment, Body, Envelope, Recipient, Variable},
    outcome::StatusDetail,
};

struct Draft {
    envelope: Envelope,
    body: Body,
    attachments: Vec<Attachment>,
    recipient: Recipient,
}

fn draft() -> Draft {
    Draft {
        envelope: Envelope {
            sender_name: "The Team".into(),
            ..envelope()
        },
        body: Body {
            html: Some("<p>Hi {{name}}</p>".into()),
            text: Some("Hi {{name}}".into()),
            ..Body::default()
        },
        attachments: vec![],
        recipient: Recipient {
            name: Some("Ann".into()),
            ..recipient("ann@example.org")
        },
    }
}

fn attachment(filename: &str, content_id: Option<&str>) -> Attachment {
    Attachment {
        filename: filename.into(),
        content_type: "image/png".into(),
        content_id: content_id.map(Into::into),
        content: b"\x89PNG\n\r\n.\n\0\xff".to_vec(),
    }
}

impl Draft {
    fn try_compose(self) -> Result<Composed, NotComposed> {
        let mailing = Mailing {
            attachments: self.attachments,
            ..mailing(self.envelope, self.body)
        };
        compose(&mailing, &claimed(7, self.recipient))
    }

    fn compose(self) -> Composed {
        let composed = self.try_compose().unwrap();
        assert!(composed.bytes.is_ascii());
        assert!(composed.bytes.ends_with(b"\r\n"));
        let text = String::from_utf8(composed.bytes.clone()).unwrap();
        let bare = text.replace("\r\n", "");
        assert!(!bare.contains(['\r', '\n']), "{text:?}");
        composed
    }
}

fn parse(composed: &Composed) -> Message<'_> {
    MessageParser::default().parse(&composed.bytes).unwrap()
}

fn head(composed: &Composed) -> String {
    let text = String::from_utf8(composed.bytes.clone()).unwrap();
    text.split("\r\n\r\n").next().unwrap().to_owned()
}

/// Returns the nesting of the parts, by their content types.
fn shape(message: &Message<'_>, part: u32) -> String {
    let part = message.part(part).unwrap();
    let content_type = part.content_type().unwrap();
    let name = content_type.subtype().unwrap().to_owned();
    let PartType::Multipart(parts) = &part.body else {
        return name;
    };
    let inner: Vec<_> = parts.iter().map(|part| shape(message, *part)).collect();
    format!("{name}[{}]", inner.join(" "))
}

#[test]
fn both_bodies_are_alternatives_with_the_recipients_values() {
    let composed = draft().compose();
    let message = parse(&composed);
    assert_eq!(shape(&message, 0), "alternative[plain html]");
    assert_eq!(message.body_text(0).unwrap().trim_end(), "Hi Ann");
    assert_eq!(message.body_html(0).unwrap().trim_end(), "<p>Hi Ann</p>");
    assert_eq!(message.subject(), Some("Hello Ann"));
    assert!(message.date().is_some());
    assert!(head(&composed).contains("MIME-Version: 1.0"));
}

#[test]
fn a_recipients_message_id_is_the_same_every_time() {
    let composed = draft().compose();
    let expected = format!("{}.7@example.com", Uuid::nil().simple());
    assert_eq!(composed.message_id, expected);
    assert_eq!(parse(&composed).message_id(), Some(expected.as_str()));
}

#[test]
fn parts_are_nested_as_mail_programs_expect() {
    for (html, text, attachments, expected) in [
        (true, false, vec![], "html"),
        (false, true, vec![], "plain"),
        (true, false, vec![Some("a")], "related[html png]"),
        (false, true, vec![Some("a")], "mixed[plain png]"),
        (true, true, vec![None], "mixed[alternative[plain html] png]"),
        (
            true,
            true,
            vec![Some("a"), None, Some("b"), None],
            "mixed[alternative[plain related[html png png]] png png]",
        ),
    ] {
        let mut draft = draft();
        let shown = "<img src=\"cid:a\"><img src=\"cid:b\">";
        draft.body.html = html.then(|| shown.to_owned());
        draft.body.text = draft.body.text.filter(|_| text);
        draft.attachments = attachments
            .into_iter()
            .map(|id| attachment("a.png", id))
            .collect();
        assert_eq!(shape(&parse(&draft.compose()), 0), expected);
    }
}

#[test]
fn attachments_arrive_byte_for_byte_with_names_in_any_script() {
    let long = format!("{} – Übersicht.pdf", "年度報告書".repeat(20));
    for name in [
        "report.pdf",
        "Müller.pdf",
        "a \"quoted\"; name.txt",
        "100% é.txt",
        "back\\slash.txt",
        &"long".repeat(40),
        &long,
    ] {
        let mut draft = draft();
        draft.body.html = Some("<img src=\"cid:logo@x\">".into());
        draft.attachments = vec![attachment(name, None), attachment(name, Some("logo@x"))];
        let composed = draft.compose();
        let message = parse(&composed);
        for part in message.attachments() {
            assert_eq!(part.attachment_name(), Some(name));
            assert_eq!(part.contents(), attachment("", None).content);
        }
        let ids: Vec<_> = message
            .attachments()
            .filter_map(|p| p.content_id())
            .collect();
        assert_eq!((ids, message.attachment_count()), (vec!["logo@x"], 2));
    }
}

#[test]
fn bodies_keep_their_text_whatever_its_lines_are_like() {
    for text in [
        "ünïcödé\r\nline\n.\n..dots\n",
        &"word ".repeat(500),
        "bare\rreturn",
        "From here\n.\r\n.\n",
        &"漢字".repeat(2000),
    ] {
        let mut draft = draft();
        draft.body.text = Some(text.to_owned());
        let composed = draft.compose();
        let message = parse(&composed);
        let plain = |text: &str| {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            text.trim_end().to_owned()
        };
        assert_eq!(plain(&message.body_text(0).unwrap()), plain(text));
    }
}

#[test]
fn what_would_be_too_long_is_refused_before_it_is_rendered() {
    let with_variable = |value: String| {
        let mut draft = draft();
        draft.recipient.variables = [("v".to_owned(), Variable::Text(value))].into();
        draft
    };
    let mut subject = with_variable("ü".repeat(2_000));
    subject.envelope.subject = "{{v}}".into();
    assert!(subject.try_compose().is_ok());
    let mut subject = with_variable("ü".repeat(2_000));
    subject.envelope.subject = "{{v}}!".into();
    let mut html = with_variable("x".repeat(1_900_000));
    html.body.html = Some("{{v}}".repeat(400_000));
    let mut text = with_variable("x".repeat(1_900_000));
    text.body.text = Some("{{v}}".repeat(400_000));
    for draft in [subject, html, text] {
        let refused = Outcome::from(draft.try_compose().map(drop).unwrap_err());
        assert!(
            matches!(refused, Outcome::Refused(reason) if reason.code == StatusDetail::InvalidMessage)
        );
    }
}

#[test]
fn what_cannot_be_composed_is_refused() {
    let mut without_body = draft();
    without_body.body = Body::default();
    let mut bad_type = draft();
    bad_type.attachments = vec![Attachment {
        content_type: "nonsense".into(),
        ..attachment("a", None)
    }];
    let mut bad_id = draft();
    bad_id.body.html = Some("<img src=\"cid:a\r\nb\">".into());
    bad_id.attachments = vec![attachment("a", Some("a\r\nb"))];
    for draft in [without_body, bad_type, bad_id] {
        let refused = Outcome::from(draft.try_compose().map(drop).unwrap_err());
        assert!(
            matches!(refused, Outcome::Refused(reason) if reason.code == StatusDetail::InvalidMessage)
        );
    }
}

#[test]
fn a_mail_within_a_mail_is_not_base64() {
    let inner = "Subject: inner\nFrom: a@b.example\n\nHello\n";
    for (content, expected) in [
        (inner.as_bytes().to_vec(), "7bit"),
        (format!("{inner}{}", "x".repeat(999)).into_bytes(), "base64"),
        ("Subject: gr\u{fc}n\n\n".as_bytes().to_vec(), "base64"),
        (b"a\0b".to_vec(), "base64"),
    ] {
        let mut draft = draft();
        draft.attachments = vec![Attachment {
            content_type: "Message/RFC822".into(),
            content,
            ..attachment("mail.eml", None)
        }];
        let composed = draft.compose();
        let source = String::from_utf8(composed.bytes.clone()).unwrap();
        let (_, part) = source.split_once("mail.eml").unwrap();
        assert!(
            part.contains(&format!("Content-Transfer-Encoding: {expected}")),
            "{part}"
        );
        let octets = source.contains("application/octet-stream");
        assert_eq!(octets, expected == "base64", "{source}");
    }
}

#[test]
fn what_the_html_does_not_show_is_an_attachment() {
    for (html, shape_expected) in [
        (
            "<img src=\"cid:logo\">",
            "alternative[plain related[html png]]",
        ),
        (
            "<img src='cid:l%6Fgo'>",
            "alternative[plain related[html png]]",
        ),
        (
            "<img src=\"cid:other\">",
            "mixed[alternative[plain html] png]",
        ),
        ("<p>logo</p>", "mixed[alternative[plain html] png]"),
    ] {
        let mut draft = draft();
        draft.body.html = Some(html.into());
        draft.attachments = vec![attachment("logo.png", Some("logo"))];
        assert_eq!(shape(&parse(&draft.compose()), 0), shape_expected, "{html}");
    }
}
