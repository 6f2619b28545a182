//! Access to captured mail: from this machine, or with the admin token.

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
        let app = App::of(&request)?;
        let local = app.is_on_loopback() && auth::is_local(&request);
        let is_admin = match given(&request) {
            Some(token) if !local => auth::is_admin(app, &request, &token).await?,
            _ => false,
        };
        if local || is_admin {
            return self.0.call(request).await.map(IntoResponse::into_response);
        }
        Err(Problem::challenge(PASSWORD).into())
    }
}

/// The token that is shown: a bearer token, or the password of any user name, for which browsers prompt.
fn given(request: &Request) -> Option<String> {
    let headers = request.headers();
    if let Some(Authorization(basic)) = headers.typed_get::<Authorization<Basic>>() {
        return Some(basic.password().to_owned());
    }
    let Authorization(bearer) = headers.typed_get::<Authorization<Bearer>>()?;
    Some(bearer.token().to_owned())
}
