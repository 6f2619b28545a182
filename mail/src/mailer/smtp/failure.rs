//! Failures of an exchange, and what they prove about the mail.

use std::{
    error::Error as _,
    io,
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use lettre::transport::smtp::Error;

use crate::{
    mailer::{
        Call,
        backoff::{account_pause, backoff, identity_pause, quota_pause, throttle_pause},
        redact::redact,
    },
    outcome::{Fault, Outcome, Reason, StatusDetail},
};

use super::reply::{Meaning, Step, about_connections, meaning};

const NO_ANSWER: &str = "The mail server did not answer in time.";

/// The phase that an exchange has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// There is no connection yet that takes commands.
    Connecting,
    BeforeEnd,
    /// The end of the mail may have been sent.
    Ending,
}

/// The phase of an exchange, readable after the exchange was given up.
#[derive(Debug)]
pub struct Progress<'a> {
    phase: AtomicU8,
    call: &'a Call,
}

impl<'a> Progress<'a> {
    pub fn of(call: &'a Call) -> Self {
        Self {
            phase: AtomicU8::default(),
            call,
        }
    }

    pub fn reached(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        if phase == Phase::Ending {
            self.call.hand_over();
        }
    }

    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Connecting,
            1 => Phase::BeforeEnd,
            _ => Phase::Ending,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, so no octet of the mail was sent.
    NotConnected(String),
    /// The connection broke, or an answer was no SMTP.
    Lost,
    /// An answer in SMTP that does not fit the command.
    Garbled,
    TimedOut,
    /// A well-formed answer of 400 or above.
    Reply {
        step: Step,
        code: u16,
        text: String,
    },
    /// A fault of the settings, not of a recipient: no TLS, an untrusted certificate, a wrong password.
    Account(String),
    /// The envelope has an address that cannot be written in SMTP.
    Address,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.status() {
            Some(code) => Self::Reply {
                step: Step::Session,
                code: code.into(),
                text: error.source().map(ToString::to_string).unwrap_or_default(),
            },
            None if error.is_client() => Self::Garbled,
            None => Self::Lost,
        }
    }
}

impl Failure {
    /// No connection could be made.
    pub fn unreachable() -> Self {
        Self::NotConnected("The mail server could not be reached.".into())
    }

    /// Converts an error of the handshake of TLS.
    pub fn encrypting(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidData {
            return Self::Account(format!("TLS with the mail server failed: {error}"));
        }
        Self::unreachable()
    }

    /// Converts an error before the server's greeting and the end of the TLS handshake.
    pub fn connecting(error: Error) -> Self {
        if is_tls(&error) {
            return Self::Account(format!("TLS with the mail server failed: {}", root(&error)));
        }
        match Self::from(error) {
            Self::Reply { code, text, .. } if code != 421 => {
                Self::NotConnected(format!("The mail server answered {code}: {text}"))
            }
            reply @ Self::Reply { .. } => reply,
            Self::NotConnected(_)
            | Self::Lost
            | Self::Garbled
            | Self::TimedOut
            | Self::Account(_)
            | Self::Address => Self::unreachable(),
        }
    }

    pub fn authenticating(error: Error) -> Self {
        let unsupported = error.is_client();
        let failure = Self::from(error);
        if let Self::Reply { code, text, .. } = &failure
            && *code != 421
        {
            return Self::Account(format!(
                "The mail server did not take the credentials: {code} {text}"
            ));
        }
        if unsupported {
            return Self::Account(
                "The mail server offers no way of authentication that is known.".into(),
            );
        }
        failure
    }

    /// Converts an error at this step of an exchange.
    pub fn at(step: Step) -> impl Fn(Error) -> Self {
        move |error| {
            let mut failure = Self::from(error);
            if let Self::Reply { step: at, .. } = &mut failure {
                *at = step;
            }
            failure
        }
    }

    /// Returns whether the connection is of no further use. A server that refuses the sender may have reached the limit
    /// of mails of the session, which many servers have; one to which there are too many connections wants this one back.
    pub fn ends_connection(&self) -> bool {
        match self {
            Self::Reply { code, step, text } => {
                *code == 421
                    || matches!(step, Step::Sender | Step::Session)
                    || about_connections(*code, text)
            }
            Self::Address => false,
            Self::NotConnected(_)
            | Self::Lost
            | Self::Garbled
            | Self::TimedOut
            | Self::Account(_) => true,
        }
    }

    /// Returns whether the server may only want fewer connections: it opened none, or has said so, or closes this one
    /// before a mail.
    pub fn is_about_connections(&self, phase: Phase) -> bool {
        match self {
            Self::Reply { step, code, text } => {
                phase == Phase::Connecting
                    || about_connections(*code, text)
                    || *code == 421 && matches!(step, Step::Sender | Step::Session)
            }
            Self::NotConnected(_) => true,
            Self::TimedOut => phase == Phase::Connecting,
            Self::Lost | Self::Garbled | Self::Account(_) | Self::Address => false,
        }
    }

