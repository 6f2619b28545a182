//! Redirects from short addresses to the pages. They are no part of the API.

use poem::{IntoResponse, Response, Route, endpoint::make_sync, get, http::header, web::Redirect};

/// Redirects `/` to the console, and the address of a page with a trailing slash to the page.
pub fn mount(route: Route, has_mailbox: bool) -> Route {
    let route = route.at("/", to("/console")).at("/docs/", to("/docs"));
    if has_mailbox {
        route.at("/mailbox/", to("/mailbox"))
    } else {
        route
    }
}

/// A temporary redirect, so that no browser keeps it beyond an update.
fn to(page: &'static str) -> poem::RouteMethod {
    get(make_sync(move |_| -> Response {
        Redirect::temporary(page)
            .with_header(header::CACHE_CONTROL, "no-cache")
            .into_response()
    }))
}
