//! One mail over one connection, step by step: the meaning of an answer depends on the step.

use std::{fmt::Write, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        commands::{Data, Mail, Rcpt},
        response::{Response, Severity},
    },
};
use tokio::time::timeout;

use super::{
    failure::{Failure, Phase, Progress},
    open::Open,
    reply::Step,
};
use crate::mailer::compose::Composed;

/// The time for the answers that are left after a refusal: a server that takes longer loses the connection, and what it
/// has said about the mail counts.
const REST: Duration = Duration::from_secs(2);

/// The end of an exchange without the server's acceptance.
pub struct Ended {
    pub failure: Failure,
    /// Whether the connection can take another mail.
    pub reusable: bool,
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        let reusable = !failure.ends_connection();
        Self { failure, reusable }
    }
}

pub async fn transmit(
    connection: &mut Open,
    mail: &Composed,
    progress: &Progress<'_>,
) -> Result<(), Ended> {
    let commands = commands(mail)?;
    if connection.pipelining {
        let (first, last) = pipelined(&commands);
        say_at_once(connection, first).await?;
        say_at_once(connection, last).await?;
    } else {
        for command in &commands {
            let answer = connection.command(&command.line).await;
            judge(command.step, answer)?;
        }
    }
    let answer = connection.message_iter(content(mail, progress)).await;
    Ok(judge(Step::End, answer)?)
}

struct Command {
    step: Step,
    line: String,
}

/// Returns the commands before the content of the mail.
fn commands(mail: &Composed) -> Result<Vec<Command>, Failure> {
    let from = Mail::new(Some(address(&mail.from)?), Vec::new());
    let mut commands = vec![Command {
        step: Step::Sender,
        line: from.to_string(),
    }];
    for recipient in &mail.recipients {
        commands.push(Command {
            step: Step::Recipient,
            line: Rcpt::new(address(recipient)?, Vec::new()).to_string(),
        });
    }
    commands.push(Command {
        step: Step::Data,
        line: Data.to_string(),
    });
    Ok(commands)
}

/// Divides the commands into those of the first write and those of the second, if any. `DATA` waits for the answers
/// about several recipients: once it is accepted there is no way to withdraw the mail from those who were accepted, if
/// another one was refused, except to break the connection.
fn pipelined(commands: &[Command]) -> (&[Command], &[Command]) {
    let has_one_recipient = commands.len() == 3;
    let first = commands.len() - usize::from(!has_one_recipient);
    commands.split_at(first)
}

/// Writes all commands at once, and judges each answer by its own command. The first refusal counts.
async fn say_at_once(connection: &mut Open, commands: &[Command]) -> Result<(), Ended> {
    let mut lines = commands.iter().fold(String::new(), |mut lines, command| {
        let _ = write!(lines, "{}", command.line);
        lines
    });
    for (index, command) in commands.iter().enumerate() {
        let answer = if index == 0 {
            connection.command(std::mem::take(&mut lines)).await
        } else {
            connection.read_response().await
        };
        if let Err(failure) = judge(command.step, answer) {
            let mut ended = Ended::from(failure);
            if ended.reusable {
                let rest = timeout(REST, read_rest(connection, &commands[index + 1..])).await;
                ended.reusable = matches!(rest, Ok(true));
            }
            return Err(ended);
        }
    }
    Ok(())
}

/// Reads the answers after a refusal, and returns whether the connection is ready for the next mail. A server may have
/// accepted `DATA` although it has refused the only recipient: then a lone dot ends the content (RFC 2920, 3.1), and no
/// one gets it.
async fn read_rest(connection: &mut Open, commands: &[Command]) -> bool {
    for command in commands {
        let answer = connection.read_response().await;
        let accepts_content = answer.as_ref().is_ok_and(|answer| answer.has_code(354));
        let ended = if command.step == Step::Data && accepts_content {
            connection.command(".\r\n").await
        } else {
            answer
        };
        if ended.is_err_and(|error| error.status().is_none()) {
            return false;
        }
    }
    true
}

fn judge(step: Step, answer: Result<Response, Error>) -> Result<(), Failure> {
    let answer = answer.map_err(Failure::at(step))?;
    let fits = if step == Step::Data {
        answer.has_code(354)
    } else {
        answer.code().severity == Severity::PositiveCompletion
    };
    if fits { Ok(()) } else { Err(Failure::Garbled) }
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

fn address(ascii: &str) -> Result<Address, Failure> {
    ascii.parse().map_err(|_| Failure::Address)
}