    /// Returns whether the failure came before anything was said about a mail.
    pub fn is_before_mail(&self) -> bool {
        match self {
            Self::NotConnected(_) => true,
            Self::Reply { step, .. } => matches!(step, Step::Sender | Step::Session),
            Self::Lost | Self::Garbled | Self::TimedOut | Self::Account(_) | Self::Address => false,
        }
    }

    /// Returns the outcome where other connections are open, so that the mail can go over one of them later.
    pub fn put_off(self) -> Outcome {
        let text = match self {
            Self::Reply { code, text, .. } => said(code, &text),
            Self::NotConnected(text) | Self::Account(text) => text,
            Self::Lost | Self::Garbled | Self::TimedOut | Self::Address => NO_ANSWER.to_owned(),
        };
        not_tried(&text)
    }

    pub fn outcome(self, phase: Phase, attempts: i32) -> Outcome {
        let not_accepted = |code, text: String| Outcome::NotAccepted {
            reason: reason(code, &text),
            again_in: backoff(attempts),
            fault: Fault::Passing,
        };
        match self {
            Self::NotConnected(text) => not_connected(&text),
            Self::Lost | Self::Garbled => {
                let text = "The connection to the mail server was lost";
                match phase {
                    Phase::Connecting | Phase::BeforeEnd => {
                        not_accepted(StatusDetail::ConnectionLost, format!("{text}."))
                    }
                    Phase::Ending => Outcome::Unknown(reason(
                        StatusDetail::ConnectionLost,
                        &format!("{text} before it said whether it has accepted the mail."),
                    )),
                }
            }
            Self::TimedOut => match phase {
                Phase::Connecting => not_connected(NO_ANSWER),
                Phase::BeforeEnd => not_accepted(
                    StatusDetail::Timeout,
                    "The mail server took too long.".into(),
                ),
                Phase::Ending => Outcome::Unknown(reason(
                    StatusDetail::Timeout,
                    "The mail server did not say in time whether it has accepted the mail.",
                )),
            },
            Self::Reply { step, code, text } => {
                let not_accepted = |kind, again_in, fault| Outcome::NotAccepted {
                    reason: reason(kind, &said(code, &text)),
                    again_in,
                    fault,
                };
                answered(step, code, &text, not_accepted, attempts)
            }
            Self::Account(text) => account(&text),
            Self::Address => Outcome::Refused(reason(
                StatusDetail::InvalidMessage,
                "An address cannot be used with SMTP.",
            )),
        }
    }
}

fn answered(
    step: Step,
    code: u16,
    text: &str,
    not_accepted: impl Fn(StatusDetail, Duration, Fault) -> Outcome,
    attempts: i32,
) -> Outcome {
    match meaning(step, code, text) {
        Meaning::Refused => Outcome::Refused(reason(StatusDetail::Refused, &said(code, text))),
        Meaning::Deferred => {
            not_accepted(StatusDetail::Deferred, backoff(attempts), Fault::Passing)
        }
        Meaning::Busy => not_accepted(StatusDetail::Deferred, throttle_pause(), Fault::Throttled),
        Meaning::Throttled => {
            not_accepted(StatusDetail::Throttled, throttle_pause(), Fault::Throttled)
        }
        Meaning::Quota => not_accepted(StatusDetail::Quota, quota_pause(), Fault::Quota),
        // The fault counts for this mail only: the server may accept mail of another sender.
        Meaning::Account => not_accepted(StatusDetail::Account, identity_pause(), Fault::Identity),
    }
}

fn said(code: u16, text: &str) -> String {
    format!("The mail server answered {code}: {text}")
}

fn not_connected(text: &str) -> Outcome {
    Outcome::NotAccepted {
        reason: reason(StatusDetail::NotConnected, text),
        again_in: throttle_pause(),
        fault: Fault::NotConnected,
    }
}

/// Returns the outcome of a mail that waits for others, which costs it nothing and holds up no other mail.
pub fn not_tried(text: &str) -> Outcome {
    Outcome::NotAccepted {
        reason: reason(StatusDetail::Throttled, text),
        again_in: throttle_pause(),
        fault: Fault::NotTried,
    }
}

fn account(text: &str) -> Outcome {
    Outcome::NotAccepted {
        reason: reason(StatusDetail::Account, text),
        again_in: account_pause(),
        fault: Fault::Account,
    }
}

fn reason(code: StatusDetail, text: &str) -> Reason {
    Reason {
        code,
        text: redact(text),
    }
}

/// Returns whether TLS failed. rustls reports its errors as invalid data; a broken connection has another kind.
fn is_tls(error: &Error) -> bool {
    error.is_tls()
        || causes(error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| cause.kind() == io::ErrorKind::InvalidData)
}

fn root(error: &Error) -> String {
    causes(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

#[cfg(test)]
mod tests;
