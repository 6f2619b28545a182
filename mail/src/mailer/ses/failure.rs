//! The meaning of each answer of SES. The table for operators is in `docs/aws.md`.

use aws_sdk_sesv2::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    types::{BulkEmailEntryResult, BulkEmailStatus},
};

use super::progress::{Progress, Reached};
use crate::{
    mailer::{
        backoff::{account_pause, backoff, identity_pause, quota_pause, throttle_pause},
        redact::redact,
    },
    outcome::{Fault, Outcome, Reason, StatusDetail},
};

/// The conclusion that an answer, or a missing one, allows about the recipients of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// SES does not accept this mail, now or later.
    Refused,
    // Certainly not accepted:
    Throttled,
    Quota,
    /// Configuration set, rights or credentials: no mail of the account can be sent.
    Account,
    /// Something that this mail names, such as its sender, is not verified or not allowed: other mail can be sent.
    Identity,
    NotConnected,
    /// The time was up before anything was sent.
    NotSent,
    /// SES cannot accept the mail now.
    Deferred,
    // Unknown whether the mail was accepted:
    Lost,
    TimedOut,
    /// SES, or a server in front of it, has answered, but not whether it has accepted the mail.
    Unclear,
}
use Verdict::{
    Account, Deferred, Identity, Lost, NotConnected, NotSent, Quota, Refused, Throttled, TimedOut,
    Unclear,
};

/// Returns the verdict of one HTTP answer that is no success
/// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors>,
/// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html>). An answer without a code is not from
/// SES.
fn answered(status: u16, code: Option<&str>, message: &str) -> Verdict {
    let Some(code) = code else {
        return match status {
            429 => Throttled,
            401 | 403 | 404 | 407 => Account,
            _ => Unclear,
        };
    };
    match status {
        400..=499 | 503 if is_quota(code, message) => Quota,
        400..=499 | 503 if status == 429 || is_throttling(code) => Throttled,
        400..=499 if is_identity(code, message) => Identity,
        400..=499 if is_account(status, code, message) => Account,
        400 | 413 | 422 if !code.starts_with("RequestTimeout") => Refused,
        400..=499 | 503 => Deferred,
        _ => Unclear,
    }
}

/// Returns whether the daily quota is used up. Only the message distinguishes it from the rate.
fn is_quota(code: &str, message: &str) -> bool {
    code == "LimitExceededException"
        || (is_throttling(code) && message.to_ascii_lowercase().contains("quota"))
}

fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "TooManyRequestsException"
            | "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestLimitExceeded"
            | "BandwidthLimitExceeded"
            | "SlowDown"
    )
}

fn is_account(status: u16, code: &str, message: &str) -> bool {
    let is_about_message = matches!(code, "MessageRejected" | "BadRequestException");
    if is_about_message {
        return is_about_account(message);
    }
    matches!(status, 401 | 403 | 404 | 407)
        || matches!(
            code,
            "AccountSuspendedException"
                | "SendingPausedException"
                | "NotFoundException"
                | "AccessDenied"
                | "AccessDeniedException"
                | "NotAuthorized"
                | "OptInRequired"
                | "ExpiredToken"
                | "ExpiredTokenException"
                | "RequestExpired"
                | "RequestTimeTooSkewed"
                | "IncompleteSignature"
                | "InvalidSignatureException"
                | "SignatureDoesNotMatch"
                | "InvalidClientTokenId"
                | "MissingAuthenticationToken"
                | "MissingAuthenticationTokenException"
                | "UnrecognizedClientException"
        )
}

/// Returns whether the error is about the sender or the recipient, including the case that the role may not send for
/// it.
fn is_identity(code: &str, message: &str) -> bool {
    is_not_verified(message)
        || code == "MailFromDomainNotVerifiedException"
        || (code.starts_with("AccessDenied") && message.contains(":identity/"))
}

/// Returns whether a rejection is about the account: SES also rejects messages if the sender, or in the sandbox the
/// recipient, is not verified.
fn is_about_account(message: &str) -> bool {
    is_not_verified(message) || message.to_ascii_lowercase().contains("for this account")
}

