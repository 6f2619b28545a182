//! Recipients unsubscribe by the link in a mail, with one click or on its page.

use e2e::answer::keys;
use e2e::letter::{addressed, recipient};
use e2e::{
    Answer, Caller, Database, Receiver, Server, With, eventually, everywhere, letter, mailing,
    on_both_databases,
};
use reqwest::Method;
use serde_json::{Value, json};

everywhere!(
    each_mail_of_a_list_has_a_link_of_its_own,
    one_click_unsubscribes_from_this_list_of_this_key,
    the_page_asks_and_undoes,
    the_page_is_in_the_language_of_the_mail,
    only_the_links_of_the_service_are_taken,
    a_form_that_asks_for_nothing_is_refused,
    a_mail_of_a_list_has_rules_of_its_own,
    a_placeholder_needs_a_link,
    without_a_public_address_there_are_no_links,
    a_link_outlives_a_restart_and_an_erasure,
    a_new_key_takes_over_the_lists_of_a_revoked_one,
);

on_both_databases!(unsubscribing_is_an_event);

const PUBLIC: &str = "https://mail.example.com";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

async fn start(database: &Database) -> Server {
    Server::on(database).env("PUBLIC_URL", PUBLIC).start().await
}

fn newsletter(to: &str) -> Value {
    letter(to).with("list", json!("newsletter"))
}

/// Returns the link of the only mail to an address: its path below the public address.
async fn link(server: &Server, address: &str) -> String {
    let captured = server.mailbox().only_to(address).await;
    let [field] = <[String; 1]>::try_from(captured.header("list-unsubscribe")).expect("one field");
    let link = field
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .expect("a link");
    link.strip_prefix(PUBLIC).expect("below it").to_owned()
}

/// Posts a form, as a mail system does.
async fn post(server: &Server, path: &str, form: &'static str) -> Answer {
    let caller = server.anonymous();
    let form_type = "application/x-www-form-urlencoded";
    caller.post_bytes(path, form_type, form).await
}

async fn page(server: &Server, path: &str) -> Answer {
    let browser = server.anonymous().with("accept", "text/html,*/*;q=0.8");
    browser.get(path).await
}

async fn suppressed(sender: &Caller, body: &Value) -> Value {
    let refused = sender.mail(body).await;
    refused.error(422, "recipient_suppressed")
}

async fn each_mail_of_a_list_has_a_link_of_its_own(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let body = mailing(2)
        .with("list", json!("newsletter"))
        .with(
            "html_template",
            json!("<a href=\"{{unsubscribe_url}}\">x</a>"),
        )
        .with("text_template", json!("{{ unsubscribe_url }}"));
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled(id).await;
    let mut links = Vec::new();
    for index in 0..2 {
        let captured = server.mailbox().only_to(&recipient(index)).await;
        assert_eq!(
            captured.header("list-unsubscribe-post"),
            ["List-Unsubscribe=One-Click"]
        );
        let link = link(&server, &recipient(index)).await;
        let whole = format!("{PUBLIC}{link}");
        assert!(link.starts_with("/v1/unsubscribe/"), "{link}");
        assert_eq!(captured.text(), whole);
        assert_eq!(captured.html(), format!("<a href=\"{whole}\">x</a>"));
        links.push(link);
    }
    assert_ne!(links[0], links[1]);
    assert_eq!(server.mailing(id).await["list"], "newsletter");
    // Other mail has none.
    sender.mail(&letter("ann@example.org")).await.data(200);
    let other = server.mailbox().only_to("ann@example.org").await;
    assert!(other.header("list-unsubscribe").is_empty());
}

