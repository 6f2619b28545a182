//! The console: pages for the operator of the service. They hold no secret; the API that they call asks for the admin
//! token. The console is no part of the API.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use include_dir::{Dir, File, include_dir};
use mail::mailer::Mailer;
use poem::{
    IntoResponse, Request, Response, Result, Route, get, handler,
    http::{HeaderMap, StatusCode, header},
    web::{Data, Json, Path},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{app::App, auth, problem::Problem};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../console/dist");
static TAGS: LazyLock<HashMap<&str, String>> = LazyLock::new(|| {
    let mut tags = HashMap::new();
    tag(&FILES, &mut tags);
    tags
});

const PAGE: &str = "index.html";
/// The folder of files that have the hash of their content in their names.
const HASHED: &str = "assets/";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub fn mount(route: Route) -> Route {
    route
        .at("/console", get(page))
        .at("/console/", get(page))
        .at("/console/service.json", get(service))
        .at("/console/:name", get(other))
        .at("/console/assets/:name", get(asset))
}

/// Facts that the pages need before sign-in.
#[derive(Debug, Serialize)]
struct Facts {
    /// Mail is captured for `/mailbox`.
    mailbox: bool,
    /// How mail leaves, if it does.
    transport: &'static str,
    version: &'static str,
    /// Management asks this client for the admin token.
    sign_in: bool,
}

#[handler]
fn service(Data(app): Data<&Arc<App>>, request: &Request) -> Response {
    let facts = Facts {
        mailbox: matches!(*app.service.mailer, Mailer::Mailbox(_)),
        transport: match *app.service.mailer {
            Mailer::Mailbox(_) => "mailbox",
            Mailer::Smtp(_) => "smtp",
            Mailer::Ses(_) => "ses",
        },
        version: env!("CARGO_PKG_VERSION"),
        sign_in: !(app.management_is_open() && auth::is_local(request)),
    };
    Json(facts)
        .with_header(header::CACHE_CONTROL, "no-store")
        .into_response()
}

#[handler]
fn page(request: &Request) -> Result<Response> {
    answer(PAGE, request.headers())
}

#[handler]
fn other(Path(name): Path<String>, request: &Request) -> Result<Response> {
    answer(&name, request.headers())
}

#[handler]
fn asset(Path(name): Path<String>, request: &Request) -> Result<Response> {
    answer(&format!("{HASHED}{name}"), request.headers())
}

fn answer(path: &str, asked: &HeaderMap) -> Result<Response> {
    let file = FILES.get_file(path).ok_or_else(Problem::not_found)?;
    let tag = TAGS
        .get(path)
        .ok_or_else(|| Problem::fault("a file of the console has no tag"))?;
    let caching = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let response = Response::builder()
        .header(header::ETAG, tag)
        .header(header::CACHE_CONTROL, caching)
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::REFERRER_POLICY, "no-referrer");
    if is_known(tag, asked) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    Ok(response
        .content_type(content_type(file))
        .body(file.contents())
        .into_response())
}

/// Returns whether the client has this version already (RFC 9110, 13.1.2).
fn is_known(tag: &str, asked: &HeaderMap) -> bool {
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

fn content_type(file: &File<'_>) -> String {
    let guess = mime_guess::from_path(file.path()).first_or_octet_stream();
    if guess.type_() == mime::TEXT {
        format!("{guess}; charset=utf-8")
    } else {
        guess.to_string()
    }
}

fn tag(folder: &'static Dir<'static>, tags: &mut HashMap<&'static str, String>) {
    for file in folder.files() {
        if let Some(path) = file.path().to_str() {
            let hash = hex::encode(Sha256::digest(file.contents()));
            tags.insert(path, format!("\"{hash}\""));
        }
    }
    for inner in folder.dirs() {
        tag(inner, tags);
    }
}