fn is_not_verified(message: &str) -> bool {
    message.to_ascii_lowercase().contains("not verified")
}

/// Returns the verdict of one entry of a bulk call
/// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntryResult.html>; some values are sent with
/// other names than on that page).
fn entry(status: &str, message: &str) -> Verdict {
    match status {
        "MESSAGE_REJECTED" | "INVALID_PARAMETER" | "INVALID_PARAMETER_VALUE" | "FAILED" => {
            if is_not_verified(message) {
                Identity
            } else if is_about_account(message) {
                Account
            } else if status == "FAILED" && asks_to_try_again(message) {
                Deferred
            } else {
                Refused
            }
        }
        "ACCOUNT_THROTTLED" => Throttled,
        "ACCOUNT_DAILY_QUOTA_EXCEEDED" => Quota,
        "ACCOUNT_SUSPENDED"
        | "ACCOUNT_SENDING_PAUSED"
        | "CONFIGURATION_SET_SENDING_PAUSED"
        | "CONFIGURATION_SET_NOT_FOUND"
        | "CONFIGURATION_SET_DOES_NOT_EXIST"
        | "INVALID_SENDING_POOL_NAME"
        | "TEMPLATE_NOT_FOUND"
        | "TEMPLATE_DOES_NOT_EXIST" => Account,
        "MAIL_FROM_DOMAIN_NOT_VERIFIED" => Identity,
        "TRANSIENT_FAILURE" => Deferred,
        _ => Unclear,
    }
}

/// Returns whether SES itself asks for a retry, regardless of the status: `FAILED` with "Unknown error occurred. Please
/// try again later".
fn asks_to_try_again(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "try again",
        "retry",
        "temporar",
        "unknown error",
        "internal error",
        "unavailable",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// The reason why there is no message id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub verdict: Verdict,
    /// SES's own code, never its message, for logs.
    pub code: String,
    /// The reason for the sender of the mail, without any address.
    words: String,
}

