//! The caller's own ids are returned unchanged.

use e2e::letter::addressed;
use e2e::{Database, Server, With, everywhere};
use serde_json::{Value, json};

everywhere!(
    ids_come_back_as_they_were_sent,
    a_recipients_id_goes_before_the_top_one,
    the_listing_finds_a_mailing_by_its_email_id,
);

const FIELDS: [&str; 5] = [
    "client_env_id",
    "email_id",
    "emailRecipientId",
    "projectId",
    "closureId",
];

async fn ids_come_back_as_they_were_sent(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let ids: [Value; 7] = [
        json!("env-1"),
        json!(17),
        json!("17"),
        json!(0),
        json!(-3),
        json!(9_007_199_254_740_993_i64),
        json!("Größe \"x\" \\ 😀"),
    ];
    for id in ids {
        let mut body = addressed(&json!([{ "mail": "ann@example.org" }]));
        for field in FIELDS {
            body[field] = id.clone();
        }
        let data = sender.mail(&body).await.data(200);
        assert_eq!(data["status"]["email_id"], id);
        assert_eq!(data["status"]["email_recipient_id"], id);
        let path = format!("/v1/mail/{}", data["id"].as_str().expect("an id"));
        let mailing = sender.get(&path).await.data(200);
        for field in FIELDS {
            assert_eq!(mailing[field], id, "{field}");
        }
        let recipients = sender.get(&format!("{path}/recipients")).await.items();
        assert_eq!(recipients[0]["email_id"], id);
        assert_eq!(recipients[0]["email_recipient_id"], id);
    }
}

async fn a_recipients_id_goes_before_the_top_one(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = addressed(&json!([
        { "mail": "ann@example.org", "emailRecipientId": 1 },
        { "mail": "bob@example.org" },
        { "mail": "cid@example.org", "emailRecipientId": "three" },
    ]))
    .with("emailRecipientId", "top")
    .with("text_template", "{{emailRecipientId}}");
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled(id).await;
    let recipients = server.recipients(id).await;
    let ids: Vec<_> = recipients
        .iter()
        .map(|entry| &entry["email_recipient_id"])
        .collect();
    assert_eq!(ids, [&json!(1), &json!("top"), &json!("three")]);
    for (address, id) in [("ann", "1"), ("bob", "top"), ("cid", "three")] {
        let captured = server
            .mailbox()
            .only_to(&format!("{address}@example.org"))
            .await;
        assert_eq!(captured.text(), id);
    }
    assert_eq!(server.mailing(id).await["emailRecipientId"], "top");
}

async fn the_listing_finds_a_mailing_by_its_email_id(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let mut ids = Vec::new();
    for email_id in [json!("a b&c"), json!(17), json!("other"), json!("a b&c")] {
        let body = e2e::letter("ann@example.org").with("email_id", email_id);
        ids.push(sender.mail(&body).await.data(200)["id"].clone());
    }
    let found = |query: &'static str| {
        let sender = sender.clone();
        async move {
            let items = sender
                .get(&format!("/v1/mail?email_id={query}"))
                .await
                .items();
            items
                .iter()
                .map(|item| item["id"].clone())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(found("a%20b%26c").await, [ids[3].clone(), ids[0].clone()]);
    assert_eq!(found("17").await, [ids[1].clone()]);
    assert!(found("none").await.is_empty());
}
