//! A database whose tables belong to one role, which migrates, while the service logs in with another.

use std::time::Duration;

use e2e::aws::Account;
use e2e::letter::addressed;
use e2e::process::{Program, Run};
use e2e::runtime::{self, Function, Outcome};
use e2e::{Database, PostgresServer, Server, With, eventually, letter, mailing};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use serde_json::json;

const OWNER: &str = "owner";
const OWNERS_PASSWORD: &str = "the-password-of-the-owner";
const ROLE: &str = "service";
const ROLES_PASSWORD: &str = "the-password-of-the-service";
/// The names of the secrets.
const MASTER: &str = "mmms/master";
const SERVICE: &str = "mmms/service";

/// A database as RDS creates it: its owner is no superuser, but may create roles.
struct Place {
    account: Account,
    // Dropped first, because it is on that server.
    database: Database,
    postgres: PostgresServer,
}

impl Place {
    async fn new() -> Self {
        let postgres = PostgresServer::start().await;
        let place = Self {
            account: Account::new(),
            database: postgres.database().await,
            postgres,
        };
        place
            .sql(&format!(
                "CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{OWNERS_PASSWORD}'"
            ))
            .await;
        let name = place.database.name();
        place
            .sql(&format!("ALTER DATABASE {name} OWNER TO {OWNER}"))
            .await;
        let secret = |user, password| json!({ "username": user, "password": password }).to_string();
        let account = &place.account;
        account
            .secret(MASTER, &secret(OWNER, OWNERS_PASSWORD))
            .await;
        account.secret(SERVICE, &secret(ROLE, ROLES_PASSWORD)).await;
        place
    }

    /// Executes a statement as a superuser.
    async fn sql(&self, statement: &str) {
        self.database.execute(statement).await;
    }

    fn variables(&self, secret: &str) -> Vec<(String, String)> {
        let port = self.postgres.port().to_string();
        let mut variables = self.account.variables();
        for (name, value) in [
            ("SECRET_NAME", secret),
            ("DB_NAME", self.database.name()),
            ("DB_HOST", "127.0.0.1"),
            ("DB_PORT", &port),
            ("DB_SSLMODE", "prefer"),
        ] {
            variables.push((name.to_owned(), value.to_owned()));
        }
        variables
    }

    /// Returns the variables of the program that migrates.
    fn of_migration(&self) -> Vec<(String, String)> {
        let mut variables = self.variables(MASTER);
        variables.push(("DB_ROLE_SECRET_NAME".to_owned(), SERVICE.to_owned()));
        variables
    }

    async fn migrate(&self) -> Run {
        let variables = self.of_migration();
        Program::run("worker", &[], &variables, self.database.folder()).await
    }

    async fn migrated(&self) {
        let run = self.migrate().await;
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        for password in [OWNERS_PASSWORD, ROLES_PASSWORD] {
            assert!(!run.stderr.contains(password), "{}", run.stderr);
        }
    }

    /// Starts the service, which may not migrate.
    async fn server(&self, secret: &str) -> Server {
        Server::on(&self.database)
            .env("DATABASE_URL", "")
            .env("DB_MIGRATE", "false")
            .env("SWEEP_SECONDS", "1")
            .envs(self.variables(secret))
            .start()
            .await
    }

    async fn log_in(&self, user: &str, password: &str) -> Result<DatabaseConnection, DbErr> {
        let (port, name) = (self.postgres.port(), self.database.name());
        let url = format!("postgres://{user}:{password}@127.0.0.1:{port}/{name}");
        e2e::database::try_connect(&url).await
    }
}

