//! The statistics: ends by the hour, and the number of recipients that wait.

use std::time::Duration;

use e2e::answer::{Answer, is_time, keys};
use e2e::letter::addressed;
use e2e::smtp::refuses;
use e2e::{Database, Server, SmtpServer, eventually, everywhere, letter, mailing};
use serde_json::{Value, json};

everywhere!(
    the_hours_count_what_was_sent_and_failed,
    mail_to_test_addresses_counts_in_no_rate,
    rates_are_of_the_mail_of_the_hours_and_of_each_key,
    what_waits_is_counted,
    past_hours_are_counted_by_the_sweep,
    every_hour_of_the_range_is_there,
    a_bad_range_is_refused,
    statistics_are_for_management,
);

fn sum(data: &Value, field: &str) -> u64 {
    let hours = data["hours"].as_array().expect("hours");
    hours.iter().filter_map(|hour| hour[field].as_u64()).sum()
}

async fn statistics(server: &Server, query: &str) -> Value {
    let path = format!("/v1/statistics{query}");
    server.management().get(&path).await.data(200)
}

async fn the_hours_count_what_was_sent_and_failed(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.script(refuses("recipient-1@example.org"));
    let server = Server::through(&smtp, &database).start().await;
    let sender = server.sender().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
    let data = sender.mail(&mailing(3)).await.data(202);
    server.settled(data["id"].as_str().expect("an id")).await;
    let data = statistics(&server, "").await;
    let names = ["as_of", "from", "hours", "keys", "reports", "to", "waiting"];
    assert_eq!(keys(&data), names);
    let hours = data["hours"].as_array().expect("hours");
    assert_eq!(hours.len(), 24);
    let names = [
        "cancelled",
        "counted",
        "failed",
        "hour",
        "reports",
        "sent",
        "time_to_sent_ms",
        "unconfirmed",
    ];
    for hour in hours {
        assert_eq!(keys(hour), names);
        assert!(is_time(&hour["hour"]), "{hour}");
        assert_eq!(hour["counted"], true, "{hour}");
        let time = &hour["time_to_sent_ms"];
        assert_eq!(time.is_null(), hour["sent"] == 0, "{hour}");
        if !time.is_null() {
            assert!(
                time["p50"].as_i64() >= Some(0) && time["p50"].as_i64() <= time["p95"].as_i64()
            );
        }
    }
    let sums = ["sent", "failed", "unconfirmed", "cancelled"].map(|name| sum(&data, name));
    assert_eq!(sums, [3, 1, 0, 0], "{data}");
    // An SMTP server reports nothing.
    let unreported = json!({
        "sent": 3, "delivered": 0, "bounced": 0, "complained": 0, "bounce_rate": null, "complaint_rate": null,
    });
    assert_eq!(data["reports"], unreported, "{data}");
    let of_keys = data["keys"].as_array().expect("keys");
    assert_eq!(of_keys.len(), 1, "{data}");
    assert_eq!(of_keys[0]["reports"], unreported, "{data}");
}

async fn mail_to_test_addresses_counts_in_no_rate(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let recipients = ["bounce", "complaint", "success"]
        .map(|name| json!({"mail": format!("{name}@simulator.amazonses.com")}));
    let data = sender.mail(&addressed(&json!(recipients))).await.data(202);
    let id = data["id"].as_str().expect("an id");
    eventually("the simulator has reported all", || async {
        let counts = server.mailing(id).await["counts"].clone();
        if ["bounced", "complained", "delivered"]
            .iter()
            .all(|of| counts[of] == 1)
        {
            Ok(())
        } else {
            Err(counts)
        }
    })
    .await;
    let data = statistics(&server, "").await;
    assert_eq!(sum(&data, "sent"), 3, "{data}");
    let none = json!({
        "sent": 0, "delivered": 0, "bounced": 0, "complained": 0, "bounce_rate": null, "complaint_rate": null,
    });
    assert_eq!(data["reports"], none, "{data}");
    assert_eq!(data["keys"], json!([]), "{data}");
}

async fn rates_are_of_the_mail_of_the_hours_and_of_each_key(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&mailing(4)).await.data(202);
    server.settled(data["id"].as_str().expect("an id")).await;
    let before = statistics(&server, "").await;
    assert_eq!(before["reports"]["bounce_rate"], Value::Null, "{before}");
    let key = before["keys"][0]["api_key_id"].as_str().expect("a key");
    let hour = "(SELECT (MAX(ended_at) / 3600000) * 3600000 FROM recipient)";
    database
        .execute(&format!(
            "INSERT INTO hour_of_key (start, api_key_id, sent, delivered, bounced, complained, suppressed) \
             SELECT {hour}, id, 0, 2, 1, 1, 0 FROM api_key"
        ))
        .await;
    let data = statistics(&server, "").await;
    let expected = json!({
        "sent": 4, "delivered": 2, "bounced": 1, "complained": 1, "bounce_rate": 0.25, "complaint_rate": 0.25,
    });
    assert_eq!(data["reports"], expected, "{data}");
    assert_eq!(
        data["keys"],
        json!([{"api_key_id": key, "reports": expected}])
    );
    let hours = data["hours"].as_array().expect("hours");
    let reported = hours.iter().filter(|hour| hour["reports"] == expected);
    assert_eq!(reported.count(), 1, "{data}");
}

