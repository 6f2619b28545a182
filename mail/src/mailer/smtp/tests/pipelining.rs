//! Several commands in one write (RFC 2920).

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufStream},
    net::TcpListener,
};

use super::*;

/// Reads this many lines, and then answers each of them.
async fn answer(stream: &mut BufStream<tokio::net::TcpStream>, answers: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    for _ in answers {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        lines.push(line.trim_end().to_owned());
    }
    for answer in answers {
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
    }
    stream.flush().await.unwrap();
    lines
}

#[tokio::test]
async fn commands_do_not_wait_for_each_others_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let smtp = smtp(&format!("smtp://127.0.0.1:{port}"), 1);
    let serving = async {
        let mut stream = BufStream::new(listener.accept().await.unwrap().0);
        stream.write_all(b"220 test ESMTP\r\n").await.unwrap();
        stream.flush().await.unwrap();
        for _ in 0..2 {
            answer(&mut stream, &["250-test\r\n250 pipelining"]).await;
        }
        let begun = answer(&mut stream, &["250 ok", "250 ok", "354 go ahead"]).await;
        let mut content = String::new();
        while !content.ends_with("\r\n.\r\n") {
            stream.read_line(&mut content).await.unwrap();
        }
        stream.write_all(b"250 taken\r\n").await.unwrap();
        stream.flush().await.unwrap();
        begun
    };
    let call = Call::new(LONG, CancellationToken::new());
    let recipients = [claimed(0, recipient("ann@example.org"))];
    let mailing = plain_mailing();
    let (outcomes, begun) = tokio::join!(send(&smtp, &mailing, &recipients, &call), serving);
    assert!(
        matches!(outcomes[..], [Outcome::Accepted { .. }]),
        "{outcomes:?}"
    );
    assert_eq!(begun[1..], ["RCPT TO:<ann@example.org>", "DATA"]);
}

/// RFC 2920, 3.1.
#[tokio::test]
async fn data_that_is_accepted_for_nobody_is_ended_with_a_lone_dot() {
    for pipelining in [Pipelining::Offered, Pipelining::OfferedWithAnyData] {
        let options = Options {
            pipelining,
            ..Options::default()
        };
        let refusal = at_visit(1, Phase::Recipient, "ann@example.org", Reply("550 no"));
        let rig = rig_with(options, refusal).await;
        let mailing = plain_mailing();
        let send = || rig.send_all(&mailing, &["ann@example.org"], LONG);
        assert_eq!(meaning(send().await.remove(0)), "refused: refused");
        assert_eq!(meaning(send().await.remove(0)), "accepted");
        assert_eq!(rig.visits(Phase::Connect), 1, "{pipelining:?}");
        assert_eq!(rig.server.count(), 1);
    }
}

#[tokio::test]
async fn a_mail_is_not_begun_for_some_of_its_recipients() {
    let refusal = at_visit(1, Phase::Recipient, "cc@example.org", Reply("550 no"));
    let rig = rig(refusal).await;
    assert_eq!(meaning(rig.send().await), "refused: refused");
    assert_eq!(rig.visits(Phase::Recipient), 3);
    assert_eq!(rig.visits(Phase::Data), 0);
    assert_eq!(meaning(rig.send().await), "accepted");
    assert_eq!(rig.visits(Phase::Connect), 1);
    assert_eq!(rig.server.count(), 1);
}

/// The first refusal is what counts, whatever comes after it.
#[tokio::test]
async fn a_connection_that_breaks_after_a_refusal_does_not_change_it() {
    let rig = rig(|step| match (step.phase, step.visit) {
        (Phase::Recipient, 1) if step.recipient == "ann@example.org" => Reply("550 no"),
        (Phase::Recipient, 1) if step.recipient == "cc@example.org" => Close,
        _ => Continue,
    })
    .await;
    assert_eq!(meaning(rig.send().await), "refused: refused");
    assert_eq!(meaning(rig.send().await), "accepted");
    assert_eq!(rig.visits(Phase::Connect), 2);
}
