//! Limits of keys: what they refuse, what counts, and what the answers tell of them.

use e2e::letter::addressed;
use e2e::{Answer, Caller, Database, Server, With, eventually, everywhere, letter, mailing};
use serde_json::{Value, json};

everywhere!(
    an_answer_tells_what_is_left,
    what_is_over_a_limit_is_refused_and_not_stored,
    a_replay_is_neither_limited_nor_counted,
    refused_requests_count_as_requests_only,
    copies_are_recipients_too,
    more_than_a_request_may_have_never_passes,
    a_browser_key_has_limits_unless_others_are_given,
);

const ORIGIN: &str = "https://app.example.com";

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// Returns a caller with a new server key that has these limits.
async fn limited(server: &Server, limits: Value) -> Caller {
    let key = server.new_key(json!({ "limits": limits })).await;
    server.with_key(text(&key["api_key"]))
}

/// Moves the end of the key's windows on by an hour, so that no test depends on the time of its run.
async fn keep_windows(database: &Database) {
    let later = "UPDATE key_usage SET minute_ends_at = minute_ends_at + 3600000, \
                 day_ends_at = day_ends_at + 3600000";
    database.execute(later).await;
}

/// Returns the items of a list of structured fields, each with its name and its parameters.
fn items(answer: &Answer, header: &str) -> Vec<(String, Vec<(String, i64)>)> {
    let list = answer.header(header).unwrap_or_default();
    let items = list.split(", ").filter(|item| !item.is_empty());
    items
        .map(|item| {
            let mut parts = item.split(';');
            let name = parts
                .next()
                .unwrap_or_default()
                .trim_matches('"')
                .to_owned();
            let parameters = parts.map(|parameter| {
                let (name, value) = parameter.split_once('=').expect("a parameter");
                (name.to_owned(), value.parse().expect("an integer"))
            });
            (name, parameters.collect())
        })
        .collect()
}

/// Returns what is left of each limit.
fn left(answer: &Answer) -> Vec<(String, i64)> {
    let items = items(answer, "ratelimit").into_iter();
    items
        .map(|(name, parameters)| {
            assert_eq!(parameters[0].0, "r", "{parameters:?}");
            assert_eq!(parameters[1].0, "t", "{parameters:?}");
            assert!(parameters[1].1 > 0, "{parameters:?}");
            (name, parameters[0].1)
        })
        .collect()
}

fn named(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    let owned = expected
        .iter()
        .map(|(name, left)| ((*name).to_owned(), *left));
    owned.collect()
}

#[track_caller]
fn over(answer: &Answer) -> Value {
    let error = answer.error(429, "rate_limit_exceeded");
    let wait = answer.header("retry-after").expect("a time to wait");
    assert!(wait.parse::<u64>().expect("seconds") > 0, "{wait}");
    error
}

async fn an_answer_tells_what_is_left(database: Database) {
    let server = Server::on(&database).start().await;
    let limits =
        json!({ "requests_per_minute": 5, "recipients_per_day": 7, "recipients_per_request": 3 });
    let sender = limited(&server, limits).await;
    let read = sender.get("/v1/mail").await;
    let policy = items(&read, "ratelimit-policy");
    let quota = |q, w| vec![("q".to_owned(), q), ("w".to_owned(), w)];
    assert_eq!(
        policy,
        [
            ("requests-minute".to_owned(), quota(5, 60)),
            ("recipients-day".to_owned(), quota(7, 86_400)),
        ]
    );
    let none_used = named(&[("requests-minute", 5), ("recipients-day", 7)]);
    assert_eq!(left(&read), none_used, "reading does not count");
    let first = sender.mail(&letter("ann@example.org")).await;
    first.data(200);
    let expected = named(&[("requests-minute", 4), ("recipients-day", 6)]);
    assert_eq!(left(&first), expected);
    keep_windows(&database).await;
    let queued = sender.mail(&mailing(3)).await;
    queued.data(202);
    assert_eq!(
        left(&queued),
        named(&[("requests-minute", 3), ("recipients-day", 3)])
    );
    let fault = sender.mail(&letter("nobody")).await;
    fault.only_fault("recipients.0.mail");
    assert_eq!(
        left(&fault),
        named(&[("requests-minute", 2), ("recipients-day", 3)])
    );
    assert_eq!(items(&fault, "ratelimit-policy"), policy);

    let free = server.sender().await.mail(&letter("ann@example.org")).await;
    assert_eq!(
        (free.header("ratelimit"), free.header("ratelimit-policy")),
        (None, None)
    );
}

