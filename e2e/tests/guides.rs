//! The guides, executed as printed.

use e2e::{Guide, Server};
use serde_json::json;

const TOKEN: &str = "an-admin-token-of-the-guides";

/// Returns the path of a folder of the repository.
fn of_repository(path: &str) -> String {
    e2e::guide::of_repository(path).display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_over_from_chalice() {
    let server = Server::start_with(&[("ADMIN_TOKEN", TOKEN)]).await;
    // An MMMS that knows the key stands beside it.
    let beside = Server::start_with(&[("ADMIN_TOKEN", TOKEN)]).await;
    let key = "reports-0123456789abcdef";
    beside.new_key(json!({ "api_key": key })).await;
    let guide = Guide::new("moving-over-from-chalice", server.url())
        .with("openssl rand -hex 32", &format!("echo {TOKEN}"))
        .with("make run", "true")
        .with("tools/rehearse.py", &of_repository("tools/rehearse.py"))
        .with("https://old.example.com", beside.url());
    let shown = guide.run().await;
    assert!(!shown.contains("DIFFERS"), "{shown}");

    let mails = server.mailbox().to("john@example.com").await;
    assert_eq!(mails.len(), 1, "the own body is sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_names_what_is_different() {
    let server = Server::embedded().await;
    let beside = Server::embedded().await;
    let key = "reports-0123456789abcdef";
    let senders = json!({ "api_key": key, "senders": ["@example.com"] });
    server.new_key(senders).await;
    let rehearse = |sender: &str, old: Option<&str>| {
        let mut command = tokio::process::Command::new("python3");
        command.env("MMMS_API_KEY", key);
        command.arg(of_repository("tools/rehearse.py"));
        command.args([server.url(), "--sender", sender]);
        if let Some(old) = old {
            command.args(["--old", old]);
        }
        e2e::program::run(command)
    };

    // Management is open here, and the old service does not know the key.
    let output = rehearse("news@example.com", Some(beside.url())).await;
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for line in [
        "DIFFERS   200  the API keys, without a token",
        "answered 200 instead of 401",
        "the old service answers 401, MMMS 200",
        "expected  404  a path that does not exist",
    ] {
        assert!(shown.contains(line), "no {line}:\n{shown}");
    }

    let output = rehearse("news@elsewhere.example", None).await;
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("answered 403 instead of 200"), "{shown}");
    assert!(shown.contains("body.data is missing"), "{shown}");

    let output = rehearse("news@example.com", Some("http://127.0.0.1:1")).await;
    assert_eq!(output.status.code(), Some(2));
    let fault = String::from_utf8_lossy(&output.stderr);
    assert!(fault.starts_with("could not ask: "), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_awaits_the_results_of_its_mail() {
    let service = e2e::Service::start().await;
    let key = "planning-0123456789abcdef";
    service.server.new_key(json!({ "api_key": key })).await;
    let mut command = tokio::process::Command::new(of_repository(".cache/python/bin/python"));
    command
        .env("MMMS_API_KEY", key)
        .envs(service.cloud.account.variables())
        .arg(of_repository("tools/rehearse.py"))
        .args([service.server.url(), "--sender", "news@example.com"])
        .args(["--results", service.cloud.queues.results.url()]);
    let shown = e2e::program::passes(command).await;
    assert_eq!(
        shown.matches("expected  sent  result of").count(),
        6,
        "{shown}"
    );
    assert!(
        shown.ends_with(
            "19 of 19 requests and results are as a client of the old service expects\n"
        ),
        "{shown}"
    );
    assert_eq!(
        service.cloud.queues.results.length().await,
        0,
        "they are deleted"
    );
}

/// Returns a port that is free, for a program of a guide.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_form() {
    let server = Server::embedded().await;
    let port = free_port().to_string();
    let guide = Guide::new("contact-form", server.url())
        .with("http://127.0.0.1:8080", &format!("http://127.0.0.1:{port}"))
        .with("python3 -m http.server 8080 --bind 127.0.0.1", "true");
    guide.run().await;
    let mut browser = e2e::program::browser_script("guide_contact.mjs");
    browser.args([server.url(), &port]).arg(guide.folder());
    e2e::program::passes(browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_reset() {
    let server = Server::embedded().await;
    let port = free_port().to_string();
    let guide = Guide::new("password-reset", server.url()).with("3000", &port);
    guide.run().await;
    assert_eq!(server.mailbox().total().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn testing_with_the_mailbox() {
    let port = free_port().to_string();
    let api = e2e::binaries::path("api").display().to_string();
    let application = free_port().to_string();
    let app = Guide::new("password-reset", "unused");
    let guide = Guide::new("testing", &format!("http://127.0.0.1:{port}"))
        .with_modules("e2e/browser")
        .with("PORT=8000", &format!("PORT={port}"))
        .with("target/release/api", &api)
        .with("npm install --save-dev @playwright/test", "true")
        .with("npx playwright install chromium", "true")
        .with("pip install pytest", "true")
        .with("3000", &application);
    for file in ["app.mjs", "reset-mail.mjs"] {
        std::fs::write(guide.folder().join(file), app.file(file)).expect("the file is written");
    }
    guide.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newsletter() {
    // The links lead to the server, so that its port is known before.
    let port = free_port().to_string();
    let url = format!("http://127.0.0.1:{port}");
    let server = Server::start_with(&[("PORT", &port), ("PUBLIC_URL", &url)]).await;
    let guide = Guide::new("newsletter", server.url()).with("make run", "true");
    let shown = guide.run().await;
    assert!(shown.contains("\"reason\":\"unsubscribe\""), "{shown}");
    assert_eq!(server.mailbox().total().await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice() {
    let server = Server::embedded().await;
    let shown = Guide::new("invoice-with-attachment", server.url())
        .run()
        .await;
    let found = shown.matches("\"recipient\":\"ada@example.com\"").count();
    assert_eq!(found, 2, "{shown}");
    let mail = server.mailbox().only_to("ada@example.com").await;
    let parsed = mail.parsed();
    let attachment = parsed.attachment(0).expect("the invoice");
    assert!(attachment.contents().starts_with(b"%PDF"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_results() {
    let server = Server::embedded().await;
    Guide::new("reading-results", server.url()).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn troubleshooting() {
    let nowhere = ("MAIL_TRANSPORT", "smtp://127.0.0.1:1");
    let server = Server::start_with(&[nowhere, ("ADMIN_TOKEN", TOKEN)]).await;
    let sender = server.sender().await;
    let data = sender.mail(&e2e::letter("ann@example.org")).await.data(202);
    let suppressed = json!({ "mail": "john@example.com" });
    let management = server.management();
    let entry = management.post("/v1/suppressions", &suppressed).await;
    let entry = entry.data(201);
    let id = |value: &serde_json::Value| value["id"].as_str().expect("an id").to_owned();
    let guide = Guide::new("troubleshooting", server.url())
        .with("019c0000-0000-7000-8000-000000000001", &id(&data))
        .with("019c0000-0000-7000-8000-00000000000c", &id(&entry));
    std::fs::write(guide.folder().join("admin-token"), TOKEN).expect("the token is written");
    let shown = guide.run().await;
    assert!(
        shown.contains("\"status_detail\":\"not_connected\""),
        "{shown}"
    );
    assert!(shown.contains("\"reason\":\"manual\""), "{shown}");
    assert!(!shown.contains("error_type"), "{shown}");
}

/// A guide without a test may print what does not work.
#[test]
fn every_guide_is_executed() {
    let tests = include_str!("guides.rs");
    let folder = e2e::guide::of_repository("docs/guides");
    for entry in std::fs::read_dir(folder).expect("the guides") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        assert!(
            name == "index" || tests.contains(&format!("\"{name}\"")),
            "{name}"
        );
    }
}

/// What stands around the configuration of the guide, in a folder that nginx may write.
const NGINX: &str = "user root; pid nginx.pid; error_log stderr; events {}
http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
uwsgi_temp_path uwsgi; scgi_temp_path scgi; include mmms.conf; }";

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy() {
    // Management is open on the machine itself, and the proxy must close it.
    let server = Server::embedded().await;
    let key = server.new_key(json!({ "name": "behind nginx" })).await;
    let authority = e2e::Authority::new();
    let issued = authority.issue("localhost");
    let [http, https] = [free_port(), free_port()];
    let address = format!("https://localhost:{https}");
    let inside = server.url().trim_start_matches("http://").to_owned();
    let elsewhere = "-H 'origin: https://elsewhere.example'";
    let denied = format!(
        "{elsewhere}\ncurl -sS -o /dev/null -w 'a stranger: %{{http_code}}\\n' --interface 127.0.0.2 \
         https://mail.example.com/v1/api-key"
    );
    let nginx = "nginx -p \"$PWD\" -c \"$PWD/nginx.conf\"";
    let starts = format!(
        "{nginx} -g 'daemon off;' &\nuntil curl -sSf {address}/v1/health >first; do sleep 0.2; done"
    );
    let guide = Guide::new("behind-a-proxy", server.url())
        .with(elsewhere, &denied)
        .with("sudo apt-get install nginx", "PATH=$PATH:/usr/sbin")
        .with("sudo cp mmms.conf /etc/nginx/conf.d/", "true")
        .with("sudo nginx -t", &format!("{nginx} -t"))
        .with("sudo systemctl reload nginx", &starts)
        .with(
            "curl -sS",
            &format!("curl --cacert {} -sS", authority.file()),
        )
        .with(
            "MMMS_API_KEY=mmms_…",
            &format!("MMMS_API_KEY={}", key["api_key"].as_str().expect("a key")),
        )
        .with("server 127.0.0.1:8000", &format!("server {inside}"))
        .with("listen 80;", &format!("listen 127.0.0.1:{http};"))
        .with("listen 443 ", &format!("listen 127.0.0.1:{https} "))
        .with("/etc/letsencrypt/live/mail.example.com/", "")
        .with("https://mail.example.com", &address)
        .with(
            "http://mail.example.com",
            &format!("http://127.0.0.1:{http}"),
        )
        .with("10.0.0.0/8", "127.0.0.1")
        .with("# These paths", "include mmms-private.conf;\n# These paths");
    for (name, content) in [
        ("nginx.conf", NGINX),
        ("fullchain.pem", &issued.certificate),
        ("privkey.pem", &issued.key),
    ] {
        std::fs::write(guide.folder().join(name), content).expect("the file is written");
    }
    let shown = guide.run().await;
    assert!(shown.contains("a stranger: 403"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_systemd() {
    let port = free_port().to_string();
    let api = e2e::binaries::path("api").display().to_string();
    let worker = e2e::binaries::path("worker").display().to_string();
    // There is no systemd here to start it: the shell reads the settings.
    let starts = format!("( set -a; . ./mmms.env; PORT={port} exec {api} ) &");
    let guide = Guide::new("systemd", &format!("http://127.0.0.1:{port}"))
        .with("cargo build --release --workspace", "true")
        .with(
            "sudo install -D -t /usr/local/lib/mmms target/release/api target/release/worker",
            "true",
        )
        .with("sudo install -D -m 600 mmms.env /etc/mmms/mmms.env", "true")
        .with(
            "sudo install -m 644 mmms-api.service /etc/systemd/system/",
            "true",
        )
        .with("sudo systemctl daemon-reload", "true")
        .with("sudo systemctl enable --now mmms-api", &starts)
        .with("/usr/local/lib/mmms/api", &api)
        .with("/usr/local/lib/mmms/worker", &worker);
    let database = guide.folder().join("mmms.db").display().to_string();
    guide.with("/var/lib/mmms/mmms.db", &database).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn smtp_providers() {
    let smtp = e2e::SmtpServer::with(e2e::smtp::Options {
        credentials: Some(("you@example.com", "a/secret+with:signs")),
        ..Default::default()
    })
    .await;
    let port = free_port().to_string();
    let url = format!("http://127.0.0.1:{port}");
    let starts = format!(
        "PORT={port} DATABASE_URL=sqlite://./mmms.db {} &\nuntil curl -sf {url}/v1/ready >ready; do sleep 0.2; done",
        e2e::binaries::path("api").display()
    );
    Guide::new("smtp-providers", &url)
        .with("openssl rand -hex 32", &format!("echo {TOKEN}"))
        .with("make run", &starts)
        .with("smtps://$SMTP_USER", "smtp://$SMTP_USER")
        .with(
            "smtp.example.com:465",
            &format!("127.0.0.1:{}", smtp.port()),
        )
        .run()
        .await;
    assert_eq!(smtp.users(), ["you@example.com"]);
    assert_eq!(smtp.to("you@example.com").len(), 1);
}
