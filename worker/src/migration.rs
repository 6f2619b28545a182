//! Brings the schema up to date and sets up the role of the service, and nothing else: once as a process, at each
//! invocation as a Lambda function.

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use mail::{Service, telemetry, timestamp};
use serde_json::{Value, json};

/// The pause between two attempts while the database is not available yet or fails over to its standby.
const PAUSE: Duration = Duration::from_secs(3);
/// The time limit for a database that is not available.
const PATIENCE: Duration = Duration::from_mins(2);
/// The time before the end of an invocation that is reserved for reporting the error.
const BEFORE_END: Duration = Duration::from_secs(5);

pub async fn run(service: Arc<Service>) -> anyhow::Result<ExitCode> {
    service.stop_on_signal()?;
    if !service.config.is_function {
        return Ok(match migrate(&service, Instant::now()).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        });
    }
    // The content of the event does not matter: this function has a single task.
    let handler = service_fn(|event| Box::pin(invoke(&service, event)));
    tokio::select! {
        ended = lambda_runtime::run(handler) => ended.map_err(|error| anyhow!(error))?,
        () = service.stop.cancelled() => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn invoke(service: &Service, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let context = event.context;
    telemetry::begin(&context.env_config.function_name, &context.request_id);
    let end = timestamp::instant(context.deadline);
    let until = end.checked_sub(BEFORE_END).unwrap_or_else(Instant::now);
    migrate(service, until.min(Instant::now() + PATIENCE)).await?;
    Ok(json!({"migrated": true}))
}

/// Migrates, and retries transient errors until the time is up.
async fn migrate(service: &Service, until: Instant) -> mail::Result<()> {
    loop {
        match Box::pin(service.migrate()).await {
            Err(error) if error.is_transient() && Instant::now() + PAUSE < until => {
                log(&error, "the migration is tried again");
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => {
                log(&error, "the migration failed");
                return Err(error);
            }
            Ok(()) => return Ok(()),
        }
    }
}

fn log(error: &mail::Error, message: &str) {
    tracing::error!(error = telemetry::causes(error), "{message}");
}
