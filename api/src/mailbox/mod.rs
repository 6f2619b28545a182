//! Captured mail, for developers and for tests. The routes exist only with the mailbox transport, and are no part of
//! the API.

mod access;

use std::{io::ErrorKind, sync::Arc};

use mail::mailer::{Mailbox, Mailer, mailbox::Summary};
use poem::{
    EndpointExt, IntoResponse, Response, Result, Route, get, handler,
    http::header,
    web::{Data, Path, Query},
};
use serde::{Deserialize, Serialize};

use self::access::Access;
use crate::{app::App, json::Json, problem::Problem, v1::types::Success};

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Of a captured mail: nothing runs, nothing is fetched.
const MAIL_POLICY: &str =
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'";

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

const ASSETS: [(&str, &str, &str); 5] = [
    (
        "page.css",
        "text/css; charset=utf-8",
        include_str!("page.css"),
    ),
    (
        "page.js",
        "text/javascript; charset=utf-8",
        include_str!("page.js"),
    ),
    (
        "message.js",
        "text/javascript; charset=utf-8",
        include_str!("message.js"),
    ),
    (
        "links.js",
        "text/javascript; charset=utf-8",
        include_str!("links.js"),
    ),
    (
        "server.js",
        "text/javascript; charset=utf-8",
        include_str!("server.js"),
    ),
];

pub fn mount(route: Route) -> Route {
    let guarded = |endpoint: poem::RouteMethod| endpoint.with(Access).boxed();
    route
        .at("/mailbox", guarded(get(page)))
        .at("/mailbox/assets/:name", guarded(get(asset)))
        .at("/mailbox/api/messages", guarded(get(list).delete(clear)))
        .at(
            "/mailbox/api/messages/:id",
            guarded(get(open).delete(remove)),
        )
        .at("/mailbox/api/messages/:id/source", guarded(get(source)))
        .at("/mailbox/api/messages/:id/html", guarded(get(html)))
        .at(
            "/mailbox/api/messages/:id/attachments/:index",
            guarded(get(attachment)),
        )
}

#[derive(Debug, Deserialize)]
struct ListQuery {
    search: Option<String>,
    mailing_id: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Debug, Serialize)]
struct Captured {
    items: Vec<Summary>,
    next: Option<String>,
    /// The number of mails that the search finds on all pages.
    total: usize,
}

#[handler]
fn page() -> Response {
    include_str!("page.html")
        .with_content_type("text/html; charset=utf-8")
        .with_header(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)
        .with_header(header::REFERRER_POLICY, "no-referrer")
        .into_response()
}

#[handler]
fn asset(Path(name): Path<String>) -> Result<Response> {
    let (_, content_type, content) = ASSETS
        .iter()
        .find(|(asset, ..)| *asset == name)
        .ok_or_else(Problem::not_found)?;
    Ok(content.with_content_type(*content_type).into_response())
}

#[handler]
async fn list(app: Data<&Arc<App>>, query: Result<Query<ListQuery>>) -> Result<Response> {
    let Query(query) =
        query.map_err(|_| Problem::invalid("limit", "must be a whole number from 1 to 100"))?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::invalid("limit", "must be a whole number from 1 to 100").into());
    }
    let mailing = match query.mailing_id.as_deref() {
        None | Some("") => None,
        Some(id) => Some(
            id.parse()
                .map_err(|_| Problem::invalid("mailing_id", "is no id of a mailing"))?,
        ),
    };
    let listing = mailbox(&app)?
        .list(
            query.search.as_deref(),
            mailing,
            query.after.as_deref(),
            limit,
        )
        .await;
    let listing = listing.map_err(|error| {
        if error.kind() == ErrorKind::InvalidInput {
            Problem::invalid("after", "is no cursor of this list")
        } else {
            failed(error)
        }
    })?;
    let data = Captured {
        items: listing.items,
        next: listing.next,
        total: listing.total,
    };
    success("Captured mail", data)
}

#[handler]
async fn clear(app: Data<&Arc<App>>) -> Result<Response> {
    let deleted = mailbox(&app)?.clear().await.map_err(failed)?;
    success("Mailbox cleared", serde_json::json!({"deleted": deleted}))
}

#[handler]
async fn open(app: Data<&Arc<App>>, Path(id): Path<String>) -> Result<Response> {
    let message = mailbox(&app)?.message(&id).await.map_err(failed)?;
    success("Captured mail", message.ok_or_else(Problem::not_found)?)
}

#[handler]
async fn remove(app: Data<&Arc<App>>, Path(id): Path<String>) -> Result<Response> {
    if !mailbox(&app)?.delete(&id).await.map_err(failed)? {
        return Err(Problem::not_found().into());
    }
    success("Mail deleted", serde_json::json!({"deleted": 1}))
}

#[handler]
async fn source(app: Data<&Arc<App>>, Path(id): Path<String>) -> Result<Response> {
    let source = mailbox(&app)?
        .source(&id)
        .await
        .map_err(failed)?
        .ok_or_else(Problem::not_found)?;
    Ok(source
        .with_content_type("text/plain; charset=utf-8")
        .into_response())
}

#[handler]
async fn html(app: Data<&Arc<App>>, Path(id): Path<String>) -> Result<Response> {
    let html = mailbox(&app)?
        .html(&id)
        .await
        .map_err(failed)?
        .ok_or_else(Problem::not_found)?;
    Ok(html
        .with_content_type("text/html; charset=utf-8")
        .with_header(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)
        .with_header(header::REFERRER_POLICY, "no-referrer")
        .into_response())
}

#[handler]
async fn attachment(
    app: Data<&Arc<App>>,
    Path((id, index)): Path<(String, String)>,
) -> Result<Response> {
    let index = index.parse().map_err(|_| Problem::not_found())?;
    let found = mailbox(&app)?
        .attachment(&id, index)
        .await
        .map_err(failed)?;
    let (info, bytes) = found.ok_or_else(Problem::not_found)?;
    // Its own type could make a browser run it; the page asks for it as a download.
    let name: String = url::form_urlencoded::byte_serialize(info.filename.as_bytes()).collect();
    Ok(bytes
        .with_content_type("application/octet-stream")
        .with_header(
            header::CONTENT_DISPOSITION,
            format!("attachment; filename*=UTF-8''{}", name.replace('+', "%20")),
        )
        .into_response())
}

fn mailbox<'a>(app: &'a Data<&Arc<App>>) -> Result<&'a Mailbox, Problem> {
    match &*app.service.mailer {
        Mailer::Mailbox(mailbox) => Ok(mailbox),
        Mailer::Smtp(_) | Mailer::Ses(_) => Err(Problem::not_found()),
    }
}

fn failed(error: std::io::Error) -> Problem {
    mail::Error::from(error).into()
}

fn success(message: &str, data: impl Serialize) -> Result<Response> {
    let data =
        serde_json::to_value(data).map_err(|error| Problem::internal().with_source(error))?;
    Ok(Json(Success::new(200, message, data))
        .with_header(header::CACHE_CONTROL, "no-store")
        .into_response())
}
