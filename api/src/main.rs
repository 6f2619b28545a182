//! The HTTP API. `api openapi` prints its specification.

use std::{io::Write, process::ExitCode};

use clap::Command;
use mail::Service;

const SETTINGS: &str = "\
Without a command it serves the API, the console at /console and, where mail is captured, /mailbox,
until SIGTERM or SIGINT. On AWS Lambda (AWS_LAMBDA_RUNTIME_API is set) it is the function instead.

Settings come from the environment. Without any of them it listens on 127.0.0.1:8000, keeps its
data in SQLite under ./data, and captures mail instead of sending it. The most important ones:
  MAIL_TRANSPORT  mailbox, smtp://HOST:PORT, smtps://HOST:PORT or ses
  DATABASE_URL    sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME
  HOST, PORT      where it listens
  ADMIN_TOKEN     what management asks for
  MAIL_QUEUE_URL  an SQS queue that workers read; without it, this program also delivers
All of them are in docs/operations.md.";

fn main() -> anyhow::Result<ExitCode> {
    mail::runtime()?.block_on(run())
}

async fn run() -> anyhow::Result<ExitCode> {
    if command()
        .get_matches()
        .subcommand_matches("openapi")
        .is_some()
    {
        std::io::stdout().write_all(api::openapi_yaml().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let service = match Service::start().await {
        Ok(service) => service,
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(2));
        }
    };
    if service.config.role_secret.is_some() {
        eprintln!("DB_ROLE_SECRET_NAME: is for the worker, which then migrates and ends");
        return Ok(ExitCode::from(2));
    }
    if !service.config.is_function
        && let Err(error) = service.check_hash_secret().await
    {
        eprintln!("{error}");
        return Ok(ExitCode::from(2));
    }
    api::run(service).await?;
    Ok(ExitCode::SUCCESS)
}

fn command() -> Command {
    Command::new("api")
        .bin_name("api")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The HTTP API of MMMS, a service that sends mail")
        .after_help(SETTINGS)
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("openapi")
                .about("Prints the API's specification (OpenAPI, YAML) and ends"),
        )
}
