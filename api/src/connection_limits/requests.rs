//! Counts the requests under way on each connection.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderValue, Version, header},
};

use super::registry::{Progress, Registry};

/// Middleware around the application: each request counts for its connection until it is answered.
#[derive(Debug)]
pub struct Requests(pub(super) Arc<Registry>);

impl<E: Endpoint> Middleware<E> for Requests {
    type Output = RequestsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        RequestsEndpoint {
            registry: Arc::clone(&self.0),
            inner,
        }
    }
}

#[derive(Debug)]
pub struct RequestsEndpoint<E> {
    registry: Arc<Registry>,
    inner: E,
}

impl<E: Endpoint> Endpoint for RequestsEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let Some(progress) = self.registry.find(request.remote_addr()) else {
            return Ok(self.inner.call(request).await?.into_response());
        };
        let version = request.version();
        request
            .extensions_mut()
            .insert(OfConnection(Arc::clone(&progress)));
        let _under_way = UnderWay::new(&progress);
        let mut response = self.inner.call(request).await?.into_response();
        // HTTP/2 has no such field.
        if progress.is_old() && version < Version::HTTP_2 {
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

struct UnderWay<'a>(&'a Progress);

impl<'a> UnderWay<'a> {
    fn new(progress: &'a Progress) -> Self {
        progress.request_begins();
        Self(progress)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.request_ends();
    }
}

/// The connection of a request.
#[derive(Clone, Debug)]
pub struct OfConnection(Arc<Progress>);

impl OfConnection {
    /// The body is on its way here until what this returns is dropped.
    pub fn body_arrives(&self) -> Arriving {
        self.0.body_begins();
        Arriving(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
pub struct Arriving(Arc<Progress>);

impl Drop for Arriving {
    fn drop(&mut self) {
        self.0.body_ends();
    }
}