async fn what_is_over_a_limit_is_refused_and_not_stored(database: Database) {
    let server = Server::on(&database).start().await;
    let day = limited(&server, json!({ "recipients_per_day": 3 })).await;
    let error = over(&day.mail(&mailing(4)).await);
    assert!(
        text(&error["details"]).contains("more than a whole day allows"),
        "{error}"
    );
    day.mail(&mailing(2)).await.data(202);
    keep_windows(&database).await;
    let refused = day.mail(&mailing(2)).await;
    over(&refused);
    assert_eq!(left(&refused), named(&[("recipients-day", 1)]));
    day.mail(&letter("ann@example.org")).await.data(200);
    over(&day.mail(&letter("ann@example.org")).await);

    let minute = limited(&server, json!({ "requests_per_minute": 2 })).await;
    minute.mail(&letter("ann@example.org")).await.data(200);
    keep_windows(&database).await;
    minute.mail(&mailing(10)).await.data(202);
    let error = over(&minute.mail(&letter("ann@example.org")).await);
    assert!(
        text(&error["message"]).contains("2 requests a minute"),
        "{error}"
    );
    // Its body is not read any more.
    over(&minute.post_bytes("/v1/mail", "application/json", "{").await);
    database
        .execute("UPDATE key_usage SET minute_ends_at = 1")
        .await;
    minute.mail(&letter("ann@example.org")).await.data(200);
    let stored = "SELECT COUNT(*) FROM mailing";
    assert_eq!(database.count(stored).await, 5);
}

async fn a_replay_is_neither_limited_nor_counted(database: Database) {
    let server = Server::on(&database).start().await;
    let limits = json!({ "requests_per_minute": 2, "recipients_per_day": 2 });
    let sender = limited(&server, limits).await;
    let body = letter("ann@example.org");
    let keyed = sender.clone().idempotency_key("one");
    let first = keyed.mail(&body).await;
    first.data(200);
    keep_windows(&database).await;
    let replayed = async |expected: &[(&str, i64)]| {
        let again = keyed.mail(&body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.data(200), first.data(200));
        assert_eq!(left(&again), named(expected));
    };
    for _ in 0..3 {
        replayed(&[("requests-minute", 1), ("recipients-day", 1)]).await;
    }
    sender.mail(&body).await.data(200);
    over(&sender.mail(&body).await);
    replayed(&[("requests-minute", 0), ("recipients-day", 0)]).await;
    let other = keyed.mail(&letter("bob@example.org")).await;
    other.error(409, "idempotency_conflict");
    over(&sender.clone().idempotency_key("two").mail(&body).await);
    assert_eq!(database.count("SELECT COUNT(*) FROM mailing").await, 2);
}

async fn refused_requests_count_as_requests_only(database: Database) {
    let server = Server::on(&database).start().await;
    let body = json!({
        "senders": ["@example.com"],
        "origins": [ORIGIN],
        "recipients": ["@example.org"],
        "limits": { "requests_per_minute": 8 },
    });
    let key = server.new_key(body).await;
    let stranger = server.with_key(text(&key["api_key"]));
    let page = stranger.clone().origin(ORIGIN);
    let good = letter("ann@example.org");
    let refused = [
        (stranger.mail(&good).await, 403),
        (page.mail(&letter("nobody")).await, 400),
        (page.mail(&letter("ann@example.net")).await, 403),
        (page.mail(&mailing(2)).await, 400),
        (page.post_bytes("/v1/mail", "text/plain", "{}").await, 415),
        (
            page.mail(&good.clone().with("sender_email", "a@example.net"))
                .await,
            403,
        ),
    ];
    keep_windows(&database).await;
    let used = "SELECT minute_requests FROM key_usage";
    for (answer, status) in &refused {
        assert_eq!(answer.status, *status, "{}", answer.text());
    }
    assert_eq!(database.count(used).await, 6);
    let recipients = "SELECT minute_recipients + day_recipients FROM key_usage";
    assert_eq!(database.count(recipients).await, 0);
    page.get("/v1/mail").await.error(403, "authorization_error");
    let sent = page.mail(&good).await;
    sent.data(200);
    let expected = [
        ("requests-minute", 1),
        ("recipients-minute", 59),
        ("recipients-day", 999),
    ];
    assert_eq!(left(&sent), named(&expected));
    page.mail(&good).await.data(200);
    over(&page.mail(&good).await);
    over(&page.mail(&letter("nobody")).await);
}

async fn copies_are_recipients_too(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = limited(&server, json!({ "recipients_per_day": 5 })).await;
    let body = letter("ann@example.org")
        .with("cc", json!(["bob@example.org"]))
        .with("bcc", json!([{ "mail": "eve@example.org" }]));
    let sent = sender.mail(&body).await;
    sent.data(200);
    assert_eq!(left(&sent), named(&[("recipients-day", 2)]));
    keep_windows(&database).await;
    over(&sender.mail(&body).await);
}

