//! The resources that the stack creates in its account, all of which are deleted with it.

use e2e::aws::{Account, Inventory, added, database_processes};
use e2e::eventually;
use reqwest::Method;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::Value;

/// Requests for the resources that every stack has; an empty list would not show that something is left.
const PARTS: [&str; 24] = [
    "DescribeVpcs",
    "DescribeSubnets",
    "DescribeRouteTables",
    "DescribeSecurityGroups",
    "DescribeVpcEndpoints",
    "DescribeFlowLogs",
    "ListRoles",
    "DescribeDBInstances",
    "DescribeDBSubnetGroups",
    "DescribeDBParameterGroups",
    "ListTopics",
    "ListSubscriptions",
    "DescribeAlarms",
    "ListDashboards",
    "DescribeStacks",
    "AmazonSQS.ListQueues",
    "secretsmanager.ListSecrets",
    "Logs_20140328.DescribeLogGroups",
    "/2015-03-31/functions/",
    "/2015-03-31/event-source-mappings/",
    "/schedules",
    "/v2/apis",
    "/v2/email/identities",
    "/v2/email/configuration-sets",
];

pub fn is_complete(before: &Inventory, deployed: &Inventory) {
    let made = added(before, deployed);
    for part in PARTS {
        assert!(made.contains_key(part), "{part} shows nothing: {made:?}");
    }
}

pub async fn nothing_is_left(account: &Account, before: &Inventory) {
    let left = added(before, &account.inventory().await);
    assert!(left.is_empty(), "left behind: {left:?}");
}

/// Returns the configuration of each function that serves requests or mail.
pub async fn functions(account: &Account) -> Vec<Value> {
    let serves = |function: &Value| !variables(function)["MAIL_QUEUE_URL"].is_null();
    let mut functions = all_functions(account).await;
    functions.retain(serves);
    assert_eq!(functions.len(), 2, "{functions:?}");
    functions
}

/// Returns the configuration of the function that migrates.
pub async fn migration(account: &Account) -> Value {
    let migrates = |function: &Value| !variables(function)["DB_ROLE_SECRET_NAME"].is_null();
    let functions = all_functions(account).await;
    let migration = functions.into_iter().find(migrates);
    migration.expect("a function migrates")
}

async fn all_functions(account: &Account) -> Vec<Value> {
    let path = "/2015-03-31/functions/";
    let listed = account.rest(Method::GET, "lambda", path, None).await;
    let listed: Value = serde_json::from_str(&listed).expect("a JSON answer");
    listed["Functions"].as_array().expect("functions").clone()
}

pub fn variables(function: &Value) -> &Value {
    &function["Environment"]["Variables"]
}

/// Asserts that the service's functions log in with a role that cannot change a table, and that another role can.
pub async fn has_a_role_for_the_service(account: &Account, functions: &[Value]) {
    for function in functions {
        let service = log_in(account, function).await;
        service
            .execute_unprepared("SELECT * FROM recipient LIMIT 1")
            .await
            .expect("it reads");
        for forbidden in ["CREATE TABLE mine (id int)", "TRUNCATE recipient CASCADE"] {
            let refused = service.execute_unprepared(forbidden).await;
            assert!(refused.is_err(), "{forbidden}: {refused:?}");
        }
    }
    let owner = log_in(account, &migration(account).await).await;
    for allowed in ["CREATE TABLE mine (id int)", "DROP TABLE mine"] {
        let done = owner.execute_unprepared(allowed).await;
        done.unwrap_or_else(|error| panic!("{allowed}: {error}"));
    }
}

/// Connects to the database as this function does.
async fn log_in(account: &Account, function: &Value) -> DatabaseConnection {
    let variable = |name: &str| variables(function)[name].as_str().expect("it is set");
    let login = account.secret_text(variable("SECRET_NAME")).await;
    let login: Value = serde_json::from_str(&login).expect("a JSON secret");
    let text = |name: &str| login[name].as_str().expect("the secret has it");
    let url = format!(
        "postgres://{}:{}@{}:{}/{}?sslmode=require",
        text("username"),
        text("password"),
        variable("DB_HOST"),
        variable("DB_PORT"),
        variable("DB_NAME"),
    );
    let connected = e2e::database::try_connect(&url).await;
    connected.unwrap_or_else(|error| panic!("{}: {error}", text("username")))
}

/// The processes that run for the account.
pub struct Processes {
    database: u16,
}

impl Processes {
    /// Asserts that the processes run.
    pub fn of(account: &Account, functions: &[Value]) -> Self {
        let port = functions[0]["Environment"]["Variables"]["DB_PORT"].as_str();
        let port = port.and_then(|port| port.parse().ok());
        let database = port.expect("the functions know the database's port");
        assert!(!account.function_processes().is_empty(), "no functions");
        let servers = database_processes(database);
        assert_eq!(servers.len(), 1, "{servers:?}");
        Self { database }
    }

    /// Waits until the processes have ended. An invocation that was under way may end first.
    pub async fn end(&self, account: &Account) {
        eventually("no process is left", async || {
            let mut left = account.function_processes();
            left.extend(database_processes(self.database));
            if left.is_empty() { Ok(()) } else { Err(left) }
        })
        .await;
    }
}

/// Asserts that the functions were changed after the first of these results, and before the last.
pub fn were_changed_amid(functions: &[Value], results: &[Value]) {
    let to_the_second = |time: &Value| time.as_str().expect("a time")[..19].to_owned();
    let changes: Vec<String> = functions
        .iter()
        .map(|function| to_the_second(&function["LastModified"]))
        .collect();
    let sent = results
        .iter()
        .map(|result| to_the_second(&result["sent_at"]));
    let (first, last) = (sent.clone().min(), sent.max());
    for change in changes.into_iter().map(Some) {
        assert!(
            first < change && change < last,
            "{first:?} {change:?} {last:?}"
        );
    }
}
