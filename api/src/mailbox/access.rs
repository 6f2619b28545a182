//! Captured mail is for the people at this machine, or for whoever has the admin token.

use std::sync::Arc;

use mail::config::AdminToken;
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::HeaderValue,
    web::headers::{
        Authorization, HeaderMapExt,
        authorization::{Basic, Bearer},
    },
};

use crate::{app::App, auth, problem::Problem};

const PASSWORD: HeaderValue =
    HeaderValue::from_static("Basic realm=\"MMMS mailbox\", charset=\"UTF-8\"");

#[derive(Debug)]
pub struct Access;

impl<E: Endpoint> Middleware<E> for Access {
    type Output = AccessEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        AccessEndpoint(inner)
    }
}

#[derive(Debug)]
pub struct AccessEndpoint<E>(E);

impl<E: Endpoint> Endpoint for AccessEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let app = request.data::<Arc<App>>().ok_or_else(Problem::internal)?;
        let local = app.address.ip().is_loopback() && auth::is_local(&request);
        let token = app.service.config.admin_token.as_ref();
        if local || token.is_some_and(|token| carries(&request, token)) {
            return self.0.call(request).await.map(IntoResponse::into_response);
        }
        Err(Problem::challenge(PASSWORD).into())
    }
}

/// As a bearer token, or as the password of any user, which browsers ask for by themselves.
fn carries(request: &Request, token: &AdminToken) -> bool {
    let headers = request.headers();
    if let Some(Authorization(basic)) = headers.typed_get::<Authorization<Basic>>() {
        return token.matches(basic.password());
    }
    headers
        .typed_get::<Authorization<Bearer>>()
        .is_some_and(|Authorization(bearer)| token.matches(bearer.token()))
}
