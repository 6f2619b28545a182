//! The one error of the API. Every answer that is not a success is made from it and has the same body.

use std::{borrow::Cow, error::Error, marker::PhantomData, sync::Arc, time::Duration};

use poem::{
    Response,
    error::ResponseError,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, Enum, Object,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
};

use crate::json::Json;

/// The type of an error:
///
/// - `validation_error` (400): the request is not valid; `errors` lists the faults.
/// - `authentication_error` (401): the API key or admin token is missing or not valid.
/// - `authorization_error` (403): the API key does not permit the request.
/// - `not_found` (404): there is no such resource, or it belongs to another API key.
/// - `method_not_allowed` (405): the path does not have the method; the header `Allow` lists the methods that it has.
/// - `idempotency_conflict` (409): the `Idempotency-Key` was used for another request.
/// - `idempotency_in_progress` (409): the first request with the `Idempotency-Key` is still running; `Retry-After`
///   gives the time until a retry.
/// - `gone` (410): the content of the mailing, or the part of the feed, has been removed.
/// - `payload_too_large` (413): the request body is larger than 4 MiB.
/// - `unsupported_media_type` (415): the request body is not `application/json`, or is encoded.
/// - `send_rejected` (422): the mail was refused permanently.
/// - `recipient_suppressed` (422): the recipient of a single mail must not be mailed; `details` gives the reason, such as
///   `bounce`.
/// - `rate_limit_exceeded` (429): there were too many requests with a wrong admin token; `Retry-After` gives the time
///   until a retry.
/// - `internal_error` (500): the service failed.
/// - `service_unavailable` (503): the service cannot do this now; a retry may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum ErrorType {
    ValidationError,
    AuthenticationError,
    AuthorizationError,
    NotFound,
    MethodNotAllowed,
    IdempotencyConflict,
    IdempotencyInProgress,
    Gone,
    PayloadTooLarge,
    UnsupportedMediaType,
    SendRejected,
    RecipientSuppressed,
    RateLimitExceeded,
    InternalError,
    ServiceUnavailable,
}

impl ErrorType {
    fn status(self) -> StatusCode {
        match self {
            Self::ValidationError => StatusCode::BAD_REQUEST,
            Self::AuthenticationError => StatusCode::UNAUTHORIZED,
            Self::AuthorizationError => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::IdempotencyConflict | Self::IdempotencyInProgress => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::SendRejected | Self::RecipientSuppressed => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimitExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::AuthenticationError,
            StatusCode::FORBIDDEN => Self::AuthorizationError,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::ServiceUnavailable,
            status if status.is_client_error() => Self::ValidationError,
            _ => Self::InternalError,
        }
    }
}

/// A fault of a request.
#[derive(Clone, Debug, PartialEq, Eq, Object)]
pub struct FieldError {
    /// The place of the fault: a path in the body, such as `recipients.3.mail`, or the name of a parameter or header.
    /// Empty for the body as a whole.
    #[oai(validator(min_length = 0))]
    pub field: String,
    /// A text for people; it may change.
    pub message: String,
}

/// The body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Object)]
pub struct ErrorBody {
    /// The HTTP status of the answer.
    pub status: u16,
    /// A text for people; it may change.
    pub message: String,
    /// A stable code for programs.
    pub error_type: ErrorType,
    /// Further details for people; they may change.
    pub details: Option<String>,
    /// The faults of the request. If there are more than 100, only the first 100, and `details` gives the number of
    /// all.
    pub errors: Vec<FieldError>,
    /// The id of the request, which is also in the header `x-request-id` and in the log.
    pub request_id: String,
}

/// A fault of the service that no other error describes.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Fault(&'static str);

/// The reason for which a request is not answered with a success.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    kind: ErrorType,
    message: Cow<'static, str>,
    details: Option<String>,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The cause, for the log; it is not part of the answer.
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    pub fn new(kind: ErrorType, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            details: None,
            errors: Vec::new(),
            headers: Vec::new(),
            source: None,
        }
    }

    /// A fault of one field or parameter.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let fault = FieldError {
            field: field.into(),
            message: message.into(),
        };
        Self::new(ErrorType::ValidationError, "The request is not valid").with_errors(vec![fault])
    }

    pub fn not_found() -> Self {
        Self::new(ErrorType::NotFound, "There is no such resource")
    }

    pub fn unauthenticated() -> Self {
        Self::challenge(HeaderValue::from_static("Bearer"))
    }

    /// The header `WWW-Authenticate` makes a browser ask its user for a credential.
    pub fn challenge(challenge: HeaderValue) -> Self {
        Self::new(
            ErrorType::AuthenticationError,
            "A valid credential is needed",
        )
        .with_header(header::WWW_AUTHENTICATE, challenge)
    }

    pub fn forbidden(message: &'static str) -> Self {
        Self::new(ErrorType::AuthorizationError, message)
    }

    pub fn unavailable() -> Self {
        Self::new(
            ErrorType::ServiceUnavailable,
            "The service cannot do this now, try again",
        )
    }

    pub fn internal() -> Self {
        Self::new(
            ErrorType::InternalError,
            "Something went wrong in the service",
        )
    }

    /// The same as [`Self::internal`], with the fault for the log.
    pub fn fault(fault: &'static str) -> Self {
        Self::internal().with_source(Fault(fault))
    }

    #[cfg(test)]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    #[cfg(test)]
    pub fn details(&self) -> Option<&str> {
        self.details.as_deref()
    }

    #[must_use]
    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// The error to log; none if the service has not failed.
    pub fn cause(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None if self.kind == ErrorType::InternalError => Some(self),
            None => None,
        }
    }

    pub fn into_answer(self, request_id: &str) -> Response {
        let status = self.kind.status();
        let body = ErrorBody {
            status: status.as_u16(),
            message: self.message.into_owned(),
            error_type: self.kind,
            details: self.details,
            errors: self.errors,
            request_id: request_id.to_owned(),
        };
        let mut response = Json(body).respond(status);
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<mail::Error> for Problem {
    fn from(error: mail::Error) -> Self {
        let problem = if error.is_transient() {
            Self::unavailable()
        } else {
            Self::internal()
        };
        problem.with_source(error)
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.kind.status()
    }

    fn as_response(&self) -> Response
    where
        Self: std::error::Error + Send + Sync + 'static,
    {
        self.clone().into_answer("")
    }
}

/// The error answers of an operation, for the specification.
pub trait Statuses: Send + Sync + 'static {
    const LIST: &'static [(u16, &'static str)];
}

/// A [`Problem`] whose statuses the specification lists.
#[derive(Debug)]
pub struct Failure<S>(Problem, PhantomData<S>);

impl<S, E: Into<Problem>> From<E> for Failure<S> {
    fn from(problem: E) -> Self {
        Self(problem.into(), PhantomData)
    }
}

impl<S> From<Failure<S>> for poem::Error {
    fn from(failure: Failure<S>) -> Self {
        failure.0.into()
    }
}

impl<S: Statuses> ApiResponse for Failure<S> {
    fn meta() -> MetaResponses {
        let responses = S::LIST.iter().map(|(status, description)| MetaResponse {
            description,
            status: Some(*status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: Json::<ErrorBody>::CONTENT_TYPE,
                schema: Json::<ErrorBody>::schema_ref(),
            }],
            headers: vec![],
        });
        MetaResponses {
            responses: responses.collect(),
        }
    }

    fn register(registry: &mut Registry) {
        <Json<ErrorBody> as Payload>::register(registry);
    }
}
