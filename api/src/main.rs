//! The HTTP API. `api openapi` prints its specification.

use std::{io::Write, process::ExitCode};

use mail::Service;

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
    let service = match Service::start().await {
        Ok(service) => service,
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(2));
        }
    };
    api::run(service).await?;
    Ok(ExitCode::SUCCESS)
}
