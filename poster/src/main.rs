//! The Lambda function that posts to webhooks. It runs outside the network of the service: it takes signed messages
//! from one queue, posts them, and writes what came of each to another. It knows no database and no secret.

#![warn(clippy::wildcard_enum_match_arm)]

mod event;
mod outcomes;
mod post;
mod settings;

use std::{panic, process::ExitCode, sync::Arc};

use anyhow::anyhow;
use lambda_runtime::service_fn;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::{fmt, prelude::*};

use outcomes::OutcomeQueue;
use post::Posts;
use settings::Settings;

fn main() -> anyhow::Result<ExitCode> {
    let settings = match Settings::from_env() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(2));
        }
    };
    start_logging();
    // The function has a part of one processor.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(settings))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(settings: Settings) -> anyhow::Result<()> {
    let posts = Arc::new(Posts {
        poster: webhook::Poster::new(settings.reach)?,
        outcomes: OutcomeQueue::open(&settings.outcome_queue_url).await,
    });
    let handler = service_fn(|event| post::handle(Arc::clone(&posts), event));
    lambda_runtime::run(handler)
        .await
        .map_err(|error| anyhow!(error))
}

/// Logs the lines of this program only, and no panic's message: libraries may log what they send and receive, which are
/// addresses, signatures and bodies. No setting changes that.
fn start_logging() {
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::INFO);
    tracing_subscriber::registry()
        .with(
            fmt::layer()
                .json()
                .flatten_event(true)
                .with_writer(std::io::stderr),
        )
        .with(own)
        .init();
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(tracing::field::display);
        tracing::error!(panic.location = location, "a thread panicked");
    }));
}
