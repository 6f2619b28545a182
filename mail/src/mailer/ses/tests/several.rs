//! Bulk calls: results of each recipient, and whole calls that fail.

use aws_sdk_sesv2::types::BulkEmailStatus;

use super::*;

fn results(results: &[Value]) -> Reply {
    ok(&json!({ "BulkEmailEntryResults": results }))
}

fn accepted(index: usize) -> Value {
    json!({ "Status": "SUCCESS", "MessageId": format!("m-{index}") })
}

pub fn success(count: usize) -> Reply {
    let accepted: Vec<_> = (0..count).map(accepted).collect();
    results(&accepted)
}

async fn send(url: &str, count: i32, limit: Duration) -> Vec<Outcome> {
    ses(url)
        .await
        .send(&mailing(), &recipients(count), limit)
        .await
}

fn all_are(outcomes: &[Outcome], expected: (&str, &str, Option<Fault>)) -> bool {
    outcomes.iter().all(|outcome| short(outcome) == expected)
}

#[tokio::test]
async fn each_entry_has_its_own_result() {
    let refused = ("refused", "refused", None);
    let account = ("not accepted", "account", Some(Fault::Account));
    let identity = ("not accepted", "account", Some(Fault::Identity));
    let deferred = ("not accepted", "deferred", Some(Fault::Passing));
    let unclear = ("unknown", "unclear_answer", None);
    let mut expected = vec![
        ("SUCCESS", ("accepted", "m", None)),
        ("MESSAGE_REJECTED", refused),
        ("INVALID_PARAMETER", refused),
        ("FAILED", refused),
        (
            "TRANSIENT_FAILURE",
            ("not accepted", "deferred", Some(Fault::Passing)),
        ),
        (
            "ACCOUNT_THROTTLED",
            ("not accepted", "throttled", Some(Fault::Throttled)),
        ),
        (
            "ACCOUNT_DAILY_QUOTA_EXCEEDED",
            ("not accepted", "quota", Some(Fault::Quota)),
        ),
        ("ACCOUNT_SUSPENDED", account),
        ("ACCOUNT_SENDING_PAUSED", account),
        ("CONFIGURATION_SET_SENDING_PAUSED", account),
        ("CONFIGURATION_SET_NOT_FOUND", account),
        ("INVALID_SENDING_POOL_NAME", account),
        ("MAIL_FROM_DOMAIN_NOT_VERIFIED", identity),
        ("TEMPLATE_NOT_FOUND", account),
    ];
    let known: Vec<&str> = expected.iter().map(|(status, _)| *status).collect();
    for status in BulkEmailStatus::values() {
        assert!(known.contains(status), "{status} has no meaning here");
    }
    expected.push(("SOMETHING_NEW", unclear));
    let statuses: Vec<Value> = expected
        .iter()
        .map(|(status, _)| json!({ "Status": status, "MessageId": "m" }))
        .chain([
            json!({ "Status": "SUCCESS" }),
            json!({ "MessageId": "m" }),
            json!({ "Status": "MESSAGE_REJECTED", "Error": "Email address is not verified: a@b" }),
            json!({ "Status": "FAILED", "Error": "Unknown error occurred. Please try again later." }),
            json!({ "Status": "FAILED", "Error": "Temporary failure" }),
            json!({ "Status": "FAILED", "Error": "Missing final '@domain'" }),
        ])
        .collect();
    let count = i32::try_from(statuses.len()).unwrap();
    let server = Server::start(move |_, _| results(&statuses)).await;
    let outcomes = send(&server.url, count, LIMIT).await;
    let found: Vec<_> = outcomes.iter().map(short).collect();
    let mut expected: Vec<_> = expected.into_iter().map(|(_, meaning)| meaning).collect();
    expected.extend([unclear, unclear, identity, deferred, deferred, refused]);
    assert_eq!(found, expected);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn another_number_of_results_says_nothing_of_anybody() {
    for count in [0, 2, 4] {
        let server = Server::start(move |_, _| success(count)).await;
        let outcomes = send(&server.url, 3, LIMIT).await;
        assert!(all_are(&outcomes, ("unknown", "unclear_answer", None)));
        assert_eq!(server.requests().len(), 1, "nobody is sent to again");
    }
}

/// `SendBulkEmail` and `SendEmail` need separate rights.
#[tokio::test]
async fn where_only_the_bulk_call_is_denied_all_are_sent_to_singly() {
    let server = Server::start(|request, _| {
        if request.is_bulk() {
            error(403, "AccessDeniedException", "ses:SendBulkTemplatedEmail")
        } else {
            ok(&json!({ "MessageId": "m" }))
        }
    })
    .await;
    let outcomes = send(&server.url, 3, LIMIT).await;
    assert!(all_are(&outcomes, ("accepted", "m", None)), "{outcomes:?}");
    assert_eq!(server.requests().len(), 4, "the bulk call and three others");
}

#[tokio::test]
async fn where_a_single_call_is_denied_too_the_others_wait_untried() {
    for code in ["AccessDeniedException", "AccessDenied"] {
        let server = Server::start(move |_, _| error(403, code, "")).await;
        let outcomes = send(&server.url, 3, LIMIT).await;
        let account = ("not accepted", "account", Some(Fault::Account));
        assert!(all_are(&outcomes, account), "{outcomes:?}");
        assert_eq!(server.requests().len(), 2, "the bulk call and one other");
    }
}

#[tokio::test]
async fn a_call_that_fails_as_a_whole_fails_for_each() {
    for (reply, expected) in [
        (
            error(429, "TooManyRequestsException", ""),
            ("not accepted", "throttled", Some(Fault::Throttled)),
        ),
        (
            error(403, "UnrecognizedClientException", ""),
            ("not accepted", "account", Some(Fault::Account)),
        ),
        (
            error(503, "ServiceUnavailable", ""),
            ("not accepted", "deferred", Some(Fault::Passing)),
        ),
        (
            Reply::claimed_json(500, String::new()),
            ("unknown", "unclear_answer", None),
        ),
        (HANG_UP, ("unknown", "connection_lost", None)),
    ] {
        let server = Server::start(move |_, _| reply.clone()).await;
        let outcomes = send(&server.url, 3, LIMIT).await;
        assert!(all_are(&outcomes, expected), "{outcomes:?}");
        assert_eq!(server.requests().len(), 1, "it is not split");
    }
}

#[tokio::test]
async fn a_refused_call_is_split_and_only_who_is_to_blame_is_refused() {
    let server = Server::start(|request, before| {
        let to = request.body["Destination"].to_string();
        if request.is_bulk() || to.contains("r1@") {
            error(400, "BadRequestException", "Illegal address")
        } else {
            ok(&json!({ "MessageId": format!("m-{before}") }))
        }
    })
    .await;
    let outcomes = send(&server.url, 3, LIMIT).await;
    let found: Vec<_> = outcomes.iter().map(short).collect();
    assert_eq!(
        found,
        [
            ("accepted", "m-1", None),
            ("refused", "refused", None),
            ("accepted", "m-3", None),
        ]
    );
    assert_eq!(server.requests().len(), 4);
}

/// Refuses bulk calls, accepts the first single call and gives the `second` reply to the next ones.
async fn split_and_then(second: Reply) -> (Vec<Outcome>, usize) {
    let server = Server::start(move |request, before| match before {
        _ if request.is_bulk() => error(400, "MessageRejected", "no"),
        1 => ok(&json!({ "MessageId": "m" })),
        _ => second.clone(),
    })
    .await;
    let outcomes = send(&server.url, 4, LIMIT).await;
    let requests = server.requests().len();
    (outcomes, requests)
}

#[tokio::test]
async fn where_the_next_call_would_fare_no_better_the_rest_is_given_back_untried() {
    for (reply, second, rest) in [
        (
            error(429, "TooManyRequestsException", ""),
            ("not accepted", "throttled", Some(Fault::Throttled)),
            "throttled",
        ),
        (
            error(503, "ServiceUnavailable", ""),
            ("not accepted", "deferred", Some(Fault::Passing)),
            "deferred",
        ),
        (HANG_UP, ("unknown", "connection_lost", None), "deferred"),
    ] {
        let (outcomes, requests) = split_and_then(reply).await;
        assert_eq!(short(&outcomes[0]).0, "accepted");
        assert_eq!(short(&outcomes[1]), second);
        let rest = ("not accepted", rest, Some(Fault::NotTried));
        assert!(all_are(&outcomes[2..], rest), "{outcomes:?}");
        assert_eq!(requests, 3);
    }
}

#[tokio::test]
async fn a_recipient_whom_the_account_may_not_write_to_does_not_hold_up_others() {
    let reply = error(400, "MessageRejected", "Email address is not verified.");
    let (outcomes, requests) = split_and_then(reply).await;
    let account = ("not accepted", "account", Some(Fault::Identity));
    assert!(all_are(&outcomes[1..], account));
    assert_eq!(requests, 5);
}

#[tokio::test]
async fn whoever_is_not_reached_in_time_costs_no_attempt() {
    let server = Server::slow(Duration::from_millis(100), |request, _| {
        if request.is_bulk() {
            error(400, "MessageRejected", "no")
        } else {
            ok(&json!({ "MessageId": "m" }))
        }
    })
    .await;
    let limit = Duration::from_secs(3);
    let started = Instant::now();
    let outcomes = send(&server.url, 50, limit).await;
    assert!(started.elapsed() < limit);
    let sent = server.requests().len() - 1;
    assert!((1..50).contains(&sent), "{sent}");
    let not_tried = ("not accepted", "timeout", Some(Fault::NotTried));
    assert!(all_are(&outcomes[..sent], ("accepted", "m", None)));
    assert!(all_are(&outcomes[sent..], not_tried), "{outcomes:?}");
}

#[tokio::test]
async fn a_mail_that_cannot_be_made_fails_alone() {
    let server = Server::start(|request, _| success(request.entries())).await;
    let mailing = mailing_with(|mailing| mailing.body.text = Some("{{x}}".repeat(1_000)));
    let mut recipients = recipients(3);
    let long = Variable::Text("x".repeat(20_000));
    recipients[1].recipient.variables.insert("x".into(), long);
    let outcomes = ses(&server.url)
        .await
        .send(&mailing, &recipients, LIMIT)
        .await;
    let found: Vec<_> = outcomes.iter().map(short).collect();
    assert_eq!(
        found,
        [
            ("accepted", "m-0", None),
            ("refused", "invalid_message", None),
            ("accepted", "m-1", None),
        ]
    );
}
