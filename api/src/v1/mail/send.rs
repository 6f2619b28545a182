//! `POST /v1/mail`: the operation and its answers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mail::{
    Answer, NewSubmission, Submission, api_key::ApiKey, ledger::IdempotencyRequest, limits::Meter,
};
use poem::{
    Request,
    http::{HeaderName, HeaderValue},
};
use poem_openapi::{ApiResponse, Enum, Object, Union};
use uuid::Uuid;

use super::{
    dry_run::DryRunMail,
    parse,
    preconditions::{check_idempotency_key, mailing_of, wants_async},
    rate_limit,
};
use crate::{
    app::App,
    json::Json,
    middleware::context::Trace,
    problem::{ErrorType, Problem},
    v1::{
        types::{Id, Success, Timestamp},
        values::some,
    },
};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The time for an answer: within 25 seconds with the work that follows it.
const ANSWER_WITHIN: Duration = Duration::from_secs(22);
const SHORTEST: Duration = Duration::from_secs(10);
/// Kept free before the end of an invocation, for the work that follows an answer.
const BEFORE_END: Duration = Duration::from_secs(3);

#[derive(Clone, Debug, Object)]
pub(super) struct SesResponse {
    /// The mail system's id of the mail.
    #[oai(rename = "MessageId")]
    message_id: String,
}

#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum SentRecipientStatus {
    Sent,
}

/// The one recipient of a single mail and its status.
#[derive(Clone, Debug, Object)]
pub(super) struct SentRecipient {
    /// The caller's `email_id` of the request.
    email_id: Option<Id>,
    /// The caller's `emailRecipientId`: that of the recipient, or else that of the request.
    email_recipient_id: Option<Id>,
    /// The address as it was submitted; null only in a replayed answer after the address was removed.
    recipient: Option<String>,
    /// Always `sent`.
    status: SentRecipientStatus,
    /// The mail system's id of the mail.
    message_id: String,
    /// Null: the mail was sent.
    status_detail: Option<String>,
    /// Null: the mail was sent.
    last_error: Option<String>,
    /// Null: the mail was not queued.
    queued_at: Option<Timestamp>,
    /// The time at which the mail system accepted the mail.
    sent_at: Timestamp,
}

/// A single mail that the mail system has accepted.
#[derive(Clone, Debug, Object)]
pub(super) struct SentMail {
    /// The id of the mailing, for `GET /v1/mail/{id}`.
    id: Uuid,
    /// The mail system's id of the mail.
    message_id: String,
    /// The answer of the mail system in the form of SES, whichever it is.
    ses_response: SesResponse,
    /// The recipient and its status.
    status: SentRecipient,
    /// The places in the request of those `cc` and `bcc` that were left out because their addresses must not be mailed,
    /// such as `cc.0`. Absent if there is none.
    #[oai(skip_serializing_if_is_none)]
    suppressed_copies: Option<Vec<String>>,
}

/// The status of mail that was answered with 202.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
pub(in crate::v1) enum QueuedMailStatus {
    Queued,
    Unconfirmed,
}

/// Mail that the service has stored, and that the mail system is not known to have accepted yet.
#[derive(Clone, Debug, Object)]
pub(in crate::v1) struct QueuedMail {
    /// The id of the mailing, for `GET /v1/mail/{id}`.
    id: Uuid,
    /// The caller's `email_id` of the request.
    email_id: Option<Id>,
    /// `queued`, or `unconfirmed` if it cannot be known whether the mail system accepted a single mail.
    status: QueuedMailStatus,
    /// The number of recipients that were accepted, or queued again by a resend.
    accepted: u64,
    /// The time at which the recipients were queued; null if `status` is `unconfirmed`.
    queued_at: Option<Timestamp>,
    /// The places in the request of those `cc` and `bcc` that the first attempt of a single mail left out, because their
    /// addresses must not be mailed, such as `cc.0`. Absent if there is none; those of mail that was queued at once are
    /// looked up when the mail is sent, and named by its event `copy_suppressed`.
    #[oai(skip_serializing_if_is_none)]
    suppressed_copies: Option<Vec<String>>,
}