async fn more_than_a_request_may_have_never_passes(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = limited(&server, json!({ "recipients_per_request": 2 })).await;
    let answer = sender.mail(&mailing(2)).await;
    answer.data(202);
    assert_eq!(answer.header("ratelimit"), None, "it has no window");
    sender.mail(&mailing(3)).await.only_fault("recipients");
    let copy = addressed(&json!([{ "mail": "ann@example.org" }]))
        .with("cc", json!(["bob@example.org", "eve@example.org"]));
    sender.mail(&copy).await.only_fault("recipients");
    assert_eq!(database.count("SELECT COUNT(*) FROM mailing").await, 1);
}

async fn a_browser_key_has_limits_unless_others_are_given(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let default = json!({
        "requests_per_minute": 60,
        "recipients_per_minute": 60,
        "recipients_per_day": 1000,
        "recipients_per_request": 1,
    });
    let senders = json!(["@example.com"]);
    let browser = json!({ "senders": senders, "origins": [ORIGIN] });
    let made = async |body: Value| server.new_key(body).await;
    let added = async |key: &Value| {
        let path = format!("/v1/api-key/{}/origins", text(&key["id"]));
        let answer = management
            .post(&path, &json!({ "origins": [ORIGIN] }))
            .await;
        answer.data(200)["limits"].clone()
    };
    let key = made(browser.clone()).await;
    assert_eq!(
        (&key["kind"], &key["limits"]),
        (&json!("browser"), &default)
    );
    let none = made(browser.clone().with("limits", Value::Null)).await;
    assert_eq!(none["limits"], Value::Null);
    let some = json!({ "recipients_per_day": 50, "recipients_per_request": null });
    let some = made(browser.clone().with("limits", some)).await;
    let expected = json!({
        "requests_per_minute": 60,
        "recipients_per_minute": 60,
        "recipients_per_day": 50,
        "recipients_per_request": null,
    });
    assert_eq!(some["limits"], expected);
    let imported = made(browser.with("api_key", "brought-in-from-elsewhere-0001")).await;
    assert_eq!(imported["limits"], Value::Null);

    let later = made(json!({ "senders": senders })).await;
    assert_eq!(later["limits"], Value::Null);
    assert_eq!(added(&later).await, default);
    let never = made(json!({ "senders": senders, "limits": null })).await;
    assert_eq!(added(&never).await, Value::Null);
    let imported = json!({ "senders": senders, "api_key": "brought-in-from-elsewhere-0002" });
    assert_eq!(added(&made(imported).await).await, Value::Null);
    let mut limits = json!({ "recipients_per_day": 50 });
    let given = made(json!({ "senders": senders, "limits": limits })).await;
    for name in [
        "requests_per_minute",
        "recipients_per_minute",
        "recipients_per_request",
    ] {
        limits[name] = Value::Null;
    }
    assert_eq!(added(&given).await, limits);
}

mod exactly {
    use super::*;

    use e2e::SmtpServer;

    /// Sends from all servers at once, and returns how many mails were accepted; all others were refused by the limit.
    async fn accepted(servers: &[Server], key: &str, mails: usize) -> usize {
        let senders: Vec<_> = servers.iter().map(|server| server.with_key(key)).collect();
        let body = letter("ann@example.org");
        let mails = (0..mails).map(|number| senders[number % senders.len()].mail(&body));
        let answers = futures_util::future::join_all(mails).await;
        let (good, bad): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .partition(|answer| matches!(answer.status, 200 | 202));
        for answer in &bad {
            over(answer);
        }
        good.len()
    }

    async fn as_many_as_the_limit(database: Database, instances: usize) {
        const LIMIT: usize = 41;
        let smtp = SmtpServer::start().await;
        let mut servers = Vec::new();
        for _ in 0..instances {
            servers.push(Server::through(&smtp, &database).start().await);
        }
        let limits = json!({ "requests_per_minute": 1000, "recipients_per_day": LIMIT });
        let key = servers[0].new_key(json!({ "limits": limits })).await;
        let key = text(&key["api_key"]);
        assert_eq!(accepted(&servers, key, 1).await, 1);
        keep_windows(&database).await;
        assert_eq!(accepted(&servers, key, 200).await, LIMIT - 1);
        let stored = database.count("SELECT COUNT(*) FROM recipient").await;
        assert_eq!(usize::try_from(stored).expect("few"), LIMIT);
        let used = database.count("SELECT day_recipients FROM key_usage").await;
        assert_eq!(usize::try_from(used).expect("few"), LIMIT);
        eventually("all that were accepted are sent", || async {
            if smtp.count() == LIMIT {
                Ok(())
            } else {
                Err(smtp.count())
            }
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_200_at_once_to_two_processes() {
        as_many_as_the_limit(Database::postgres().await, 2).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_200_at_once_to_one_process_on_sqlite() {
        as_many_as_the_limit(Database::sqlite(), 1).await;
    }
}
