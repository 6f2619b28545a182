//! A database across a network is trusted only with the right certificate.

use e2e::server::Settings;
use e2e::{Answer, Authority, Database, PostgresServer, Server, eventually, letter};

const HOST: &str = "127.0.0.1";

fn checking(database: &Database, trusted: &Authority) -> Settings {
    Server::on(database)
        .env("DB_SSLMODE", "verify-full")
        .env("DB_SSLROOTCERT", trusted.file())
}

async fn encrypted(database: &Database) -> i64 {
    let query = "SELECT COUNT(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                 WHERE ssl AND datname = current_database() AND pid <> pg_backend_pid()";
    database.count(query).await
}

/// Asserts that no mail is accepted, and that the log names the certificate as the reason once for each request.
async fn refuses(server: &Server, reason: &str) {
    let answer = server.anonymous().get("/v1/ready").await;
    answer.error(503, "service_unavailable");
    tells_nothing(&answer);
    let sender = server.with_key("mmms_not_looked_at_without_its_database");
    let answer = sender.mail(&letter("ann@example.org")).await;
    answer.error(503, "service_unavailable");
    tells_nothing(&answer);
    let events = [
        "a request failed http.method=GET http.route=\"/v1/ready\"",
        "a request failed http.method=POST http.route=\"/v1/mail\"",
    ];
    let logs = eventually("both are logged", || async {
        let logs = server.logs();
        let is_logged = |event: &&str| logs.iter().any(|line| line.contains(event));
        if events.iter().all(is_logged) {
            Ok(logs)
        } else {
            Err(logs)
        }
    })
    .await;
    for event in events {
        let lines: Vec<_> = logs.iter().filter(|line| line.contains(event)).collect();
        assert_eq!(lines.len(), 1, "{event}: {logs:?}");
        let said = lines[0].contains("the database is not trusted") && lines[0].contains(reason);
        assert!(said, "{}", lines[0]);
    }
}

fn tells_nothing(answer: &Answer) {
    let body = answer.text().to_lowercase();
    for internal in ["certificate", "trust", "postgres", HOST] {
        assert!(!body.contains(internal), "{internal} in {body}");
    }
}

#[tokio::test]
async fn the_right_certificate_of_a_trusted_authority_is_believed() {
    let authority = Authority::new();
    let postgres = PostgresServer::with_tls(&authority.issue(HOST)).await;
    let database = postgres.database().await;
    let server = checking(&database, &authority).start().await;
    let sender = server.sender().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
    let answer = server.anonymous().get("/v1/ready").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(encrypted(&database).await > 0, "nothing is encrypted");
}

#[tokio::test]
async fn the_certificate_of_another_authority_is_refused() {
    let postgres = PostgresServer::with_tls(&Authority::new().issue(HOST)).await;
    let database = postgres.database().await;
    let trusted = Authority::new();
    let server = checking(&database, &trusted).start().await;
    refuses(&server, "UnknownIssuer").await;
}

#[tokio::test]
async fn the_certificate_of_another_host_is_refused() {
    let authority = Authority::new();
    let postgres = PostgresServer::with_tls(&authority.issue("db.example.org")).await;
    let database = postgres.database().await;
    let server = checking(&database, &authority).start().await;
    refuses(&server, "not valid for name").await;
}

#[tokio::test]
async fn a_server_without_a_certificate_is_refused() {
    let postgres = PostgresServer::start().await;
    let database = postgres.database().await;
    let trusted = Authority::new();
    let server = checking(&database, &trusted).start().await;
    refuses(&server, "does not support TLS").await;
}

#[tokio::test]
async fn any_certificate_will_do_where_the_mode_says_so() {
    let postgres = PostgresServer::with_tls(&Authority::new().issue("db.example.org")).await;
    let database = postgres.database().await;
    let trusted = Authority::new();
    let server = checking(&database, &trusted)
        .env("DB_SSLMODE", "require")
        .start()
        .await;
    let sender = server.sender().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
    assert!(encrypted(&database).await > 0, "nothing is encrypted");
}