impl QueuedMail {
    pub(in crate::v1) fn new(
        id: Uuid,
        email_id: Option<Id>,
        accepted: u64,
        queued_at: i64,
    ) -> Self {
        Self {
            id,
            email_id,
            status: QueuedMailStatus::Queued,
            accepted,
            queued_at: Some(queued_at.into()),
            suppressed_copies: None,
        }
    }
}

/// A success with status 200: a mail that was sent, or with `dry_run` the result of the dry run.
#[derive(Union)]
#[oai(rename = "SentMailOrDryRun")]
pub(super) enum SentOrTried {
    Sent(Success<SentMail>),
    Tried(Success<DryRunMail>),
}

#[derive(ApiResponse)]
pub(super) enum SendResponse {
    /// The mail system has accepted the mail to the one recipient; or with `dry_run`, what would become of the mail
    #[oai(status = 200)]
    Done(
        Json<SentOrTried>,
        /// `true` if this is the answer of an earlier request with the same `Idempotency-Key`; otherwise absent
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
    /// The mail is stored and is sent in the background, or is `unconfirmed`
    #[oai(status = 202)]
    Queued(
        Json<Success<QueuedMail>>,
        /// `true` if this is the answer of an earlier request with the same `Idempotency-Key`; otherwise absent
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

impl From<DryRunMail> for SendResponse {
    fn from(data: DryRunMail) -> Self {
        let tried = Success::new(200, "Dry run: nothing was sent", data);
        Self::Done(Json(SentOrTried::Tried(tried)), None)
    }
}

/// The operation, after its parts have been read from the request.
pub(super) async fn send(
    app: &App,
    (key, meter): (ApiKey, Arc<Meter>),
    idempotency_key: Option<String>,
    prefer: Option<&str>,
    request: &Request,
    bytes: Vec<u8>,
) -> Result<SendResponse, Problem> {
    let service = &app.service;
    let respond_async = wants_async(prefer);
    check_idempotency_key(request.headers())?;
    let idempotency = idempotency_key
        .map(|idempotency_key| IdempotencyRequest::new(idempotency_key, &bytes, respond_async));
    let mailing = mailing_of(app, Some((&key, &meter)), bytes).await;
    let (mailing, templates) = match (mailing, &idempotency) {
        (Ok(read), _) => read,
        (Err(problem), None) => return Err(problem),
        // The first request with this key may have been accepted, before the rules changed or a limit was used up.
        (Err(problem), Some(idempotency)) => {
            let known = service.replay(key.id, idempotency).await?;
            return known.map_or(Err(problem), |known| respond(known, &meter, key.browser));
        }
    };
    let new = NewSubmission {
        api_key_id: key.id,
        meter: Arc::clone(&meter),
        request: mailing,
        templates,
        idempotency,
        respond_async,
        deadline: deadline(request),
    };
    let recipients = new.request.recipients.len();
    let submission = service.submit(new).await?;
    if let (Submission::Answered(answer), Some(trace)) = (&submission, trace(request)) {
        let _ = trace.mailing.set((answer.id(), recipients));
    }
    respond(submission, &meter, key.browser)
}

fn as_replay(problem: Problem, replayed: Option<bool>) -> Problem {
    match replayed {
        Some(true) => problem.with_header(REPLAYED, HeaderValue::from_static("true")),
        _ => problem,
    }
}

fn trace(request: &Request) -> Option<&Trace> {
    Trace::of(request).map(Arc::as_ref)
}

/// Counted from the arrival of the request. A slow body does not shorten it below [`SHORTEST`].
fn deadline(request: &Request) -> Instant {
    let trace = trace(request);
    let started = trace.map_or_else(Instant::now, |trace| trace.started);
    let deadline = (started + ANSWER_WITHIN).max(Instant::now() + SHORTEST);
    match trace.and_then(|trace| trace.until) {
        Some(until) => deadline.min(until.checked_sub(BEFORE_END).unwrap_or(started)),
        None => deadline,
    }
}

fn respond(submission: Submission, meter: &Meter, browser: bool) -> Result<SendResponse, Problem> {
    if let Submission::Replayed(_) | Submission::InProgress(_) = submission {
        meter.leave_uncounted();
    }
    match submission {
        Submission::Answered(answer) => success(answer, None, browser),
        Submission::Replayed(answer) => success(answer, Some(true), browser),
        Submission::KeyOfOtherRequest => Err(Problem::new(
            ErrorType::IdempotencyConflict,
            "This Idempotency-Key was used for another request",
        )),
        Submission::Revoked => Err(Problem::unauthenticated()),
        Submission::OverLimit { recipients } => Err(rate_limit::over_limit(meter, recipients)),
        Submission::Expired => Err(Problem::invalid("expires_at", parse::NOT_IN_FUTURE)),
        Submission::TooFarAhead => Err(Problem::invalid("send_at", parse::TOO_FAR_AHEAD)),
        Submission::InProgress(left) => Err(Problem::new(
            ErrorType::IdempotencyInProgress,
            "The first request with this Idempotency-Key is still running",
        )
        .with_retry_after(left)),
    }
}

fn success(answer: Answer, replayed: Option<bool>, browser: bool) -> Result<SendResponse, Problem> {
    Ok(match answer {
        Answer::Sent {
            id,
            email_id,
            email_recipient_id,
            recipient,
            message_id,
            sent_at,
            suppressed_copies,
        } => {
            let data = SentMail {
                id,
                message_id: message_id.clone(),
                ses_response: SesResponse {
                    message_id: message_id.clone(),
                },
                status: SentRecipient {
                    email_id: email_id.map(Id::from),
                    email_recipient_id: email_recipient_id.map(Id::from),
                    recipient,
                    status: SentRecipientStatus::Sent,
                    message_id,
                    status_detail: None,
                    last_error: None,
                    queued_at: None,
                    sent_at: sent_at.into(),
                },
                suppressed_copies: some(suppressed_copies),
            };
            let sent = Success::new(200, "Email sent successfully", data);
            SendResponse::Done(Json(SentOrTried::Sent(sent)), replayed)
        }
        Answer::Queued {
            id,
            email_id,
            accepted,
            queued_at,
            suppressed_copies,
        } => {
            let data = QueuedMail {
                suppressed_copies: some(suppressed_copies),
                ..QueuedMail::new(id, email_id.map(Id::from), accepted, queued_at)
            };
            SendResponse::Queued(Json(Success::new(202, "Email queued", data)), replayed)
        }
        Answer::Unconfirmed {
            id,
            email_id,
            suppressed_copies,
        } => {
            let data = QueuedMail {
                id,
                email_id: email_id.map(Id::from),
                status: QueuedMailStatus::Unconfirmed,
                accepted: 1,
                queued_at: None,
                suppressed_copies: some(suppressed_copies),
            };
            let message = "It cannot be known whether the email was sent";
            SendResponse::Queued(Json(Success::new(202, message, data)), replayed)
        }
        Answer::Rejected { id, reason } => {
            let problem = Problem::new(ErrorType::SendRejected, "The mail was refused permanently")
                .with_details(format!("{reason} (mailing {id})"));
            return Err(as_replay(problem, replayed));
        }
        Answer::Suppressed { id, reason } => {
            let problem = Problem::new(
                ErrorType::RecipientSuppressed,
                "The recipient must not be mailed",
            );
            // Anybody can read a browser key, and must not learn from it what became of earlier mail.
            let problem = if browser {
                problem
            } else {
                problem.with_details(format!("{reason} (mailing {id})"))
            };
            return Err(as_replay(problem, replayed));
        }
    })
}
