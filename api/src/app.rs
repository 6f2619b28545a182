//! State that all requests share.

use std::{net::SocketAddr, sync::Arc};

use mail::{Service, mailer::Mailer, queue::Queue};
use poem::Request;

use crate::{problem::Problem, request::bodies::Bodies};

/// The service, and the state of this process around it.
#[derive(Debug)]
pub struct App {
    pub service: Arc<Service>,
    /// The address that the server listens on; none in a Lambda function.
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

    /// The state that the router has given to every request.
    pub fn of(request: &Request) -> Result<&Arc<Self>, Problem> {
        request
            .data::<Arc<Self>>()
            .ok_or_else(|| Problem::fault("the request has no state of the application"))
    }

    /// Returns whether management needs no token from this machine: only in the embedded default, which sends no mail,
    /// and only while no token is set.
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
}
