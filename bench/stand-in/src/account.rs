//! Everything that the stand-in knows, and the routes of its first port.

use std::{collections::HashMap, sync::Arc};

use tokio::{
    net::TcpListener,
    sync::Mutex,
    task::{AbortHandle, JoinSet},
};

use crate::{
    control,
    http::{self, Answer, Asked},
    proxy::Counts,
    recipients::Recipients,
    runtime::Runtime,
    ses::Ses,
    sqs::Sqs,
};

#[derive(Default)]
pub struct Account {
    pub recipients: Arc<Recipients>,
    pub ses: Ses,
    pub sqs: Arc<Sqs>,
    pub runtimes: Mutex<Vec<Arc<Runtime>>>,
    /// The running event source mappings, by queue.
    pub mappings: Mutex<HashMap<String, JoinSet<()>>>,
    pub statements: Arc<Counts>,
    /// The proxies and SMTP servers.
    pub servers: Mutex<Vec<AbortHandle>>,
}

pub async fn serve(listener: TcpListener) {
    let account = Arc::new(Account::default());
    http::serve(listener, move |asked| route(Arc::clone(&account), asked)).await;
}

async fn route(account: Arc<Account>, asked: Asked) -> Answer {
    if asked.path.starts_with("/v2/email/") {
        return account.ses.answer(&asked, &account.recipients).await;
    }
    if let Some(command) = asked.path.strip_prefix("/control/") {
        return match control::answer(&account, command, &asked.body).await {
            Ok(answer) => http::json(200, &answer),
            Err(error) => http::raw(400, format!("{error:#}").into()),
        };
    }
    account.sqs.answer(&asked).await
}
