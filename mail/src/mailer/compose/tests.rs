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
fn names_and_subjects_in_any_script_arrive_as_written() {
    let long_words = "Übergrößenträger ".repeat(40);
    let mixed = "plain ünï plain plain ünï ünï plain ".repeat(25);
    for text in [
        "Zoë Müller",
        "Müller, Zoë (CEO) <zoe>",
        "Ann \"the boss\" Smith, Ltd.",
        "back\\slash",
        "日本語の件名がここに入ります。とても長い件名です。"
            .repeat(8)
            .as_str(),
        "🎉 Party 🎉",
        "a@b.example",
        "=?utf-8?q?no?",
        long_words.trim_end(),
        mixed.trim_end(),
        "x".repeat(320).as_str(),
        "\"".repeat(320).as_str(),
        "ü".repeat(320).as_str(),
        "🎉".repeat(320).as_str(),
        "two  spaces",
    ] {
        let mut draft = draft();
        draft.envelope.subject = "{{s}}".into();
        draft.envelope.sender_name = text.into();
        draft.recipient.name = Some(text.into());
        draft.recipient.variables = [("s".to_owned(), Variable::Text(text.to_owned()))].into();
        let composed = draft.compose();
        let message = parse(&composed);
        assert_eq!(message.subject(), Some(text), "{}", head(&composed));
        let from = message.from().unwrap().first().unwrap();
        assert_eq!(from.name(), Some(text), "{}", head(&composed));
        assert_eq!(from.address(), Some("team@example.com"));
        let to = message.to().unwrap().first().unwrap();
        assert_eq!(
            (to.name(), to.address()),
            (Some(text), Some("ann@example.org"))
        );
    }
}

#[test]
fn a_subject_of_one_endless_word_is_folded_all_the_same() {
    for word in ["x", "ü"] {
        let mut draft = draft();
        draft.envelope.subject = word.repeat(998);
        let composed = draft.compose();
        assert_eq!(parse(&composed).subject(), Some(word.repeat(998).as_str()));
        assert!(head(&composed).lines().all(|line| line.len() <= 76));
    }
}

#[test]
fn nothing_from_outside_starts_a_header_of_its_own() {
    let evil = "x\r\nBcc: eve@example.net\n\0y";
    let mut draft = draft();
    draft.envelope.subject = "{{v}}".into();
    draft.envelope.sender_name = evil.into();
    draft.recipient.name = Some(evil.into());
    draft.recipient.variables = [("v".to_owned(), Variable::Text(evil.to_owned()))].into();
    draft.body.headers = [("X-Evil".to_owned(), evil.to_owned())].into();
    draft.attachments = vec![attachment(evil, None)];
    let composed = draft.compose();
    let message = parse(&composed);
    assert_eq!(message.bcc(), None);
    assert!(
        message
            .attachments()
            .all(|part| !part.headers.iter().any(|h| h.name() == "Bcc"))
    );
    assert_eq!(message.subject(), Some("x Bcc: eve@example.net  y"));
    assert_eq!(composed.recipients, ["ann@example.org"]);
}

#[test]
fn hidden_copies_are_in_the_envelope_only() {
    let mut draft = draft();
    draft.envelope.cc = vec![address("cc@example.org"), address("cc2@example.org")];
    draft.envelope.bcc = vec![address("hidden@example.net")];
    draft.envelope.reply_to = vec![address("reply@example.com")];
    let composed = draft.compose();
    assert_eq!(
        composed.recipients,
        [
            "ann@example.org",
            "cc@example.org",
            "cc2@example.org",
            "hidden@example.net"
        ]
    );
    let message = parse(&composed);
    assert_eq!(message.cc().unwrap().iter().count(), 2);
    assert!(message.reply_to().unwrap().contains("reply@example.com"));
    assert!(
        !String::from_utf8(composed.bytes)
            .unwrap()
            .contains("hidden")
    );
}

#[test]
fn international_domains_go_out_as_punycode() {
    let mut draft = draft();
    draft.envelope.sender_email = address("info@müller.example");
    draft.recipient.mail = address("o'neil+x@bücher.example");
    draft.recipient.name = None;
    let composed = draft.compose();
    assert_eq!(composed.from, "info@xn--mller-kva.example");
    assert_eq!(composed.recipients, ["o'neil+x@xn--bcher-kva.example"]);
    assert!(composed.message_id.ends_with(".7@xn--mller-kva.example"));
    let head = head(&composed);
    assert!(
        head.contains("To: o'neil+x@xn--bcher-kva.example"),
        "{head}"
    );
    assert!(head.contains("<info@xn--mller-kva.example>"), "{head}");
}

