//! Limits of keys: counted exactly once, in the transaction that stores the mail.

use mail::{
    api_key::{AddressRule, ApiKey, ApiKeySecret, Origin},
    change::Change,
    ledger::{ChangedKey, IdempotencyRequest, KeyChanges, NewEntry, NewKey, StoreOutcome},
    limits::{Limits, Meter, Usage},
};

use crate::{
    database::TestLedger,
    fixtures::address,
    mailings::{mailing_to, queued},
};

const HOUR: i64 = 3_600_000;

pub fn a_day(recipients: i32) -> Limits {
    Limits {
        recipients_per_day: Some(recipients),
        ..Limits::NONE
    }
}

pub async fn create(t: &TestLedger, limits: Limits) -> (ApiKey, ApiKeySecret) {
    let secret = ApiKeySecret::generate();
    let new = NewKey {
        senders: vec![AddressRule::parse("@example.com").unwrap()],
        limits,
        takes_default_limits: limits == Limits::NONE,
        ..NewKey::new(secret.clone())
    };
    (t.ledger.create_key(new).await.unwrap().unwrap(), secret)
}

/// Reads the limits as a request with this secret does.
async fn meter(t: &TestLedger, secret: &ApiKeySecret) -> Meter {
    let found = t.ledger.key_of_secret(secret.expose()).await.unwrap();
    found.unwrap().1
}

/// Stores a mailing as a request does.
async fn send(t: &TestLedger, secret: &ApiKeySecret, recipients: usize) -> (StoreOutcome, Usage) {
    let (meter, request) = (meter(t, secret).await, mailing_to(recipients));
    let entry = NewEntry {
        meter: Some(&meter),
        ..queued(meter.api_key_id, &request)
    };
    (t.ledger.store(entry).await.unwrap(), meter.usage())
}

async fn is_stored(t: &TestLedger, secret: &ApiKeySecret, recipients: usize) -> bool {
    match send(t, secret, recipients).await.0 {
        StoreOutcome::Stored(_) => true,
        StoreOutcome::OverLimit => false,
        other => panic!("{other:?}"),
    }
}

/// Moves the end of both windows on, so that no test depends on the time of its run.
async fn keep_windows(t: &TestLedger) {
    let later = format!(
        "UPDATE key_usage SET minute_ends_at = minute_ends_at + {HOUR}, day_ends_at = day_ends_at + {HOUR}"
    );
    t.sql(&later).await;
}

async fn mailings(t: &TestLedger) -> i64 {
    t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM mailing")
        .await
}

async fn what_is_stored_counts_with_its_copies(t: &TestLedger) {
    let (_, secret) = create(t, Limits::OF_BROWSER_KEY).await;
    let before = meter(t, &secret).await.usage();
    assert_eq!(before, Usage::none(before.at));
    let meter = meter(t, &secret).await;
    let mut request = mailing_to(1);
    request.envelope.cc = vec![address("cc@example.com")];
    request.envelope.bcc = vec![address("bcc@example.com")];
    let entry = NewEntry {
        meter: Some(&meter),
        claimed: true,
        ..queued(meter.api_key_id, &request)
    };
    assert!(t.try_store(entry).await.is_some());
    let used = |usage: Usage| {
        (
            usage.minute_requests,
            usage.minute_recipients,
            usage.day_recipients,
        )
    };
    assert_eq!(used(meter.usage()), (1, 3, 3));
    keep_windows(t).await;
    let (_, after) = send(t, &secret, 2).await;
    assert_eq!(used(after), (2, 5, 5));
}

async fn what_would_exceed_a_limit_is_not_stored_and_not_counted(t: &TestLedger) {
    let (_, secret) = create(t, a_day(5)).await;
    assert!(!is_stored(t, &secret, 6).await, "more than a whole window");
    assert!(is_stored(t, &secret, 3).await);
    keep_windows(t).await;
    assert!(!is_stored(t, &secret, 3).await);
    assert!(
        is_stored(t, &secret, 2).await,
        "the refused are not counted"
    );
    assert!(!is_stored(t, &secret, 1).await);
    assert_eq!(mailings(t).await, 2);
    let (_, other) = create(t, a_day(5)).await;
    assert!(is_stored(t, &other, 5).await, "each key has its own limits");
}

