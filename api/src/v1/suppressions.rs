//! The list of addresses that must not be mailed.

use std::sync::Arc;

use mail::{
    address::Address,
    ledger::{Scope, SuppressionFilter},
    message::List,
    suppression::{MOST_ENTRIES, NewSuppression, Suppression, SuppressionReason, SuppressionScope},
};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::{
    statuses::{SuppressionChangeErrors, SuppressionErrors, SuppressionListErrors},
    tag::Tag,
    text::{self, ListName, Text},
    types::{DEFAULT_LIMIT, Items, Success, Timestamp},
    values,
};
use crate::{
    app::App,
    auth::Viewer,
    json::Json,
    problem::{Failure, Problem},
    request::{Node, ObjectNode, RawJson, parse},
};

/// The reason why an address must not be mailed:
///
/// - `bounce`: mail to it has bounced for good.
/// - `complaint`: its owner has marked a mail as spam.
/// - `manual`: it was put on the list by a request.
/// - `unsubscribe`: its owner has unsubscribed from the list.
///
/// A later version may add reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(
    rename = "SuppressionReason",
    remote = "SuppressionReason",
    rename_all = "snake_case"
)]
enum ReasonName {
    Bounce,
    Complaint,
    Manual,
    Unsubscribe,
}

/// An address that must not be mailed.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Suppression")]
struct SuppressionOut {
    /// The id of the entry.
    id: Uuid,
    /// The address; null after it was erased. What is left then, a keyed hash, still suppresses it.
    mail: Option<String>,
    /// One of `SuppressionReason`.
    reason: String,
    /// The key whose mail is suppressed; null if all mail is.
    api_key_id: Option<Uuid>,
    /// The list of the key whose mail is suppressed; null if all mail is.
    list: Option<String>,
    /// The time at which the address was put on the list.
    created_at: Timestamp,
}

impl From<Suppression> for SuppressionOut {
    fn from(entry: Suppression) -> Self {
        Self {
            id: entry.id,
            mail: entry.mail,
            reason: entry.reason,
            api_key_id: entry.api_key_id,
            list: entry.list,
            created_at: entry.created_at.into(),
        }
    }
}

/// The address to suppress, and the mail.
#[derive(Clone, Debug, Object)]
struct SuppressionRequest {
    /// The address.
    mail: Text<text::Address>,
    /// `manual` if absent; the other reasons are for entries that come from another service.
    reason: Option<ReasonName>,
    /// Only mail of this list of the API key is suppressed; if absent, all mail is. An API key must give it.
    list: Option<Text<ListName, 64>>,
    /// With the admin token and `list`: the API key that the list belongs to.
    api_key_id: Option<Uuid>,
}

/// Addresses to suppress.
#[derive(Clone, Debug, Object)]
#[oai(rename = "SuppressionImportRequest")]
struct ImportRequest {
    /// 1 to 1,000 addresses. One that is suppressed already for the same reason and mail stays as it is.
    #[oai(validator(min_items = 1, max_items = 1000))]
    entries: Vec<SuppressionRequest>,
}

/// The result of an import.
#[derive(Clone, Debug, Object)]
#[oai(rename = "ImportedSuppressions")]
struct Imported {
    /// The number of entries of the request, each of which is on the list now.
    accepted: u64,
}

/// The id of an entry that was removed.
#[derive(Clone, Debug, Object)]
#[oai(rename = "RemovedSuppression")]
struct Removed {
    /// The id of the entry.
    id: Uuid,
}

#[derive(ApiResponse)]
enum AddedResponse {
    /// The address is suppressed
    #[oai(status = 201)]
    Added(Json<Success<SuppressionOut>>),
}

#[derive(Debug)]
pub struct Suppressions;

