//! Tests against an independent SMTP server: they would reveal a misreading of the RFCs that our own server shares.

use std::{fs, net::TcpListener, path::Path};

use e2e::{Server, With, eventually, letter, mailing};
use mail_parser::MessageParser;
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

/// A server that stores every message that it accepts in a maildir.
struct Aiosmtpd {
    port: u16,
    folder: TempDir,
    _process: Child,
}

impl Aiosmtpd {
    async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|free| free.local_addr())
            .expect("a free port")
            .port();
        let folder = TempDir::new().expect("a folder");
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache/python/bin/python");
        let process = Command::new(python)
            .args(["-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}")])
            .args(["-c", "aiosmtpd.handlers.Mailbox"])
            .arg(folder.path().join("mail"))
            .kill_on_drop(true)
            .spawn()
            .expect("aiosmtpd starts: install it first, as `make test` does");
        eventually("aiosmtpd listens", || {
            TcpStream::connect(("127.0.0.1", port))
        })
        .await;
        Self {
            port,
            folder,
            _process: process,
        }
    }

    fn messages(&self) -> Vec<Vec<u8>> {
        fs::read_dir(self.folder.path().join("mail/new"))
            .into_iter()
            .flatten()
            .map(|file| fs::read(file.expect("a file").path()).expect("a message"))
            .collect()
    }
}

#[tokio::test]
async fn a_mail_and_a_mailing_arrive_whole_at_another_server() {
    let smtp = Aiosmtpd::start().await;
    let transport = format!("smtp://127.0.0.1:{}", smtp.port);
    let server = Server::start_with(&[("MAIL_TRANSPORT", &transport)]).await;
    let sender = server.sender().await;

    let text = "Grüße\n.\n..dots\nFrom the start\n";
    let body = letter("ann@example.org")
        .with("subject", "Grüße aus Köln")
        .with("text_template", text)
        .with("bcc", json!(["blind@example.org"]));
    sender.mail(&body).await.data(200);
    let messages = smtp.messages();
    assert_eq!(messages.len(), 1);
    let parsed = MessageParser::default()
        .parse(&messages[0])
        .expect("a message");
    assert_eq!(parsed.subject(), Some("Grüße aus Köln"));
    let arrived = parsed.body_text(0).expect("a text").replace("\r\n", "\n");
    assert_eq!(arrived.trim_end(), text.trim_end());
    assert!(
        parsed.bcc().is_none(),
        "the blind copy is in the envelope only"
    );

    let queued = sender.mail(&mailing(120)).await.data(202);
    let id = queued["id"].as_str().expect("an id");
    let settled = server.settled(id).await;
    assert_eq!(settled["sent"], 120, "{settled}");
    assert_eq!(smtp.messages().len(), 121);
}
