//! What a key may send: the recipients that it may write to, and its limits. A request over a limit is refused here if
//! the limit was used up before; the statement that stores the mail decides about the others.

use std::time::Duration;

use mail::{
    address::Address,
    api_key::ApiKey,
    limits::{Meter, Quota, Window},
    message::NewMailing,
};

use crate::problem::{ErrorType, FieldError, Problem};

use Place::{Bcc, Cc, To};

/// The maximum number of recipients that an answer lists.
const MAX_LISTED: usize = 100;

/// Refuses a request before it is read, if the key may make none now.
pub(super) fn check_requests(meter: &Meter) -> Result<(), Problem> {
    check(meter, 0)
}

/// Refuses recipients that the key may not write to, or more than it may write to now.
pub(super) fn check_recipients(
    key: &ApiKey,
    meter: &Meter,
    mailing: &NewMailing,
) -> Result<(), Problem> {
    check_addresses(key, mailing)?;
    let recipients = mailing.addressees();
    if let Some(most) = key.limits.recipients_per_request
        && usize::try_from(most).is_ok_and(|most| recipients > most)
    {
        let fault = format!(
            "make {recipients} with copies, and this API key may write to {most} a request"
        );
        return Err(Problem::invalid("recipients", fault));
    }
    check(meter, recipients)
}

fn check_addresses(key: &ApiKey, mailing: &NewMailing) -> Result<(), Problem> {
    if key.recipients.is_empty() {
        return Ok(());
    }
    let to = mailing.recipients.iter().map(|recipient| &recipient.mail);
    let to = to.zip(0..).map(|(mail, index)| (mail, To(index)));
    let copies = |list, place: fn(usize) -> Place| {
        let list: &[Address] = list;
        list.iter()
            .zip(0..)
            .map(move |(mail, index)| (mail, place(index)))
    };
    let envelope = &mailing.envelope;
    let cc = copies(&envelope.cc, Cc);
    let bcc = copies(&envelope.bcc, Bcc);
    let refused: Vec<Place> = to
        .chain(cc)
        .chain(bcc)
        .filter(|(mail, _)| !key.may_write_to(mail))
        .map(|(_, place)| place)
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let errors = refused.iter().take(MAX_LISTED).map(|place| FieldError {
        field: match place {
            To(index) => format!("recipients.{index}.mail"),
            Cc(index) => format!("cc.{index}"),
            Bcc(index) => format!("bcc.{index}"),
        },
        message: "is not an address that this API key may write to".to_owned(),
    });
    let problem = Problem::forbidden("This API key must not write to all of these recipients");
    Err(problem
        .with_errors(errors.collect())
        .with_details(format!("{} refused", refused.len())))
}

/// The place of an address in a request.
enum Place {
    To(usize),
    Cc(usize),
    Bcc(usize),
}

const OVER: &str = "This API key has used up one of its limits: wait, then try again";

/// The refusal of a request that the ledger has found to be over a limit: others of the key were counted meanwhile.
pub(super) fn over_limit(meter: &Meter, recipients: usize) -> Problem {
    let refused = check(meter, recipients);
    refused.err().unwrap_or_else(|| {
        // The window has ended since.
        Problem::new(ErrorType::RateLimitExceeded, OVER).with_retry_after(Duration::ZERO)
    })
}

/// Refuses one more request to so many recipients, if a limit would be exceeded.
fn check(meter: &Meter, recipients: usize) -> Result<(), Problem> {
    let recipients = i64::try_from(recipients).unwrap_or(i64::MAX);
    match meter.limits.exceeded(&meter.usage(), recipients) {
        Some(quota) => Err(refusal(&quota, recipients)),
        None => Ok(()),
    }
}

fn refusal(quota: &Quota, recipients: i64) -> Problem {
    let Quota { window, limit, .. } = quota;
    let (may, each) = match window {
        Window::RequestsInMinute => (format!("make {limit} requests"), "minute"),
        Window::RecipientsInMinute => (format!("write to {limit} recipients"), "minute"),
        Window::RecipientsInDay => (format!("write to {limit} recipients"), "day"),
    };
    let share = window.share(recipients);
    let details = if share > *limit {
        format!(
            "the request has {share} with copies, more than a whole {each} allows: send to fewer in each request"
        )
    } else {
        format!("{} are left until the {each} ends", quota.left())
    };
    let message = format!("This API key may {may} a {each}");
    Problem::new(ErrorType::RateLimitExceeded, message)
        .with_details(details)
        .with_retry_after(quota.ends_in)
}
