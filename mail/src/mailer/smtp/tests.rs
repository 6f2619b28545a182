use std::{collections::BTreeMap, sync::Mutex, time::Instant};

use e2e::smtp::{
    Options, Phase, Pipelining,
    Reaction::{self, Close, Continue, Reply, Stall},
    SmtpServer, Step, always,
};
use tokio_util::sync::CancellationToken;

use super::{server::Security, *};

mod pipelining;
mod several;
use crate::{
    fixtures::{self, address, recipient},
    mailer::fixtures::claimed,
    message::{Body, Envelope},
    outcome::Fault,
};

const LONG: Duration = Duration::from_secs(10);

struct Rig {
    server: SmtpServer,
    smtp: Smtp,
}

async fn rig(script: impl Fn(&Step<'_>) -> Reaction + Send + Sync + 'static) -> Rig {
    rig_with(Options::default(), script).await
}

async fn rig_with(
    options: Options,
    script: impl Fn(&Step<'_>) -> Reaction + Send + Sync + 'static,
) -> Rig {
    let server = SmtpServer::with(options).await;
    server.script(script);
    let smtp = smtp(&server.transport(), 20);
    Rig { server, smtp }
}

/// Returns a rig whose transport has credentials, which the server takes.
async fn rig_with_credentials(
    script: impl Fn(&Step<'_>) -> Reaction + Send + Sync + 'static,
) -> Rig {
    let options = Options {
        credentials: Some(("user", "pass")),
        ..Options::default()
    };
    let mut rig = rig_with(options, script).await;
    rig.smtp = smtp(&with_credentials(rig.server.port()), 20);
    rig
}

fn with_credentials(port: u16) -> String {
    format!("smtp://user:pass@127.0.0.1:{port}")
}

fn smtp(url: &str, connections: usize) -> Smtp {
    Smtp::new(&Url::parse(url).unwrap(), connections).unwrap()
}

/// Returns the outcomes of one call, in the order of its recipients.
async fn send(
    smtp: &Smtp,
    mailing: &Mailing,
    recipients: &[ClaimedRecipient],
    call: &Call,
) -> Vec<Outcome> {
    let outcomes = Mutex::new(BTreeMap::new());
    let tell = |recipient: &ClaimedRecipient, outcome| {
        let mut outcomes = outcomes.lock().unwrap();
        assert!(outcomes.insert(recipient.position, outcome).is_none());
    };
    smtp.send(mailing, recipients, call, tell).await;
    let outcomes: Vec<_> = outcomes.into_inner().unwrap().into_values().collect();
    assert_eq!(outcomes.len(), recipients.len());
    outcomes
}

/// Returns a script with one reaction, at one visit of a step for this recipient.
fn at_visit(
    visit: usize,
    phase: Phase,
    recipient: &'static str,
    reaction: Reaction,
) -> impl Fn(&Step<'_>) -> Reaction {
    move |step| {
        if (step.visit, step.phase, step.recipient) == (visit, phase, recipient) {
            reaction
        } else {
            Continue
        }
    }
}

/// Returns a mailing without copies: each mail has one recipient on its envelope.
fn plain_mailing() -> Mailing {
    let body = Body {
        text: Some("Hello".into()),
        ..Body::default()
    };
    crate::mailer::fixtures::mailing(fixtures::envelope(), body)
}

/// Returns a mailing with two copies: each mail has three recipients on its envelope.
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
        self.send_within(LONG).await
    }

    async fn send_within(&self, limit: Duration) -> Outcome {
        self.send_all(&mailing(), &["ann@example.org"], limit)
            .await
            .remove(0)
    }

    /// Makes one call for these recipients.
    async fn send_all(
        &self,
        mailing: &Mailing,
        recipients: &[&'static str],
        limit: Duration,
    ) -> Vec<Outcome> {
        let recipients: Vec<_> = (0..)
            .zip(recipients)
            .map(|(position, address)| claimed(position, recipient(address)))
            .collect();
        let call = Call::new(limit, CancellationToken::new());
        send(&self.smtp, mailing, &recipients, &call).await
    }

    fn visits(&self, phase: Phase) -> usize {
        self.server.all_visits(phase)
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
    let rig = rig(|_| Continue).await;
    let Outcome::Accepted { message_id } = rig.send().await else {
        panic!("not accepted");
    };
    assert_eq!(rig.visits(Phase::Recipient), 3);
    let mail = String::from_utf8(rig.server.accepted().remove(0).data).unwrap();
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains(&format!("Message-ID: <{message_id}>")),
        "{head}"
    );
    assert_eq!(body, ".\r\nfirst\r\n..\r\nlast\r\n.\r\n");
}

#[tokio::test]
async fn each_answer_is_sorted_by_what_it_proves() {
    use Phase::{Connect, Data, End, Mail, Recipient};
    for (phase, reaction, expected) in [
        (Mail, Reply("550 no"), "wait: account"),
        (Data, Reply("554 no"), "refused: refused"),
        (End, Reply("554 spam"), "refused: refused"),
        (Recipient, Reply("450 later"), "again: deferred"),
        (End, Reply("451 later"), "again: deferred"),
        (Mail, Reply("421 closing"), "wait: throttled"),
        (End, Reply("421 closing"), "wait: throttled"),
        (Connect, Reply("421 busy"), "wait: throttled"),
        (Connect, Reply("554 go away"), "wait: not_connected"),
        (Connect, Close, "wait: not_connected"),
        (Mail, Close, "again: connection_lost"),
        (Data, Close, "again: connection_lost"),
        (Data, Reply("nonsense"), "again: connection_lost"),
        (Data, Reply("250 what"), "again: connection_lost"),
        (End, Close, "unknown: connection_lost"),
        (End, Reply("nonsense"), "unknown: connection_lost"),
        (End, Reply("354 what"), "unknown: connection_lost"),
        (Mail, Reply("530 5.7.0 auth"), "wait: account"),
    ] {
        for pipelining in [Pipelining::Offered, Pipelining::NotOffered] {
            for mailing in [plain_mailing(), mailing()] {
                let options = Options {
                    pipelining,
                    ..Options::default()
                };
                let rig = rig_with(options, always(phase, reaction)).await;
                let outcomes = rig.send_all(&mailing, &["ann@example.org"], LONG).await;
                let found = outcomes.into_iter().map(meaning).collect::<String>();
                assert_eq!(found, expected, "{phase:?} {reaction:?} {pipelining:?}");
            }
        }
    }
    let copy = at_visit(1, Recipient, "cc@example.org", Reply("550 no"));
    assert_eq!(meaning(rig(copy).await.send().await), "refused: refused");
}

#[tokio::test]
async fn a_server_that_takes_too_long_is_unknown_only_at_the_end() {
    let limit = Duration::from_millis(300);
    for (phase, expected) in [
        (Phase::Connect, "wait: not_connected"),
        (Phase::Recipient, "again: timeout"),
        (Phase::Data, "again: timeout"),
        (Phase::End, "unknown: timeout"),
    ] {
        let begun = Instant::now();
        let outcome = rig(always(phase, Stall)).await.send_within(limit).await;
        assert_eq!(meaning(outcome), expected);
        assert!(begun.elapsed() < 5 * limit);
    }
}

#[tokio::test]
async fn nobody_there_is_not_connected() {
    let rig = rig(|_| Continue).await;
    rig.server.set_open(false).await;
    assert_eq!(meaning(rig.send().await), "wait: not_connected");
}

#[tokio::test]
async fn the_next_mail_goes_over_the_same_connection_also_after_a_refusal() {
    let refusal = Reply("550 no");
    let rig = rig(at_visit(1, Phase::Recipient, "ann@example.org", refusal)).await;
    assert_eq!(meaning(rig.send().await), "refused: refused");
    assert_eq!(meaning(rig.send().await), "accepted");
    assert_eq!(meaning(rig.send().await), "accepted");
    let (connected, reset) = (rig.visits(Phase::Connect), rig.visits(Phase::Reset));
    assert_eq!((connected, reset), (1, 1));
    assert_eq!(rig.server.count(), 2);
}

/// Many servers accept only a certain number of mails in one session.
#[tokio::test]
async fn a_kept_connection_that_is_used_up_is_replaced_at_no_cost() {
    for used_up in [
        "451 4.7.0 Mails per session limit exceeded",
        "503 5.5.1 too many mails",
        "550 no more",
        "421 bye",
    ] {
        let rig = rig(move |step| {
            if step.phase == Phase::Mail && step.visit % 2 == 0 {
                Reply(used_up)
            } else {
                Continue
            }
        })
        .await;
        for _ in 0..2 {
            assert_eq!(meaning(rig.send().await), "accepted");
        }
        assert_eq!(rig.visits(Phase::Connect), 2);
        assert_eq!(rig.server.count(), 2);
    }
}

/// On a fresh connection the same reply is about the mail's sender.
#[tokio::test]
async fn a_refusal_of_the_sender_on_a_fresh_connection_is_not_tried_again_at_once() {
    let rig = rig(always(Phase::Mail, Reply("550 no"))).await;
    assert_eq!(meaning(rig.send().await), "wait: account");
    let (connected, begun) = (rig.visits(Phase::Connect), rig.visits(Phase::Mail));
    assert_eq!((connected, begun), (1, 1));
}

#[tokio::test]
async fn there_are_never_more_connections_than_are_allowed() {
    let mut rig = rig(always(Phase::Data, Stall)).await;
    rig.smtp = smtp(&rig.server.transport(), 3);
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
    assert_eq!(rig.visits(Phase::Mail), 3);
}

#[tokio::test]
async fn a_kept_connection_that_has_died_is_replaced() {
    for (phase, recipient, reaction) in [
        (Phase::Mail, "", Close),
        (Phase::Mail, "", Reply("421 too many mails")),
        (Phase::Recipient, "ann@example.org", Close),
    ] {
        let rig = rig(at_visit(2, phase, recipient, reaction)).await;
        assert_eq!(meaning(rig.send().await), "accepted");
        assert_eq!(meaning(rig.send().await), "accepted");
        let (connected, ended) = (rig.visits(Phase::Connect), rig.visits(Phase::End));
        assert_eq!((connected, ended), (2, 2));
    }
}

#[tokio::test]
async fn a_kept_connection_that_dies_at_the_end_is_never_tried_again() {
    let rig = rig(at_visit(2, Phase::End, "bcc@example.org", Close)).await;
    assert_eq!(meaning(rig.send().await), "accepted");
    assert_eq!(meaning(rig.send().await), "unknown: connection_lost");
    let (connected, ended) = (rig.visits(Phase::Connect), rig.visits(Phase::End));
    assert_eq!((connected, ended), (1, 2));
}

#[tokio::test]
async fn credentials_that_are_refused_make_mail_wait() {
    let good = rig_with_credentials(|_| Continue).await;
    assert_eq!(meaning(good.send().await), "accepted");
    assert_eq!(good.visits(Phase::LogIn), 1);
    let bad = rig_with_credentials(always(Phase::LogIn, Reply("535 no"))).await;
    assert_eq!(meaning(bad.send().await), "wait: account");
    let none = rig_with_credentials(always(Phase::Hello, Reply("250 here"))).await;
    assert_eq!(meaning(none.send().await), "wait: account");
}

#[tokio::test]
async fn credentials_never_leave_without_tls() {
    let mut rig = rig_with_credentials(|_| Continue).await;
    let url = with_credentials(rig.server.port());
    let mut server = Server::parse(&Url::parse(&url).unwrap()).unwrap();
    server.security = Security::Required;
    rig.smtp.connector = Connector::new(server);
    assert_eq!(meaning(rig.send().await), "wait: account");
    let (greeted, logged_in) = (rig.visits(Phase::Hello), rig.visits(Phase::LogIn));
    assert_eq!((greeted, logged_in), (1, 0));
}

#[tokio::test]
async fn an_address_in_the_servers_words_is_taken_out() {
    let gone = Reply("550-5.1.1 <ann@example.org>\r\n550 5.1.1 gone");
    let rig = rig(always(Phase::Recipient, gone)).await;
    let Outcome::Refused(reason) = rig.send().await else {
        panic!("not refused");
    };
    assert_eq!(
        reason.text,
        "The mail server answered 550: 5.1.1 [address] gone"
    );
}