async fn a_refused_request_leaves_its_idempotency_key_free(t: &TestLedger) {
    let (key, secret) = create(t, a_day(2)).await;
    let idempotency = IdempotencyRequest::new("once".to_owned(), b"body", false);
    let store = async |recipients| {
        let (meter, request) = (meter(t, &secret).await, mailing_to(recipients));
        let entry = NewEntry {
            meter: Some(&meter),
            idempotency: Some(&idempotency),
            ..queued(key.id, &request)
        };
        (t.ledger.store(entry).await.unwrap(), meter)
    };
    let (refused, _) = store(3).await;
    assert!(matches!(refused, StoreOutcome::OverLimit), "{refused:?}");
    let (stored, _) = store(2).await;
    assert!(matches!(stored, StoreOutcome::Stored(_)), "{stored:?}");
    // The limit is used up, and the repeated request is neither refused nor counted.
    let (again, meter) = store(2).await;
    assert!(matches!(again, StoreOutcome::KeyTaken), "{again:?}");
    assert_eq!(meter.usage().day_recipients, 2);
    let used = "SELECT day_recipients FROM key_usage";
    assert_eq!(t.number(used).await, 2);
}

async fn of_200_at_once_as_many_are_stored_as_the_limit_allows(t: &TestLedger) {
    const LIMIT: i64 = 37;
    let limits = Limits {
        requests_per_minute: Some(37),
        ..a_day(1000)
    };
    let (key, secret) = create(t, limits).await;
    assert!(is_stored(t, &secret, 1).await);
    keep_windows(t).await;
    let ledgers = [t.another().await, t.another().await];
    let (request, before) = (mailing_to(1), meter(t, &secret).await.usage());
    let meters: Vec<Meter> = (0..200)
        .map(|_| Meter::new(key.id, limits, before, false))
        .collect();
    let stores = meters.iter().enumerate().map(|(number, meter)| {
        let entry = NewEntry {
            meter: Some(meter),
            claimed: number % 4 < 2,
            ..queued(key.id, &request)
        };
        ledgers[number % 2].store(entry)
    });
    let mut accepted = 1;
    for outcome in futures_util::future::join_all(stores).await {
        accepted += i64::from(matches!(outcome.unwrap(), StoreOutcome::Stored(_)));
    }
    assert_eq!((accepted, mailings(t).await), (LIMIT, LIMIT));
    let usage = meter(t, &secret).await.usage();
    assert_eq!(
        (usage.minute_requests, usage.day_recipients),
        (LIMIT, LIMIT)
    );
}

async fn a_window_that_has_ended_begins_again(t: &TestLedger) {
    let (_, secret) = create(t, Limits::OF_BROWSER_KEY).await;
    send(t, &secret, 60).await;
    keep_windows(t).await;
    assert!(!is_stored(t, &secret, 1).await);
    t.sql("UPDATE key_usage SET minute_ends_at = 1").await;
    let usage = meter(t, &secret).await.usage();
    assert_eq!((usage.minute_recipients, usage.day_recipients), (0, 60));
    assert!(is_stored(t, &secret, 1).await);
    t.sql("UPDATE key_usage SET day_ends_at = 1").await;
    assert!(is_stored(t, &secret, 1).await);
    let usage = meter(t, &secret).await.usage();
    assert_eq!(usage.day_recipients, 1);
}

async fn a_request_that_was_not_stored_counts_alone(t: &TestLedger) {
    let (_, secret) = create(t, Limits::OF_BROWSER_KEY).await;
    for requests in 1..=3 {
        let meter = meter(t, &secret).await;
        assert!(meter.is_to_be_counted());
        t.ledger.count_request(&meter).await.unwrap();
        keep_windows(t).await;
        let usage = meter.usage();
        assert_eq!((usage.minute_requests, usage.day_recipients), (requests, 0));
        assert!(!meter.is_to_be_counted());
    }
}

async fn a_key_without_limits_is_not_counted(t: &TestLedger) {
    let (_, secret) = create(t, Limits::NONE).await;
    assert!(is_stored(t, &secret, 3).await);
    let one_a_request = Limits {
        recipients_per_request: Some(1),
        ..Limits::NONE
    };
    let (_, secret) = create(t, one_a_request).await;
    assert!(is_stored(t, &secret, 1).await);
    let counters = "SELECT CAST(COUNT(*) AS BIGINT) FROM key_usage";
    assert_eq!(t.number(counters).await, 0);
}

