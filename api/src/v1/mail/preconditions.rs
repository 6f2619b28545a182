//! The checks that a send and a dry run have in common.

use mail::{api_key::ApiKey, mailing::Templates, message::NewMailing};
use poem::http::HeaderMap;

use super::parse;
use crate::problem::Problem;

/// The maximum length of an `Idempotency-Key`.
pub(super) const MAX_IDEMPOTENCY_KEY: usize = 255;

/// Reads the body, and checks that the key may send it. Management is not restricted to senders.
pub(super) async fn mailing_of(
    key: Option<&ApiKey>,
    bytes: Vec<u8>,
) -> Result<(NewMailing, Templates), Problem> {
    let read = parse::mailing(bytes).await?;
    if key.is_none_or(|key| key.may_send_from(&read.0.envelope.sender_email)) {
        Ok(read)
    } else {
        Err(Problem::forbidden("This key must not send as this sender"))
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7240#section-4.1>
pub(super) fn wants_async(prefer: Option<&str>) -> bool {
    prefer.is_some_and(|prefer| {
        prefer
            .split([',', ';'])
            .any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
    })
}

/// Refuses a key that cannot be read: it must not count as absent, because the caller relies on it.
pub(super) fn check_idempotency_key(headers: &HeaderMap) -> Result<(), Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(key) = given.next() else {
        return Ok(());
    };
    let fault = if given.next().is_some() {
        "is there twice: a request has one"
    } else if key.is_empty() {
        "is empty: leave the header out, or send a value of your own for each mail, such as a UUID"
    } else if key.len() > MAX_IDEMPOTENCY_KEY {
        "must have at most 255 characters: send a hash of what is longer"
    } else if !key.as_bytes().iter().all(|b| (b' '..=b'~').contains(b)) {
        "must be printable ASCII: send a hash or an encoding of what is not"
    } else {
        return Ok(());
    };
    Err(Problem::invalid("Idempotency-Key", fault))
}
