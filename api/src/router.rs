//! Routes and middleware, put together.

use std::{any::Any, sync::Arc};

use mail::mailer::Mailer;
use poem::{EndpointExt, Route, endpoint::BoxEndpoint, middleware::CatchPanic};

use crate::{
    app::App,
    console, docs, mailbox,
    middleware::{request_log::RequestLog, response_limit::WithinLimit},
    problem::Problem,
    redirects, v1,
};

/// The HTTP application.
pub fn endpoint(app: Arc<App>) -> BoxEndpoint<'static> {
    // Its paths begin with `/v1`. Nested at the root, it would take `/` as well.
    let mut route = Route::new().nest_no_strip("/v1", v1::service());
    route = docs::mount(route);
    route = console::mount(route);
    let has_mailbox = matches!(app.service.mailer, Mailer::Mailbox(_));
    if has_mailbox {
        route = mailbox::mount(route);
    }
    route = redirects::mount(route, has_mailbox);
    // What it says is dropped: it may quote what was sent. The log has where it was.
    let panics = CatchPanic::new().with_handler(|_: Box<dyn Any + Send>| {
        poem::Error::from(Problem::internal()).into_response()
    });
    route
        .with(panics)
        .with_if(app.address.is_none(), WithinLimit)
        .data(Arc::clone(&app))
        .with(RequestLog(app))
        .boxed()
}
