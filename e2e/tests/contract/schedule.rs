//! `send_at`: mail that is planned for a later time, and `POST /v1/mail/{id}/reschedule`.

use e2e::answer::keys;
use e2e::times::{in_seconds, seconds_between};
use e2e::{Caller, Database, Server, With, eventually, everywhere, letter, mailing};
use serde_json::{Value, json};

everywhere!(
    planned_mail_is_not_sent_before_its_time,
    planned_mail_survives_a_crash,
    a_planned_request_is_answered_again,
    a_time_that_has_passed_sends_at_once,
    a_time_that_cannot_be_planned_is_refused,
    planned_mail_expires_after_its_time,
    planned_mail_is_cancelled,
    planned_mail_is_moved_to_later_and_to_earlier,
    what_cannot_be_moved_is_told,
    planned_mail_does_not_count_as_late,
    planned_mail_takes_no_turn,
);

const DAY: i64 = 24 * 3600;

async fn start(database: &Database) -> Server {
    // As functions, the sweep wakes planned mail.
    let settings = Server::on(database).env("SWEEP_SECONDS", "1");
    settings.start().await
}

fn id_of(data: &Value) -> &str {
    data["id"].as_str().expect("an id")
}

/// Waits until all recipients are sent, and asserts that none was before this time.
async fn sent_from(server: &Server, data: &Value, time: &Value) {
    let counts = server.settled(id_of(data)).await;
    assert_eq!(counts["sent"], data["accepted"], "{counts}");
    for recipient in server.recipients(id_of(data)).await {
        assert!(
            seconds_between(time, &recipient["sent_at"]) >= 0.0,
            "{recipient} before {time}"
        );
    }
}

async fn reschedule(caller: &Caller, id: &str, send_at: &str) -> Value {
    let path = format!("/v1/mail/{id}/reschedule");
    let answer = caller.post(&path, &json!({ "send_at": send_at })).await;
    let data = answer.data(200);
    assert_eq!(keys(&data), ["expires_at", "id", "moved", "send_at"]);
    assert_eq!(data["id"], id);
    data
}

async fn planned_mail_is_not_sent_before_its_time(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    for body in [letter("ann@example.org"), mailing(60)] {
        let send_at = Value::from(in_seconds(2));
        let data = sender
            .mail(&body.with("send_at", send_at.clone()))
            .await
            .data(202);
        assert_eq!(
            keys(&data),
            ["accepted", "email_id", "id", "queued_at", "status"]
        );
        assert_eq!(data["status"], "queued");
        let shown = server.mailing(id_of(&data)).await;
        assert!(
            seconds_between(&send_at, &shown["send_at"]).abs() < 0.001,
            "{shown}"
        );
        let listed = &sender.get("/v1/mail?limit=1").await.items()[0];
        assert_eq!(listed["send_at"], shown["send_at"]);
        sent_from(&server, &data, &shown["send_at"]).await;
    }
    let data = sender.mail(&letter("bob@example.org")).await.data(200);
    assert!(server.mailing(id_of(&data)).await["send_at"].is_null());
}

async fn planned_mail_survives_a_crash(database: Database) {
    let mut server = start(&database).await;
    let sender = server.sender().await;
    let send_at = Value::from(in_seconds(2));
    let body = mailing(3).with("send_at", send_at.clone());
    let data = sender.mail(&body).await.data(202);
    server.crash().await;
    sent_from(&server, &data, &send_at).await;
    assert_eq!(server.mailbox().total().await, 3);
}

async fn a_planned_request_is_answered_again(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await.idempotency_key("one");
    let body = letter("ann@example.org").with("send_at", in_seconds(DAY));
    let first = sender.mail(&body).await.data(202);
    let second = sender.mail(&body).await;
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.data(202), first);
    let data = reschedule(&sender, id_of(&first), &in_seconds(-1)).await;
    assert_eq!(data["moved"], 1);
    server.settled(id_of(&first)).await;
    let third = sender.mail(&body).await;
    assert_eq!(third.data(202), first);
    assert_eq!(server.mailbox().total().await, 1);
}

async fn a_time_that_has_passed_sends_at_once(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let body = letter("ann@example.org").with("send_at", in_seconds(-60));
    let data = sender.mail(&body).await.data(202);
    let counts = server.settled(id_of(&data)).await;
    assert_eq!(counts["sent"], 1, "{counts}");
}

async fn a_time_that_cannot_be_planned_is_refused(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    for bad in [
        "soon",
        "",
        "2099-13-01T00:00:00Z",
        "2099-12-31",
        "2001-01-01T00:00:00Z",
    ] {
        let body = letter("ann@example.org").with("send_at", bad);
        sender.mail(&body).await.only_fault("send_at");
    }
    // The database's clock decides about the last day.
    for seconds in [30 * DAY + 60, 32 * DAY, -2 * DAY] {
        let body = letter("ann@example.org").with("send_at", in_seconds(seconds));
        sender.mail(&body).await.only_fault("send_at");
    }
    let body = letter("ann@example.org")
        .with("send_at", in_seconds(60))
        .with("expires_at", in_seconds(50));
    sender.mail(&body).await.only_fault("expires_at");
    assert!(sender.get("/v1/mail").await.items().is_empty());
    let body = letter("ann@example.org").with("send_at", in_seconds(30 * DAY - 60));
    sender.mail(&body).await.data(202);
    let body = letter("ann@example.org").with("send_at", Value::Null);
    sender.mail(&body).await.data(200);
}

