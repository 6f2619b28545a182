//! Routes and middleware, put together.

use std::sync::Arc;

use mail::mailer::Mailer;
use poem::{EndpointExt, Route, endpoint::BoxEndpoint};

use crate::{
    app::App,
    console, docs, mailbox,
    middleware::{panics::CatchPanic, request_log::RequestLog, response_limit::WithinLimit},
    redirects, v1,
};

/// The HTTP application.
pub fn endpoint(app: Arc<App>) -> BoxEndpoint<'static> {
    // The paths of the API begin with `/v1`. Nested at the root, the API would take `/` as well.
    let mut route = Route::new().nest_no_strip("/v1", v1::service());
    route = docs::mount(route);
    route = console::mount(route);
    let has_mailbox = matches!(*app.service.mailer, Mailer::Mailbox(_));
    if has_mailbox {
        route = mailbox::mount(route);
    }
    route = redirects::mount(route, has_mailbox);
    route
        .with(CatchPanic)
        .with_if(app.address.is_none(), WithinLimit)
        .data(Arc::clone(&app))
        .with(RequestLog(app))
        .boxed()
}
