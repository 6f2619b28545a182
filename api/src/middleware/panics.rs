//! A panic of a handler is an error of its request and of nothing else.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::problem::Problem;

#[derive(Debug)]
pub struct CatchPanic;

impl<E: Endpoint> Middleware<E> for CatchPanic {
    type Output = CatchPanicEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        CatchPanicEndpoint(inner)
    }
}

#[derive(Debug)]
pub struct CatchPanicEndpoint<E>(E);

impl<E: Endpoint> Endpoint for CatchPanicEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        match AssertUnwindSafe(self.0.call(request)).catch_unwind().await {
            Ok(answered) => answered.map(IntoResponse::into_response),
            // Its message may quote what was sent. The hook for panics logs the place.
            Err(_) => Err(Problem::fault("the handler panicked").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use poem::{EndpointExt, endpoint::make_sync};

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_that_does_not_quote_it() {
        let endpoint = make_sync(|_| -> Response { panic!("ann@example.org") }).with(CatchPanic);
        let error = endpoint.call(Request::default()).await.unwrap_err();
        let problem = error.downcast_ref::<Problem>().unwrap();
        let cause = problem.cause().unwrap();
        assert_eq!(
            mail::telemetry::causes(cause).to_string(),
            "the handler panicked"
        );
        assert_eq!(error.status(), 500);
        assert!(!format!("{error:?}").contains("ann@"), "{error:?}");
    }
}