async fn planned_mail_expires_after_its_time(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let body = mailing(2).with("send_at", in_seconds(DAY));
    let data = sender.mail(&body).await.data(202);
    let shown = server.mailing(id_of(&data)).await;
    let lifetime = seconds_between(&shown["send_at"], &shown["expires_at"]);
    assert!((lifetime - 72.0 * 3600.0).abs() < 0.001, "{shown}");
    let body = body.with("expires_at", in_seconds(DAY + 60));
    let data = sender.mail(&body).await.data(202);
    let shown = server.mailing(id_of(&data)).await;
    let lifetime = seconds_between(&shown["send_at"], &shown["expires_at"]);
    assert!((lifetime - 60.0).abs() < 1.0, "{shown}");
}

async fn planned_mail_is_cancelled(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let body = mailing(60).with("send_at", in_seconds(DAY));
    let data = sender.mail(&body).await.data(202);
    let cancel = format!("/v1/mail/{}/cancel", id_of(&data));
    let cancelled = sender.post(&cancel, &json!({})).await.data(200);
    assert_eq!(cancelled["cancelled"], 60);
    let counts = server.mailing(id_of(&data)).await["counts"].clone();
    assert_eq!(counts["cancelled"], 60, "{counts}");
    let moved = reschedule(&sender, id_of(&data), &in_seconds(0)).await;
    assert_eq!(moved["moved"], 0);
    assert_eq!(server.mailbox().total().await, 0);
}

async fn planned_mail_is_moved_to_later_and_to_earlier(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let body = mailing(60).with("send_at", in_seconds(3));
    let data = sender.mail(&body).await.data(202);
    let later = Value::from(in_seconds(DAY));
    let moved = reschedule(&sender, id_of(&data), later.as_str().expect("text")).await;
    assert_eq!(moved["moved"], 60);
    assert!(
        seconds_between(&later, &moved["send_at"]).abs() < 0.001,
        "{moved}"
    );
    let lifetime = seconds_between(&moved["send_at"], &moved["expires_at"]);
    assert!((lifetime - 72.0 * 3600.0).abs() < 0.001, "{moved}");
    let shown = server.mailing(id_of(&data)).await;
    assert_eq!(shown["send_at"], moved["send_at"]);
    assert_eq!(shown["expires_at"], moved["expires_at"]);
    // Another mailing, planned for the time of the first, is sent; the first one is not.
    let other = sender
        .mail(&mailing(2).with("send_at", in_seconds(3)))
        .await
        .data(202);
    server.settled(id_of(&other)).await;
    assert_eq!(server.mailing(id_of(&data)).await["counts"]["queued"], 60);

    let soon = in_seconds(1);
    let moved = reschedule(&server.management(), id_of(&data), &soon).await;
    assert_eq!(moved["moved"], 60);
    sent_from(&server, &data, &moved["send_at"]).await;
    assert_eq!(server.mailbox().total().await, 62);
}

async fn what_cannot_be_moved_is_told(database: Database) {
    let server = start(&database).await;
    let (sender, other) = (server.sender().await, server.sender().await);
    let body = mailing(2)
        .with("send_at", in_seconds(DAY))
        .with("expires_at", in_seconds(2 * DAY));
    let data = sender.mail(&body).await.data(202);
    let path = format!("/v1/mail/{}/reschedule", id_of(&data));
    for bad in [
        Value::from(in_seconds(2 * DAY + 60)),
        Value::from(in_seconds(31 * DAY)),
        Value::from(in_seconds(-2 * DAY)),
        Value::from("soon"),
        Value::Null,
    ] {
        let answer = sender.post(&path, &json!({ "send_at": bad })).await;
        answer.only_fault("send_at");
    }
    let body = json!({ "send_at": in_seconds(60) });
    other.post(&path, &body).await.error(404, "not_found");
    let unknown = "/v1/mail/019c0000-0000-7000-8000-000000000001/reschedule";
    sender.post(unknown, &body).await.error(404, "not_found");
    let answer = server.anonymous().key("unknown").post(&path, &body).await;
    answer.error(401, "authentication_error");
    let shown = server.mailing(id_of(&data)).await;
    assert_eq!(shown["counts"]["queued"], 2);
    let moved = reschedule(&sender, id_of(&data), &in_seconds(2 * DAY - 60)).await;
    assert_eq!(
        moved["expires_at"], shown["expires_at"],
        "a given one stays"
    );
}

async fn planned_mail_does_not_count_as_late(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    sender
        .mail(&mailing(4).with("send_at", in_seconds(DAY)))
        .await
        .data(202);
    let waiting = eventually("the mailing is counted", || async {
        let statistics = server.management().get("/v1/statistics").await;
        let waiting = statistics.data(200)["waiting"].clone();
        if waiting["queued"] == 4 {
            Ok(waiting)
        } else {
            Err(waiting)
        }
    })
    .await;
    assert_eq!(waiting["due"], 0, "{waiting}");
    assert_eq!(waiting["oldest_due_seconds"], 0, "{waiting}");
}

async fn planned_mail_takes_no_turn(database: Database) {
    let server = Server::on(&database)
        .env("MAX_SEND_RATE", "10")
        .start()
        .await;
    let sender = server.sender().await;
    for body in [letter("ann@example.org"), mailing(4)] {
        let body = body.with("send_at", in_seconds(DAY));
        sender.mail(&body).await.data(202);
    }
    let turns = "SELECT next_turn + next_single_turn FROM pace";
    assert_eq!(database.count(turns).await, 0);
    sender.mail(&letter("ann@example.org")).await.data(200);
    assert!(database.count(turns).await > 0);
}
