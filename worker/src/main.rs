//! The worker, which runs beside the API: it delivers the mail in the ledger and sweeps it.

#![warn(clippy::wildcard_enum_match_arm)]

mod event;
mod function;
mod migration;
mod source;

use std::{io::Write, process::ExitCode};

use clap::Command;
use mail::Service;

const SETTINGS: &str = "\
It delivers what the ledger holds and sweeps it, until SIGTERM or SIGINT. On AWS Lambda
(AWS_LAMBDA_RUNTIME_API is set) it is the function instead.

Settings come from the environment, and are those of the API beside it. The most important ones:
  MAIL_TRANSPORT  mailbox, smtp://HOST:PORT, smtps://HOST:PORT or ses
  DATABASE_URL    sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME
  MAIL_QUEUE_URL  the SQS queue with the wake-ups; without it, the ledger is polled
  MAIL_EVENT_QUEUE_URL
                  the SQS queue with the events of SES; without it, none are taken
  WEBHOOK_QUEUE_URL, WEBHOOK_OUTCOME_QUEUE_URL
                  the SQS queues of the function that posts to webhooks; without them,
                  this process posts by itself
All of them are in docs/operations.md.";

fn main() -> anyhow::Result<ExitCode> {
    mail::runtime()?.block_on(run())
}

async fn run() -> anyhow::Result<ExitCode> {
    command().get_matches();
    let service = match Service::start().await {
        Ok(service) => service,
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(2));
        }
    };
    if service.config.role_secret.is_some() {
        return migration::run(service).await;
    }
    if service.config.is_function {
        function::run(service).await?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Err(error) = service.check_hash_secret().await {
        eprintln!("{error}");
        return Ok(ExitCode::from(2));
    }
    service.stop_on_signal()?;
    service.start_draining();
    let mut out = std::io::stdout();
    writeln!(out, "MMMS worker is running")?;
    writeln!(
        out,
        "Mail         {}",
        service.config.transport.destination()
    )?;
    out.flush()?;
    service.stop.cancelled().await;
    service.finish().await;
    Ok(ExitCode::SUCCESS)
}

fn command() -> Command {
    Command::new("worker")
        .bin_name("worker")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The worker of MMMS, a service that sends mail")
        .after_help(SETTINGS)
}
