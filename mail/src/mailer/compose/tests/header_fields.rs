//! Names, subjects, addresses and the header fields of the caller.

use super::*;

fn header_lines(composed: &Composed) -> Vec<String> {
    head(composed)
        .split("\r\n")
        .map(ToOwned::to_owned)
        .collect()
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
