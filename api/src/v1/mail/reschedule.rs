//! `POST /v1/mail/{id}/reschedule`: moves what is still queued to another time.

use mail::{
    ledger::{Rescheduled, Scope},
    timestamp,
};
use poem_openapi::Object;
use uuid::Uuid;

use super::parse::{TOO_FAR_AHEAD, planned};
use crate::{
    app::App,
    json::Json,
    problem::Problem,
    request::parse,
    v1::types::{Success, Timestamp},
};

/// The time to which a mailing is moved.
#[derive(Clone, Debug, Object)]
pub(super) struct RescheduleRequest {
    /// The time before which the mail is not sent (RFC 3339), at most 30 days ahead. A time that has passed counts as
    /// the time of the request; one that is more than a day past is refused.
    send_at: Timestamp,
}

/// The result of moving a mailing to another time.
#[derive(Clone, Debug, Object)]
#[oai(rename = "RescheduledMailing")]
pub(super) struct RescheduledOut {
    /// The id of the mailing.
    id: Uuid,
    /// The number of recipients that were moved.
    moved: u64,
    /// The time before which the mail is not sent; null if nothing was moved and the mail was not planned.
    send_at: Option<Timestamp>,
    /// Recipients that are still queued at this time end as `failed`.
    expires_at: Timestamp,
}

pub(super) async fn reschedule(
    app: &App,
    scope: Scope,
    id: Uuid,
    bytes: Vec<u8>,
) -> Result<Json<Success<RescheduledOut>>, Problem> {
    let send_at = parse(bytes, |object| {
        object.required("send_at", |node| node.parsed(100, planned))
    })
    .await?;
    match app.service.reschedule(scope, id, send_at).await? {
        Rescheduled::Moved {
            moved,
            send_at,
            expires_at,
            ..
        } => {
            let data = RescheduledOut {
                id,
                moved,
                send_at: send_at.map(Timestamp::from),
                expires_at: expires_at.into(),
            };
            Ok(Json(Success::new(200, "Mailing rescheduled", data)))
        }
        Rescheduled::Expires(expires_at) => Err(Problem::invalid(
            "send_at",
            format!(
                "must be before the mailing's expires_at, {}",
                timestamp::write(expires_at)
            ),
        )),
        Rescheduled::TooFarAhead => Err(Problem::invalid("send_at", TOO_FAR_AHEAD)),
        Rescheduled::NotFound => Err(Problem::not_found()),
    }
}