#[tokio::test]
async fn the_service_does_all_its_work_as_a_role_that_may_change_rows_alone() {
    let place = Place::new().await;
    place.migrated().await;
    let server = place.server(SERVICE).await;
    let management = server.management();
    let sender = server.sender().await;

    sender.mail(&letter("ann@example.org")).await.data(200);
    let repeated = sender.clone().idempotency_key("once");
    repeated.mail(&letter("eve@example.org")).await.data(200);
    repeated.mail(&letter("eve@example.org")).await.data(200);
    let sent = sender.mail(&mailing(120)).await.data(202);
    let sent = sent["id"].as_str().expect("an id").to_owned();
    server.settled(&sent).await;
    let refused = addressed(&json!([{ "mail": "a@example.org" }, { "mail": "b@example.org" }]));
    let later = refused.with("expires_at", "2099-01-01T00:00:00Z");
    let later = sender.mail(&later).await.data(202);
    let later = later["id"].as_str().expect("an id");
    for path in ["cancel", "resend"] {
        let body = json!({ "status": "failed" });
        let body = if path == "resend" { body } else { json!({}) };
        let answer = sender
            .post(&format!("/v1/mail/{later}/{path}"), &body)
            .await;
        assert!(answer.status < 500, "{path}: {}", answer.text());
    }
    for path in [
        "/v1/mail".to_owned(),
        "/v1/statistics".to_owned(),
        "/v1/api-key".to_owned(),
        format!("/v1/mail/{sent}/recipients"),
    ] {
        management.get(&path).await.data(200);
    }
    let key = server.new_key(json!({ "name": "to be changed" })).await;
    let id = key["id"].as_str().expect("an id");
    let rotate = format!("/v1/api-key/{id}/rotate");
    management.post(&rotate, &json!({})).await.data(200);
    let revoke = format!("/v1/api-key/{id}?cancel_queued=true");
    management.delete(&revoke).await.data(200);
    let erased = json!({ "mail": "ann@example.org" });
    management.post("/v1/erase", &erased).await.data(200);
    // The sweep also removes old data. It counts the time from the end that it has noted.
    place.database.all_ended().await;
    place.database.age(Duration::from_hours(24 * 60)).await;
    eventually("retention has removed the addresses", async || {
        let left = place.database.columns_with("eve@example.org").await;
        if left.is_empty() { Ok(()) } else { Err(left) }
    })
    .await;
    server.ready().await;
    let logs = server.logs();
    let denied: Vec<_> = logs.iter().filter(|line| line.contains("denied")).collect();
    assert!(denied.is_empty(), "{denied:#?}");
}

