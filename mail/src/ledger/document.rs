//! JSON columns: what is written into them, and what can still be read of one that was damaged.

use entity::{Document, recipient::Model};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    address::Address,
    error::{Error, Result},
    message::{CallerId, CallerIds, Envelope, Recipient},
};

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<Document> {
    let json = serde_json::to_value(value).map_err(|source| Error::Corrupt {
        what: std::any::type_name::<T>(),
        source,
    })?;
    Ok(json.into())
}

/// Returns a value as JSON text.
pub(super) fn to_text<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|source| Error::Corrupt {
        what: std::any::type_name::<T>(),
        source,
    })
}

pub(super) fn from_json<T: DeserializeOwned>(what: &'static str, stored: Document) -> Result<T> {
    let read = match stored {
        Document::Readable(json) => serde_json::from_value(json),
        Document::Unreadable => Err(serde::de::Error::custom("it is no JSON")),
    };
    read.map_err(|source| Error::Corrupt { what, source })
}

/// An envelope to be looked at. Where not all of it can be read, the rest is: one mailing must not hide the others.
/// A mailing that is to be sent has to be read as a whole.
pub(super) fn legible_envelope(stored: Document) -> Envelope {
    let json = stored.readable().unwrap_or_default();
    Envelope::deserialize(&json).unwrap_or_else(|_| {
        let ids = &json["ids"];
        Envelope {
            sender_email: legible::<Option<Address>>(&json["sender_email"])
                .unwrap_or_else(Address::unreadable),
            sender_name: legible(&json["sender_name"]),
            sender_organisation_name: legible(&json["sender_organisation_name"]),
            subject: legible(&json["subject"]),
            reply_to: legible(&json["reply_to"]),
            cc: legible(&json["cc"]),
            bcc: legible(&json["bcc"]),
            reply_to_names: legible(&json["reply_to_names"]),
            cc_names: legible(&json["cc_names"]),
            erased_copies: legible(&json["erased_copies"]),
            list: legible(&json["list"]),
            needs_links: legible(&json["needs_links"]),
            ids: CallerIds {
                client_env_id: legible(&ids["client_env_id"]),
                email_id: legible(&ids["email_id"]),
                email_recipient_id: legible(&ids["email_recipient_id"]),
                project_id: legible(&ids["project_id"]),
                closure_id: legible(&ids["closure_id"]),
            },
        }
    })
}

/// Nothing where it cannot be read.
pub(super) fn legible<T: DeserializeOwned + Default>(json: &Value) -> T {
    T::deserialize(json).unwrap_or_default()
}

pub(super) fn caller_id(value: Option<Document>) -> Result<Option<CallerId>> {
    value
        .map(|value| from_json("caller's id", value))
        .transpose()
}

/// Nothing is stored of a list that is empty.
fn stored_map<T: DeserializeOwned + Default>(
    what: &'static str,
    value: Option<Document>,
) -> Result<T> {
    value.map_or_else(|| Ok(T::default()), |value| from_json(what, value))
}

/// Returns the recipient as it was submitted. `None` if the row cannot be read as a whole, or if its address has been
/// erased.
pub(super) fn stored_recipient(row: Model) -> Option<Recipient> {
    Some(Recipient {
        mail: Address::parse(row.mail.as_deref()?).ok()?,
        name: row.name,
        company: row.company,
        email_recipient_id: caller_id(row.email_recipient_id).ok()?,
        variables: stored_map("variables", row.variables).ok()?,
        headers: stored_map("headers", row.headers).ok()?,
    })
}
