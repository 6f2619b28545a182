//! What went wrong in an exchange, and what that proves.

use std::{error::Error as _, io};

use lettre::transport::smtp::Error;

use crate::{
    ledger::{Fault, Outcome, Reason},
    mailer::{
        backoff::{account_pause, backoff, throttle_pause},
        words::for_people,
    },
};

/// Whether the end of the mail had begun to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    BeforeEnd,
    Ending,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, so no octet of the mail has left.
    NotConnected(String),
    /// Broken off, or an answer that is no SMTP.
    Lost,
    /// SMTP, but no answer to what was said.
    Garbled,
    TimedOut,
    /// A well-formed answer of 400 or above.
    Reply {
        code: u16,
        text: String,
    },
    /// The fault of the settings, and no recipient's: no TLS, an untrusted certificate, a wrong password.
    Account(String),
    /// The envelope has an address that SMTP cannot say.
    Address,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.status() {
            Some(code) => Self::Reply {
                code: code.into(),
                text: error.source().map(ToString::to_string).unwrap_or_default(),
            },
            None if error.is_client() => Self::Garbled,
            None => Self::Lost,
        }
    }
}

impl Failure {
    /// Before the server has greeted and TLS is up.
    pub fn connecting(error: Error) -> Self {
        if is_tls(&error) {
            return Self::Account(format!("TLS with the mail server failed: {}", root(&error)));
        }
        match Self::from(error) {
            Self::Reply { code, text } if code != 421 => {
                Self::NotConnected(format!("The mail server answered {code}: {text}"))
            }
            reply @ Self::Reply { .. } => reply,
            _ => Self::NotConnected("The mail server could not be reached.".into()),
        }
    }

    pub fn authenticating(error: Error) -> Self {
        let unsupported = error.is_client();
        match Self::from(error) {
            Self::Reply { code, text } if code != 421 => Self::Account(format!(
                "The mail server did not take the credentials: {code} {text}"
            )),
            _ if unsupported => Self::Account(
                "The mail server offers no way of authentication that is known.".into(),
            ),
            other => other,
        }
    }

    /// Whether the connection can be of no further use.
    pub fn ends_connection(&self) -> bool {
        match self {
            Self::Reply { code, .. } => *code == 421,
            Self::Address => false,
            _ => true,
        }
    }

    pub fn outcome(self, phase: Phase, attempts: i32) -> Outcome {
        let not_accepted = |code, text: String| Outcome::NotAccepted {
            reason: reason(code, &text),
            again_in: backoff(attempts),
            fault: Fault::Passing,
        };
        match self {
            Self::NotConnected(text) => not_accepted("not_connected", text),
            Self::Lost | Self::Garbled => {
                let text = "The connection to the mail server was lost";
                match phase {
                    Phase::BeforeEnd => not_accepted("connection_lost", format!("{text}.")),
                    Phase::Ending => Outcome::Unknown(reason(
                        "connection_lost",
                        &format!("{text} before it said whether it has accepted the mail."),
                    )),
                }
            }
            Self::TimedOut => match phase {
                Phase::BeforeEnd => {
                    not_accepted("timeout", "The mail server took too long.".into())
                }
                Phase::Ending => Outcome::Unknown(reason(
                    "timeout",
                    "The mail server did not say in time whether it has accepted the mail.",
                )),
            },
            Self::Reply { code, text } => answered(code, &text, not_accepted),
            Self::Account(text) => account(&text),
            Self::Address => Outcome::Refused(reason(
                "invalid_message",
                "An address cannot be used with SMTP.",
            )),
        }
    }
}

/// A well-formed refusal proves the same at every step.
fn answered(
    code: u16,
    text: &str,
    not_accepted: impl Fn(&'static str, String) -> Outcome,
) -> Outcome {
    let said = format!("The mail server answered {code}: {text}");
    match code {
        // Authentication or encryption is asked for (RFC 4954, 6; RFC 3207, 4).
        530 | 534 | 535 | 538 => account(&said),
        500.. => Outcome::Refused(reason("refused", &said)),
        _ if is_throttling(code, text) => Outcome::NotAccepted {
            reason: reason("throttled", &said),
            again_in: throttle_pause(),
            fault: Fault::Throttled,
        },
        _ => not_accepted("deferred", said),
    }
}

/// Whether it is about the pace or the state of the server, and not about this mail.
fn is_throttling(code: u16, text: &str) -> bool {
    if code == 421 || text.to_ascii_lowercase().contains("throttl") {
        return true;
    }
    let enhanced = text.split_whitespace().next().unwrap_or_default();
    match enhanced.strip_prefix("4.") {
        Some("3.1" | "3.2") => true,
        // What greylisting says: it wants a real wait, and never ends where it is meant for good.
        Some("7.1") => false,
        Some(detail) => detail.starts_with("7."),
        None => code == 452,
    }
}

fn account(text: &str) -> Outcome {
    let reason = reason("account", text);
    tracing::warn!(
        reason = reason.text,
        "the mail server does not take our mail"
    );
    Outcome::NotAccepted {
        reason,
        again_in: account_pause(),
        fault: Fault::Account,
    }
}

fn reason(code: &'static str, text: &str) -> Reason {
    Reason {
        code,
        text: for_people(text),
    }
}

/// rustls hands its faults over as invalid data; a connection that broke off is something else.
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
mod tests {
    use super::*;

    fn reply(code: u16, text: &str) -> (&'static str, Option<Fault>) {
        let failure = Failure::Reply {
            code,
            text: text.into(),
        };
        match failure.outcome(Phase::Ending, 0) {
            Outcome::NotAccepted { reason, fault, .. } => (reason.code, Some(fault)),
            Outcome::Refused(reason) => (reason.code, None),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_well_formed_refusal_is_for_good_or_for_later() {
        let deferred = ("deferred", Some(Fault::Passing));
        let throttled = ("throttled", Some(Fault::Throttled));
        for (code, text, expected) in [
            (550, "5.1.1 no such user", ("refused", None)),
            (554, "", ("refused", None)),
            (
                530,
                "5.7.0 must issue STARTTLS",
                ("account", Some(Fault::Account)),
            ),
            (535, "5.7.8 bad password", ("account", Some(Fault::Account))),
            (450, "4.2.0 greylisted", deferred),
            (451, "4.7.1 greylisted", deferred),
            (452, "4.2.2 over quota", deferred),
            (452, "4.5.3 too many recipients", deferred),
            (451, "", deferred),
            (421, "4.4.2 timeout", throttled),
            (421, "", throttled),
            (450, "4.7.28 unusual rate", throttled),
            (452, "4.3.1 insufficient storage", throttled),
            (451, "4.3.2 try later", throttled),
            (452, "insufficient storage", throttled),
            (
                454,
                "Throttling failure: Maximum sending rate exceeded",
                throttled,
            ),
        ] {
            assert_eq!(reply(code, text), expected, "{code} {text}");
        }
    }

    #[test]
    fn only_what_breaks_after_the_end_has_begun_is_unknown() {
        for (failure, code) in [
            (|| Failure::Lost, "connection_lost"),
            (|| Failure::Garbled, "connection_lost"),
            (|| Failure::TimedOut, "timeout"),
        ] as [(fn() -> Failure, _); 3]
        {
            assert!(matches!(
                failure().outcome(Phase::BeforeEnd, 0),
                Outcome::NotAccepted { reason, fault: Fault::Passing, .. } if reason.code == code
            ));
            assert!(matches!(
                failure().outcome(Phase::Ending, 0),
                Outcome::Unknown(reason) if reason.code == code
            ));
        }
    }
}
