//! The database's password and the admin token from Secrets Manager, which may change at any time.

use e2e::aws::Account;
use e2e::server::Settings;
use e2e::{Answer, Authority, Database, PostgresServer, Server, eventually, letter};
use sea_orm::ConnectionTrait;
use serde_json::json;

const HOST: &str = "127.0.0.1";
const SECRET: &str = "mmms/database";
const ADMIN: &str = "mmms/admin";
const FIRST: &str = "the-first-password-of-all";
const SECOND: &str = "another-password-later";

/// A database that requires TLS and the password of a role.
struct Place {
    account: Account,
    database: Database,
    postgres: PostgresServer,
    authority: Authority,
}

impl Place {
    async fn new() -> Self {
        let authority = Authority::new();
        let postgres = PostgresServer::with_tls(&authority.issue(HOST)).await;
        let place = Self {
            account: Account::new(),
            database: postgres.database().await,
            postgres,
            authority,
        };
        place
            .sql(&format!("CREATE ROLE sender LOGIN PASSWORD '{FIRST}'"))
            .await;
        let name = place.database.name();
        place
            .sql(&format!("ALTER DATABASE {name} OWNER TO sender"))
            .await;
        place
    }

    async fn sql(&self, statement: &str) {
        let connection = self.database.connect().await;
        let done = connection.execute_unprepared(statement).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// Returns the secret as RDS writes it.
    fn secret(&self, password: &str) -> String {
        json!({
            "engine": "postgres", "host": HOST, "port": self.postgres.port(), "username": "sender",
            "password": password,
        })
        .to_string()
    }

    fn server(&self) -> Settings {
        Server::on(&self.database)
            .env("DATABASE_URL", "")
            .env("SECRET_NAME", SECRET)
            .env("DB_NAME", self.database.name())
            .env("DB_SSLROOTCERT", self.authority.file())
            .envs(self.account.variables())
    }

    /// Changes the password in the database, and ends all open connections.
    async fn change_password(&self, password: &str) {
        let change = format!("ALTER ROLE sender PASSWORD '{password}'");
        self.sql(&change).await;
        let cut = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'sender'";
        self.sql(cut).await;
    }
}

/// Waits until a line of the log contains all of these texts, and asserts that no line contains a secret.
async fn logs(server: &Server, said: &[&str], secrets: &[&str]) {
    let logs = eventually("it is logged", || async {
        let logs = server.logs();
        let says = |line: &String| said.iter().all(|word| line.contains(word));
        if logs.iter().any(says) {
            Ok(logs)
        } else {
            Err(logs)
        }
    })
    .await;
    for secret in secrets {
        let is_told = logs.iter().any(|line| line.contains(secret));
        assert!(!is_told, "{secret}: {logs:#?}");
    }
}

async fn unavailable(server: &Server) -> Answer {
    let answer = server.anonymous().get("/v1/ready").await;
    answer.error(503, "service_unavailable");
    answer
}

#[tokio::test]
async fn a_secret_says_where_the_database_is_and_who_may_use_it() {
    let place = Place::new().await;
    place.account.secret(SECRET, &place.secret(FIRST)).await;
    let server = place.server().start().await;
    let sender = server.sender().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
    let clear = "SELECT COUNT(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                 WHERE usename = 'sender' AND NOT ssl";
    assert_eq!(place.database.count(clear).await, 0, "all is encrypted");
    logs(&server, &["request answered"], &[FIRST]).await;
}

#[tokio::test]
async fn the_host_and_port_of_the_settings_go_before_those_of_the_secret() {
    let place = Place::new().await;
    let elsewhere = json!({
        "host": "db.invalid", "port": "1", "username": "sender", "password": FIRST,
    });
    place.account.secret(SECRET, &elsewhere.to_string()).await;
    let port = place.postgres.port().to_string();
    let server = place.server().env("DB_HOST", HOST).env("DB_PORT", &port);
    let server = server.start().await;
    let sender = server.sender().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
}

#[tokio::test]
async fn without_another_setting_only_the_roots_of_amazon_are_trusted() {
    let place = Place::new().await;
    place.account.secret(SECRET, &place.secret(FIRST)).await;
    let server = place.server().env("DB_SSLROOTCERT", "").start().await;
    unavailable(&server).await;
    let said = [
        "a request failed",
        "the database is not trusted",
        "UnknownIssuer",
    ];
    logs(&server, &said, &[FIRST]).await;
}

#[tokio::test]
async fn the_very_request_that_finds_a_changed_password_goes_on_with_the_new_one() {
    let place = Place::new().await;
    place.account.secret(SECRET, &place.secret(FIRST)).await;
    let server = place.server().start().await;
    let sender = server.sender().await;
    for (password, mail) in [
        (SECOND, "ann@example.org"),
        (FIRST, "bob@example.org"),
        (SECOND, "cem@example.org"),
    ] {
        place.account.rotate(SECRET, &place.secret(password)).await;
        place.change_password(password).await;
        sender.mail(&letter(mail)).await.data(200);
    }
    assert_eq!(server.mailbox().total().await, 3);
    logs(
        &server,
        &["password of the database was changed"],
        &[FIRST, SECOND],
    )
    .await;
}

#[tokio::test]
async fn between_the_change_of_a_password_and_of_its_secret_the_service_waits() {
    let place = Place::new().await;
    place.account.secret(SECRET, &place.secret(FIRST)).await;
    let server = place.server().start().await;
    let sender = server.sender().await;
    place.change_password(SECOND).await;
    unavailable(&server).await;
    let answer = sender.mail(&letter("ann@example.org")).await;
    answer.error(503, "service_unavailable");
    assert!(!answer.text().contains("password"), "{}", answer.text());
    place.account.rotate(SECRET, &place.secret(SECOND)).await;
    server.ready().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
    assert_eq!(server.mailbox().total().await, 1);
}

#[tokio::test]
async fn a_secret_that_comes_late_or_wrong_is_named_and_waited_for() {
    let place = Place::new().await;
    let server = place.server().start().await;
    unavailable(&server).await;
    let missing = ["the secret of SECRET_NAME", "ResourceNotFoundException"];
    logs(&server, &missing, &[]).await;
    place.account.secret(SECRET, "hunter2hunter2").await;
    for (wrong, said) in [
        ("hunter2hunter2", "is not a JSON object"),
        (
            r#"{"username": "sender", "password": 2222222222}"#,
            "has no password",
        ),
    ] {
        place.account.rotate(SECRET, wrong).await;
        eventually("the fault is logged", || async {
            unavailable(&server).await;
            let logs = server.logs();
            let is_told = |line: &String| line.contains("SECRET_NAME") && line.contains(said);
            if logs.iter().any(is_told) {
                Ok(())
            } else {
                Err(logs)
            }
        })
        .await;
    }
    place.account.rotate(SECRET, &place.secret(FIRST)).await;
    server.ready().await;
    logs(&server, &missing, &["hunter2", "2222222222", FIRST]).await;
}

#[tokio::test]
async fn the_admin_token_is_the_one_that_the_secret_holds_now() {
    let account = Account::new();
    account.secret(ADMIN, "the-first-token-of-all\n").await;
    let server = Server::on(&Database::sqlite()).env("ADMIN_SECRET_NAME", ADMIN);
    let server = server.envs(account.variables()).start().await;
    let with = async |token: &str| {
        let caller = server.anonymous().bearer(token);
        caller.get("/v1/api-key").await
    };
    assert_eq!(with("the-first-token-of-all").await.status, 200);
    assert_eq!(server.anonymous().get("/v1/api-key").await.status, 401);

    account.rotate(ADMIN, "the-second-token-of-all").await;
    assert_eq!(with("the-second-token-of-all").await.status, 200);
    with("the-first-token-of-all")
        .await
        .error(401, "authentication_error");
    assert_eq!(with("the-second-token-of-all").await.status, 200);

    // The wrong token caused a read that brought nothing new, so for a minute no other wrong token causes one.
    account.rotate(ADMIN, "the-third-token-of-all").await;
    with("the-third-token-of-all")
        .await
        .error(401, "authentication_error");
    assert_eq!(with("the-second-token-of-all").await.status, 200);
    logs(
        &server,
        &["request answered"],
        &["first-token-of", "second-token-of"],
    )
    .await;
}

#[tokio::test]
async fn an_admin_secret_that_comes_late_or_blank_is_named_and_waited_for() {
    let account = Account::new();
    let server = Server::on(&Database::sqlite()).env("ADMIN_SECRET_NAME", ADMIN);
    let server = server.envs(account.variables()).start().await;
    let list = async || {
        let caller = server.anonymous().bearer("the-token-of-the-administrator");
        caller.get("/v1/api-key").await
    };
    list().await.error(503, "service_unavailable");
    let missing = [
        "the secret of ADMIN_SECRET_NAME",
        "ResourceNotFoundException",
    ];
    logs(&server, &missing, &[]).await;
    account.secret(ADMIN, " ").await;
    eventually("the fault is logged", || async {
        list().await.error(503, "service_unavailable");
        let logs = server.logs();
        let is_told = |line: &String| {
            line.contains("ADMIN_SECRET_NAME") && line.contains("must be printable ASCII")
        };
        if logs.iter().any(is_told) {
            Ok(())
        } else {
            Err(logs)
        }
    })
    .await;
    account
        .rotate(ADMIN, "the-token-of-the-administrator")
        .await;
    eventually("the token opens", || async {
        let answer = list().await;
        if answer.status == 200 {
            Ok(())
        } else {
            Err(answer.text())
        }
    })
    .await;
    logs(&server, &missing, &["the-token-of-the-administrator"]).await;
}
