use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use super::{server::Security, *};
use crate::{
    fixtures::{self, address, recipient},
    mailer::fixtures::claimed,
    message::{Body, Envelope},
    outcome::Fault,
};

/// The server's action at a step.
#[derive(Clone, Copy)]
enum Act {
    Say(&'static str),
    HangUp,
    Stall,
}
use Act::{HangUp, Say, Stall};

/// Chooses the action, given the step and the number of times it has come before.
type Script = fn(&str, usize) -> Option<Act>;

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, what: &str) -> usize {
        let mut seen = self.0.lock().unwrap();
        seen.push(what.to_owned());
        seen.iter().filter(|seen| *seen == what).count() - 1
    }

    fn count(&self, what: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|seen| *seen == what)
            .count()
    }
}

async fn serve(mut stream: BufReader<TcpStream>, script: Script, seen: Seen, mails: Seen) {
    let mut step = "CONNECT".to_owned();
    loop {
        let usual = match step.as_str() {
            "CONNECT" => "220 ready",
            "EHLO" => "250-here\r\n250 AUTH PLAIN",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            _ => "250 ok",
        };
        match script(&step, seen.note(&step)).unwrap_or(Say(usual)) {
            Say(reply) => {
                let reply = format!("{reply}\r\n");
                if stream.write_all(reply.as_bytes()).await.is_err() {
                    return;
                }
                if step == "DATA" && reply.starts_with("354") {
                    let Some(mail) = receive(&mut stream).await else {
                        return;
                    };
                    mails.note(&mail);
                    step = "END".to_owned();
                    continue;
                }
            }
            HangUp => return,
            Stall => std::future::pending().await,
        }
        let mut line = String::new();
        if !stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
            return;
        }
        step = line.get(..4).unwrap_or_default().trim_end().to_owned();
    }
}

async fn receive(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut mail = String::new();
    while !mail.ends_with("\r\n.\r\n") {
        let read = stream.read_line(&mut mail).await.ok()?;
        (read > 0).then_some(())?;
    }
    let mail = mail.strip_suffix(".\r\n")?;
    Some(mail.replace("\r\n..", "\r\n."))
}

struct Rig {
    url: Url,
    smtp: Smtp,
    seen: Seen,
    mails: Seen,
}

async fn rig(script: Script) -> Rig {
    rig_with("", script).await
}

async fn rig_with(credentials: &str, script: Script) -> Rig {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (seen, mails) = (Seen::default(), Seen::default());
    let noted = (seen.clone(), mails.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (seen, mails) = noted.clone();
            tokio::spawn(serve(BufReader::new(stream), script, seen, mails));
        }
    });
    let url = format!("smtp://{credentials}127.0.0.1:{port}");
    let url = Url::parse(&url).unwrap();
    Rig {
        smtp: Smtp::new(&url, 20).unwrap(),
        url,
        seen,
        mails,
    }
}

fn mailing() -> Mailing {
    let envelope = Envelope {
        subject: "Hello".into(),
        cc: vec![address("cc@example.org")],
        bcc: vec![address("bcc@example.org")],
        ..fixtures::envelope()
    };
    let body = Body {
        text: Some(".\nfirst\n..\nlast\n.".into()),
        ..Body::default()
    };
    crate::mailer::fixtures::mailing(envelope, body)
}

impl Rig {
    async fn send(&self) -> Outcome {
        self.send_within(Duration::from_secs(10)).await
    }

    async fn send_within(&self, limit: Duration) -> Outcome {
        let recipient = claimed(0, recipient("ann@example.org"));
        let call = Call::new(limit, CancellationToken::new());
        let mut outcomes = self.smtp.send(&mailing(), &[recipient], &call).await;
        outcomes.pop().unwrap()
    }
}

/// Returns the kind of the outcome and its code.
fn meaning(outcome: Outcome) -> String {
    match outcome {
        Outcome::Accepted { .. } => "accepted".to_owned(),
        Outcome::Refused(reason) => format!("refused: {}", reason.code),
        Outcome::NotAccepted {
            reason,
            fault: Fault::Passing,
            ..
        } => format!("again: {}", reason.code),
        Outcome::NotAccepted { reason, .. } => format!("wait: {}", reason.code),
        Outcome::Unknown(reason) => format!("unknown: {}", reason.code),
    }
}

#[tokio::test]
async fn what_arrives_is_what_was_composed_for_everyone_on_the_envelope() {
    let rig = rig(|_, _| None).await;
    let Outcome::Accepted { message_id } = rig.send().await else {
        panic!("not accepted");
    };
    assert_eq!(rig.seen.count("RCPT"), 3);
    let mails = rig.mails.0.lock().unwrap();
    let (head, body) = mails[0].split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains(&format!("Message-ID: <{message_id}>")),
        "{head}"
    );
    assert_eq!(body, ".\r\nfirst\r\n..\r\nlast\r\n.\r\n");
}

