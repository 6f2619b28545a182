//! One mail over one connection, step by step: what an answer proves depends on the step.

use std::sync::atomic::{AtomicBool, Ordering};

use lettre::{
    Address,
    transport::smtp::{
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
        response::{Response, Severity},
    },
};

use super::failure::Failure;
use crate::mailer::compose::Composed;

pub async fn transmit(
    connection: &mut AsyncSmtpConnection,
    mail: &Composed,
    ending: &AtomicBool,
) -> Result<(), Failure> {
    let from = Mail::new(Some(address(&mail.from)?), Vec::new());
    completed(&connection.command(from).await?)?;
    for recipient in &mail.recipients {
        let recipient = Rcpt::new(address(recipient)?, Vec::new());
        completed(&connection.command(recipient).await?)?;
    }
    let answer = connection.command(Data).await?;
    if !answer.has_code(354) {
        return Err(Failure::Garbled);
    }
    let answer = connection.message_iter(content(mail, ending)).await?;
    completed(&answer)
}

/// lettre asks for the next piece once it has written the last one, and writes the end when there is none.
fn content<'a>(mail: &'a Composed, ending: &'a AtomicBool) -> impl Iterator<Item = &'a [u8]> {
    // The end of the mail brings the last line's end with it.
    let bytes = mail.bytes.strip_suffix(b"\r\n").unwrap_or(&mail.bytes);
    std::iter::once(bytes).chain(std::iter::from_fn(|| {
        ending.store(true, Ordering::Relaxed);
        None
    }))
}

fn completed(answer: &Response) -> Result<(), Failure> {
    match answer.code().severity {
        Severity::PositiveCompletion => Ok(()),
        _ => Err(Failure::Garbled),
    }
}

fn address(ascii: &str) -> Result<Address, Failure> {
    ascii.parse().map_err(|_| Failure::Address)
}
