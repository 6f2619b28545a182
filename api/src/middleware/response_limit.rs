//! The limit on the size of an answer of a Lambda function.

use poem::{Body, Endpoint, IntoResponse, Middleware, Request, Response, Result};
use serde_json::json;

use crate::problem::{ErrorType, Problem};

/// Largest answer that Lambda takes, 6 MB (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>),
/// less the size of the headers.
const MAX_ANSWER: usize = 6 * 1024 * 1024 - 64 * 1024;

/// Answers with an error in place of an answer that Lambda would not take: the error of API Gateway gives no reason.
#[derive(Debug)]
pub struct WithinLimit;

impl<E: Endpoint> Middleware<E> for WithinLimit {
    type Output = LimitedEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        LimitedEndpoint(inner)
    }
}

#[derive(Debug)]
pub struct LimitedEndpoint<E>(E);

impl<E: Endpoint> Endpoint for LimitedEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let (parts, body) = self.0.call(request).await?.into_response().into_parts();
        let bytes = body
            .into_bytes()
            .await
            .map_err(|error| Problem::internal().with_source(error))?;
        if !fits(&bytes) {
            let message = "The answer is larger than the 6 MB that a Lambda function may give";
            return Err(Problem::new(ErrorType::InternalError, message).into());
        }
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }
}

/// Returns whether Lambda takes the body, which is put into JSON: text as a string, other content as base64.
fn fits(body: &[u8]) -> bool {
    if body.len() * 6 <= MAX_ANSWER {
        // It fits even if each octet has to be escaped.
        return true;
    }
    let base64 = body.len().div_ceil(3) * 4;
    let escaped = std::str::from_utf8(body).map_or(0, |text| json!(text).to_string().len());
    base64.max(escaped) <= MAX_ANSWER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_fits_by_what_lambda_gets_of_it() {
        let million = 1_000_000;
        assert!(fits(&vec![b'a'; 4 * million]));
        assert!(!fits(&vec![b'a'; 7 * million]));
        assert!(!fits(&vec![b'\n'; 4 * million]), "two octets each");
        assert!(fits(&vec![b'\0'; million]));
        assert!(!fits(&vec![0xff; 5 * million]), "a third more as base64");
    }
}
