use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Phase, Reaction, SmtpServer};

struct Client(BufStream<TcpStream>);

impl Client {
    async fn of(server: &SmtpServer) -> Self {
        let stream = TcpStream::connect(server.listener.address())
            .await
            .expect("it listens");
        Self(BufStream::new(stream))
    }

    /// Returns the line of the reply, empty if the connection was closed.
    async fn reply(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.expect("a line");
        line.trim_end().to_owned()
    }

    async fn say(&mut self, line: &str) -> String {
        self.0.write_all(line.as_bytes()).await.expect("it reads");
        self.0.write_all(b"\r\n").await.expect("it reads");
        self.0.flush().await.expect("it reads");
        self.reply().await
    }

    /// Sends a whole message, and returns the reply to it.
    async fn mail(&mut self, to: &str, message: &str) -> String {
        assert_eq!(self.say("MAIL FROM:<me@example.com>").await, "250 ok");
        assert_eq!(self.say(&format!("RCPT TO:<{to}>")).await, "250 ok");
        assert_eq!(self.say("DATA").await, "354 go ahead");
        self.say(&format!("{message}\r\n.")).await
    }
}

#[tokio::test]
async fn what_is_accepted_is_kept_as_it_was_meant() {
    let server = SmtpServer::start().await;
    let mut client = Client::of(&server).await;
    assert_eq!(client.reply().await, "220 test ESMTP");
    assert_eq!(client.say("HELO me").await, "250 ok");
    let reply = client
        .mail("ann@example.org", "Subject: x\r\n\r\n..\r\n..dot")
        .await;
    assert_eq!(reply, "250 2.0.0 taken");
    let accepted = server.accepted();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].sender, "me@example.com");
    assert_eq!(accepted[0].recipients, ["ann@example.org"]);
    assert_eq!(accepted[0].data, b"Subject: x\r\n\r\n.\r\n.dot\r\n");
    assert_eq!(server.transactions(), 0);
    assert_eq!(server.sessions(), 1);
    assert_eq!(client.say("QUIT").await, "221 bye");
}

#[tokio::test]
async fn the_script_is_asked_at_each_step() {
    let server = SmtpServer::start().await;
    server.script(|step| match (step.phase, step.recipient, step.visit) {
        (Phase::End, "ann@example.org", 1) => Reaction::Reply("451 later"),
        (Phase::End, "bob@example.org", _) => Reaction::AcceptAndClose,
        (Phase::End, "cid@example.org", _) => Reaction::Close,
        (Phase::Recipient, "dan@example.org", _) => Reaction::Reply("550 no"),
        _ => Reaction::Continue,
    });
    let mut client = Client::of(&server).await;
    client.reply().await;
    assert_eq!(client.mail("ann@example.org", "x").await, "451 later");
    assert_eq!(server.count(), 0);
    assert_eq!(client.mail("ann@example.org", "x").await, "250 2.0.0 taken");
    assert_eq!(client.say("MAIL FROM:<me@example.com>").await, "250 ok");
    assert_eq!(client.say("RCPT TO:<dan@example.org>").await, "550 no");
    assert_eq!(client.say("DATA").await, "503 5.5.1 RCPT first");
    assert_eq!(server.transactions(), 1);
    assert_eq!(client.say("RSET").await, "250 ok");
    assert_eq!(client.mail("bob@example.org", "x").await, "");
    let mut client = Client::of(&server).await;
    client.reply().await;
    assert_eq!(client.mail("cid@example.org", "x").await, "");
    assert_eq!(server.tally().len(), 2);
    assert_eq!(server.to("bob@example.org").len(), 1);
    assert_eq!(server.visits(Phase::End, "ann@example.org"), 2);
}

#[tokio::test]
async fn what_waits_for_its_answer_is_in_flight() {
    let server = SmtpServer::start().await;
    server.script(|step| match step.phase {
        Phase::End => Reaction::AcceptAndStall,
        _ => Reaction::Continue,
    });
    let mut client = Client::of(&server).await;
    client.reply().await;
    let silence = client.mail("ann@example.org", "x");
    let silence = timeout(Duration::from_millis(50), silence).await;
    assert!(silence.is_err(), "no answer comes");
    server.accepts(1).await;
    assert_eq!((server.answering(), server.transactions()), (1, 1));
    assert_eq!(server.most_sessions(), 1);
}

#[tokio::test]
async fn a_closed_door_refuses_connections() {
    let server = SmtpServer::start().await;
    server.set_open(false).await;
    assert!(TcpStream::connect(server.listener.address()).await.is_err());
    server.set_open(true).await;
    let mut client = Client::of(&server).await;
    assert_eq!(client.reply().await, "220 test ESMTP");
}
