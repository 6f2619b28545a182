//! The checks that a send and a dry run have in common.

use mail::{api_key::ApiKey, limits::Meter, mailing::Templates, message::NewMailing};
use poem::http::HeaderMap;
use uuid::Uuid;

use super::{
    parse::{self, Lists},
    rate_limit,
};
use crate::{app::App, problem::Problem};

/// The maximum length of an `Idempotency-Key`.
pub(super) const MAX_IDEMPOTENCY_KEY: usize = 255;

/// Reads the body, and checks that the key may send it now. Management is not restricted.
pub(super) async fn mailing_of(
    app: &App,
    key: Option<(&ApiKey, &Meter)>,
    bytes: Vec<u8>,
) -> Result<(NewMailing, Templates), Problem> {
    let lists = Lists {
        // Management has no key: its dry runs show links of no list.
        api_key_id: key.map_or_else(Uuid::nil, |(key, _)| key.list_key_id()),
        public_url: app.service.config.public_url.clone(),
    };
    let Some((key, meter)) = key else {
        return parse::mailing(bytes, lists).await;
    };
    rate_limit::check_requests(meter)?;
    let read = parse::mailing(bytes, lists).await?;
    if !key.may_send_from(&read.0.envelope.sender_email) {
        return Err(Problem::forbidden("This key must not send as this sender"));
    }
    rate_limit::check_recipients(key, meter, &read.0)?;
    Ok(read)
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
