//! Removing a person.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};

use super::{
    statuses::ManagementErrors,
    tag::Tag,
    text::{Address, Text},
    types::Success,
    values,
};
use crate::{
    app::App,
    auth::Admin,
    json::Json,
    problem::Failure,
    request::{RawJson, parse},
};

/// Whom to remove.
#[derive(Clone, Debug, Object)]
struct EraseRequest {
    mail: Text<Address>,
}

/// What was removed.
#[derive(Clone, Debug, Object)]
#[oai(rename = "ErasedAddress")]
struct Erased {
    /// Recipients whose address, name and variables are gone.
    recipients: u64,
    /// Ended mailings in which the address was.
    mailings: u64,
    /// Mailings with the address that have not ended; erase it again when they have.
    waiting: u64,
    /// Mailings with the address that the request had no time for: they are done in the background, within minutes. Absent
    /// where there is none.
    #[oai(skip_serializing_if_is_none)]
    remaining: Option<u64>,
}

#[derive(Debug)]
pub struct Erase;

#[OpenApi(prefix_path = "/v1", tag = "Tag::Privacy")]
impl Erase {
    /// Remove an address
    ///
    /// Removes it, and what was written to it, from every ended mailing. A mailing with one recipient loses its
    /// subject and content; of a larger one the recipient's address, name and variables go. A request works on it for
    /// some seconds; `remaining` says how many mailings are left to the background then.
    #[oai(path = "/erase", method = "post", operation_id = "eraseAddress")]
    async fn erase(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        body: RawJson<EraseRequest>,
    ) -> Result<Json<Success<Erased>>, Failure<ManagementErrors>> {
        let address = parse(body.bytes, |object| {
            object.required("mail", values::address)
        })
        .await?;
        let erased = app.service.erase(&address).await?;
        let data = Erased {
            recipients: erased.recipients,
            mailings: erased.mailings,
            waiting: erased.waiting,
            remaining: Some(erased.remaining).filter(|remaining| *remaining > 0),
        };
        let message = if erased.remaining == 0 {
            "Address erased"
        } else {
            "Address is being erased"
        };
        Ok(Json(Success::new(200, message, data)))
    }
}