#[tokio::test]
async fn the_role_cannot_touch_the_tables_themselves() {
    let place = Place::new().await;
    place.migrated().await;
    let owner = place
        .log_in(OWNER, OWNERS_PASSWORD)
        .await
        .expect("the owner");
    owner
        .execute_unprepared("CREATE TABLE of_a_later_version (id bigserial PRIMARY KEY, text text)")
        .await
        .expect("the owner makes a table");
    let service = place.log_in(ROLE, ROLES_PASSWORD).await.expect("the role");
    let mut forbidden = vec![
        "CREATE TABLE mine (id int)".to_owned(),
        "CREATE TEMPORARY TABLE mine (id int)".to_owned(),
        "SELECT 1 AS one INTO mine".to_owned(),
        "CREATE SCHEMA mine".to_owned(),
        "CREATE VIEW mine AS SELECT 1".to_owned(),
        "CREATE SEQUENCE mine".to_owned(),
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'".to_owned(),
        "CREATE ROLE mine".to_owned(),
        "CREATE DATABASE mine".to_owned(),
        "CREATE EXTENSION pg_trgm".to_owned(),
        "DROP SCHEMA public CASCADE".to_owned(),
        format!("DROP DATABASE {}", place.database.name()),
        format!("SET ROLE {OWNER}"),
        format!("ALTER ROLE {OWNER} PASSWORD 'mine'"),
        format!("ALTER ROLE {ROLE} CREATEROLE"),
        "ALTER SYSTEM SET log_statement = 'all'".to_owned(),
        "COPY recipient TO PROGRAM 'cat'".to_owned(),
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('mine', 0)".to_owned(),
        "DELETE FROM seaql_migrations".to_owned(),
    ];
    let tables = owner
        .query_all_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Postgres,
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'",
        ))
        .await
        .expect("the tables");
    assert!(tables.len() > 5, "{}", tables.len());
    for table in &tables {
        let table: String = table.try_get_by_index(0).expect("a name");
        service
            .execute_unprepared(&format!("SELECT * FROM {table} LIMIT 1"))
            .await
            .unwrap_or_else(|error| panic!("{table}: {error}"));
        forbidden.extend([
            format!("DROP TABLE {table} CASCADE"),
            format!("TRUNCATE {table} CASCADE"),
            format!("ALTER TABLE {table} ADD COLUMN mine int"),
            format!("ALTER TABLE {table} OWNER TO {ROLE}"),
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
            format!("CREATE INDEX ON {table} ((1))"),
            format!("CREATE TRIGGER mine AFTER INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()"),
        ]);
    }
    for statement in forbidden {
        let refused = service.execute_unprepared(&statement).await;
        let error = refused.expect_err(&statement).to_string();
        let is_for_want_of_rights = ["permission denied", "must be owner", "must be superuser"]
            .iter()
            .any(|words| error.contains(words));
        assert!(is_for_want_of_rights, "{statement}: {error}");
    }
    for statement in [
        "INSERT INTO of_a_later_version (text) VALUES ('a row')",
        "UPDATE of_a_later_version SET text = 'another'",
        "DELETE FROM of_a_later_version",
    ] {
        let done = service.execute_unprepared(statement).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

#[tokio::test]
async fn a_service_that_may_not_migrate_waits_for_who_may_and_says_so() {
    let place = Place::new().await;
    let server = place.server(MASTER).await;
    let answer = server.anonymous().get("/v1/ready").await;
    answer.error(503, "service_unavailable");
    let logs = server.logs().join("\n");
    assert!(logs.contains("its migrations have not run"), "{logs}");
    let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(place.database.count(tables).await, 0, "it made no table");

    place.migrated().await;
    server.ready().await;
}

#[tokio::test]
async fn migrating_again_repairs_rights_and_follows_the_secret() {
    let place = Place::new().await;
    let function = Function::new(runtime::Settings {
        program: "worker",
        environment: place.of_migration(),
        folder: place.database.folder().to_owned(),
        time_limit: Duration::from_mins(1),
        instances: 1,
        doomed: Vec::new(),
    });
    let migrate = async || {
        let outcome = function.invoke("null").await;
        assert!(matches!(outcome, Outcome::Answer(_)), "{outcome:?}");
    };
    migrate().await;
    let server = place.server(SERVICE).await;
    server.ready().await;

    // A migration that a newer version has run does not prevent an older one from running after a rollback.
    let newer =
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_of_a_newer_version', 0)";
    place.sql(newer).await;
    for excess in [
        "GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO service",
        "GRANT CREATE ON SCHEMA public TO service",
        "REVOKE SELECT ON recipient FROM service",
        "ALTER ROLE service CREATEDB",
    ] {
        place.sql(excess).await;
    }
    let another = "another-password-of-the-service";
    let secret = json!({ "username": ROLE, "password": another }).to_string();
    place.account.rotate(SERVICE, &secret).await;
    migrate().await;
    migrate().await;

    assert!(place.log_in(ROLE, ROLES_PASSWORD).await.is_err());
    let service = place.log_in(ROLE, another).await.expect("the new password");
    let read = "SELECT * FROM recipient LIMIT 1";
    service
        .execute_unprepared(read)
        .await
        .expect("its rights are back");
    for forbidden in [
        "TRUNCATE recipient CASCADE",
        "CREATE TABLE mine (id int)",
        "CREATE DATABASE mine",
    ] {
        let refused = service.execute_unprepared(forbidden).await;
        assert!(refused.is_err(), "{forbidden}");
    }
    let cut =
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'service'";
    place.sql(cut).await;
    server.ready().await;
}

#[tokio::test]
async fn a_role_that_would_be_more_than_the_services_is_refused() {
    let place = Place::new().await;
    let login = |user: &str| json!({ "username": user, "password": ROLES_PASSWORD }).to_string();
    place.sql("CREATE ROLE mighty LOGIN SUPERUSER").await;
    place
        .sql("CREATE ROLE member LOGIN IN ROLE pg_write_all_data")
        .await;
    place.sql("CREATE ROLE landlord LOGIN").await;
    place.sql("CREATE SCHEMA land AUTHORIZATION landlord").await;
    for (user, words) in [
        (OWNER, "the role that migrates"),
        ("mighty", "rights over the whole server"),
        ("member", "member of another role"),
        ("landlord", "owns something"),
        ("a\"b", "lower-case letters"),
    ] {
        place.account.rotate(SERVICE, &login(user)).await;
        let run = place.migrate().await;
        assert_eq!(run.code, Some(1), "{user}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{user}: {}", run.stderr);
    }
}
