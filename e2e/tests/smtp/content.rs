//! The message itself, as the SMTP server receives it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::letter::addressed;
use e2e::smtp::Accepted;
use e2e::{Database, Server, SmtpServer, With, letter, mailing};
use mail_parser::MimeHeaders;
use serde_json::{Value, json};

/// Returns the single message that the SMTP server receives for this body.
async fn delivered(body: &Value) -> Accepted {
    let smtp = SmtpServer::start().await;
    let server = Server::start_with(&[("MAIL_TRANSPORT", &smtp.transport())]).await;
    let answer = server.sender().await.mail(body).await;
    answer.data(200);
    let mut accepted = smtp.accepted();
    assert_eq!(accepted.len(), 1);
    accepted.remove(0)
}

#[tokio::test]
async fn names_and_subjects_in_any_script_arrive() {
    let recipients = json!([{ "mail": "ann@example.org", "name": "Ånn \"Zoë\" Łukasz, 李" }]);
    let subject = format!("Grüße 😀 {}", "из Москвы ".repeat(30));
    let body = addressed(&recipients)
        .with("sender_name", "Bücher & Söhne")
        .with("subject", subject.trim());
    let message = delivered(&body).await;
    let parsed = message.parsed();
    assert_eq!(parsed.subject(), Some(subject.trim()));
    let to = parsed.to().and_then(|to| to.first()).expect("a recipient");
    assert_eq!(to.name(), Some("Ånn \"Zoë\" Łukasz, 李"));
    assert_eq!(to.address(), Some("ann@example.org"));
    let from = parsed
        .from()
        .and_then(|from| from.first())
        .expect("a sender");
    assert_eq!(from.name(), Some("Bücher & Söhne"));
    let source = String::from_utf8_lossy(&message.data).into_owned();
    let (head, _) = source.split_once("\r\n\r\n").expect("a head");
    assert!(head.is_ascii(), "{head}");
    assert!(head.lines().all(|line| line.len() <= 998), "{head}");
}

#[tokio::test]
async fn both_bodies_are_alternatives() {
    let text = "Grüße\n.\n..dot\nFrom the start\n";
    let html = "<p>Grüße</p>\n.\n<p>end</p>";
    let body = letter("ann@example.org")
        .with("text_template", text)
        .with("html_template", html);
    let message = delivered(&body).await;
    let captured = message.captured();
    assert_eq!(captured.text(), text.trim_end());
    assert_eq!(captured.html(), html);
    let parsed = message.parsed();
    let kind = parsed.content_type().expect("a type");
    assert_eq!(
        (kind.ctype(), kind.subtype()),
        ("multipart", Some("alternative"))
    );
    let first = parsed
        .part(1)
        .and_then(|part| part.content_type())
        .expect("a type");
    assert_eq!(first.subtype(), Some("plain"), "the plain one comes first");
}

#[tokio::test]
async fn one_body_alone_is_not_an_alternative() {
    for (field, subtype) in [("text_template", "plain"), ("html_template", "html")] {
        let body = letter("ann@example.org")
            .without("text_template")
            .with(field, "Hello");
        let message = delivered(&body).await;
        let parsed = message.parsed();
        let kind = parsed.content_type().expect("a type");
        assert_eq!((kind.ctype(), kind.subtype()), ("text", Some(subtype)));
    }
}

#[tokio::test]
async fn long_lines_are_cut_for_smtp_and_whole_for_the_reader() {
    let long = format!("{} ende", "wörd ".repeat(1_000));
    let ascii = "x".repeat(5_000);
    for text in [long, ascii] {
        let body = letter("ann@example.org").with("text_template", text.clone());
        let message = delivered(&body).await;
        assert_eq!(message.captured().text(), text);
        let longest = message
            .data
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::len)
            .max();
        assert!(longest.is_some_and(|length| length <= 1_000), "{longest:?}");
    }
}

#[tokio::test]
async fn inline_images_and_attachments_keep_their_places() {
    let attachment = |name: &str, content: &[u8]| {
        json!({
            "filename": name, "content": BASE64_STANDARD.encode(content)
        })
    };
    let body = letter("ann@example.org")
        .with("html_template", "<img src=\"cid:logo@mmms\">")
        .with(
            "attachments",
            json!([
                attachment("logo.png", b"\x89PNG")
                    .with("content_type", "image/png")
                    .with("content_id", "logo@mmms"),
                attachment("Überblick.bin", &[0, 13, 10, 46, 13, 10, 255]),
            ]),
        );
    let message = delivered(&body).await;
    let parsed = message.parsed();
    let inline = parsed
        .parts
        .iter()
        .find(|part| part.content_id() == Some("logo@mmms"));
    let inline = inline.expect("the inline image");
    assert_eq!(inline.contents(), b"\x89PNG");
    assert!(
        inline
            .content_disposition()
            .is_some_and(mail_parser::ContentType::is_inline)
    );
    let attached = parsed
        .attachments()
        .find(|part| part.attachment_name() == Some("Überblick.bin"))
        .expect("the attachment");
    assert_eq!(attached.contents(), [0, 13, 10, 46, 13, 10, 255]);
    assert!(
        attached
            .content_disposition()
            .is_some_and(mail_parser::ContentType::is_attachment)
    );
    assert_eq!(message.captured().text(), "Good morning.");
}

#[tokio::test]
async fn the_head_has_what_a_mail_needs() {
    let message = delivered(&letter("ann@example.org")).await;
    let captured = message.captured();
    for header in [
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "mime-version",
    ] {
        assert_eq!(
            captured.header(header).len(),
            1,
            "{header}: {:?}",
            captured.head()
        );
    }
    assert!(message.parsed().date().is_some());
    assert_eq!(message.sender, "news@example.com");
    assert_eq!(message.recipients, ["ann@example.org"]);
}

#[tokio::test]
async fn the_message_id_is_the_one_that_is_told() {
    let smtp = SmtpServer::start().await;
    let database = Database::sqlite();
    let server = Server::through(&smtp, &database).start().await;
    let data = server.sender().await.mail(&mailing(5)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled(id).await;
    for entry in server.recipients(id).await {
        let messages = smtp.to(entry["recipient"].as_str().expect("an address"));
        assert_eq!(messages.len(), 1);
        let told = format!("<{}>", entry["message_id"].as_str().expect("an id"));
        assert_eq!(messages[0].captured().header("message-id"), [told]);
    }
}
