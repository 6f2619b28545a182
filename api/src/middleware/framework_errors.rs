//! Errors of the framework, which arise before or beside a handler.

use poem::http::{HeaderValue, Method, header};

use crate::{
    problem::{ErrorType, Problem},
    request::shown,
};

/// The answer to a request that the framework refused.
pub fn problem_of(error: poem::Error, allow: &[Method]) -> Problem {
    use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError};
    if let Some(problem) = error.downcast_ref::<Problem>() {
        return problem.clone();
    }
    if error.downcast_ref::<ParsePathError>().is_some() {
        return Problem::not_found();
    }
    if let Some(error) = error.downcast_ref::<ParseParamError>() {
        return Problem::invalid(error.name, shown(plain(&error.reason)));
    }
    if error.downcast_ref::<ContentTypeError>().is_some() {
        return Problem::new(
            ErrorType::UnsupportedMediaType,
            "The body must be application/json",
        );
    }
    let kind = ErrorType::of(error.status());
    if kind == ErrorType::NotFound {
        return Problem::not_found();
    }
    if kind == ErrorType::InternalError {
        return Problem::internal().with_source(error);
    }
    if kind == ErrorType::MethodNotAllowed {
        let allow: Vec<&str> = allow.iter().map(Method::as_str).collect();
        let problem = Problem::new(kind, "There is no such method here");
        return match HeaderValue::from_str(&allow.join(", ")) {
            Ok(allow) => problem.with_header(header::ALLOW, allow),
            Err(_) => problem,
        };
    }
    Problem::new(kind, shown(&error.to_string()))
}

/// The reason without the names of Rust types that the framework puts around it.
fn plain(reason: &str) -> &str {
    if reason.ends_with(" expects an input value.") {
        return "is required";
    }
    let reason = reason
        .split_once(" (occurred while parsing")
        .map_or(reason, |(reason, _)| reason);
    reason
        .strip_prefix("failed to parse \"")
        .and_then(|rest| rest.split_once("\": "))
        .map_or(reason, |(_, reason)| reason)
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::ParseFromParameter;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_fault_of_a_parameter_names_no_rust_type() {
        let bad = Option::<Uuid>::parse_from_parameters(["x"]).unwrap_err();
        assert_eq!(plain(bad.message()), "invalid character: found `x` at 0");
        let absent = String::parse_from_parameters([""; 0]).unwrap_err();
        assert_eq!(plain(absent.message()), "is required");
    }
}
