mod listing;

use std::collections::HashSet;

use uuid::Uuid;

use super::*;
use crate::{
    fixtures::{self, address},
    mailer::fixtures::claimed,
    message::{Attachment, Body, Envelope, Recipient},
    outcome::StatusDetail,
    template::Template,
};

/// Far longer than any step takes here.
const LIMIT: Duration = Duration::from_mins(1);

pub(super) fn mailing() -> Mailing {
    let envelope = Envelope {
        sender_name: "The Team".into(),
        subject: "Grüße, {{name}}".into(),
        reply_to: vec![address("reply@example.com")],
        ..fixtures::envelope()
    };
    let body = Body {
        html: Some("<p>Hi <b>{{name}}</b> <img src=\"cid:logo\"></p>".into()),
        text: Some("Plain  text for\n{{name}}".into()),
        headers: [("X-Campaign".to_owned(), "spring".to_owned())].into(),
        ..Body::default()
    };
    Mailing {
        id: Uuid::now_v7(),
        ..crate::mailer::fixtures::mailing(envelope, body)
    }
}

fn attachment(content_type: &str, content_id: Option<&str>, content: &[u8]) -> Attachment {
    Attachment {
        filename: "Übersicht.bin".into(),
        content_type: content_type.into(),
        content_id: content_id.map(Into::into),
        content: content.to_vec(),
    }
}

fn recipients(names: &[&str]) -> Vec<ClaimedRecipient> {
    (0..)
        .zip(names)
        .map(|(position, name)| {
            let recipient = Recipient {
                name: Some((*name).to_owned()),
                ..fixtures::recipient(&format!("{}@example.org", name.to_lowercase()))
            };
            claimed(position, recipient)
        })
        .collect()
}

pub(super) struct Box {
    folder: tempfile::TempDir,
    pub(super) mailbox: Mailbox,
}

pub(super) async fn mailbox() -> Box {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::open(folder.path().join("a/b")).await.unwrap();
    Box { folder, mailbox }
}

impl Box {
    pub(super) async fn capture(&self, mailing: &Mailing, names: &[&str]) {
        let outcomes = self.mailbox.send(mailing, &recipients(names), LIMIT).await;
        assert_eq!(outcomes.len(), names.len());
        for outcome in outcomes {
            assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        }
    }

    async fn subjects(&self, search: &str) -> Vec<String> {
        let listing = self
            .mailbox
            .list(Some(search), None, None, 100)
            .await
            .unwrap();
        assert_eq!(listing.total, listing.items.len());
        listing
            .items
            .into_iter()
            .map(|item| item.captured.subject)
            .collect()
    }

    async fn newest(&self) -> Summary {
        self.mailbox
            .list(None, None, None, 1)
            .await
            .unwrap()
            .items
            .remove(0)
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.folder.path().join("a/b")
    }