async fn what_waits_is_counted(database: Database) {
    let server = Server::on(&database)
        .env("MAIL_TRANSPORT", "smtp://127.0.0.1:1")
        .start()
        .await;
    let none = statistics(&server, "").await["waiting"].clone();
    assert_eq!(
        keys(&none),
        [
            "due",
            "oldest_due_at",
            "oldest_due_seconds",
            "queued",
            "sending"
        ]
    );
    assert!(none["oldest_due_at"].is_null(), "{none}");
    assert_eq!(none["oldest_due_seconds"], 0);
    let data = server.sender().await.mail(&mailing(4)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    // One recipient was tried, and all of them wait for the next probe.
    eventually("one of them was tried", || async {
        let recipients = server.recipients(id).await;
        let tried = |recipient: &Value| recipient["status_detail"] == "not_connected";
        if recipients.iter().any(tried) {
            Ok(())
        } else {
            Err(recipients)
        }
    })
    .await;
    let waiting = statistics(&server, "").await["waiting"].clone();
    let number = |name: &str| waiting[name].as_u64().expect("a number");
    assert_eq!(number("queued") + number("sending"), 4, "{waiting}");
    assert!(number("due") <= number("queued"), "{waiting}");
    assert_eq!(
        number("due") == 0,
        waiting["oldest_due_at"].is_null(),
        "{waiting}"
    );
}

async fn past_hours_are_counted_by_the_sweep(database: Database) {
    let server = Server::on(&database)
        .env("SWEEP_SECONDS", "1")
        .start()
        .await;
    let sender = server.sender().await;
    for _ in 0..2 {
        sender.mail(&letter("ann@example.org")).await.data(200);
    }
    database.age(Duration::from_hours(5)).await;
    let data = eventually("the sweep has counted them", || async {
        let data = statistics(&server, "").await;
        if sum(&data, "sent") == 2 {
            Ok(data)
        } else {
            Err(data)
        }
    })
    .await;
    let hours = data["hours"].as_array().expect("hours");
    assert!(hours[..20].iter().any(|hour| hour["sent"] != 0), "{data}");
    let kept = database.numbers("SELECT CAST(SUM(sent) AS BIGINT) FROM hour");
    assert_eq!(kept.await, [2]);
}

async fn every_hour_of_the_range_is_there(database: Database) {
    let server = Server::on(&database).start().await;
    let data = statistics(
        &server,
        "?from=2026-01-31T22:59:59.999Z&to=2026-02-01T02:00:00.001%2B01:00",
    )
    .await;
    let hours = data["hours"].as_array().expect("hours");
    let starts: Vec<_> = hours.iter().map(|hour| &hour["hour"]).collect();
    let expected = [
        "2026-01-31T22:00:00.000Z",
        "2026-01-31T23:00:00.000Z",
        "2026-02-01T00:00:00.000Z",
        "2026-02-01T01:00:00.000Z",
    ];
    assert_eq!(starts, expected);
    assert_eq!(data["from"], expected[0]);
    assert_eq!(data["to"], "2026-02-01T02:00:00.000Z");
    let longest = "?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z";
    let data = statistics(&server, longest).await;
    assert_eq!(data["hours"].as_array().map(Vec::len), Some(31 * 24));
}

async fn a_bad_range_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    for (query, field) in [
        ("from=yesterday", "from"),
        ("from=", "from"),
        ("to=2026-01-01", "to"),
        ("to=%00", "to"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("from=2026-01-01T00:30:00Z&to=2026-01-01T00:30:00Z", "from"),
        ("from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:01Z", "from"),
        ("from=2026-01-01T00:00:00Z", "from"),
        ("from=9998-01-01T00:00:00Z", "from"),
        ("to=9999-12-31T23:59:59Z", "to"),
        ("to=1969-12-31T23:59:59Z", "to"),
    ] {
        let answer: Answer = management.get(&format!("/v1/statistics?{query}")).await;
        answer.only_fault(field);
    }
}

async fn statistics_are_for_management(database: Database) {
    let server = Server::on(&database)
        .env("ADMIN_TOKEN", "a-token-of-the-administrator")
        .start()
        .await;
    for caller in [server.anonymous(), server.sender().await] {
        let answer = caller.get("/v1/statistics?from=nonsense").await;
        answer.error(401, "authentication_error");
    }
    server.management().get("/v1/statistics").await.data(200);
}
