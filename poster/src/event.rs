//! The event that the function is invoked with: a batch of SQS messages
//! (<https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>). Only the necessary fields are read.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Event {
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub message_id: String,
    #[serde(default)]
    pub body: String,
}