#[OpenApi(prefix_path = "/v1/suppressions", tag = "Tag::Suppressions")]
impl Suppressions {
    /// List suppressed addresses
    ///
    /// Lists entries, newest first: with the admin token all, with an API key those of its own lists.
    #[oai(path = "/", method = "get", operation_id = "listSuppressions")]
    async fn list(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// Only entries of this address. An erased address is found too.
        mail: Query<Option<Text<text::Address>>>,
        /// Only entries with this reason.
        reason: Query<Option<ReasonName>>,
        /// The maximum number of entries on the page; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// The cursor `next` of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<Success<Items<SuppressionOut>>>, Failure<SuppressionListErrors>> {
        let mail = mail
            .0
            .map(|mail| Address::parse(mail.as_str()))
            .transpose()
            .map_err(|error| Problem::invalid("mail", error.to_string()))?;
        let filter = SuppressionFilter {
            mail: mail.as_ref(),
            reason: reason.0.map(SuppressionReason::from),
        };
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT);
        let page = app
            .service
            .ledger
            .suppressions(viewer.lists, filter, after.0, limit)
            .await?;
        let page = Items::of(page, |id| id.to_string());
        Ok(Json(Success::new(200, "Suppressions", page)))
    }

    /// Suppress an address
    ///
    /// From now on no mail is sent to the address, or none of one list: recipients that are queued end as `suppressed`
    /// when it is their turn, and a single mail is answered with 422. If it is suppressed already, nothing changes.
    #[oai(path = "/", method = "post", operation_id = "addSuppression")]
    async fn add(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        body: RawJson<SuppressionRequest>,
    ) -> Result<AddedResponse, Failure<SuppressionChangeErrors>> {
        let new = parse(body.bytes, move |object| entry(object, viewer.lists)).await?;
        let added = app.service.ledger.suppress(&[new]).await?;
        let added = added
            .into_iter()
            .next()
            .ok_or_else(|| Problem::fault("an entry was added and is not there"))?;
        Ok(AddedResponse::Added(Json(Success::new(
            201,
            "Address suppressed",
            added.into(),
        ))))
    }

    /// Import suppressed addresses
    ///
    /// Adds up to 1,000 entries, such as a page of a file from another service: all of them or, if one has a fault,
    /// none.
    #[oai(path = "/import", method = "post", operation_id = "importSuppressions")]
    async fn import(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        body: RawJson<ImportRequest>,
    ) -> Result<Json<Success<Imported>>, Failure<SuppressionChangeErrors>> {
        let scope = viewer.lists;
        let new = parse(body.bytes, move |object| {
            object.required("entries", |node| {
                node.list(1..=MOST_ENTRIES, |node: Node<'_>| {
                    node.object(|object| entry(object, scope))
                })
            })
        })
        .await?;
        let added = app.service.ledger.suppress(&new).await?;
        let data = Imported {
            accepted: added.len() as u64,
        };
        Ok(Json(Success::new(200, "Addresses suppressed", data)))
    }

    /// Remove a suppressed address
    ///
    /// Removes the entry; other entries of the address stay. If the transport is SES and the entry was for all mail, the
    /// address is also taken off the suppression list of the SES account.
    #[oai(path = "/:id", method = "delete", operation_id = "removeSuppression")]
    async fn remove(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// The id of the entry.
        id: Path<Uuid>,
    ) -> Result<Json<Success<Removed>>, Failure<SuppressionErrors>> {
        if !app.service.unsuppress(viewer.lists, id.0).await? {
            return Err(Problem::not_found().into());
        }
        let data = Removed { id: id.0 };
        Ok(Json(Success::new(
            200,
            "Address no longer suppressed",
            data,
        )))
    }
}

fn entry(object: &mut ObjectNode<'_>, scope: Scope) -> Option<NewSuppression> {
    let mail = object.required("mail", values::address);
    let reason = object.optional("reason", |node| {
        node.parsed(20, |text| {
            text.parse::<SuppressionReason>()
                .map_err(|_| "must be bounce, complaint, manual or unsubscribe")
        })
    });
    let list = object.optional("list", Text::<ListName, 64>::read);
    let key = object.optional("api_key_id", values::key_id);
    let scope = match (scope, list, key) {
        (Scope::Key(own), Some(list), key) if key.is_none_or(|key| key == own) => {
            Ok(SuppressionScope::of(Some(List {
                name: list,
                api_key_id: own,
            })))
        }
        (Scope::Key(_), None, None) => Err((
            "list",
            "is required: a key suppresses mail of its own lists",
        )),
        (Scope::Key(_), _, _) => Err((
            "api_key_id",
            "must be left out: a key suppresses its own mail",
        )),
        (Scope::Everybody, Some(list), Some(key)) => Ok(SuppressionScope::of(Some(List {
            name: list,
            api_key_id: key,
        }))),
        (Scope::Everybody, None, None) => Ok(SuppressionScope::Everything),
        (Scope::Everybody, Some(_), None) => Err((
            "api_key_id",
            "is required with list: the key that it belongs to",
        )),
        (Scope::Everybody, None, Some(_)) => Err(("list", "is required with api_key_id")),
    };
    let scope = scope
        .inspect_err(|(field, fault)| object.fault(field, *fault))
        .ok();
    Some(NewSuppression {
        mail: mail?,
        reason: reason.unwrap_or(SuppressionReason::Manual),
        scope: scope?,
    })
}
