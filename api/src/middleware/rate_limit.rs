//! Around every request whose key has limits: it counts what was not stored, and tells what is left in the header fields
//! of <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>.

use std::time::Duration;

use mail::{
    limits::{Meter, Quota, Window},
    telemetry,
};
use poem::{
    Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method},
};

use super::context::Trace;
use crate::app::App;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");
/// The route whose requests are counted.
const COUNTED: &str = "/v1/mail";
/// The longest time that an answer waits for a database that is away.
const PATIENCE: Duration = Duration::from_secs(1);

/// Completes the answer to a request with an API key.
pub async fn complete(app: &App, trace: &Trace, response: &mut Response) {
    let Some(meter) = trace.meter.get() else {
        return;
    };
    let is_counted = trace.method == Method::POST && trace.route == COUNTED;
    if is_counted && !response.status().is_server_error() && meter.is_to_be_counted() {
        count(app, trace, meter).await;
    }
    if meter.use_is_to_be_noted() {
        app.service.note_use(meter.api_key_id);
    }
    tell(response.headers_mut(), meter);
}

async fn count(app: &App, trace: &Trace, meter: &Meter) {
    let counting = app.service.ledger.count_request(meter);
    let failure = match tokio::time::timeout(PATIENCE, counting).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => telemetry::causes(&error).to_string(),
        Err(_) => "it took too long".to_owned(),
    };
    tracing::warn!(
        request.id = trace.request_id,
        key.id = %meter.api_key_id,
        error = failure,
        "a request was not counted"
    );
}

fn tell(headers: &mut HeaderMap, meter: &Meter) {
    let quotas = meter.limits.quotas(&meter.usage());
    if quotas.is_empty() {
        return;
    }
    let policies = list(&quotas, |quota| {
        format!("q={};w={}", quota.limit, quota.window.seconds())
    });
    let left = list(&quotas, |quota| {
        format!(
            "r={};t={}",
            quota.left(),
            quota.ends_in.as_millis().div_ceil(1000)
        )
    });
    headers.insert(POLICY, policies);
    headers.insert(LEFT, left);
}

/// A list of structured fields (RFC 9651, 3.1).
fn list(quotas: &[Quota], parameters: impl Fn(&Quota) -> String) -> HeaderValue {
    let items = quotas.iter().map(|quota| {
        let name = match quota.window {
            Window::RequestsInMinute => "requests-minute",
            Window::RecipientsInMinute => "recipients-minute",
            Window::RecipientsInDay => "recipients-day",
        };
        format!("\"{name}\";{}", parameters(quota))
    });
    let items = items.collect::<Vec<_>>().join(", ");
    HeaderValue::from_str(&items).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use mail::limits::{Limits, Usage};
    use uuid::Uuid;

    use super::*;

    fn told(limits: Limits, usage: Usage) -> Option<[String; 2]> {
        let mut headers = HeaderMap::new();
        tell(&mut headers, &Meter::new(Uuid::nil(), limits, usage, false));
        let text = |name| Some(headers.get(name)?.to_str().unwrap().to_owned());
        Some([text(POLICY)?, text(LEFT)?])
    }

    #[test]
    fn an_answer_tells_each_limit_that_has_a_window_and_what_is_left_of_it() {
        let usage = Usage {
            minute_requests: 1,
            minute_recipients: 61,
            day_recipients: 100,
            ..Usage::none(47_001)
        };
        let expected = [
            r#""requests-minute";q=60;w=60, "recipients-minute";q=60;w=60, "recipients-day";q=1000;w=86400"#,
            r#""requests-minute";r=59;t=13, "recipients-minute";r=0;t=13, "recipients-day";r=900;t=86353"#,
        ];
        let told_all = told(Limits::OF_BROWSER_KEY, usage).unwrap();
        assert_eq!(told_all, expected);
        let without_windows = Limits {
            recipients_per_request: Some(1),
            ..Limits::NONE
        };
        assert_eq!(told(without_windows, usage), None);
    }
}