async fn one_click_unsubscribes_from_this_list_of_this_key(database: Database) {
    let server = start(&database).await;
    let (sender, other) = (server.sender().await, server.sender().await);
    let body = newsletter("ann@example.org");
    sender.mail(&body).await.data(200);
    let path = link(&server, "ann@example.org").await;
    for _ in 0..2 {
        let data = post(&server, &path, ONE_CLICK).await.data(200);
        assert_eq!(data, json!({"list": "newsletter", "unsubscribed": true}));
    }
    let refused = suppressed(&sender, &body).await;
    let details = refused["details"].as_str().expect("a reason");
    assert!(details.starts_with("unsubscribe "), "{details}");
    let many = addressed(&json!([{"mail": "ann@EXAMPLE.org"}, {"mail": "bob@example.org"}]));
    let many = many.with("list", json!("newsletter"));
    let data = sender.mail(&many).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let counts = server.settled(id).await;
    assert_eq!(
        (&counts["suppressed"], &counts["sent"]),
        (&json!(1), &json!(1))
    );
    let detail = &server.recipients(id).await[0]["status_detail"];
    assert_eq!(detail, "suppressed_unsubscribe");
    other.mail(&body).await.data(200);
    sender.mail(&letter("ann@example.org")).await.data(200);
    let offers = body.clone().with("list", json!("offers"));
    sender.mail(&offers).await.data(200);
    // In the other encoding that RFC 8058 allows.
    let form = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let caller = server.anonymous();
    let answer = caller
        .post_bytes(&path, "multipart/form-data; boundary=x", form)
        .await;
    answer.data(200);
}