impl Failure {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the SDK's other errors are no time-outs"
    )]
    pub fn of<E>(error: &SdkError<E, HttpResponse>, progress: &Progress) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let timed_out = match error {
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                return Self::answered(status, answer.err().code(), answer.err().message());
            }
            SdkError::ResponseError(_) => return Self::unclear("unreadable answer"),
            SdkError::TimeoutError(_) => true,
            SdkError::DispatchFailure(failure) => failure.is_timeout(),
            _ => false,
        };
        let (verdict, code, words) = match (progress.reached(error), timed_out) {
            (Reached::Nothing, true) => return Self::not_sent(),
            (Reached::Nothing, false) => (
                Account,
                "no credentials, region or endpoint",
                "Amazon SES cannot be called: credentials, region or endpoint are missing.",
            ),
            (Reached::Connecting, _) => (
                NotConnected,
                "not connected",
                "Amazon SES could not be reached.",
            ),
            (Reached::Connected, true) => (
                TimedOut,
                "timeout",
                "Amazon SES did not say in time whether it has accepted the mail.",
            ),
            (Reached::Connected, false) => (
                Lost,
                "connection lost",
                "The connection to Amazon SES was lost before it said whether it has accepted the mail.",
            ),
        };
        Self {
            verdict,
            code: code.to_owned(),
            words: words.to_owned(),
        }
    }

    fn answered(status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let message = message.unwrap_or_default();
        let verdict = answered(status, code, message);
        let code = code.map_or_else(|| format!("HTTP {status}"), redact);
        Self::said(verdict, code, message)
    }

    /// Returns the message id of one entry, or its failure.
    pub fn of_entry(result: &BulkEmailEntryResult) -> Result<String, Self> {
        let message = result.error().unwrap_or_default();
        match (
            result.status().map(BulkEmailStatus::as_str),
            result.message_id(),
        ) {
            (Some("SUCCESS"), Some(id)) if !id.is_empty() => Ok(id.to_owned()),
            (Some("SUCCESS"), _) => Err(Self::unclear("no message id")),
            (Some(status), _) => Err(Self::said(entry(status, message), redact(status), message)),
            (None, _) => Err(Self::unclear("no status")),
        }
    }

    fn said(verdict: Verdict, code: String, message: &str) -> Self {
        let words = match verdict {
            // SES's message may contain the account's numbers and names.
            Identity if is_not_verified(message) => {
                format!("Amazon SES answered {code}: an address or its domain is not verified.")
            }
            Identity => {
                format!("Amazon SES answered {code}: this sender or recipient may not be used.")
            }
            Account => format!("Amazon SES does not serve this account or its settings: {code}."),
            Unclear => format!(
                "Amazon SES answered {code}, which does not say whether it has accepted the mail."
            ),
            Refused | Throttled | Quota | NotConnected | NotSent | Deferred | Lost | TimedOut => {
                redact(format!("Amazon SES answered {code}: {message}").trim_end_matches(": "))
            }
        };
        Self {
            verdict,
            code,
            words,
        }
    }

    /// Returns whether the role lacks the right to the operation that was called; another operation needs other rights.
    pub fn denies_access(&self) -> bool {
        matches!(self.verdict, Account | Identity)
            && matches!(&*self.code, "AccessDenied" | "AccessDeniedException")
    }

    /// An answer that says nothing about the mail.
    pub fn unclear(code: &str) -> Self {
        Self::said(Unclear, code.to_owned(), "")
    }

    /// The time was up before anything was sent.
    pub fn not_sent() -> Self {
        Self {
            verdict: NotSent,
            code: "not sent in time".to_owned(),
            words: "There was not enough time to call Amazon SES.".to_owned(),
        }
    }

    pub fn outcome(&self, attempts: i32) -> Outcome {
        let not_accepted = |code, again_in, fault| Outcome::NotAccepted {
            reason: self.reason(code),
            again_in,
            fault,
        };
        match self.verdict {
            Refused => Outcome::Refused(self.reason(StatusDetail::Refused)),
            Throttled => not_accepted(StatusDetail::Throttled, throttle_pause(), Fault::Throttled),
            Quota => not_accepted(StatusDetail::Quota, quota_pause(), Fault::Quota),
            Account => not_accepted(StatusDetail::Account, account_pause(), Fault::Account),
            Identity => not_accepted(StatusDetail::Account, identity_pause(), Fault::Identity),
            NotConnected => not_accepted(
                StatusDetail::NotConnected,
                throttle_pause(),
                Fault::NotConnected,
            ),
            NotSent => not_accepted(StatusDetail::Timeout, throttle_pause(), Fault::NotTried),
            Deferred => not_accepted(StatusDetail::Deferred, backoff(attempts), Fault::Passing),
            Lost => Outcome::Unknown(self.reason(StatusDetail::ConnectionLost)),
            TimedOut => Outcome::Unknown(self.reason(StatusDetail::Timeout)),
            Unclear => Outcome::Unknown(self.reason(StatusDetail::UnclearAnswer)),
        }
    }

    /// Returns the outcome of recipients that were not tried because of this failure.
    pub fn not_tried(&self) -> Outcome {
        let (code, again_in) = match self.verdict {
            Throttled => (StatusDetail::Throttled, throttle_pause()),
            Quota => (StatusDetail::Quota, quota_pause()),
            Account => (StatusDetail::Account, account_pause()),
            NotConnected => (StatusDetail::NotConnected, throttle_pause()),
            NotSent => (StatusDetail::Timeout, throttle_pause()),
            Refused | Identity | Deferred | Lost | TimedOut | Unclear => {
                (StatusDetail::Deferred, throttle_pause())
            }
        };
        Outcome::NotAccepted {
            reason: Reason {
                code,
                text: if self.verdict == NotSent {
                    self.words.clone()
                } else {
                    "Amazon SES was not called, for the call before it failed.".to_owned()
                },
            },
            again_in,
            fault: Fault::NotTried,
        }
    }

    fn reason(&self, code: StatusDetail) -> Reason {
        Reason {
            code,
            text: self.words.clone(),
        }
    }
}
