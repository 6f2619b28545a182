//! Mail of a list: what a request may say, and whose the list is.

use e2e::answer::keys;
use e2e::letter::recipient;
use e2e::{Database, Server, With, everywhere, letter};
use serde_json::{Value, json};

use crate::unsubscribing::{ONE_CLICK, link, newsletter, post, start, suppressed};

everywhere!(
    a_mail_of_a_list_has_rules_of_its_own,
    a_placeholder_needs_a_link,
    without_a_public_address_there_are_no_links,
    a_new_key_takes_over_the_lists_of_a_revoked_one,
);

async fn a_mail_of_a_list_has_rules_of_its_own(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let body = newsletter("ann@example.org");
    for field in ["cc", "bcc"] {
        let body = body.clone().with(field, json!(["bob@example.org"]));
        sender.mail(&body).await.only_fault(field);
    }
    for name in ["List-Unsubscribe", "list-unsubscribe-post"] {
        let fields = json!({name: "x"});
        let shared = body.clone().with("headers", fields.clone());
        sender
            .mail(&shared)
            .await
            .only_fault(&format!("headers.{name}"));
        let own = body.clone().with(
            "recipients",
            json!([{"mail": "ann@example.org", "headers": fields}]),
        );
        let path = format!("recipients.0.headers.{name}");
        sender.mail(&own).await.only_fault(&path);
    }
    for list in [
        json!(""),
        json!("News"),
        json!("a b"),
        json!("x".repeat(65)),
        json!(7),
    ] {
        let body = body.clone().with("list", list);
        sender.mail(&body).await.only_fault("list");
    }
    let longest = body.clone().with("list", json!("x-_9".repeat(16)));
    sender.mail(&longest).await.data(200);
    // SES allows 15 fields, of which two are those of the link.
    let fields = |count: usize| -> Value {
        let fields = (0..count).map(|number| (format!("X-{number}"), json!("{{mail}}")));
        Value::Object(fields.collect())
    };
    let most = body.clone().with("headers", fields(13));
    sender.mail(&most).await.data(200);
    let more = body.clone().with("headers", fields(14));
    sender.mail(&more).await.only_fault("headers");
    let absent = body.with("list", Value::Null);
    sender.mail(&absent).await.data(200);
}

async fn a_placeholder_needs_a_link(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let named = letter("ann@example.org").with("text_template", json!("{{unsubscribe_url}}"));
    sender.mail(&named).await.only_fault("text_template");
    // Who has a link of its own gives it as a variable.
    let own =
        json!([{"mail": "ann@example.org", "variables": {"unsubscribe_url": "https://x.example"}}]);
    for (index, list) in [Value::Null, json!("newsletter")].into_iter().enumerate() {
        let to = recipient(index);
        let mut body = named
            .clone()
            .with("recipients", own.clone())
            .with("list", list);
        body["recipients"][0]["mail"] = json!(to);
        sender.mail(&body).await.data(200);
        let captured = server.mailbox().only_to(&to).await;
        assert_eq!(captured.text(), "https://x.example");
    }
}

async fn without_a_public_address_there_are_no_links(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = newsletter("ann@example.org").with(
        "headers",
        json!({"List-Unsubscribe": "<https://x.example/{{mail}}>"}),
    );
    sender.mail(&body).await.data(200);
    let captured = server.mailbox().only_to("ann@example.org").await;
    assert_eq!(
        captured.header("list-unsubscribe"),
        ["<https://x.example/ann@example.org>"]
    );
    let named = body.with("text_template", json!("{{unsubscribe_url}}"));
    let refused = sender.mail(&named).await;
    refused.only_fault("text_template");
    assert!(refused.text().contains("PUBLIC_URL"), "{}", refused.text());
}

async fn a_new_key_takes_over_the_lists_of_a_revoked_one(database: Database) {
    let server = start(&database).await;
    let admin = server.management();
    let old = server.new_key(json!({})).await;
    assert_eq!(old["lists_of"], Value::Null);
    let id = old["id"].as_str().expect("an id");
    let sender = server.with_key(old["api_key"].as_str().expect("a key"));
    let body = newsletter("ann@example.org");
    sender.mail(&body).await.data(200);
    let path = link(&server, "ann@example.org").await;
    let request = json!({"lists_of": id});
    for wrong in [request.clone(), json!({"lists_of": "x"})] {
        admin
            .post("/v1/api-key", &wrong)
            .await
            .only_fault("lists_of");
    }
    admin.delete(&format!("/v1/api-key/{id}")).await.data(200);
    let new = server.new_key(request).await;
    assert_eq!(new["lists_of"], json!(id));
    let listed = admin.get("/v1/api-key").await.items();
    assert!(
        listed.iter().any(|key| key["lists_of"] == json!(id)),
        "{listed:?}"
    );
    let heir = server.with_key(new["api_key"].as_str().expect("a key"));
    post(&server, &path, ONE_CLICK).await.data(200);
    suppressed(&heir, &body).await;
    let entries = heir.get("/v1/suppressions").await.items();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        keys(&entries[0]),
        ["api_key_id", "created_at", "id", "list", "mail", "reason"]
    );
    assert_eq!(entries[0]["reason"], "unsubscribe");
    let own = json!({"mail": "bob@example.org", "list": "newsletter"});
    let added = heir.post("/v1/suppressions", &own).await.data(201);
    assert_eq!(added["api_key_id"], json!(id));
}