async fn the_page_asks_and_undoes(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let body = newsletter("ann@example.org").with("sender_organisation_name", json!("A <b> & C"));
    sender.mail(&body).await.data(200);
    let path = link(&server, "ann@example.org").await;
    let asks = page(&server, &path).await;
    assert_eq!(asks.status, 200);
    assert_eq!(
        asks.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(asks.header("cache-control"), Some("no-store"));
    assert_eq!(asks.header("referrer-policy"), Some("no-referrer"));
    let policy = asks.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let text = asks.text();
    assert!(text.contains("<strong>newsletter</strong>"), "{text}");
    assert!(text.contains("A &lt;b&gt; &amp; C"), "{text}");
    assert!(!text.contains("ann@"), "a link may be passed on: {text}");
    assert!(!text.contains("<script"), "{text}");
    // Programs that open links see the same page, and nothing changes.
    assert_eq!(server.anonymous().get(&path).await.text(), text);
    sender.mail(&body).await.data(200);
    let people = server.anonymous().with("accept", "text/html");
    let form = "application/x-www-form-urlencoded";
    let done = people.post_bytes(&path, form, ONE_CLICK).await;
    assert_eq!(done.status, 200);
    assert!(
        done.text().contains("You are unsubscribed"),
        "{}",
        done.text()
    );
    assert!(done.text().contains("name=\"action\" value=\"undo\""));
    suppressed(&sender, &body).await;
    assert!(
        page(&server, &path)
            .await
            .text()
            .contains("You are unsubscribed")
    );
    let undone = people.post_bytes(&path, form, "action=undo").await;
    assert!(undone.text().contains("undone"), "{}", undone.text());
    sender.mail(&body).await.data(200);
}

async fn the_page_is_in_the_language_of_the_mail(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    for (index, (lang, title)) in [
        ("nl-NL", "Afmelden?"),
        ("de", "Abmelden?"),
        ("en", "Unsubscribe?"),
        ("fr", "Unsubscribe?"),
    ]
    .into_iter()
    .enumerate()
    {
        let to = recipient(index);
        let html = format!("<!doctype html><html lang=\"{lang}\"><p>x</p></html>");
        let body = newsletter(&to).with("html_template", json!(html));
        sender.mail(&body).await.data(200);
        let text = page(&server, &link(&server, &to).await).await.text();
        assert!(
            text.contains(&format!("<h1>{title}</h1>")),
            "{lang}: {text}"
        );
        let shown = &title[..1];
        let own = match shown {
            "U" => "en",
            _ => &lang[..2],
        };
        assert!(text.contains(&format!("<html lang=\"{own}\">")), "{text}");
    }
}

async fn only_the_links_of_the_service_are_taken(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    sender.mail(&newsletter("ann@example.org")).await.data(200);
    let path = link(&server, "ann@example.org").await;
    let cut = &path[..path.len() - 1];
    let last = if path.ends_with('A') { "Q" } else { "A" };
    let changed = format!("{cut}{last}");
    for path in [cut, &changed, "/v1/unsubscribe/x", &format!("{path}x")] {
        server.anonymous().get(path).await.error(404, "not_found");
        post(&server, path, ONE_CLICK).await.error(404, "not_found");
        let shown = page(&server, path).await;
        assert_eq!(shown.status, 404);
        assert!(shown.text().contains("This link is not valid"));
    }
}

async fn a_form_that_asks_for_nothing_is_refused(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let body = newsletter("ann@example.org");
    sender.mail(&body).await.data(200);
    let path = link(&server, "ann@example.org").await;
    for form in [
        "",
        "List-Unsubscribe=",
        "List-Unsubscribe",
        "action=delete",
        "x",
    ] {
        let refused = post(&server, &path, form).await;
        refused.only_fault("List-Unsubscribe");
    }
    let caller = server.anonymous();
    let answer = caller
        .post(&path, &json!({"List-Unsubscribe": "One-Click"}))
        .await;
    answer.error(415, "unsupported_media_type");
    let broken = "multipart/form-data; boundary=x";
    let answer = caller.post_bytes(&path, broken, "--y").await;
    answer.error(400, "validation_error");
    let answer = caller.request(Method::DELETE, &path).await;
    assert_eq!(answer.header("allow"), Some("GET, POST"));
    answer.error(405, "method_not_allowed");
    sender.mail(&body).await.data(200);
}

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

async fn a_link_outlives_a_restart_and_an_erasure(database: Database) {
    let mut server = start(&database).await;
    let key = server.new_key(json!({})).await;
    let key = key["api_key"].as_str().expect("a key");
    let sender = server.with_key(key);
    let body = newsletter("ann@example.org");
    sender.mail(&body).await.data(200);
    let path = link(&server, "ann@example.org").await;
    server.stop().await;
    server.start().await;
    let sender = server.with_key(key);
    let erase = json!({"mail": "ann@example.org"});
    server
        .management()
        .post("/v1/erase", &erase)
        .await
        .data(200);
    assert_eq!(page(&server, &path).await.status, 200);
    post(&server, &path, ONE_CLICK).await.data(200);
    suppressed(&sender, &body).await;
    let listed = server.management().get("/v1/suppressions").await.items();
    assert_eq!((listed.len(), &listed[0]["mail"]), (1, &Value::Null));
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

async fn unsubscribing_is_an_event(database: Database) {
    let server = start(&database).await;
    let receiver = Receiver::start().await;
    let hook = json!({"url": receiver.url(), "statuses": ["unsubscribed", "resubscribed"]});
    server
        .management()
        .post("/v1/webhooks", &hook)
        .await
        .data(201);
    let sender = server.sender().await;
    let body = newsletter("ann@example.org").with("email_id", json!("spring"));
    sender.mail(&body).await.data(200);
    let path = link(&server, "ann@example.org").await;
    post(&server, &path, ONE_CLICK).await.data(200);
    post(&server, &path, "action=undo").await.data(200);
    let events = eventually("the feed shows the events", || async {
        let events = sender.get("/v1/events").await.items();
        if events.len() < 3 {
            Err(events)
        } else {
            Ok(events)
        }
    })
    .await;
    let shown: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event["status"].as_str().expect("a kind"),
                event["sequence"].as_i64(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("sent", Some(1)),
            ("unsubscribed", Some(2)),
            ("resubscribed", Some(3))
        ]
    );
    assert_eq!(events[1]["email_id"], "spring");
    let only = sender.get("/v1/events?status=unsubscribed").await.items();
    assert_eq!(only, events[1..2]);
    let mut kinds: Vec<_> = receiver
        .received(2)
        .await
        .iter()
        .map(|message| message.json()["type"].as_str().expect("a type").to_owned())
        .collect();
    kinds.sort();
    assert_eq!(kinds, ["mail.resubscribed", "mail.unsubscribed"]);
    let token = path.rsplit('/').next().expect("a token");
    let logs = server.logs();
    assert!(!logs.iter().any(|line| line.contains(token)), "{logs:?}");
}
