//! Mailings to many recipients: queued, one mail each.

use std::collections::HashSet;

use e2e::answer::{is_time, keys};
use e2e::letter::{addressed, recipient};
use e2e::{Database, Server, With, everywhere, mailing};
use serde_json::json;

everywhere!(
    many_recipients_are_queued,
    every_entry_gets_one_mail_even_when_it_is_there_twice,
    nobody_sees_the_others_address,
    recipients_are_listed_in_order_with_their_ends,
    single_mails_and_mailings_share_the_listing,
);

async fn many_recipients_are_queued(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let answer = sender.mail(&mailing(3).with("email_id", "msg-9")).await;
    let data = answer.data(202);
    assert_eq!(answer.json()["message"], "Email queued");
    assert!(is_time(&data["queued_at"]), "{data}");
    assert_eq!(
        data,
        json!({
            "id": data["id"],
            "email_id": "msg-9",
            "status": "queued",
            "accepted": 3,
            "queued_at": data["queued_at"],
        })
    );
    let counts = server.settled(data["id"].as_str().expect("an id")).await;
    let expected = json!({
        "queued": 0, "sending": 0, "sent": 3, "failed": 0, "unconfirmed": 0, "cancelled": 0,
        "suppressed": 0, "delivered": 0, "bounced": 0, "complained": 0
    });
    assert_eq!(counts, expected);
}

async fn every_entry_gets_one_mail_even_when_it_is_there_twice(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = addressed(&json!([
        { "mail": "ann@example.org", "name": "Ann" },
        { "mail": "bob@example.org" },
        { "mail": "ann@example.org", "name": "Ann again" },
    ]));
    let data = sender.mail(&body).await.data(202);
    assert_eq!(data["accepted"], 3);
    server.settled(data["id"].as_str().expect("an id")).await;
    let mailbox = server.mailbox();
    assert_eq!(mailbox.total().await, 3);
    let to_ann = mailbox.to("ann@example.org").await;
    let names: HashSet<_> = to_ann
        .iter()
        .map(|mail| mail["to"][0]["name"].clone())
        .collect();
    assert_eq!(names, HashSet::from([json!("Ann"), json!("Ann again")]));
}

async fn nobody_sees_the_others_address(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&mailing(5)).await.data(202);
    server.settled(data["id"].as_str().expect("an id")).await;
    for index in 0..5 {
        let captured = server.mailbox().only_to(&recipient(index)).await;
        let source = String::from_utf8_lossy(&captured.0).into_owned();
        for other in (0..5).filter(|other| *other != index) {
            assert!(!source.contains(&recipient(other)), "{source}");
        }
    }
}

async fn recipients_are_listed_in_order_with_their_ends(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&mailing(120)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled(id).await;
    let recipients = server.recipients(id).await;
    assert_eq!(recipients.len(), 120);
    let mut message_ids = HashSet::new();
    for (index, entry) in recipients.iter().enumerate() {
        assert_eq!(
            keys(entry),
            [
                "attempts",
                "email_id",
                "email_recipient_id",
                "index",
                "last_error",
                "message_id",
                "queued_at",
                "recipient",
                "sent_at",
                "status",
                "status_detail"
            ]
        );
        assert_eq!(entry["index"], index, "{entry}");
        assert_eq!(entry["recipient"], recipient(index), "{entry}");
        assert_eq!(entry["status"], "sent", "{entry}");
        assert_eq!(entry["attempts"], 1, "{entry}");
        assert!(entry["status_detail"].is_null() && entry["last_error"].is_null());
        assert!(
            is_time(&entry["queued_at"]) && is_time(&entry["sent_at"]),
            "{entry}"
        );
        message_ids.insert(entry["message_id"].as_str().expect("an id").to_owned());
    }
    assert_eq!(
        message_ids.len(),
        120,
        "each mail has a Message-ID of its own"
    );
}

async fn single_mails_and_mailings_share_the_listing(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let single = sender.mail(&e2e::letter("ann@example.org")).await.data(200);
    let many = sender.mail(&mailing(2)).await.data(202);
    let items = sender.get("/v1/mail").await.items();
    let ids: Vec<_> = items.iter().map(|item| item["id"].clone()).collect();
    assert_eq!(ids, [many["id"].clone(), single["id"].clone()]);
}
