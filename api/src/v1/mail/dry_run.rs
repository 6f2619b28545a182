//! `POST /v1/mail?dry_run=true`: what would become of a request.

use std::collections::BTreeMap;

use mail::{DryRun, Forecast, NewDryRun, mailer::Rendered};
use poem::Request;
use poem_openapi::Object;

use super::{
    parse::{NOT_IN_FUTURE, TOO_FAR_AHEAD},
    preconditions::{check_idempotency_key, mailing_of, wants_async},
    rendered::within,
};
use crate::{
    app::App,
    auth::Sender,
    problem::{ErrorType, Problem},
    v1::types::Timestamp,
};

/// An answer quotes at most so much more than its request has, in bytes.
const QUOTED: usize = 32 * 1024;

/// The mail of one recipient, with its placeholders replaced.
#[derive(Clone, Debug, Object)]
pub(super) struct RenderedMail {
    /// The subject, with its placeholders replaced.
    subject: String,
    /// The HTML, with its placeholders replaced; null if there is none.
    html: Option<String>,
    /// The text, with its placeholders replaced; null if there is none.
    text: Option<String>,
    /// The request's and the recipient's `headers`, and with `list` those by which the recipient unsubscribes.
    headers: BTreeMap<String, String>,
    /// `true` if `html` or `text` is longer than this answer may be, and was cut.
    shortened: bool,
}

/// What would become of a request. Recipients are named by their index in the request, from 0.
#[derive(Clone, Debug, Object)]
#[oai(rename = "DryRun")]
pub(super) struct DryRunMail {
    /// The recipients that would be sent to.
    accepted: Vec<usize>,
    /// The recipients that would not be sent to, because their addresses are suppressed.
    suppressed: Vec<usize>,
    /// The recipients whose address has occurred before in the request. They are not left out: each gets a mail of its
    /// own.
    repeated: Vec<usize>,
    /// The places of those `cc` and `bcc` that would be left out because their addresses are suppressed, such as `cc.0`.
    suppressed_copies: Vec<String>,
    /// The mail of the first recipient.
    first: RenderedMail,
    /// The size of the largest mail in bytes, with attachments, as it is sent over SMTP. Exact for up to 50 recipients;
    /// of more, the 50 with the longest texts are measured.
    largest_bytes: u64,
    /// An estimate of the time when the last mail would be sent: after the mail that waits now, at the rate of the
    /// account, or at 50 recipients a second where the rate is not limited, and not before `send_at`.
    done_at: Timestamp,
}

/// The operation, after its parts have been read from the request.
pub(super) async fn dry_run(
    app: &App,
    sender: Sender,
    prefer: Option<&str>,
    request: &Request,
    bytes: Vec<u8>,
) -> Result<DryRunMail, Problem> {
    let key = match sender {
        Sender::Key { key, .. } if key.browser => {
            return Err(Problem::forbidden(
                "This key has no dry run: every visitor of the page can read it",
            ));
        }
        Sender::Key { key, meter } => Some((key, meter)),
        Sender::Management => None,
    };
    check_idempotency_key(request.headers())?;
    let asked = bytes.len();
    let (request, templates) = mailing_of(
        app,
        key.as_ref().map(|(key, meter)| (&**key, &**meter)),
        bytes,
    )
    .await?;
    let new = NewDryRun {
        api_key_id: key.map(|(key, _)| key.id),
        request,
        templates,
        respond_async: wants_async(prefer),
    };
    match app.service.dry_run(new).await? {
        DryRun::Forecast(forecast) => Ok(told(forecast, asked + QUOTED)),
        DryRun::Expired => Err(Problem::invalid("expires_at", NOT_IN_FUTURE)),
        DryRun::TooFarAhead => Err(Problem::invalid("send_at", TOO_FAR_AHEAD)),
        DryRun::NotComposed(reason) => Err(Problem::new(
            ErrorType::SendRejected,
            "The mail would be refused permanently",
        )
        .with_details(reason)),
    }
}

fn told(forecast: Forecast, most: usize) -> DryRunMail {
    DryRunMail {
        accepted: forecast.accepted,
        suppressed: forecast.suppressed,
        repeated: forecast.repeated,
        suppressed_copies: forecast.suppressed_copies,
        first: first(forecast.first, most),
        largest_bytes: forecast.largest as u64,
        done_at: forecast.done_at.into(),
    }
}

fn first(mail: Rendered, most: usize) -> RenderedMail {
    let (mail, shortened) = within(mail, most);
    RenderedMail {
        subject: mail.subject,
        html: mail.html,
        text: mail.text,
        headers: mail.headers,
        shortened,
    }
}
