//! The mailbox: captured mails, for people and for tests.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::answer::{is_text, is_time, keys};
use e2e::letter::addressed;
use e2e::{Caller, Server, With, letter, mailing};
use serde_json::{Value, json};

const MESSAGES: &str = "/mailbox/api/messages";

async fn list(caller: &Caller, query: &str) -> Value {
    let data = caller.get(&format!("{MESSAGES}?{query}")).await.data(200);
    assert_eq!(keys(&data), ["items", "next", "total"]);
    data
}

fn subjects(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| item["subject"].as_str().expect("a subject"))
        .collect()
}

/// Starts a server, and a caller who has sent mails with these subjects.
async fn with_subjects(subjects: &[&str]) -> (Server, Caller) {
    let server = Server::embedded().await;
    let sender = server.sender().await;
    for (index, subject) in subjects.iter().enumerate() {
        let address = format!("reader-{index}@example.org");
        let body = letter(&address).with("subject", *subject);
        sender.mail(&body).await.data(200);
    }
    let anonymous = server.anonymous();
    (server, anonymous)
}

/// Sends a mail with every feature, and returns its id in the mailbox.
async fn full_mail(server: &Server) -> String {
    let image = BASE64_STANDARD.encode(b"\x89PNG");
    let body = addressed(&json!([{ "mail": "ann@example.org", "name": "Ann Lee" }]))
        .with("subject", "Everything")
        .with("text_template", "The text")
        .with(
            "html_template",
            "<p>The HTML</p><img src=\"cid:logo\"><script>alert(1)</script>",
        )
        .with(
            "cc",
            json!([{ "mail": "cid@example.org", "name": "Cid Lee" }]),
        )
        .with("bcc", json!(["hidden@example.org"]))
        .with("reply_to", json!(["answers@example.com"]))
        .with("headers", json!({ "X-Campaign": "spring" }))
        .with(
            "attachments",
            json!([
                { "filename": "logo.png", "content": image, "content_type": "image/png",
                  "content_id": "logo" },
                { "filename": "page.html", "content": "PGI+aGk8L2I+", "content_type": "text/html" },
            ]),
        );
    server.sender().await.mail(&body).await.data(200);
    let list = list(&server.anonymous(), "limit=1").await;
    list["items"][0]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn messages_are_listed_newest_first_in_pages() {
    let (_server, caller) = with_subjects(&["one", "two", "three"]).await;
    let all = list(&caller, "").await;
    assert_eq!(subjects(&all), ["three", "two", "one"]);
    assert_eq!((&all["total"], &all["next"]), (&json!(3), &json!(null)));
    let first = list(&caller, "limit=2").await;
    assert_eq!(subjects(&first), ["three", "two"]);
    assert_eq!(first["total"], 3);
    let cursor = first["next"].as_str().expect("there is more");
    let second = list(&caller, &format!("limit=2&after={cursor}")).await;
    assert_eq!(subjects(&second), ["one"]);
    assert!(second["next"].is_null());
    for bad in ["limit=0", "limit=101", "limit=x"] {
        caller
            .get(&format!("{MESSAGES}?{bad}"))
            .await
            .only_fault("limit");
    }
    caller
        .get(&format!("{MESSAGES}?after=nonsense"))
        .await
        .only_fault("after");
}

#[tokio::test]
async fn messages_are_found_by_what_is_in_them() {
    let (server, caller) = with_subjects(&["Spring sale", "Grüße", "Other"]).await;
    full_mail(&server).await;
    for (search, found) in [
        ("spring", vec!["Spring sale"]),
        ("GR%C3%9C%C3%9FE", vec!["Grüße"]),
        ("reader-2", vec!["Other"]),
        ("Lee", vec!["Everything"]),
        ("the%20TEXT", vec!["Everything"]),
        (
            "example.org",
            vec!["Everything", "Other", "Grüße", "Spring sale"],
        ),
        ("nowhere", vec![]),
        ("%25", vec![]),
    ] {
        let list = list(&caller, &format!("search={search}")).await;
        assert_eq!(subjects(&list), found, "{search}");
        assert_eq!(list["total"], found.len(), "{search}");
    }
}

#[tokio::test]
async fn messages_of_one_mailing_are_found() {
    let server = Server::embedded().await;
    let sender = server.sender().await;
    let mut ids = Vec::new();
    for count in [3, 2] {
        let data = sender.mail(&mailing(count)).await.data(202);
        let id = data["id"].as_str().expect("an id").to_owned();
        server.settled(&id).await;
        ids.push(id);
    }
    let caller = server.anonymous();
    for (id, count) in ids.iter().zip([3, 2]) {
        let found = list(&caller, &format!("mailing_id={id}")).await;
        assert_eq!(found["total"], count);
        let items = found["items"].as_array().expect("items");
        assert!(items.iter().all(|item| item["mailing_id"] == **id));
        // Both parameters restrict the list, and the pages are pages of the result.
        let page = list(&caller, &format!("mailing_id={id}&limit=1&search=example")).await;
        assert_eq!(page["total"], count);
        assert!(page["next"].is_string(), "{page}");
    }
    let unknown = "mailing_id=0198c0de-0000-7000-8000-000000000000";
    assert_eq!(list(&caller, unknown).await["total"], 0);
    assert_eq!(list(&caller, "mailing_id=").await["total"], 5);
    let answer = caller.get(&format!("{MESSAGES}?mailing_id=nonsense")).await;
    answer.only_fault("mailing_id");
}

#[tokio::test]
async fn the_snippet_says_a_thing_once() {
    let server = Server::embedded().await;
    let sender = server.sender().await;
    for (text, html, snippet) in [
        (Some("Hello you"), Some("<p>Hello you</p>"), "Hello you"),
        (Some("Hello you"), None, "Hello you"),
        (None, Some("<p>Hello <b>you</b></p>"), "Hello you"),
        (Some(" \n "), Some("<p>Hello you</p>"), "Hello you"),
    ] {
        let body = letter("ann@example.org")
            .with("text_template", text)
            .with("html_template", html);
        sender.mail(&body).await.data(200);
        let newest = list(&server.anonymous(), "limit=1").await;
        assert_eq!(newest["items"][0]["snippet"], snippet, "{text:?} {html:?}");
    }
}

#[tokio::test]
async fn a_message_shows_all_of_itself() {
    let server = Server::embedded().await;
    let id = full_mail(&server).await;
    let caller = server.anonymous();
    let message = caller.get(&format!("{MESSAGES}/{id}")).await.data(200);
    let expected = [
        (
            "from",
            json!({ "name": "Example News", "mail": "news@example.com" }),
        ),
        ("subject", json!("Everything")),
        ("index", json!(0)),
        ("text", json!("The text")),
    ];
    for (field, value) in expected {
        let found = match &message[field] {
            Value::String(text) => json!(text.trim_end()),
            other => other.clone(),
        };
        assert_eq!(found, value, "{message}");
    }
    assert_eq!(
        message["to"],
        json!([{ "name": "Ann Lee", "mail": "ann@example.org" }])
    );
    for (field, name, address) in [
        ("cc", json!("Cid Lee"), "cid@example.org"),
        ("bcc", json!(null), "hidden@example.org"),
        ("reply_to", json!(null), "answers@example.com"),
    ] {
        let expected = json!([{ "name": name, "mail": address }]);
        assert_eq!(message[field], expected, "{message}");
    }
    assert!(is_time(&message["captured_at"]), "{message}");
    assert!(
        is_text(&message["mailing_id"]) && is_text(&message["message_id"]),
        "{message}"
    );
    assert!(message["size"].as_u64() > Some(200), "{message}");
    let headers = message["headers"].as_array().expect("headers");
    assert!(
        headers.contains(&json!({ "name": "X-Campaign", "value": "spring" })),
        "{message}"
    );
    let attachments = message["attachments"].as_array().expect("attachments");
    assert_eq!(attachments.len(), 2, "{message}");
    assert_eq!(attachments[0]["content_id"], "logo", "{message}");
    assert_eq!(attachments[0]["inline"], true, "{message}");
    assert_eq!(attachments[1]["filename"], "page.html", "{message}");
    assert_eq!(attachments[1]["inline"], false, "{message}");
    assert_eq!(attachments[1]["size"], 9, "{message}");
}

#[tokio::test]
async fn what_a_mail_brings_along_cannot_act() {
    let server = Server::embedded().await;
    let id = full_mail(&server).await;
    let caller = server.anonymous();
    let html = caller.get(&format!("{MESSAGES}/{id}/html")).await;
    assert_eq!(html.status, 200);
    let policy = html.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
    for part in ["sandbox", "default-src 'none'", "img-src data:"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(
        !policy.contains("allow-scripts") && !policy.contains("script-src"),
        "{policy}"
    );
    assert!(
        html.text().contains("data:image/png;base64,"),
        "{}",
        html.text()
    );

    let attachment = caller.get(&format!("{MESSAGES}/{id}/attachments/1")).await;
    assert_eq!(attachment.status, 200);
    assert_eq!(attachment.bytes, b"<b>hi</b>");
    let disposition = attachment
        .header("content-disposition")
        .expect("a disposition");
    assert!(disposition.starts_with("attachment"), "{disposition}");
    assert_eq!(attachment.header("x-content-type-options"), Some("nosniff"));

    let source = caller.get(&format!("{MESSAGES}/{id}/source")).await;
    assert_eq!(
        source.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(
        source.text().contains("Subject: Everything"),
        "{}",
        source.text()
    );

    let page = caller.get("/mailbox").await;
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
}

#[tokio::test]
async fn messages_can_be_deleted() {
    let (server, caller) = with_subjects(&["one", "two", "three"]).await;
    let all = list(&caller, "").await;
    let id = all["items"][1]["id"].as_str().expect("an id");
    let path = format!("{MESSAGES}/{id}");
    assert_eq!(caller.delete(&path).await.status, 200);
    caller.delete(&path).await.error(404, "not_found");
    caller.get(&path).await.error(404, "not_found");
    assert_eq!(subjects(&list(&caller, "").await), ["three", "one"]);
    let data = caller.delete(MESSAGES).await.data(200);
    assert_eq!(data, json!({ "deleted": 2 }));
    assert_eq!(list(&caller, "").await["total"], 0);
    // Clearing the mailbox does not change the ledger.
    assert_eq!(server.management().get("/v1/mail").await.items().len(), 3);
}

#[tokio::test]
async fn no_other_message_and_no_file_can_be_reached() {
    let (_server, caller) = with_subjects(&["one"]).await;
    for id in [
        "nonsense",
        "..%2F..%2Fmmms.db",
        "%2E%2E",
        "%00",
        "..",
        "a%2Fb",
    ] {
        for rest in ["", "/source", "/html", "/attachments/0"] {
            let answer = caller.get(&format!("{MESSAGES}/{id}{rest}")).await;
            assert!(
                answer.status == 404,
                "{id}{rest}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    let all = list(&caller, "").await;
    let id = all["items"][0]["id"].as_str().expect("an id");
    for part in [
        "/html",
        "/attachments/0",
        "/attachments/-1",
        "/attachments/x",
        "/nothing",
    ] {
        let answer = caller.get(&format!("{MESSAGES}/{id}{part}")).await;
        answer.error(404, "not_found");
    }
    for asset in ["nothing.js", "..%2Fpage.html", "%2E%2E%2Fmod.rs"] {
        let answer = caller.get(&format!("/mailbox/assets/{asset}")).await;
        answer.error(404, "not_found");
    }
}

#[tokio::test]
async fn another_sites_name_for_this_machine_shows_nothing() {
    let (_server, caller) = with_subjects(&["one"]).await;
    for path in ["/mailbox", MESSAGES] {
        let rebound = caller.clone().with("host", "rebound.example.com");
        let answer = rebound.get(path).await;
        answer.error(401, "authentication_error");
    }
}

#[tokio::test]
async fn what_was_captured_survives_a_restart() {
    let mut server = Server::embedded().await;
    let data = server.sender().await.mail(&mailing(3)).await.data(202);
    server.settled(data["id"].as_str().expect("an id")).await;
    let before = list(&server.anonymous(), "").await;
    server.crash().await;
    assert_eq!(list(&server.anonymous(), "").await, before);
    assert_eq!(before["items"][0]["mailing_id"], data["id"]);
}
