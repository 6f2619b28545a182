//! The commands of the driver.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    task::{AbortHandle, JoinSet},
};

use crate::{
    account::Account,
    event::{Call, Format},
    load::{self, Load},
    mapping, proxy,
    runtime::Runtime,
    sink,
};

#[derive(Deserialize)]
struct Latency {
    milliseconds: u64,
}

#[derive(Deserialize)]
struct Proxied {
    server: String,
}

#[derive(Deserialize)]
struct Mapping {
    queue: String,
    runtimes: Vec<usize>,
    batch: usize,
}

#[derive(Deserialize)]
struct Wait {
    recipients: usize,
    seconds: f64,
}

#[derive(Deserialize)]
struct Function {
    runtime: usize,
}

#[derive(Deserialize)]
struct Request {
    runtime: usize,
    method: String,
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
struct Event {
    runtime: usize,
    event: Value,
}

/// Carries out a command, and returns its answer.
pub async fn answer(account: &Arc<Account>, command: &str, body: &[u8]) -> anyhow::Result<Value> {
    match command {
        "latency" => {
            let Latency { milliseconds } = serde_json::from_slice(body)?;
            account
                .ses
                .latency_ms
                .store(milliseconds, Ordering::Relaxed);
            Ok(json!({}))
        }
        "reset" => {
            account.mappings.lock().await.clear();
            account.sqs.reset();
            reset_counts(account);
            for server in account.servers.lock().await.drain(..) {
                server.abort();
            }
            Ok(json!({}))
        }
        "reset-counts" => {
            reset_counts(account);
            Ok(json!({}))
        }
        "counts" => Ok(counts(account)),
        "wait" => {
            let Wait {
                recipients,
                seconds,
            } = serde_json::from_slice(body)?;
            let arrived = account.recipients.wait_for(recipients);
            let _ = tokio::time::timeout(Duration::from_secs_f64(seconds), arrived).await;
            Ok(counts(account))
        }
        "runtime" => {
            let (runtime, address) = Runtime::start().await?;
            let mut runtimes = account.runtimes.lock().await;
            runtimes.push(runtime);
            Ok(json!({"runtime": runtimes.len() - 1, "address": address}))
        }
        "first-next" => {
            let Function { runtime } = serde_json::from_slice(body)?;
            let first = runtime_of(account, runtime).await?.first_next().await;
            Ok(json!({"nanoseconds": first.to_string()}))
        }
        "request" => {
            let request: Request = serde_json::from_slice(body)?;
            let call = Call {
                method: &request.method,
                path: &request.path,
                headers: &request.headers,
                body: &request.body,
            };
            let runtime = runtime_of(account, request.runtime).await?;
            let (status, body) = runtime.request(call.event(Format::Http)).await?;
            Ok(json!({"status": status, "body": body}))
        }
        "invoke" => {
            let Event { runtime, event } = serde_json::from_slice(body)?;
            let runtime = runtime_of(account, runtime).await?;
            let answer = runtime.invoke(event.to_string().into()).await?;
            Ok(json!({"answer": String::from_utf8_lossy(&answer)}))
        }
        "mapping" => map(account, serde_json::from_slice(body)?).await,
        "load" => {
            let load: Load = serde_json::from_slice(body)?;
            let runtime = match load.runtime {
                Some(number) => Some(runtime_of(account, number).await?),
                None => None,
            };
            Ok(load::run(load, runtime).await)
        }
        "proxy" => {
            let Proxied { server } = serde_json::from_slice(body)?;
            let (listener, address) = listen().await?;
            let counts = Arc::clone(&account.statements);
            let task = tokio::spawn(proxy::serve(listener, server, counts));
            Ok(started(account, task.abort_handle(), &address).await)
        }
        "sink" => {
            let Latency { milliseconds } = serde_json::from_slice(body)?;
            let (listener, address) = listen().await?;
            let recipients = Arc::clone(&account.recipients);
            let delay = Duration::from_millis(milliseconds);
            let task = tokio::spawn(sink::serve(listener, recipients, delay));
            Ok(started(account, task.abort_handle(), &address).await)
        }
        _ => bail!("no such command: {command}"),
    }
}

fn reset_counts(account: &Account) {
    account.recipients.reset();
    account.statements.reset();
}

fn counts(account: &Account) -> Value {
    json!({
        "recipients": account.recipients.report(),
        "queues": account.sqs.report(),
        "database": account.statements.report(),
    })
}

async fn listen() -> anyhow::Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    Ok((listener, address))
}

async fn started(account: &Account, task: AbortHandle, address: &str) -> Value {
    account.servers.lock().await.push(task);
    json!({"address": address})
}

async fn runtime_of(account: &Account, number: usize) -> anyhow::Result<Arc<Runtime>> {
    let runtimes = account.runtimes.lock().await;
    runtimes.get(number).cloned().context("no such function")
}

/// Starts the mapping of a queue, or ends it if it names no function.
async fn map(account: &Arc<Account>, mapping: Mapping) -> anyhow::Result<Value> {
    let mut pollers = JoinSet::new();
    for number in mapping.runtimes {
        let runtime = runtime_of(account, number).await?;
        let (sqs, queue) = (Arc::clone(&account.sqs), mapping.queue.clone());
        pollers.spawn(mapping::run(sqs, queue, runtime, mapping.batch));
    }
    account.mappings.lock().await.insert(mapping.queue, pollers);
    Ok(json!({}))
}
