//! Stands in for SES, SQS, Lambda's Runtime API and an SMTP server, counts the statements that pass to
//! `PostgreSQL`, and generates load. `bench/run.py` controls it.
//!
//! `stand-in serve` prints its port and serves until its standard input ends. `stand-in exec FILE PROGRAM ARGUMENT...`
//! writes the time to a file and becomes the program, so that a start can be measured from the program's exec.

mod account;
mod control;
mod event;
mod http;
mod load;
mod mail;
mod mapping;
mod proxy;
mod recipients;
mod runtime;
mod ses;
mod sink;
mod sqs;

use std::{
    env, fs,
    io::Read,
    os::unix::process::CommandExt,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, bail};
use tokio::net::TcpListener;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve"] => serve(),
        ["exec", file, program, arguments @ ..] => {
            fs::write(file, now().to_string())?;
            Err(Command::new(program).args(arguments).exec()).context((*program).to_owned())
        }
        _ => bail!("usage: stand-in serve, or stand-in exec FILE PROGRAM ARGUMENT..."),
    }
}

/// Returns the nanoseconds since 1970.
fn now() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos())
}

#[tokio::main]
async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    tokio::spawn(account::serve(listener));
    // The driver holds the other end, so the stand-in does not outlive it.
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    std::process::exit(0);
}