#[tokio::test]
async fn each_answer_is_sorted_by_what_it_proves() {
    for (script, expected) in [
        (
            (|s, _| (s == "MAIL").then_some(Say("550 no"))) as Script,
            "wait: account",
        ),
        (
            |s, n| (s == "RCPT" && n == 1).then_some(Say("550 no")),
            "refused: refused",
        ),
        (
            |s, _| (s == "DATA").then_some(Say("554 no")),
            "refused: refused",
        ),
        (
            |s, _| (s == "END").then_some(Say("554 spam")),
            "refused: refused",
        ),
        (
            |s, _| (s == "RCPT").then_some(Say("450 later")),
            "again: deferred",
        ),
        (
            |s, _| (s == "END").then_some(Say("451 later")),
            "again: deferred",
        ),
        (
            |s, _| (s == "MAIL").then_some(Say("421 closing")),
            "wait: throttled",
        ),
        (
            |s, _| (s == "END").then_some(Say("421 closing")),
            "wait: throttled",
        ),
        (
            |s, _| (s == "CONNECT").then_some(Say("421 busy")),
            "wait: throttled",
        ),
        (
            |s, _| (s == "CONNECT").then_some(Say("554 go away")),
            "wait: not_connected",
        ),
        (
            |s, _| (s == "CONNECT").then_some(HangUp),
            "wait: not_connected",
        ),
        (
            |s, _| (s == "MAIL").then_some(HangUp),
            "again: connection_lost",
        ),
        (
            |s, _| (s == "DATA").then_some(HangUp),
            "again: connection_lost",
        ),
        (
            |s, _| (s == "DATA").then_some(Say("nonsense")),
            "again: connection_lost",
        ),
        (
            |s, _| (s == "DATA").then_some(Say("250 what")),
            "again: connection_lost",
        ),
        (
            |s, _| (s == "END").then_some(HangUp),
            "unknown: connection_lost",
        ),
        (
            |s, _| (s == "END").then_some(Say("nonsense")),
            "unknown: connection_lost",
        ),
        (
            |s, _| (s == "END").then_some(Say("354 what")),
            "unknown: connection_lost",
        ),
        (
            |s, _| (s == "MAIL").then_some(Say("530 5.7.0 auth")),
            "wait: account",
        ),
    ] {
        assert_eq!(meaning(rig(script).await.send().await), expected);
    }
}

#[tokio::test]
async fn a_server_that_takes_too_long_is_unknown_only_at_the_end() {
    let limit = Duration::from_millis(300);
    for (script, expected) in [
        (
            (|s, _| (s == "CONNECT").then_some(Stall)) as Script,
            "wait: not_connected",
        ),
        (|s, _| (s == "RCPT").then_some(Stall), "again: timeout"),
        (|s, _| (s == "DATA").then_some(Stall), "again: timeout"),
        (|s, _| (s == "END").then_some(Stall), "unknown: timeout"),
    ] {
        let begun = Instant::now();
        assert_eq!(
            meaning(rig(script).await.send_within(limit).await),
            expected
        );
        assert!(begun.elapsed() < 5 * limit);
    }
}

#[tokio::test]
async fn nobody_there_is_not_connected() {
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut rig = rig(|_, _| None).await;
    let url = format!("smtp://127.0.0.1:{port}");
    rig.smtp = Smtp::new(&Url::parse(&url).unwrap(), 20).unwrap();
    assert_eq!(meaning(rig.send().await), "wait: not_connected");
}

#[tokio::test]
async fn the_next_mail_goes_over_the_same_connection_also_after_a_refusal() {
    let rig = rig(|s, n| (s == "RCPT" && n == 0).then_some(Say("550 no"))).await;
    assert_eq!(meaning(rig.send().await), "refused: refused");
    assert_eq!(meaning(rig.send().await), "accepted");
    assert_eq!(meaning(rig.send().await), "accepted");
    assert_eq!((rig.seen.count("CONNECT"), rig.seen.count("RSET")), (1, 1));
    assert_eq!(rig.mails.0.lock().unwrap().len(), 2);
}

