//! A function that sends one mail with the calls that a ledger cannot do without: the mail is stored together with the
//! look-up of the key, SES is called, and the outcome is stored. It checks and renders as little as that needs.

use anyhow::Context;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_postgres::{Client, NoTls, Statement};

/// Stores the mail if the key is known, and returns the mail's number.
const STORE: &str = "\
    INSERT INTO floor_mail (key_id, content) SELECT id, $2 FROM floor_key WHERE hash = $1 RETURNING id";
const RECORD: &str = "UPDATE floor_mail SET message_id = $2 WHERE id = $1";

struct Floor {
    database: Client,
    store: Statement,
    record: Statement,
    ses: aws_sdk_sesv2::Client,
    /// Where the outcome is published, and the client of it.
    results: Option<(aws_sdk_sqs::Client, String)>,
}

#[derive(Deserialize)]
struct Mail {
    recipients: Vec<Recipient>,
    sender_email: String,
    subject: String,
    text_template: String,
    html_template: String,
}

#[derive(Deserialize)]
struct Recipient {
    mail: String,
    name: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let floor = &Floor::start().await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        match floor.send(&event.payload).await {
            Ok(answer) => Ok::<_, Error>(answer),
            Err(error) => Err(format!("{error:#}").into()),
        }
    }))
    .await
}

impl Floor {
    async fn start() -> anyhow::Result<Self> {
        let url = std::env::var("DATABASE_URL")?;
        let (database, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        let results = std::env::var("MAIL_RESULT_QUEUE_URL").ok();
        Ok(Self {
            store: database.prepare(STORE).await?,
            record: database.prepare(RECORD).await?,
            database,
            ses: aws_sdk_sesv2::Client::new(&config),
            results: results.map(|url| (aws_sdk_sqs::Client::new(&config), url)),
        })
    }

    async fn send(&self, event: &Value) -> anyhow::Result<Value> {
        let key = event["headers"]["x-api-key"].as_str().context("no key")?;
        let body = event["body"].as_str().context("no body")?;
        let mail: Mail = serde_json::from_str(body)?;
        let hash = hex::encode(Sha256::digest(key));
        let row = self
            .database
            .query_opt(&self.store, &[&hash, &body])
            .await?;
        let Some(row) = row else {
            return Ok(json!({"statusCode": 401, "body": "{}"}));
        };
        let id: i64 = row.get(0);
        let message_id = self.call(&mail).await?;
        self.database
            .execute(&self.record, &[&id, &message_id])
            .await?;
        let answer = json!({"id": id, "message_id": message_id}).to_string();
        if let Some((client, url)) = &self.results {
            let sent = client.send_message().queue_url(url).message_body(&answer);
            sent.send().await?;
        }
        Ok(json!({"statusCode": 200, "body": answer}))
    }

    async fn call(&self, mail: &Mail) -> anyhow::Result<String> {
        let recipient = mail.recipients.first().context("no recipient")?;
        let content = |template: &str| {
            let text = template.replace("{{name}}", &recipient.name);
            Content::builder()
                .data(text.replace("{{day}}", "Tuesday"))
                .charset("UTF-8")
                .build()
        };
        let body = Body::builder()
            .text(content(&mail.text_template)?)
            .html(content(&mail.html_template)?);
        let message = Message::builder()
            .subject(content(&mail.subject)?)
            .body(body.build());
        let to = Destination::builder().to_addresses(&recipient.mail);
        let answer = self
            .ses
            .send_email()
            .from_email_address(&mail.sender_email)
            .destination(to.build())
            .content(EmailContent::builder().simple(message.build()).build())
            .send()
            .await?;
        answer.message_id.context("no message id")
    }
}
