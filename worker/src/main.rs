//! Works beside the API: delivers what the ledger holds and sweeps it.

mod event;
mod function;

use std::{io::Write, process::ExitCode};

use mail::Service;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let service = match Service::start().await {
        Ok(service) => service,
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(2));
        }
    };
    if service.config.is_function {
        function::run(service).await?;
        return Ok(ExitCode::SUCCESS);
    }
    service.stop_on_signal()?;
    service.start_draining();
    let mut out = std::io::stdout();
    writeln!(out, "MMMS worker is running")?;
    out.flush()?;
    service.stop.cancelled().await;
    service.finish().await;
    Ok(ExitCode::SUCCESS)
}
