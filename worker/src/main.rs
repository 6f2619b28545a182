//! Works beside the API: delivers what the ledger holds and sweeps it.

use std::{io::Write, process::ExitCode};

use anyhow::Context;
use mail::{Service, config::Config};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(2));
        }
    };
    mail::telemetry::start(config.log_format);
    let service = Service::open(config)
        .await
        .context("the worker cannot start")?;
    service.stop_on_signal()?;
    service.start_draining();
    let mut out = std::io::stdout();
    writeln!(out, "MMMS worker is running")?;
    out.flush()?;
    service.stop.cancelled().await;
    service.finish().await;
    Ok(ExitCode::SUCCESS)
}
