//! One mail over one connection, step by step: the meaning of an answer depends on the step.

use lettre::{
    Address,
    transport::smtp::{
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
        response::{Response, Severity},
    },
};

use super::{
    failure::{Failure, Phase, Progress},
    reply::Step,
};
use crate::mailer::compose::Composed;

pub async fn transmit(
    connection: &mut AsyncSmtpConnection,
    mail: &Composed,
    progress: &Progress<'_>,
) -> Result<(), Failure> {
    let from = Mail::new(Some(address(&mail.from)?), Vec::new());
    let answer = connection.command(from).await;
    completed(&answer.map_err(Failure::at(Step::Sender))?)?;
    for recipient in &mail.recipients {
        let recipient = Rcpt::new(address(recipient)?, Vec::new());
        let answer = connection.command(recipient).await;
        completed(&answer.map_err(Failure::at(Step::Recipient))?)?;
    }
    let answer = connection.command(Data).await;
    let answer = answer.map_err(Failure::at(Step::Data))?;
    if !answer.has_code(354) {
        return Err(Failure::Garbled);
    }
    let answer = connection.message_iter(content(mail, progress)).await;
    completed(&answer.map_err(Failure::at(Step::End))?)
}

/// Returns the content of the mail in pieces. lettre asks for the next piece once it has written the last one, and
/// writes the end of the mail when there is none: from then on the server may have accepted the mail.
fn content<'a>(mail: &'a Composed, progress: &'a Progress<'a>) -> impl Iterator<Item = &'a [u8]> {
    // The end of the mail includes the end of its last line.
    let bytes = mail.bytes.strip_suffix(b"\r\n").unwrap_or(&mail.bytes);
    std::iter::once(bytes).chain(std::iter::from_fn(|| {
        progress.reached(Phase::Ending);
        None
    }))
}

fn completed(answer: &Response) -> Result<(), Failure> {
    if answer.code().severity == Severity::PositiveCompletion {
        Ok(())
    } else {
        Err(Failure::Garbled)
    }
}

fn address(ascii: &str) -> Result<Address, Failure> {
    ascii.parse().map_err(|_| Failure::Address)
}
