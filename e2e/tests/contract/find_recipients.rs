//! `GET /v1/recipients`: recipients across mailings.

use e2e::letter::addressed;
use e2e::{Caller, Database, Server, With, everywhere, letter};
use serde_json::{Value, json};

everywhere!(
    recipients_are_found_by_each_filter,
    pages_hold_each_recipient_once,
    a_key_finds_its_own_recipients_only,
    a_filter_that_makes_no_sense_is_refused,
);

/// Returns the addresses and the statuses of what is found, page by page.
async fn found(caller: &Caller, query: &str) -> Vec<(String, String)> {
    let items = pages(caller, query).await;
    let text = |one: &Value, field: &str| one[field].as_str().unwrap_or_default().to_owned();
    let pairs = items
        .iter()
        .map(|one| (text(one, "recipient"), text(one, "status")));
    pairs.collect()
}

async fn pages(caller: &Caller, query: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/recipients?{query}{after}");
        let page = caller.get(&path).await.data(200);
        items.extend(page["items"].as_array().expect("items").clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return items,
        }
    }
}

async fn recipients_are_found_by_each_filter(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let first = letter("Ann@example.org")
        .with("email_id", json!("first"))
        .with("client_env_id", json!(7));
    let first = sender.mail(&first).await.data(200);
    let recipients = json!([
        {"mail": "Ann@EXAMPLE.org"}, {"mail": "bob@example.org"}, {"mail": "refused@simulator.mmms.test"},
    ]);
    let second = addressed(&recipients)
        .with("subject", json!("News for {{mail}}"))
        .with("email_id", json!("second"))
        .with("client_env_id", json!("7"));
    let second = sender.mail(&second).await.data(202);
    let id = second["id"].as_str().expect("an id");
    server.settled(id).await;
    let management = server.management();
    let sent = |mail: &str| (mail.to_owned(), "sent".to_owned());
    let ann = [sent("Ann@EXAMPLE.org"), sent("Ann@example.org")];
    let failed = (
        "refused@simulator.mmms.test".to_owned(),
        "failed".to_owned(),
    );
    let message_id = first["message_id"].as_str().expect("an id");
    let created = management.get(&format!("/v1/mail/{id}")).await.data(200)["created_at"].clone();
    let created = created.as_str().expect("a time");
    let all_of_second = vec![failed.clone(), sent("bob@example.org"), ann[0].clone()];
    for caller in [&sender, &management] {
        for (query, expected) in [
            ("mail=Ann@Example.ORG", ann.to_vec()),
            ("mail=ann@example.org", ann.to_vec()),
            ("mail=anna@example.org", vec![]),
            ("mail=Ann@example.org&status=failed", vec![]),
            ("mail=Ann@example.org&email_id=first", vec![ann[1].clone()]),
            ("status=failed", vec![failed.clone()]),
            ("status=failed&email_id=first", vec![]),
            ("status=sent&email_id=second", all_of_second[1..].to_vec()),
            ("status=queued", vec![]),
            ("email_id=second", all_of_second.clone()),
            ("client_env_id=7", [&all_of_second[..], &ann[1..]].concat()),
            (&format!("message_id={message_id}"), vec![ann[1].clone()]),
            (&format!("message_id={message_id}&status=failed"), vec![]),
            (&format!("created_after={created}"), all_of_second.clone()),
            (&format!("created_before={created}"), vec![ann[1].clone()]),
            (
                &format!("created_before={created}&mail=Ann@example.org&limit=1"),
                vec![ann[1].clone()],
            ),
            ("", [&all_of_second[..], &ann[1..]].concat()),
        ] {
            assert_eq!(found(caller, query).await, expected, "{query}");
        }
    }
    let one = &pages(&sender, "status=failed").await[0];
    assert_eq!(
        (
            &one["id"],
            &one["index"],
            &one["subject"],
            &one["client_env_id"]
        ),
        (
            &second["id"],
            &json!(2),
            &json!("News for {{mail}}"),
            &json!("7")
        )
    );
    let path = format!("/v1/mail/{id}/recipients/2");
    assert_eq!(sender.get(&path).await.data(200)["status"], "failed");
}

async fn pages_hold_each_recipient_once(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let mut expected = Vec::new();
    for mailing in 0..3 {
        let recipients: Vec<Value> = (0..5)
            .map(|number| json!({"mail": format!("r{mailing}{number}@example.org")}))
            .collect();
        let body = addressed(&json!(recipients)).with("client_env_id", json!("env"));
        let data = sender.mail(&body).await.data(202);
        server.settled(data["id"].as_str().expect("an id")).await;
        expected.extend(recipients);
    }
    expected.reverse();
    let expected: Vec<&Value> = expected.iter().map(|one| &one["mail"]).collect();
    for query in ["", "status=sent", "client_env_id=env"] {
        for limit in [1, 2, 5, 7, 100] {
            let items = pages(&sender, &format!("{query}&limit={limit}")).await;
            let addresses: Vec<&Value> = items.iter().map(|one| &one["recipient"]).collect();
            assert_eq!(addresses, expected, "{query} {limit}");
        }
    }
}

async fn a_key_finds_its_own_recipients_only(database: Database) {
    let server = Server::on(&database).start().await;
    let (sender, other) = (server.sender().await, server.sender().await);
    sender.mail(&letter("ann@example.org")).await.data(200);
    let refused = sender.mail(&letter("refused@simulator.mmms.test")).await;
    assert_eq!(refused.status, 422);
    for query in ["", "mail=ann@example.org", "status=sent", "status=failed"] {
        assert_eq!(found(&other, query).await, [], "{query}");
        assert!(!found(&sender, query).await.is_empty(), "{query}");
    }
    let unknown = server.with_key("unknown").get("/v1/recipients").await;
    unknown.error(401, "authentication_error");
}

async fn a_filter_that_makes_no_sense_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let id = "019c0000-0000-7000-8000-000000000001";
    for query in [
        "mail=ann",
        "status=lost",
        "email_id=%00",
        "message_id=%00",
        "created_after=yesterday",
        "limit=0",
        "limit=101",
        "after=x",
        &format!("after={id}"),
        &format!("after={id}.-1"),
        &format!("after={id}.100000"),
    ] {
        let refused = sender.get(&format!("/v1/recipients?{query}")).await;
        refused.error(400, "validation_error");
    }
}
