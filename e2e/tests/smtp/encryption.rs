//! TLS and passwords towards the SMTP server.

use e2e::smtp::{Certificate, Options, Tls};
use e2e::{Server, SmtpServer, letter};

async fn mail(transport: &str, trusted: Option<&Certificate>) -> (e2e::Answer, Server) {
    let mut variables = vec![
        ("MAIL_TRANSPORT", transport),
        ("LEASE_SECONDS", "3"),
        ("SMTP_TIMEOUT_SECONDS", "1"),
    ];
    if let Some(certificate) = trusted {
        variables.push(("SSL_CERT_FILE", certificate.file()));
    }
    let server = Server::start_with(&variables).await;
    let answer = server.sender().await.mail(&letter("ann@example.org")).await;
    (answer, server)
}

async fn encrypting(tls: Tls) -> SmtpServer {
    SmtpServer::with(Options {
        tls,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn smtps_is_encrypted_from_the_start() {
    let certificate = Certificate::new();
    let smtp = encrypting(Tls::Implicit(certificate.acceptor.clone())).await;
    let transport = format!("smtps://localhost:{}", smtp.port());
    let (answer, _server) = mail(&transport, Some(&certificate)).await;
    answer.data(200);
    assert!(smtp.accepted()[0].encrypted);
}

#[tokio::test]
async fn starttls_is_used_where_it_is_offered() {
    let certificate = Certificate::new();
    let smtp = encrypting(Tls::Offered(certificate.acceptor.clone())).await;
    let transport = format!("smtp://localhost:{}", smtp.port());
    let (answer, _server) = mail(&transport, Some(&certificate)).await;
    answer.data(200);
    assert!(smtp.accepted()[0].encrypted);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_no_mail() {
    let certificate = Certificate::new();
    let smtp = encrypting(Tls::Implicit(certificate.acceptor.clone())).await;
    let transport = format!("smtps://localhost:{}", smtp.port());
    waits(&smtp, &transport).await;
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_no_password() {
    let certificate = Certificate::new();
    let smtp = SmtpServer::with(Options {
        tls: Tls::Offered(certificate.acceptor.clone()),
        credentials: Some(("me", "secret")),
        ..Options::default()
    })
    .await;
    let transport = format!("smtp://me:secret@localhost:{}", smtp.port());
    waits(&smtp, &transport).await;
    assert!(smtp.users().is_empty(), "a login was tried");
}

/// Asserts that a mail through a server with an untrusted certificate stays queued.
async fn waits(smtp: &SmtpServer, transport: &str) {
    let (answer, server) = mail(transport, Some(&Certificate::new())).await;
    let data = answer.data(202);
    assert_eq!(
        data["status"], "queued",
        "nothing was sent, so it waits: {data}"
    );
    assert_eq!(smtp.count(), 0);
    let mailing = server.mailing(data["id"].as_str().expect("an id")).await;
    for end in ["failed", "unconfirmed"] {
        assert_eq!(mailing["counts"][end], 0, "{mailing}");
    }
}

#[tokio::test]
async fn user_and_password_open_the_server() {
    let credentials = Some(("me@example.com", "p:a/s%s wörd"));
    let smtp = SmtpServer::with(Options {
        credentials,
        ..Options::default()
    })
    .await;
    let transport = format!(
        "smtp://me%40example.com:p%3Aa%2Fs%25s%20w%C3%B6rd@127.0.0.1:{}",
        smtp.port()
    );
    let (answer, _server) = mail(&transport, None).await;
    answer.data(200);
    assert_eq!(smtp.accepted()[0].user.as_deref(), Some("me@example.com"));
}

#[tokio::test]
async fn a_wrong_password_makes_mail_wait() {
    let credentials = Some(("me", "right"));
    let smtp = SmtpServer::with(Options {
        credentials,
        ..Options::default()
    })
    .await;
    let transport = format!("smtp://me:wrong@127.0.0.1:{}", smtp.port());
    let (answer, server) = mail(&transport, None).await;
    let data = answer.data(202);
    assert_eq!(data["status"], "queued", "{data}");
    let mailing = server.mailing(data["id"].as_str().expect("an id")).await;
    assert_eq!(mailing["counts"]["failed"], 0, "{mailing}");
    assert_eq!(smtp.count(), 0);
}