    fn files(&self) -> Vec<String> {
        std::fs::read_dir(self.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

#[tokio::test]
async fn what_is_sent_can_be_read() {
    let mail = mailbox().await;
    let mut mailing = mailing();
    mailing.envelope.bcc = vec![address("hidden@example.net")];
    mailing.attachments = vec![
        attachment("image/png", Some("logo"), b"\x89PNG"),
        attachment("text/html; charset=iso-8859-1", None, b"<p>\xfc\r\n</p>\n"),
        attachment("message/rfc822", None, b"Subject: inner\r\n\r\nbody\r\n"),
        // The HTML does not name this attachment.
        attachment("text/plain", Some("note"), b"note"),
    ];
    mail.capture(&mailing, &["Ann"]).await;

    let summary = mail.newest().await;
    let captured = summary.captured.clone();
    assert_eq!(captured.subject, "Grüße, Ann");
    assert_eq!(captured.mailing_id, mailing.id);
    assert_eq!(
        captured.message_id,
        format!("{}.0@example.com", mailing.id.simple())
    );
    assert_eq!(captured.from.name.as_deref(), Some("The Team"));
    assert_eq!(captured.to[0].mail, "ann@example.org");
    assert_eq!(captured.bcc[0].mail, "hidden@example.net");
    assert_eq!(captured.snippet, "Plain text for Ann");
    assert_eq!(summary.attachments, 4);

    let message = mail.mailbox.message(&captured.id).await.unwrap().unwrap();
    assert_eq!(message.captured, captured);
    assert!(message.text.unwrap().starts_with("Plain  text for\r\nAnn"));
    assert!(message.html.unwrap().starts_with("<p>Hi <b>Ann</b>"));
    let header = |name: &str| {
        let found = message.headers.iter().find(|header| header.name == name);
        found.unwrap().value.clone()
    };
    assert_eq!(header("X-Campaign"), "spring");
    assert_eq!(header("Subject"), "Grüße, Ann");
    assert_eq!(header("To"), "\"Ann\" <ann@example.org>");

    for (index, info) in message.attachments.iter().enumerate() {
        assert_eq!(
            (info.index, info.filename.as_str()),
            (index, "Übersicht.bin")
        );
        let found = mail.mailbox.attachment(&captured.id, index).await.unwrap();
        let (meta, bytes) = found.unwrap();
        assert_eq!((&meta, meta.size), (info, bytes.len()));
        let original = mailing
            .attachments
            .iter()
            .find(|original| original.content == bytes);
        let original = original.unwrap();
        assert!(original.content_type.starts_with(&meta.content_type));
        let shown = original.content_id.as_deref().filter(|id| *id == "logo");
        assert_eq!(
            (meta.content_id.as_deref(), meta.inline),
            (shown, shown.is_some())
        );
    }
    assert_eq!(message.attachments.len(), 4);
    assert!(
        mail.mailbox
            .attachment(&captured.id, 4)
            .await
            .unwrap()
            .is_none()
    );

    let html = mail.mailbox.html(&captured.id).await.unwrap().unwrap();
    assert!(
        html.contains("<img src=\"data:image/png;base64,iVBORw==\">"),
        "{html}"
    );
    let source = mail.mailbox.source(&captured.id).await.unwrap().unwrap();
    assert_eq!(source.len(), captured.size);
    assert!(!String::from_utf8(source).unwrap().contains("hidden"));
}

#[test]
fn a_mailbox_that_takes_too_long_leaves_open_what_it_was_given() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (resume, stopped) = std::sync::mpsc::channel::<()>();
    runtime.block_on(async {
        let mail = mailbox().await;
        // The only thread that could write is busy.
        let busy = spawn_blocking(move || stopped.recv());
        let recipients = recipients(&["Ann", "Bob", "Cyd", "Dan", "Eve", "Fay"]);
        let limit = Duration::from_millis(50);
        let outcomes = mail.mailbox.send(&mailing(), &recipients, limit).await;
        drop(resume);
        busy.await.unwrap().unwrap_err();
        let (given, kept) = outcomes.split_at(WAITING);
        for outcome in given {
            assert!(matches!(outcome, Outcome::Unknown(reason) if reason.code == StatusDetail::Timeout));
        }
        for outcome in kept {
            assert!(
                matches!(outcome, Outcome::NotAccepted { reason, .. } if reason.code == StatusDetail::Timeout)
            );
        }
        assert_eq!(kept.len(), 2);
    });
}

#[tokio::test]
async fn another_process_sees_the_same_mailbox() {
    let mail = mailbox().await;
    let other = Mailbox::open(mail.folder.path().join("a/b")).await.unwrap();
    assert_eq!(other.list(None, None, None, 9).await.unwrap().total, 0);
    mail.capture(&mailing(), &["Ann", "Bob"]).await;
    let listing = other.list(None, None, None, 9).await.unwrap();
    assert_eq!(listing.total, 2);
    assert!(other.delete(&listing.items[0].captured.id).await.unwrap());
    assert!(!other.delete(&listing.items[0].captured.id).await.unwrap());
    assert_eq!(mail.subjects("").await.len(), 1);
    assert_eq!(mail.mailbox.clear().await.unwrap(), 1);
    assert_eq!(other.list(None, None, None, 9).await.unwrap().total, 0);
    assert_eq!(mail.files(), Vec::<String>::new());
}

#[test]
fn deleting_does_not_wait_for_a_list_nor_a_list_for_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mail = runtime.block_on(mailbox());
    runtime.block_on(mail.capture(&mailing(), &["Ann", "Bob"]));
    let newest = runtime.block_on(mail.newest()).captured.id;
    let listing = mail.mailbox.index.lock().unwrap();
    runtime.block_on(async {
        let deleting = async {
            assert!(mail.mailbox.delete(&newest).await.unwrap());
            assert_eq!(mail.mailbox.clear().await.unwrap(), 1);
        };
        tokio::time::timeout(LIMIT, deleting).await.unwrap();
    });
    drop(listing);
}

#[tokio::test]
async fn an_address_is_erased_with_all_that_was_written_to_it() {
    let mail = mailbox().await;
    mail.capture(&mailing(), &["Ann", "Bob"]).await;
    let mut copies = mailing();
    copies.envelope.cc = vec![address("ann@example.org")];
    mail.capture(&copies, &["Cyd"]).await;
    copies.envelope.cc.clear();
    copies.envelope.bcc = vec![address("ANN@Example.org")];
    mail.capture(&copies, &["Dan"]).await;
    assert_eq!(
        mail.mailbox
            .erase(&address("Ann@EXAMPLE.org"))
            .await
            .unwrap(),
        3
    );
    assert_eq!(mail.subjects("").await, ["Grüße, Bob"]);
    assert_eq!(mail.files().len(), 2);
}

#[tokio::test]
async fn an_id_from_outside_never_leaves_the_folder() {
    let mail = mailbox().await;
    std::fs::write(mail.folder.path().join("a/secret.eml"), "x").unwrap();
    for id in [
        "../secret",
        "..",
        "",
        "/etc/passwd",
        &"A".repeat(32),
        &"0".repeat(33),
        &"0".repeat(32),
    ] {
        assert!(mail.mailbox.message(id).await.unwrap().is_none());
        assert!(mail.mailbox.source(id).await.unwrap().is_none());
        assert!(mail.mailbox.html(id).await.unwrap().is_none());
        assert!(mail.mailbox.attachment(id, 0).await.unwrap().is_none());
        assert!(!mail.mailbox.delete(id).await.unwrap());
    }
}

#[tokio::test]
async fn a_mailbox_that_cannot_be_written_makes_mail_wait_and_keeps_nothing() {
    let mail = mailbox().await;
    std::fs::remove_dir(mail.folder.path().join("a/b")).unwrap();
    let outcomes = mail
        .mailbox
        .send(&mailing(), &recipients(&["Ann", "Bob"]), LIMIT)
        .await;
    assert_eq!(outcomes.len(), 2);
    for outcome in outcomes {
        let Outcome::NotAccepted {
            reason,
            fault: Fault::NotConnected,
            ..
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert_eq!(reason.code, StatusDetail::MailboxUnavailable);
    }
}

#[tokio::test]
async fn half_a_message_is_never_seen() {
    let mail = mailbox().await;
    mail.capture(&mailing(), &["Ann", "Bob"]).await;
    let id = mail.newest().await.captured.id;
    let folder = mail.folder.path().join("a/b");
    std::fs::remove_file(folder.join(format!("{id}.json"))).unwrap();
    assert_eq!(mail.subjects("").await.len(), 1);
    assert!(mail.mailbox.message(&id).await.unwrap().is_none());
    assert!(mail.mailbox.source(&id).await.unwrap().is_none());

    // Files that a crash has left behind are removed once no living process can be writing them.
    let temporary = folder.join(format!(".{}.eml.tmp", "0".repeat(32)));
    let foreign = folder.join("notes.txt");
    for file in [&temporary, &foreign] {
        std::fs::write(file, "x").unwrap();
    }
    Mailbox::open(&folder).await.unwrap();
    assert_eq!(mail.files().len(), 5);
    let old = std::time::SystemTime::now() - std::time::Duration::from_hours(2);
    for name in mail.files() {
        let file = std::fs::File::options()
            .write(true)
            .open(folder.join(name))
            .unwrap();
        file.set_modified(old).unwrap();
    }
    Mailbox::open(&folder).await.unwrap();
    let left: HashSet<_> = mail.files().into_iter().collect();
    assert_eq!(left.len(), 3);
    assert!(left.contains("notes.txt") && !left.contains(&format!("{id}.eml")));
    assert_eq!(mail.subjects("").await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_composed_is_refused_and_the_others_are_captured() {
    let mail = mailbox().await;
    let mut recipients = recipients(&["Ann", "Bob", "Cyd"]);
    recipients[1].recipient.name = Some("x".repeat(2000));
    let outcomes = mail.mailbox.send(&mailing(), &recipients, LIMIT).await;
    let refused: Vec<_> = outcomes
        .iter()
        .map(|o| matches!(o, Outcome::Refused(_)))
        .collect();
    assert_eq!(refused, [false, true, false], "{outcomes:?}");
    assert_eq!(mail.subjects("").await, ["Grüße, Cyd", "Grüße, Ann"]);
}
