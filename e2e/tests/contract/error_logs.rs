//! An error in the logs: one line that names the request and the whole chain of causes, and an answer without them.

use e2e::{Database, Server, eventually, everywhere, letter, on_both_databases};
use serde_json::Value;

everywhere!(
    an_error_is_one_line_in_json,
    a_failed_step_of_the_sweep_is_named_with_its_cause,
);

on_both_databases!(
    an_error_is_one_line_for_people,
    an_origin_that_cannot_be_looked_up_is_logged_with_its_request,
    what_is_not_ready_is_logged_with_its_request,
);

const ORIGIN: &str = "https://app.example.com";
/// There is no sweep but the first.
const NO_SWEEP: &str = "3600";

/// The words in which a database says that there is no such table.
fn no_table(database: &Database) -> &'static str {
    if database.is_postgres() {
        "relation \"mailing\" does not exist"
    } else {
        "no such table: mailing"
    }
}

async fn start(database: &Database, format: &str) -> Server {
    Server::on(database)
        .env("LOG_FORMAT", format)
        .env("SWEEP_SECONDS", NO_SWEEP)
        .start()
        .await
}

async fn take_away(database: &Database, table: &str) {
    let statement = format!("ALTER TABLE {table} RENAME TO {table}_that_was");
    database.execute(&statement).await;
}

/// All lines about a request, once the last of them is there.
async fn lines_of(server: &Server, request_id: &str) -> Vec<String> {
    eventually("the request's own line", || async {
        let mut lines = server.logs();
        lines.retain(|line| line.contains(request_id));
        if lines.iter().any(|line| line.contains("request answered")) {
            Ok(lines)
        } else {
            Err(server.logs())
        }
    })
    .await
}

/// Fails at a table that is not there; the request's path and id.
async fn fail(server: &Server) -> (String, String) {
    let sender = server.sender().await;
    let data = sender.mail(&letter("ann@example.org")).await.data(200);
    take_away(server.database(), "mailing").await;
    let path = format!("/v1/mail/{}", data["id"].as_str().expect("an id"));
    let answer = sender.get(&path).await;
    answer.error(500, "internal_error");
    for word in ["mailing", "relation", "table", "ledger", "SELECT"] {
        assert!(!answer.text().contains(word), "{word}: {}", answer.text());
    }
    let id = answer.header("x-request-id").expect("an id").to_owned();
    (path, id)
}

/// The one line with the cause, which is about this request.
async fn failure(server: &Server, request_id: &str) -> String {
    let cause = no_table(server.database());
    let escaped = cause.replace('"', "\\\"");
    let tells = |line: &&String| line.contains(cause) || line.contains(&escaped);
    let lines = lines_of(server, request_id).await;
    let found: Vec<&String> = lines.iter().filter(tells).collect();
    assert_eq!((found.len(), lines.len()), (1, 2), "{lines:?}");
    let logs = server.logs();
    let errors = logs.iter().filter(|line| line.contains("ERROR"));
    // The first sweep, which comes with the start, may find that the table is away, too.
    let errors = errors.filter(|line| !line.contains("the sweep failed"));
    assert_eq!(errors.filter(tells).count(), 1, "{logs:?}");
    found[0].clone()
}

async fn an_error_is_one_line_in_json(database: Database) {
    let server = start(&database, "json").await;
    let (path, request_id) = fail(&server).await;
    let line = failure(&server, &request_id).await;
    let parsed: Value = serde_json::from_str(&line).expect("a log line is JSON");
    assert_eq!(parsed["level"], "ERROR", "{line}");
    assert_eq!(parsed["request.id"], request_id, "{line}");
    assert_eq!(parsed["http.method"], "GET", "{line}");
    assert_eq!(parsed["http.route"], "/v1/mail/{id}", "{line}");
    assert_eq!(parsed["http.status"], 500, "{line}");
    let error = parsed["error"].as_str().expect("an error");
    assert!(error.starts_with("the ledger failed: "), "{line}");
    assert!(error.contains(no_table(&database)), "{line}");
    assert!(!line.contains(&path), "the route's template: {line}");
    let is_function = database.cloud().is_some();
    assert_eq!(parsed["function.request_id"].is_string(), is_function);
}

async fn an_error_is_one_line_for_people(database: Database) {
    let server = start(&database, "pretty").await;
    let (path, request_id) = fail(&server).await;
    let line = failure(&server, &request_id).await;
    assert!(line.contains(" ERROR "), "{line}");
    assert!(line.contains("the ledger failed: "), "{line}");
    assert!(line.contains("/v1/mail/{id}"), "{line}");
    assert!(!line.contains(&path), "the route's template: {line}");
}

async fn an_origin_that_cannot_be_looked_up_is_logged_with_its_request(database: Database) {
    let server = start(&database, "json").await;
    // The tables are there with the first request that needs one.
    server.sender().await;
    take_away(&database, "origin").await;
    let answer = server.anonymous().origin(ORIGIN).get("/v1/mail").await;
    answer.error(401, "authentication_error");
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let request_id = answer.header("x-request-id").expect("an id");
    let lines = lines_of(&server, request_id).await;
    let parsed = lines.iter().map(|line| serde_json::from_str(line));
    let parsed: Vec<Value> = parsed.collect::<Result<_, _>>().expect("JSON");
    let warned: Vec<&Value> = parsed
        .iter()
        .filter(|line| line["level"] == "WARN")
        .collect();
    assert_eq!(warned.len(), 1, "{lines:?}");
    assert_eq!(warned[0]["request.id"], request_id);
    assert_eq!(warned[0]["http.route"], "/v1/mail");
    let error = warned[0]["error"].as_str().expect("an error");
    assert!(error.contains("origin"), "{error}");
}

async fn what_is_not_ready_is_logged_with_its_request(database: Database) {
    let server = start(&database, "json").await;
    server.sender().await;
    take_away(&database, "pace").await;
    let answer = server.anonymous().get("/v1/ready").await;
    answer.error(503, "service_unavailable");
    assert_eq!(answer.json()["errors"][0]["field"], "database");
    assert!(!answer.text().contains("pace"), "{}", answer.text());
    let request_id = answer.header("x-request-id").expect("an id");
    let lines = lines_of(&server, request_id).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    let parsed: Value = serde_json::from_str(&lines[0]).expect("a log line is JSON");
    assert_eq!(parsed["http.route"], "/v1/ready", "{lines:?}");
    assert_eq!(parsed["http.status"], 503, "{lines:?}");
    let error = parsed["error"].as_str().expect("an error");
    assert!(error.contains("pace"), "{error}");
}

async fn a_failed_step_of_the_sweep_is_named_with_its_cause(database: Database) {
    let server = Server::on(&database)
        .env("LOG_FORMAT", "json")
        .env("SWEEP_SECONDS", "1")
        .start()
        .await;
    server.sender().await;
    take_away(&database, "mailing").await;
    let line = eventually("a step of the sweep fails", || async {
        let mut parsed = server.logs().into_iter().filter_map(|line| {
            let line: Value = serde_json::from_str(&line).ok()?;
            (line["step"] == "ended mailings").then_some(line)
        });
        parsed.next().ok_or(server.logs())
    })
    .await;
    assert_eq!(line["level"], "ERROR", "{line}");
    let error = line["error"].as_str().expect("an error");
    assert!(error.starts_with("the ledger failed: "), "{line}");
    assert!(error.contains(no_table(&database)), "{line}");
    let is_function = database.cloud().is_some();
    assert_eq!(line["function.request_id"].is_string(), is_function);
}
