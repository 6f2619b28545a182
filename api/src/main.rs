//! The HTTP API. `api openapi` prints its specification.

use std::{io::Write, process::ExitCode};

use mail::config::Config;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let command = std::env::args().nth(1);
    match command.as_deref() {
        None => {}
        Some("openapi") => {
            std::io::stdout().write_all(api::openapi_yaml().as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(_) => {
            eprintln!("usage: api [openapi]");
            return Ok(ExitCode::from(2));
        }
    }
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(2));
        }
    };
    mail::telemetry::start(config.log_format);
    api::serve(config).await?;
    Ok(ExitCode::SUCCESS)
}
