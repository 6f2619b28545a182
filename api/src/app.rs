//! The HTTP application: routes, and what is true for every answer.

use std::{any::Any, net::SocketAddr, sync::Arc};

use mail::{Service, mailer::Mailer, queue::Queue};
use poem::{EndpointExt, Route, endpoint::BoxEndpoint, middleware::CatchPanic};

use crate::{
    console, docs, edge::Edge, function::WithinLimit, mailbox, payload::Bodies, problem::Problem,
    redirects, v1,
};

/// What handlers share.
#[derive(Debug)]
pub struct App {
    pub service: Arc<Service>,
    /// Where it listens; a function does nowhere.
    pub address: Option<SocketAddr>,
    pub bodies: Bodies,
}

impl App {
    pub fn new(service: Arc<Service>, address: Option<SocketAddr>) -> Arc<Self> {
        Arc::new(Self {
            service,
            address,
            bodies: Bodies::default(),
        })
    }

    /// Whether management needs no token from this machine: only in the embedded default, where nothing can leave, and
    /// only while none is set.
    pub fn management_is_open(&self) -> bool {
        self.service.config.admin.is_none()
            && matches!(*self.service.mailer, Mailer::Mailbox(_))
            && matches!(self.service.queue, Queue::Local(_))
            && self.is_on_loopback()
    }

    pub fn is_on_loopback(&self) -> bool {
        self.address
            .is_some_and(|address| address.ip().is_loopback())
    }

    pub fn endpoint(self: Arc<Self>) -> BoxEndpoint<'static> {
        // Its paths begin with `/v1`. Nested at the root, it would take `/` as well.
        let mut route = Route::new().nest_no_strip("/v1", v1::service());
        route = docs::mount(route);
        route = console::mount(route);
        let has_mailbox = matches!(*self.service.mailer, Mailer::Mailbox(_));
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
            .with_if(self.address.is_none(), WithinLimit)
            .data(Arc::clone(&self))
            .with(Edge(self))
            .boxed()
    }
}
