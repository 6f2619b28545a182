//! Webhooks of a server, and what came of them.

use serde_json::{Value, json};

use crate::{Caller, Receiver, Server, eventually, letter};

/// A webhook and its secret.
pub struct Hook {
    pub id: String,
    pub secret: String,
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

pub async fn hook(server: &Server, body: Value) -> Hook {
    let data = server
        .management()
        .post("/v1/webhooks", &body)
        .await
        .data(201);
    Hook {
        id: text(&data["id"]),
        secret: text(&data["secret"]),
    }
}

pub async fn hook_to(server: &Server, receiver: &Receiver) -> Hook {
    hook(server, json!({ "url": receiver.url() })).await
}

impl Hook {
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/webhooks/{}{rest}", self.id)
    }

    pub async fn get(&self, server: &Server) -> Value {
        server.management().get(&self.path("")).await.data(200)
    }

    pub async fn change(&self, server: &Server, body: Value) -> Value {
        let answer = server.management().patch(&self.path(""), &body).await;
        answer.data(200)
    }

    /// Returns the tries, oldest first.
    pub async fn tries(&self, server: &Server) -> Vec<Value> {
        let mut entries = self.history(server).await;
        entries.retain(|entry| entry["kind"] == "try");
        entries
    }

    /// Returns the history, oldest first.
    pub async fn history(&self, server: &Server) -> Vec<Value> {
        let path = self.path("/deliveries?limit=100");
        let mut entries = server.management().get(&path).await.items();
        entries.reverse();
        entries
    }

    /// Waits until so many tries are recorded.
    pub async fn tried(&self, server: &Server, least: usize) -> Vec<Value> {
        eventually("the tries are recorded", || async {
            let tries = self.tries(server).await;
            if tries.len() >= least {
                Ok(tries)
            } else {
                Err(tries)
            }
        })
        .await
    }
}

/// Makes everything due that waits for its next try.
pub async fn skip_the_wait(server: &Server) {
    let due = "UPDATE webhook_delivery SET due_at = 1";
    server.database().execute(due).await;
}

/// Waits until nothing is left to be sent.
pub async fn all_sent(server: &Server) {
    eventually("everything is sent", || async {
        let left = "SELECT COUNT(*) FROM webhook_delivery";
        match server.database().count(left).await {
            0 => Ok(()),
            left => Err(left),
        }
    })
    .await;
}

/// Sends a mail, and returns the id of its mailing.
pub async fn send(sender: &Caller, to: &str) -> String {
    let data = sender.mail(&letter(to)).await.data(200);
    text(&data["id"])
}
