//! `GET /v1/events`: the feed, as a back end reads it.

use std::collections::BTreeSet;

use e2e::answer::keys;
use e2e::{Caller, Database, Server, eventually, everywhere, mailing};
use reqwest::Method;
use serde_json::Value;

everywhere!(
    each_end_is_an_event_that_is_read_once,
    a_key_reads_its_own_events,
    what_is_no_cursor_is_refused,
);

const FIELDS: [&str; 20] = [
    "api_key_id",
    "attempts",
    "bounce",
    "client_env_id",
    "closure_id",
    "email_id",
    "email_recipient_id",
    "event_id",
    "id",
    "index",
    "last_error",
    "message_id",
    "occurred_at",
    "project_id",
    "queued_at",
    "recipient",
    "sent_at",
    "sequence",
    "status",
    "status_detail",
];

async fn read(caller: &Caller, query: &str) -> Value {
    let path = format!("/v1/events{query}");
    caller.request(Method::GET, &path).await.data(200)
}

/// Reads to the end in small parts, until there are so many events.
async fn read_all(caller: &Caller, number: usize) -> (Vec<Value>, String) {
    eventually("all events are shown", async || {
        let (mut events, mut query) = (Vec::new(), "?limit=2".to_owned());
        loop {
            let page = read(caller, &query).await;
            let next = page["next"].as_str().expect("a cursor").to_owned();
            let items = page["items"].as_array().expect("a list");
            if items.is_empty() {
                let found = events.len();
                return if found == number {
                    Ok((events, next))
                } else {
                    Err(found)
                };
            }
            events.extend(items.iter().cloned());
            query = format!("?limit=2&after={next}");
        }
    })
    .await
}

async fn each_end_is_an_event_that_is_read_once(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&mailing(5)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled(id).await;
    let (events, next) = read_all(&sender, 5).await;
    let indexes: BTreeSet<i64> = events
        .iter()
        .map(|event| {
            assert_eq!(keys(event), FIELDS);
            assert_eq!(
                (&event["id"], &event["status"]),
                (&id.into(), &"sent".into())
            );
            assert_eq!(event["sequence"], 1);
            event["index"].as_i64().expect("an index")
        })
        .collect();
    assert_eq!(indexes, (0..5).collect());
    let recipients = server.recipients(id).await;
    for event in &events {
        let index = event["index"]
            .as_u64()
            .and_then(|index| usize::try_from(index).ok());
        let recipient = &recipients[index.expect("an index")];
        for field in [
            "recipient",
            "message_id",
            "sent_at",
            "email_recipient_id",
            "attempts",
        ] {
            assert_eq!(event[field], recipient[field], "{field}");
        }
    }
    // The end of the feed is a cursor to ask again with.
    let page = read(&sender, &format!("?after={next}")).await;
    assert_eq!(
        (page["items"].as_array().map(Vec::len), &page["next"]),
        (Some(0), &next.as_str().into())
    );
    let data = sender.mail(&mailing(2)).await.data(202);
    server.settled(data["id"].as_str().expect("an id")).await;
    let more = eventually("the next events are shown", async || {
        let page = read(&sender, &format!("?after={next}")).await;
        match page["items"].as_array().map(Vec::len) {
            Some(2) => Ok(page),
            other => Err(other),
        }
    })
    .await;
    assert_ne!(more["next"], next.as_str());
    // A filter leaves out, and moves on.
    let none = read(&sender, "?status=bounced").await;
    assert_eq!(
        (none["items"].as_array().map(Vec::len), &none["next"]),
        (Some(0), &more["next"])
    );
}

async fn a_key_reads_its_own_events(database: Database) {
    let server = Server::on(&database).start().await;
    let (one, other) = (server.sender().await, server.sender().await);
    for sender in [&one, &other] {
        let data = sender.mail(&mailing(2)).await.data(202);
        server.settled(data["id"].as_str().expect("an id")).await;
    }
    let (own, _) = read_all(&one, 2).await;
    let (all, _) = read_all(&server.management(), 4).await;
    let key = own[0]["api_key_id"].as_str().expect("a key").to_owned();
    assert!(own.iter().all(|event| event["api_key_id"] == *key));
    assert_eq!(
        all.iter()
            .filter(|event| event["api_key_id"] == *key)
            .count(),
        2
    );
    let of_key = read(&server.management(), &format!("?api_key_id={key}")).await;
    assert_eq!(of_key["items"].as_array().map(Vec::len), Some(2));
}

async fn what_is_no_cursor_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for query in [
        "?after=1",
        "?after=event-01",
        "?after=event--1",
        "?after=event-99999999999999999999",
        "?limit=0",
        "?limit=101",
        "?status=queued",
        "?api_key_id=none",
    ] {
        let path = format!("/v1/events{query}");
        let answer = sender.request(Method::GET, &path).await;
        answer.error(400, "validation_error");
    }
    let path = "/v1/events?after=event-999999";
    let gone = sender.request(Method::GET, path).await.error(410, "gone");
    assert_eq!(gone["details"], "event-0", "a cursor to begin anew with");
}
