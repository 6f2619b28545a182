//! Attachments, for one recipient and for many.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::letter::recipient;
use e2e::{Database, Server, With, everywhere, letter, mailing};
use mail_parser::MimeHeaders;
use serde_json::{Value, json};

everywhere!(
    attachments_arrive_byte_for_byte,
    every_recipient_of_a_mailing_gets_the_attachments,
    an_image_with_a_content_id_is_inline,
    faulty_attachments_are_named,
    other_forms_of_base64_are_read,
);

fn attachment(filename: &str, content: &[u8]) -> Value {
    json!({ "filename": filename, "content": BASE64_STANDARD.encode(content) })
}

async fn attachments_arrive_byte_for_byte(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let typed = attachment("report.pdf", &bytes).with("content_type", "application/pdf");
    let plain = attachment("Grüße aus Köln.txt", b".\r\n..\r\nFrom me\n");
    let body = letter("ann@example.org").with("attachments", json!([typed, plain]));
    sender.mail(&body).await.data(200);
    let captured = server.mailbox().only_to("ann@example.org").await;
    let parsed = captured.parsed();
    let found: Vec<_> = parsed
        .attachments()
        .map(|part| {
            (
                part.attachment_name().unwrap_or_default().to_owned(),
                part.contents().to_vec(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("report.pdf".to_owned(), bytes),
            (
                "Grüße aus Köln.txt".to_owned(),
                b".\r\n..\r\nFrom me\n".to_vec()
            ),
        ]
    );
    let pdf = parsed
        .attachment(0)
        .and_then(|part| part.content_type())
        .expect("a type");
    assert_eq!((pdf.ctype(), pdf.subtype()), ("application", Some("pdf")));
    assert_eq!(captured.text(), "Good morning.");
}

async fn every_recipient_of_a_mailing_gets_the_attachments(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = mailing(3).with("attachments", json!([attachment("a.txt", b"in it")]));
    let data = sender.mail(&body).await.data(202);
    server.settled(data["id"].as_str().expect("an id")).await;
    for index in 0..3 {
        let captured = server.mailbox().only_to(&recipient(index)).await;
        let parsed = captured.parsed();
        let part = parsed.attachment(0).expect("an attachment");
        assert_eq!(part.contents(), b"in it");
    }
}

/// Base64 in lines as in mail, unpadded, and in the alphabet for URLs.
async fn other_forms_of_base64_are_read(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let bytes = b"\xfb\xff\xfe, and more than one line of seventy-six characters of base64 takes";
    let plain = attachment("a.bin", bytes);
    let coded = plain["content"].as_str().expect("base64");
    let (one, other) = coded.split_at(76);
    for (index, written) in [
        format!("{one}\r\n{other}\r\n"),
        format!("{one}\n {other}"),
        coded.trim_end_matches('=').to_owned(),
        coded.replace('+', "-").replace('/', "_"),
    ]
    .into_iter()
    .enumerate()
    {
        let to = recipient(index);
        let attached = plain.clone().with("content", written);
        let body = letter(&to).with("attachments", json!([attached]));
        sender.mail(&body).await.data(200);
        let captured = server.mailbox().only_to(&to).await;
        let parsed = captured.parsed();
        assert_eq!(parsed.attachment(0).expect("one").contents(), bytes);
    }
}

async fn an_image_with_a_content_id_is_inline(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let image = attachment("logo.png", b"\x89PNG not really")
        .with("content_type", "image/png")
        .with("content_id", "logo");
    let body = letter("ann@example.org")
        .with("html_template", "<img src=\"cid:logo\">")
        .with("attachments", json!([image]));
    sender.mail(&body).await.data(200);
    let captured = server.mailbox().only_to("ann@example.org").await;
    let parsed = captured.parsed();
    let part = parsed
        .parts
        .iter()
        .find(|part| part.content_id() == Some("logo"))
        .expect("a part with the content id");
    assert_eq!(part.contents(), b"\x89PNG not really");
    let disposition = part.content_disposition().expect("a disposition");
    assert!(disposition.is_inline());
    assert_eq!(captured.html(), "<img src=\"cid:logo\">");
    let source = String::from_utf8_lossy(&captured.0).to_lowercase();
    assert!(source.contains("multipart/related"), "{source}");
}

async fn faulty_attachments_are_named(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let good = attachment("a.txt", b"x");
    let faulty = [
        (
            good.clone().with("content", "not base64!"),
            "attachments.1.content",
        ),
        (
            good.clone().with("content", "QU=I"),
            "attachments.1.content",
        ),
        (
            good.clone().with("content", "data:text/plain;base64,QUI="),
            "attachments.1.content",
        ),
        (good.clone().without("content"), "attachments.1.content"),
        (good.clone().without("filename"), "attachments.1.filename"),
        (good.clone().with("filename", ""), "attachments.1.filename"),
        (
            good.clone().with("content_type", "nonsense"),
            "attachments.1.content_type",
        ),
        (
            good.clone().with("content_type", "text/plain\r\nX: y"),
            "attachments.1.content_type",
        ),
        (
            good.clone()
                .with("content_type", "Multipart/mixed; boundary=x"),
            "attachments.1.content_type",
        ),
        (
            good.clone().with("content_id", "a>\r\nX: y"),
            "attachments.1.content_id",
        ),
        (
            good.clone().with("content_id", "c".repeat(79)),
            "attachments.1.content_id",
        ),
    ];
    for (bad, path) in faulty {
        let body = letter("ann@example.org").with("attachments", json!([good, bad]));
        sender.mail(&body).await.only_fault(path);
    }
    assert_eq!(server.mailbox().total().await, 0);
}