#[test]
fn custom_headers_are_added_and_none_of_the_services_is_replaced() {
    let mut draft = draft();
    let value = format!("<https://example.com/{}>", "u".repeat(800));
    draft.body.headers = [("List-Unsubscribe".to_owned(), value.clone())].into();
    let composed = draft.compose();
    let raw = parse(&composed)
        .header_raw("List-Unsubscribe")
        .unwrap()
        .to_owned();
    assert_eq!(raw.trim(), value);

    for length in [76, 77, 126] {
        let mut draft = self::draft();
        let (name, value) = ("X".repeat(length), "v".repeat(870));
        draft.body.headers = [(name.clone(), value.clone())].into();
        let composed = draft.compose();
        let message = parse(&composed);
        assert_eq!(message.header_raw(name.as_str()).unwrap().trim(), value);
        assert_eq!(message.body_text(0).unwrap().trim_end(), "Hi Ann");
    }

    let long = format!("{}:", "X".repeat(80));
    for name in [
        long.as_str(),
        "subject",
        "Content-Type",
        "X Y",
        "X:Y",
        "X\r\nBcc",
        "",
        "Ä",
    ] {
        let mut draft = self::draft();
        draft.body.headers = [(name.to_owned(), "x".to_owned())].into();
        let refused = draft.try_compose().map(drop).unwrap_err();
        assert_eq!(
            refused.0, "a header has a name that cannot be used",
            "{name}"
        );
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

fn header_lines(composed: &Composed) -> Vec<String> {
    head(composed)
        .split("\r\n")
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn many_copies_are_folded_after_commas() {
    let mut draft = draft();
    draft.envelope.cc = (0..49)
        .map(|n| address(&format!("a-rather-long-address-{n}@department.example.org")))
        .collect();
    draft.envelope.reply_to = draft.envelope.cc.clone();
    let composed = draft.compose();
    for line in header_lines(&composed) {
        assert!(line.len() <= 78, "{line}");
    }
    let message = parse(&composed);
    for list in [message.cc(), message.reply_to()] {
        assert_eq!(list.unwrap().iter().count(), 49);
    }
    assert_eq!(composed.recipients.len(), 50);
}

#[test]
fn an_address_is_on_the_envelope_once() {
    let mut draft = draft();
    draft.envelope.cc = vec![
        address("Ann@Example.org"),
        address("c@example.org"),
        address("C@example.org"),
    ];
    draft.envelope.bcc = vec![
        address("ann@example.org"),
        address("c@example.org"),
        address("b@example.org"),
    ];
    let composed = draft.compose();
    assert_eq!(
        composed.recipients,
        ["ann@example.org", "c@example.org", "b@example.org"]
    );
    assert_eq!(parse(&composed).cc().unwrap().iter().count(), 1);
}

#[test]
fn all_of_a_subject_survives() {
    for subject in [
        "é  é",
        " leading and trailing ",
        "two  blanks in ASCII",
        "=?utf-8?q?=0D=0ABcc:x?=",
        "a =?utf-8?b?eA==?= b",
        &"é ".repeat(400),
        &"😀".repeat(200),
        &"word ".repeat(199),
        "tabs\tbecome blanks",
    ] {
        let mut draft = draft();
        draft.envelope.subject = subject.to_owned();
        let composed = draft.compose();
        for line in header_lines(&composed) {
            assert!(line.len() <= 78, "{line}");
        }
        let expected = subject.replace('\t', " ");
        assert_eq!(parse(&composed).subject(), Some(&*expected), "{subject:?}");
    }
}

#[test]
fn a_plain_name_is_quoted_and_not_encoded() {
    let mut draft = draft();
    draft.envelope.sender_name = "Acme, Inc. (\"the\" one)".into();
    let composed = draft.compose();
    assert!(head(&composed).contains(r#"From: "Acme, Inc. (\"the\" one)" <team@example.com>"#));
    let message = parse(&composed);
    let from = message.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("Acme, Inc. (\"the\" one)"));
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
