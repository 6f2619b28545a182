//! Authentication and authorization of callers.

mod local;

use std::{net::SocketAddr, sync::Arc};

use mail::{
    admin::Admission,
    api_key::{ApiKey, Origin},
    ledger::Scope,
    limits::Meter,
};
use poem::{
    Request, RequestBody, Result,
    http::{HeaderMap, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{
    app::App,
    middleware::context::Trace,
    problem::{ErrorType, Problem},
};

pub use local::is_local;
use local::is_own;

const API_KEY_SCHEME: &str = "ApiKey";
const ADMIN_SCHEME: &str = "Management";

/// A caller of `POST /v1/mail`.
#[derive(Debug)]
pub enum Sender {
    /// Any API key may send, a browser key only from its own pages.
    Key { key: Box<ApiKey>, meter: Arc<Meter> },
    /// Management without an API key: only for a dry run.
    Management,
}

/// A caller that may look at mailings: a server key at its own, management at all.
#[derive(Debug)]
pub struct Viewer {
    pub scope: Scope,
    /// The same for lists and their suppressed addresses: they may belong to a revoked key.
    pub lists: Scope,
}

impl Viewer {
    const MANAGEMENT: Self = Self {
        scope: Scope::Everybody,
        lists: Scope::Everybody,
    };
}

/// A caller that may manage keys and data.
#[derive(Debug)]
pub struct Admin;

/// A kind of caller and the credentials that it shows.
trait Caller: Sized {
    const SCHEMES: &'static [&'static str];

    fn identify(app: &App, request: &Request)
    -> impl Future<Output = Result<Self, Problem>> + Send;
}

impl Caller for Sender {
    const SCHEMES: &'static [&'static str] = &[API_KEY_SCHEME, ADMIN_SCHEME];

    async fn identify(app: &App, request: &Request) -> Result<Self, Problem> {
        // With a key, a dry run tells what the key may do.
        if is_dry_run(request) && !request.headers().contains_key("x-api-key") {
            return Admin::identify(app, request)
                .await
                .map(|Admin| Self::Management);
        }
        let (key, meter) = api_key(app, request).await?;
        check_origin(&key, request)?;
        Ok(Self::Key {
            key: Box::new(key),
            meter,
        })
    }
}

impl Caller for Viewer {
    const SCHEMES: &'static [&'static str] = &[API_KEY_SCHEME, ADMIN_SCHEME];

    async fn identify(app: &App, request: &Request) -> Result<Self, Problem> {
        let keyed = request.headers().contains_key("x-api-key");
        // Another scheme in `Authorization` may be for a proxy.
        if bearer(request.headers()).is_some() || !keyed {
            return Admin::identify(app, request)
                .await
                .map(|Admin| Self::MANAGEMENT);
        }
        let (key, _) = api_key(app, request).await?;
        if key.browser {
            return Err(Problem::forbidden(
                "This key can only send mail: every visitor of the page can read it",
            ));
        }
        check_origin(&key, request)?;
        Ok(Self {
            scope: Scope::Key(key.id),
            lists: Scope::Key(key.list_key_id()),
        })
    }
}

impl Caller for Admin {
    const SCHEMES: &'static [&'static str] = &[ADMIN_SCHEME];

    async fn identify(app: &App, request: &Request) -> Result<Self, Problem> {
        let allowed = match bearer(request.headers()) {
            Some(given) if app.service.config.admin.is_some() => {
                is_admin(app, request, given).await?
            }
            _ => app.management_is_open() && is_local(request),
        };
        if allowed {
            Ok(Self)
        } else {
            Err(Problem::unauthenticated())
        }
    }
}

/// Returns whether this is the admin token. An address that has shown many wrong ones has to wait.
pub async fn is_admin(app: &App, request: &Request, given: &str) -> Result<bool, Problem> {
    let peer = request.remote_addr().as_socket_addr();
    let admin = &app.service.admin;
    match admin.admit(given, peer.map(SocketAddr::ip)).await? {
        Admission::Admitted => Ok(true),
        Admission::Refused => Ok(false),
        Admission::Wait(wait) => Err(Problem::new(
            ErrorType::RateLimitExceeded,
            "Too many wrong admin tokens came from this address: wait, then try again",
        )
        .with_retry_after(wait)),
    }
}

async fn api_key(app: &App, request: &Request) -> Result<(ApiKey, Arc<Meter>), Problem> {
    let given = request
        .headers()
        .get("x-api-key")
        .and_then(|value| value.to_str().ok());
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        let problem = Problem::unauthenticated();
        return Err(if request.headers().contains_key(header::AUTHORIZATION) {
            problem
                .with_details("an API key goes into the header x-api-key, not into Authorization")
        } else {
            problem
        });
    };
    let key = app.service.ledger.key_of_secret(given).await?;
    let (key, meter) = key.ok_or_else(Problem::unauthenticated)?;
    let meter = Arc::new(meter);
    if let Some(trace) = Trace::of(request) {
        let _ = trace.key_id.set(key.id);
        let _ = trace.meter.set(Arc::clone(&meter));
    }
    Ok((key, meter))
}

/// Returns whether the request asks for a dry run. The operation reads the parameter too, and sends nothing for
/// management.
fn is_dry_run(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name == "dry_run" && value == "true")
}

/// A server key is for servers; a browser key is for its own pages.
fn check_origin(key: &ApiKey, request: &Request) -> Result<(), Problem> {
    let given = request.headers().get(header::ORIGIN);
    let origin = given
        .and_then(|value| value.to_str().ok())
        .and_then(|text| Origin::of_request(text).ok());
    if key.browser {
        return match origin {
            Some(origin) if key.allows_origin(&origin) => {
                if let Some(trace) = Trace::of(request) {
                    let _ = trace.origin_is_allowed.set(());
                }
                Ok(())
            }
            _ => Err(Problem::forbidden("This key is not for this origin")),
        };
    }
    if given.is_none() || origin.is_some_and(|origin| is_own(&origin, request)) {
        Ok(())
    } else {
        Err(Problem::forbidden(
            "This key is for servers: give it origins to use it in a browser",
        ))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn register_schemes(registry: &mut Registry) {
    let scheme = |ty, description| MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    };
    registry.create_security_scheme(
        API_KEY_SCHEME,
        MetaSecurityScheme {
            name: Some("x-api-key"),
            key_in: Some("header"),
            ..scheme(
                "apiKey",
                "An API key: the secret that `POST /v1/api-key` returned as `api_key`.",
            )
        },
    );
    registry.create_security_scheme(
        ADMIN_SCHEME,
        MetaSecurityScheme {
            scheme: Some("bearer"),
            ..scheme(
                "http",
                "The admin token of the service. Leave it out if the service runs locally without one.",
            )
        },
    );
}

macro_rules! extract_caller {
    ($caller:ty) => {
        impl<'a> ApiExtractor<'a> for $caller {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                register_schemes(registry);
            }

            fn security_schemes() -> Vec<&'static str> {
                <Self as Caller>::SCHEMES.to_vec()
            }

            async fn from_request(
                request: &'a Request,
                _: &mut RequestBody,
                _: ExtractParamOptions<()>,
            ) -> Result<Self> {
                let app = App::of(request)?;
                Ok(Self::identify(app, request).await?)
            }
        }
    };
}

extract_caller!(Sender);
extract_caller!(Viewer);
extract_caller!(Admin);