async fn the_use_of_a_key_is_noted_once_a_minute(t: &TestLedger) {
    let (key, secret) = create(t, Limits::NONE).await;
    let used = async || {
        let found = t.ledger.find_key(&key.id.to_string()).await.unwrap();
        found.unwrap().last_used_at
    };
    assert_eq!(used().await, None);
    assert!(meter(t, &secret).await.use_is_to_be_noted());
    assert!(is_stored(t, &secret, 1).await);
    let first = used().await.unwrap();
    assert!(first <= t.ledger.clock().await.unwrap());
    assert!(!meter(t, &secret).await.use_is_to_be_noted());
    t.ledger.note_use(key.id).await.unwrap();
    assert_eq!(used().await, Some(first), "within the minute");
    t.sql("UPDATE api_key SET last_used_at = last_used_at - 60000")
        .await;
    assert!(meter(t, &secret).await.use_is_to_be_noted());
    t.ledger.note_use(key.id).await.unwrap();
    assert!(used().await.unwrap() >= first);
}

async fn counters_of_past_days_are_forgotten(t: &TestLedger) {
    let (_, old) = create(t, a_day(5)).await;
    let (key, new) = create(t, a_day(5)).await;
    for secret in [&old, &new] {
        assert!(is_stored(t, secret, 1).await);
    }
    keep_windows(t).await;
    let few = "UPDATE key_usage SET day_ends_at = 1 WHERE api_key_id <> \
               (SELECT api_key_id FROM key_usage ORDER BY api_key_id DESC LIMIT 1)";
    assert_eq!(t.sql(few).await, 1);
    assert_eq!(t.ledger.forget_usage().await.unwrap(), 1);
    assert_eq!(t.ledger.forget_usage().await.unwrap(), 0);
    let usage = meter(t, &new).await;
    assert_eq!(
        (usage.api_key_id, usage.usage().day_recipients),
        (key.id, 1)
    );
}

async fn an_expired_key_opens_nothing_and_its_origins_are_forgotten(t: &TestLedger) {
    let (key, secret) = create(t, Limits::NONE).await;
    let origin = Origin::parse("https://a.example").unwrap();
    let origins = std::slice::from_ref(&origin);
    t.ledger.add_origins(key.id, origins).await.unwrap();
    let held = meter(t, &secret).await;
    let now = t.ledger.clock().await.unwrap();
    let expire = async |expires_at| {
        let changes = KeyChanges {
            expires_at: Change::Set(expires_at),
            ..KeyChanges::default()
        };
        let outcome = t.ledger.change_key(key.id, changes).await.unwrap();
        assert!(matches!(outcome, ChangedKey::Changed(_)), "{outcome:?}");
    };
    expire(now + HOUR).await;
    assert!(t.ledger.knows_origin(&origin).await.unwrap());
    assert!(
        t.ledger
            .key_of_secret(secret.expose())
            .await
            .unwrap()
            .is_some()
    );
    expire(now).await;
    assert!(!t.ledger.knows_origin(&origin).await.unwrap());
    let opened = t.ledger.key_of_secret(secret.expose()).await.unwrap();
    assert!(opened.is_none());
    // It may expire while a request is read.
    let request = mailing_to(1);
    let entry = NewEntry {
        meter: Some(&held),
        ..queued(key.id, &request)
    };
    let refused = t.ledger.store(entry).await.unwrap();
    assert!(matches!(refused, StoreOutcome::Revoked), "{refused:?}");
    assert_eq!(mailings(t).await, 0);
    let listed = t.ledger.keys(None, 10).await.unwrap().items;
    assert_eq!(listed[0].expires_at, Some(now));
}

on_both_databases![
    what_is_stored_counts_with_its_copies,
    what_would_exceed_a_limit_is_not_stored_and_not_counted,
    a_refused_request_leaves_its_idempotency_key_free,
    of_200_at_once_as_many_are_stored_as_the_limit_allows,
    a_window_that_has_ended_begins_again,
    a_request_that_was_not_stored_counts_alone,
    a_key_without_limits_is_not_counted,
    the_use_of_a_key_is_noted_once_a_minute,
    counters_of_past_days_are_forgotten,
    an_expired_key_opens_nothing_and_its_origins_are_forgotten,
];
