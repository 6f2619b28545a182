//! The console's files are served as they were built, with headers that no browser can misread.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::answer::Answer;
use e2e::{Database, Server, everywhere};
use reqwest::Method;
use serde_json::json;

everywhere!(
    every_file_is_served_as_it_was_built,
    a_file_that_is_known_is_not_sent_again,
    what_is_not_there_is_not_found,
    the_console_needs_no_token_and_what_it_asks_does,
    the_page_is_told_whether_to_ask_for_the_token,
);

const TOKEN: &str = "a-token-of-the-administrator";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn dist() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../console/dist")
}

/// Returns every file with its path below `/console`.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the console is built") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.append(&mut self::files(&path));
        } else {
            let name = path.strip_prefix(dist()).expect("below the folder");
            let name = name.to_str().expect("UTF-8").to_owned();
            files.push((name, fs::read(&path).expect("a file")));
        }
    }
    files
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        Some("woff2") => "font/woff2",
        other => panic!("{other:?} is not what a console needs"),
    }
}

#[track_caller]
fn has_headers(answer: &Answer, hashed: bool) {
    let expected = [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        (
            "cache-control",
            if hashed {
                "public, max-age=31536000, immutable"
            } else {
                "no-cache"
            },
        ),
    ];
    for (name, value) in expected {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
}

async fn every_file_is_served_as_it_was_built(database: Database) {
    let server = Server::on(&database).start().await;
    let browser = server.anonymous();
    let files = files(&dist());
    let page = files.iter().find(|(name, _)| name == "index.html");
    let (_, page) = page.expect("there is a page");
    for path in ["/console", "/console/"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        has_headers(&answer, false);
        assert!(answer.bytes == *page, "{path}");
    }
    for (name, content) in &files {
        let answer = browser.get(&format!("/console/{name}")).await;
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.header("content-type"), Some(content_type(name)));
        has_headers(&answer, name.starts_with("assets/"));
        assert!(answer.bytes == *content, "{name}");
    }
}

async fn a_file_that_is_known_is_not_sent_again(database: Database) {
    let server = Server::on(&database).start().await;
    let first = server.anonymous().get("/console").await;
    let tag = first.header("etag").expect("a tag");
    for known in [tag, &format!("\"other\", W/{tag}"), "*"] {
        let browser = server.anonymous().with("if-none-match", known);
        let answer = browser.get("/console").await;
        assert_eq!(answer.status, 304, "{known}");
        assert!(answer.bytes.is_empty());
        assert_eq!(answer.header("etag"), Some(tag));
        has_headers(&answer, false);
    }
    let browser = server.anonymous().with("if-none-match", "\"other\"");
    assert!(browser.get("/console").await.bytes == first.bytes);
}

async fn what_is_not_there_is_not_found(database: Database) {
    let server = Server::on(&database).start().await;
    let browser = server.anonymous();
    for path in [
        "/console/keys",
        "/console/assets",
        "/console/assets/nothing.js",
        "/console/assets/..%2findex.html",
        "/console/..%2f..%2fCargo.toml",
        "/console/%00",
        "/console/a/b/c",
    ] {
        browser.get(path).await.error(404, "not_found");
    }
    let answer = browser.request(Method::POST, "/console").await;
    answer.error(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET"));
}

async fn the_console_needs_no_token_and_what_it_asks_does(database: Database) {
    let server = Server::on(&database)
        .env("ADMIN_TOKEN", TOKEN)
        .start()
        .await;
    let page = server.anonymous().origin(server.url());
    assert_eq!(page.get("/console").await.status, 200);
    let facts = page.get("/console/service.json").await.json();
    assert_eq!(facts["sign_in"], true);
    for path in ["/v1/statistics", "/v1/mail", "/v1/api-key"] {
        page.get(path).await.error(401, "authentication_error");
        page.clone().bearer(TOKEN).get(path).await.data(200);
    }
}

async fn the_page_is_told_whether_to_ask_for_the_token(database: Database) {
    let path = "/console/service.json";
    let open = Server::on(&database).start().await;
    let facts = open.anonymous().get(path).await;
    assert_eq!(facts.status, 200);
    assert_eq!(facts.header("cache-control"), Some("no-store"));
    // Functions never count as on loopback, regardless of the client.
    let sign_in = database.cloud().is_some();
    let facts = facts.json();
    assert_eq!(
        (&facts["mailbox"], &facts["transport"], &facts["sign_in"]),
        (&json!(true), &json!("mailbox"), &json!(sign_in))
    );
    assert!(facts["version"].is_string());
    let forwarded = open.anonymous().with("x-forwarded-for", "192.0.2.1");
    assert_eq!(forwarded.get(path).await.json()["sign_in"], true);
}