/// Many servers accept only a certain number of mails in one session.
#[tokio::test]
async fn a_kept_connection_that_is_used_up_is_replaced_at_no_cost() {
    for used_up in [
        |s, n| {
            (s == "MAIL" && n % 2 == 1).then_some(Say("451 4.7.0 Mails per session limit exceeded"))
        },
        |s, n| (s == "MAIL" && n % 2 == 1).then_some(Say("503 5.5.1 too many mails")),
        |s, n| (s == "MAIL" && n % 2 == 1).then_some(Say("550 no more")),
        |s, n| (s == "MAIL" && n % 2 == 1).then_some(Say("421 bye")),
    ] as [Script; 4]
    {
        let rig = rig(used_up).await;
        for _ in 0..2 {
            assert_eq!(meaning(rig.send().await), "accepted");
        }
        assert_eq!(rig.seen.count("CONNECT"), 2);
        assert_eq!(rig.mails.0.lock().unwrap().len(), 2);
    }
}

/// On a fresh connection the same reply is about the mail's sender.
#[tokio::test]
async fn a_refusal_of_the_sender_on_a_fresh_connection_is_not_tried_again_at_once() {
    let rig = rig(|s, _| (s == "MAIL").then_some(Say("550 no"))).await;
    assert_eq!(meaning(rig.send().await), "wait: account");
    assert_eq!((rig.seen.count("CONNECT"), rig.seen.count("MAIL")), (1, 1));
}

#[tokio::test]
async fn there_are_never_more_connections_than_are_allowed() {
    let mut rig = rig(|s, _| (s == "DATA").then_some(Stall)).await;
    rig.smtp = Smtp::new(&rig.url, 3).unwrap();
    let limit = Duration::from_secs(2);
    let sends = (0..10).map(|_| rig.send_within(limit));
    let outcomes = futures_util::future::join_all(sends).await;
    let meanings: Vec<String> = outcomes.into_iter().map(meaning).collect();
    let count = |expected: &str| {
        let found = meanings.iter().filter(|found| found.starts_with(expected));
        found.count()
    };
    // Three were begun; the others cost no attempt.
    assert_eq!((count("again: timeout"), count("wait: ")), (3, 7));
    assert_eq!(rig.seen.count("MAIL"), 3);
}

#[tokio::test]
async fn a_kept_connection_that_has_died_is_replaced() {
    for act in [
        (|s, n| (s == "MAIL" && n == 1).then_some(HangUp)) as Script,
        |s, n| (s == "MAIL" && n == 1).then_some(Say("421 too many mails")),
        |s, n| (s == "RCPT" && n == 3).then_some(HangUp),
    ] {
        let rig = rig(act).await;
        assert_eq!(meaning(rig.send().await), "accepted");
        assert_eq!(meaning(rig.send().await), "accepted");
        assert_eq!((rig.seen.count("CONNECT"), rig.seen.count("END")), (2, 2));
    }
}

#[tokio::test]
async fn a_kept_connection_that_dies_at_the_end_is_never_tried_again() {
    let rig = rig(|s, n| (s == "END" && n == 1).then_some(HangUp)).await;
    assert_eq!(meaning(rig.send().await), "accepted");
    assert_eq!(meaning(rig.send().await), "unknown: connection_lost");
    assert_eq!((rig.seen.count("CONNECT"), rig.seen.count("END")), (1, 2));
}

#[tokio::test]
async fn credentials_that_are_refused_make_mail_wait() {
    let good = rig_with("user:pass@", |_, _| None).await;
    assert_eq!(meaning(good.send().await), "accepted");
    assert_eq!(good.seen.count("AUTH"), 1);
    let bad = rig_with("user:pass@", |s, _| (s == "AUTH").then_some(Say("535 no"))).await;
    assert_eq!(meaning(bad.send().await), "wait: account");
    let none = rig_with("user:pass@", |s, _| {
        (s == "EHLO").then_some(Say("250 here"))
    })
    .await;
    assert_eq!(meaning(none.send().await), "wait: account");
}

#[tokio::test]
async fn credentials_never_leave_without_tls() {
    let mut rig = rig_with("user:pass@", |_, _| None).await;
    let url = format!(
        "smtp://user:pass@127.0.0.1:{}",
        rig.smtp.connector.server().port
    );
    let mut server = Server::parse(&Url::parse(&url).unwrap()).unwrap();
    server.security = Security::Required;
    rig.smtp.connector = Connector::new(server);
    assert_eq!(meaning(rig.send().await), "wait: account");
    assert_eq!((rig.seen.count("EHLO"), rig.seen.count("AUTH")), (1, 0));
}

#[tokio::test]
async fn an_address_in_the_servers_words_is_taken_out() {
    let script: Script =
        |s, _| (s == "RCPT").then_some(Say("550-5.1.1 <ann@example.org>\r\n550 5.1.1 gone"));
    let Outcome::Refused(reason) = rig(script).await.send().await else {
        panic!("not refused");
    };
    assert_eq!(
        reason.text,
        "The mail server answered 550: 5.1.1 [address] gone"
    );
}
