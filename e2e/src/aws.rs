//! An AWS account of a test's own on the emulator at `TEST_AWS_URL`.

mod events;
mod inventory;
mod leftovers;
mod queue;
mod webhooks;

use std::collections::HashMap;
use std::env;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use rand::RngExt;
use reqwest::Method;
use serde_json::{Value, json};

pub use events::{CONFIGURATION_SET, MailEvents};
pub use inventory::{Inventory, added};
pub use leftovers::database_processes;
pub use queue::{Message, Queue, Queues};
pub use webhooks::WebhookQueues;

pub const REGION: &str = "us-east-1";
/// The secret access key of every test account.
pub const SECRET: &str = "Secret0Access0Key";

/// An account: the emulator takes any twelve digits as one, and isolates accounts from each other.
#[derive(Clone)]
pub struct Account {
    id: String,
    url: String,
    sqs: aws_sdk_sqs::Client,
}

impl Account {
    pub fn new() -> Self {
        let url = env::var("TEST_AWS_URL").unwrap_or_else(|_| {
            panic!("TEST_AWS_URL names no emulator of AWS: run `make test`, which starts one")
        });
        let id = format!("{:012}", rand::rng().random_range(1..1_000_000_000_000_u64));
        let sqs = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION))
            .credentials_provider(Credentials::new(&id, SECRET, None, None, "the test"))
            .endpoint_url(&url)
            .build();
        Self {
            id,
            url,
            sqs: aws_sdk_sqs::Client::from_conf(sqs),
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the URL of the emulator.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the variables that make a program use this account.
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL", self.url.as_str()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", &self.id),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Creates the three queues of the service.
    pub async fn queues(&self, visibility: u32, receives: u32) -> Queues {
        Queues::create(&self.sqs, visibility, receives).await
    }

    /// Allows SES to send from this address or domain.
    pub async fn verify(&self, identity: &str) {
        let body = json!({ "EmailIdentity": identity });
        self.ses(Method::POST, "/v2/email/identities", Some(&body))
            .await;
    }

    /// Returns each request that SES accepted, in order: `{path, request, response}`.
    pub async fn accepted(&self) -> Vec<Value> {
        let lines = self.ses(Method::GET, "/v2/email/accepted", None).await;
        let parse = |line: &str| serde_json::from_str(line).expect("a JSON line");
        lines.lines().map(parse).collect()
    }

    /// Creates a secret in Secrets Manager.
    pub async fn secret(&self, name: &str, value: &str) {
        let body = json!({ "Name": name, "SecretString": value });
        self.secrets("CreateSecret", &body).await;
    }

    /// Replaces the text of a secret, as a rotation does.
    pub async fn rotate(&self, name: &str, value: &str) {
        let body = json!({ "SecretId": name, "SecretString": value });
        self.secrets("PutSecretValue", &body).await;
    }

    /// Returns the text of a secret.
    pub async fn secret_text(&self, name: &str) -> String {
        let body = json!({ "SecretId": name });
        let answer = self.secrets("GetSecretValue", &body).await;
        let answer: Value = serde_json::from_str(&answer).expect("a JSON answer");
        let text = answer["SecretString"].as_str();
        text.expect("the secret is a text").to_owned()
    }

    /// Returns the existing queue at this URL.
    pub fn queue_at(&self, url: &str) -> Queue {
        Queue::at(&self.sqs, url)
    }

    pub async fn queue_with_arn(&self, arn: &str) -> Queue {
        Queue::with_arn(&self.sqs, arn).await
    }

    async fn secrets(&self, action: &str, body: &Value) -> String {
        let target = format!("secretsmanager.{action}");
        self.json("secretsmanager", &target, body).await
    }

    /// Returns the outputs of a stack of `CloudFormation`.
    pub async fn stack_outputs(&self, name: &str) -> HashMap<String, String> {
        let describe = format!("DescribeStacks&StackName={name}");
        let answer = self.query("cloudformation", "2010-05-15", &describe).await;
        let element = |text: &str, name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            let (content, _) = rest.split_once(&format!("</{name}>"))?;
            Some(content.to_owned())
        };
        let outputs = answer.split("<Outputs>").nth(1).unwrap_or_default();
        let members = outputs.split("</member>");
        members
            .filter_map(|one| Some((element(one, "OutputKey")?, element(one, "OutputValue")?)))
            .collect()
    }

    /// Makes a call in the JSON protocol.
    pub async fn json(&self, service: &str, target: &str, body: &Value) -> String {
        let request = reqwest::Client::new()
            .post(&self.url)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .header("authorization", self.signature(service))
            .body(body.to_string());
        succeed(request).await
    }

    /// Makes a call in the query protocol: an action, and `&` before each of its parameters.
    async fn query(&self, service: &str, version: &str, action: &str) -> String {
        let request = reqwest::Client::new()
            .post(&self.url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", self.signature(service))
            .body(format!("Action={action}&Version={version}"));
        succeed(request).await
    }

    async fn ses(&self, method: Method, path: &str, body: Option<&Value>) -> String {
        self.rest(method, "ses", path, body).await
    }

    /// Makes a call in the REST protocol.
    pub async fn rest(
        &self,
        method: Method,
        service: &str,
        path: &str,
        body: Option<&Value>,
    ) -> String {
        let (status, text) = self.try_rest(method, service, path, body).await;
        assert!((200..300).contains(&status), "{status}: {text}");
        text
    }

    /// Makes a call in the REST protocol, which may fail, and returns its status and its text.
    pub async fn try_rest(
        &self,
        method: Method,
        service: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, String) {
        let mut request = reqwest::Client::new()
            .request(method, format!("{}{path}", self.url))
            .header("authorization", self.signature(service));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("the emulator answers");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("the whole answer"))
    }

    /// Returns a signature, of which the emulator only reads the account.
    fn signature(&self, service: &str) -> String {
        let scope = format!("20260101/{REGION}/{service}/aws4_request");
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=host, Signature=0",
            self.id
        )
    }
}

impl Default for Account {
    fn default() -> Self {
        Self::new()
    }
}

async fn succeed(request: reqwest::RequestBuilder) -> String {
    let answer = request.send().await.expect("the emulator answers");
    let status = answer.status();
    let text = answer.text().await.expect("the whole answer");
    assert!(status.is_success(), "{status}: {text}");
    text
}
