//! Recipients unsubscribe by the link in a mail, with one click or on its page.

use e2e::letter::{addressed, recipient};
use e2e::times::in_seconds;
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
    a_link_outlives_a_restart_and_an_erasure,
);

on_both_databases!(
    unsubscribing_is_an_event,
    a_preview_has_no_link_of_a_recipient,
    mail_that_has_links_is_not_sent_without,
);

const PUBLIC: &str = "https://mail.example.com";
pub const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

pub async fn start(database: &Database) -> Server {
    Server::on(database).env("PUBLIC_URL", PUBLIC).start().await
}

pub fn newsletter(to: &str) -> Value {
    letter(to).with("list", json!("newsletter"))
}

/// Returns the link of the only mail to an address: its path below the public address.
pub async fn link(server: &Server, address: &str) -> String {
    let captured = server.mailbox().only_to(address).await;
    let [field] = <[String; 1]>::try_from(captured.header("list-unsubscribe")).expect("one field");
    let link = field
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .expect("a link");
    link.strip_prefix(PUBLIC).expect("below it").to_owned()
}

/// Posts a form, as a mail system does.
pub async fn post(server: &Server, path: &str, form: &'static str) -> Answer {
    let caller = server.anonymous();
    let form_type = "application/x-www-form-urlencoded";
    caller.post_bytes(path, form_type, form).await
}

async fn page(server: &Server, path: &str) -> Answer {
    let browser = server.anonymous().with("accept", "text/html,*/*;q=0.8");
    browser.get(path).await
}

pub async fn suppressed(sender: &Caller, body: &Value) -> Value {
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
    for (index, (lang, own, title)) in [
        ("nl-NL", "nl", "Afmelden?"),
        ("de", "de", "Abmelden?"),
        ("en", "en", "Unsubscribe?"),
        ("fr", "en", "Unsubscribe?"),
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

async fn a_preview_has_no_link_of_a_recipient(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let body = newsletter("ann@example.org").with("text_template", json!("{{unsubscribe_url}}"));
    let tried = sender.post("/v1/mail?dry_run=true", &body).await.data(200);
    sender.mail(&body).await.data(200);
    let real = link(&server, "ann@example.org").await;
    let shown = tried["first"]["text"].as_str().expect("a text");
    let shown = shown.strip_prefix(PUBLIC).expect("below the address");
    assert_eq!(shown.len(), real.len());
    assert_eq!(page(&server, shown).await.status, 404);
    assert_eq!(post(&server, shown, ONE_CLICK).await.status, 404);
    sender.mail(&body).await.data(200);
}

async fn mail_that_has_links_is_not_sent_without(database: Database) {
    let mut server = start(&database).await;
    let sender = server.sender().await;
    let body = mailing(2)
        .with("list", json!("newsletter"))
        .with("send_at", json!(in_seconds(1)));
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id").to_owned();
    server.stop().await;
    let mut without = Server::on(&database).start().await;
    eventually("the mail waits for a link", async || {
        let logs = without.logs();
        let told = logs
            .iter()
            .any(|line| line.contains("PUBLIC_URL is not set"));
        if told { Ok(()) } else { Err(logs) }
    })
    .await;
    assert_eq!(without.mailing(&id).await["counts"]["queued"], 2);
    without.stop().await;
    server.start().await;
    server.settled(&id).await;
    let captured = server.mailbox().only_to(&recipient(0)).await;
    assert_eq!(captured.header("list-unsubscribe").len(), 1);
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
