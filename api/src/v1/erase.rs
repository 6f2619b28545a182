//! The erasure of a person's data.

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

/// The address to erase.
#[derive(Clone, Debug, Object)]
struct EraseRequest {
    /// The address to erase, in upper or lower case.
    mail: Text<Address>,
}

/// The result of an erasure.
#[derive(Clone, Debug, Object)]
#[oai(rename = "ErasedAddress")]
struct Erased {
    /// The number of recipients whose address, name and variables were removed.
    recipients: u64,
    /// The number of ended mailings from which the address was removed.
    mailings: u64,
    /// The number of mailings with the address that have not ended and are unchanged. Erase the address again when they
    /// have ended.
    waiting: u64,
    /// The number of mailings with the address that were not processed in the time of the request: they are erased in
    /// the background, within minutes. Absent if there are none.
    #[oai(skip_serializing_if_is_none)]
    remaining: Option<u64>,
}

#[derive(Debug)]
pub struct Erase;

#[OpenApi(prefix_path = "/v1", tag = "Tag::Privacy")]
impl Erase {
    /// Erase an address
    ///
    /// Removes the address and the data that belongs to it from every ended mailing. A mailing with one recipient, or
    /// with no other recipient left, loses its subject and content; from a larger mailing, the recipient's address,
    /// name and variables are removed. Captured mail to the address is removed too. The request works for up to 5
    /// seconds; `remaining` is the number of mailings that are left for the background.
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
