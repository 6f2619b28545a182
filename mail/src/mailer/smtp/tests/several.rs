//! Several recipients in one call, and several connections.

use e2e::eventually;

use super::*;

const PEOPLE: [&str; 5] = [
    "ann@example.org",
    "bob@example.org",
    "cid@example.org",
    "dan@example.org",
    "eve@example.org",
];

/// Returns a script with a reaction at a step of some recipients.
fn for_each(
    reactions: &'static [(&str, Phase, Reaction)],
) -> impl Fn(&Step<'_>) -> Reaction + Send + Sync {
    move |step| {
        reactions
            .iter()
            .find(|(recipient, phase, _)| (*recipient, *phase) == (step.recipient, step.phase))
            .map_or(Continue, |(_, _, reaction)| *reaction)
    }
}

impl Rig {
    async fn meanings(&self, recipients: &[&'static str], limit: Duration) -> Vec<String> {
        let outcomes = self.send_all(&plain_mailing(), recipients, limit).await;
        outcomes.into_iter().map(meaning).collect()
    }
}

#[tokio::test]
async fn each_recipient_of_a_call_has_the_outcome_of_its_own_exchange() {
    let rig = rig(for_each(&[
        ("ann@example.org", Phase::End, Close),
        ("bob@example.org", Phase::Recipient, Reply("550 no")),
        ("dan@example.org", Phase::Data, Close),
        ("eve@example.org", Phase::Recipient, Reply("450 later")),
    ]))
    .await;
    assert_eq!(
        rig.meanings(&PEOPLE, LONG).await,
        [
            "unknown: connection_lost",
            "refused: refused",
            "accepted",
            "again: connection_lost",
            "again: deferred",
        ]
    );
    assert_eq!(rig.server.to("cid@example.org").len(), 1);
    assert_eq!(rig.server.count(), 1);
}

/// What a process that dies leaves unconfirmed is what was under way, and not what was answered.
#[tokio::test]
async fn an_outcome_is_told_without_waiting_for_the_others() {
    let rig = rig(for_each(&[("ann@example.org", Phase::End, Stall)])).await;
    let recipients = [0, 1].map(|position| {
        let address = PEOPLE[usize::from(position > 0)];
        claimed(position, recipient(address))
    });
    let call = Call::new(LONG, CancellationToken::new());
    let mailing = plain_mailing();
    let (told, mut outcomes) = tokio::sync::mpsc::unbounded_channel();
    let tell = |recipient: &ClaimedRecipient, outcome| {
        let _ = told.send((recipient.position, meaning(outcome)));
    };
    let first = tokio::select! {
        first = outcomes.recv() => first,
        () = rig.smtp.send(&mailing, &recipients, &call, tell) => panic!("the call ended"),
    };
    assert_eq!(first, Some((1, "accepted".to_owned())));
}

#[tokio::test]
async fn a_mail_in_doubt_puts_no_other_one_in_doubt() {
    let rig = rig(for_each(&[
        ("ann@example.org", Phase::End, Reaction::AcceptAndStall),
        ("bob@example.org", Phase::Data, Stall),
    ]))
    .await;
    let limit = Duration::from_secs(1);
    assert_eq!(
        rig.meanings(&PEOPLE[..3], limit).await,
        ["unknown: timeout", "again: timeout", "accepted"]
    );
}

#[tokio::test]
async fn the_recipients_of_a_call_do_not_wait_for_each_other() {
    let rig = rig(always(Phase::End, Stall)).await;
    let limit = Duration::from_secs(1);
    let meanings = rig.meanings(&PEOPLE[..4], limit).await;
    assert_eq!(meanings, ["unknown: timeout"; 4]);
    assert_eq!(rig.server.most_sessions(), 4);
}

#[tokio::test]
async fn mail_goes_over_the_connections_that_the_server_takes() {
    for greeting in [
        "421 4.7.0 too many connections",
        "554 5.7.1 too many connections",
        "",
    ] {
        let options = Options {
            most_connections: Some((2, greeting)),
            ..Options::default()
        };
        let rig = rig_with(options, |_| Continue).await;
        for _ in 0..4 {
            assert_eq!(rig.meanings(&PEOPLE, LONG).await, ["accepted"; 5]);
        }
        assert_eq!(rig.server.count(), 20);
        assert!(rig.server.all_visits(Phase::Connect) >= 1);
        assert!(rig.smtp.places.most() <= 2, "{greeting}");
    }
}

#[tokio::test]
async fn only_one_mail_asks_a_server_that_takes_no_connection() {
    let rig = rig(always(
        Phase::Connect,
        Reply("421 4.7.0 too many connections"),
    ))
    .await;
    assert_eq!(rig.meanings(&PEOPLE, LONG).await, ["wait: throttled"; 5]);
    assert_eq!(rig.visits(Phase::Connect), 1);
    assert_eq!(rig.smtp.places.most(), 20);
}

/// The pace of the ledger holds back what comes after them.
#[tokio::test]
async fn mails_that_wait_are_not_tried_once_the_server_serves_none() {
    let rig = rig(always(Phase::Recipient, Reply("450 4.7.1 too much mail"))).await;
    let people: Vec<&str> = PEOPLE.into_iter().cycle().take(20).collect();
    assert_eq!(rig.meanings(&people, LONG).await, ["wait: throttled"; 20]);
    assert!(rig.visits(Phase::Mail) <= 4, "{}", rig.visits(Phase::Mail));
}

/// As Microsoft 365 does it, at any step.
#[tokio::test]
async fn a_limit_of_connections_that_is_told_with_a_mail_holds_nothing_up() {
    for (phase, visit, expected) in [
        // The second mail is begun once more when the connection of the first is free.
        (Phase::Mail, 2, "accepted"),
        (Phase::Recipient, 1, "not tried"),
        (Phase::End, 1, "not tried"),
    ] {
        let rig = rig(move |step| match (step.phase, step.recipient) {
            (Phase::End, "ann@example.org") => Stall,
            (at, "" | "bob@example.org") if (at, step.visit) == (phase, visit) => {
                Reply("432 4.3.2 Concurrent connections limit exceeded")
            }
            _ => Continue,
        })
        .await;
        let first = rig.meanings(&PEOPLE[..1], Duration::from_secs(1));
        let second = async {
            eventually("the first mail is under way", || async {
                match rig.server.answering() {
                    1 => Ok(()),
                    other => Err(other),
                }
            })
            .await;
            rig.send_all(&plain_mailing(), &PEOPLE[1..2], LONG).await
        };
        let (_, mut second) = tokio::join!(first, second);
        let second = second.remove(0);
        let tried = !matches!(
            second,
            Outcome::NotAccepted {
                fault: Fault::NotTried,
                ..
            }
        );
        let found = if tried {
            meaning(second)
        } else {
            "not tried".to_owned()
        };
        assert_eq!(found, expected, "{phase:?}");
        assert_eq!(rig.smtp.places.most(), 1, "{phase:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_not_used_is_closed() {
    let mut rig = rig(|_| Continue).await;
    rig.smtp.idle = IdleConnections::new(Duration::from_millis(50));
    assert_eq!(rig.meanings(&PEOPLE, LONG).await, ["accepted"; 5]);
    eventually("all connections are closed", || async {
        match (rig.server.sessions(), rig.smtp.connector.open()) {
            (0, 0) => Ok(()),
            open => Err(open),
        }
    })
    .await;
    assert_eq!(rig.visits(Phase::Quit), rig.visits(Phase::Connect));
}
