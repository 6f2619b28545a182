//! Whether a request comes from the service itself: from its own pages, or from this machine.

use mail::{api_key::Origin, loopback::is_loopback};
use poem::{
    Request,
    http::{Version, header},
};

/// Returns whether the origin is the service's own: same scheme, same host.
pub fn is_own(origin: &Origin, request: &Request) -> bool {
    let text = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let scheme = text("x-forwarded-proto").unwrap_or("http");
    text("host")
        .and_then(|host| Origin::parse(&format!("{scheme}://{host}")).ok())
        .is_some_and(|own| own == *origin)
}

/// Header fields that proxies add, by their names and by the beginnings of their names.
const PROXY_HEADERS: [&str; 14] = [
    "cdn-loop",
    "client-ip",
    "fastly-client-ip",
    "forwarded",
    "max-forwards",
    "proxy-client-ip",
    "true-client-ip",
    "via",
    "wl-proxy-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-host",
    "x-real-ip",
];
const PROXY_PREFIXES: [&str; 9] = [
    "cf-",
    "ngrok-",
    "tailscale-",
    "x-amzn-",
    "x-appengine-",
    "x-azure-",
    "x-envoy-",
    "x-forwarded-",
    "x-original-",
];

/// Returns whether the request comes from this machine: not from a foreign page, and not through a proxy. Proxies such
/// as nginx speak HTTP/1.0 to their upstream unless they are configured otherwise, and then add no header field.
pub fn is_local(request: &Request) -> bool {
    let headers = request.headers();
    let forwarded = headers.keys().any(|name| {
        let name = name.as_str();
        PROXY_HEADERS.contains(&name)
            || PROXY_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    });
    request.version() == Version::HTTP_11
        && !forwarded
        && is_of_own_page(request)
        && is_for_loopback(request)
}

/// Returns whether the request comes from the service's own page, as far as the browser says
/// (<https://www.w3.org/TR/fetch-metadata/>). A program sends no such header fields.
fn is_of_own_page(request: &Request) -> bool {
    let headers = request.headers();
    let site = headers.get("sec-fetch-site");
    let same_site = site.is_none_or(|site| site == "same-origin" || site == "none");
    let own_page = match headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => origin
            .to_str()
            .ok()
            .and_then(|text| Origin::of_request(text).ok())
            .is_some_and(|origin| is_own(&origin, request)),
    };
    same_site && own_page
}

/// Returns whether the host is a name of this machine: a foreign page may have a name of its own resolve to this
/// machine (DNS rebinding), and that name is then the host.
fn is_for_loopback(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let named = request.original_uri().authority();
    host.to_str().is_ok_and(names_loopback)
        && named.is_none_or(|named| names_loopback(named.as_str()))
}

/// Accepts a `Host`, perhaps with a port (RFC 9110, 7.2), and no other form that lenient parsers take for a host.
fn names_loopback(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_port =
        |port: &str| port.parse::<u16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit());
    // An IPv6 address stands in brackets here.
    let is_name = name.starts_with('[') || !name.contains(':');
    is_name && port.is_none_or(is_port) && is_loopback(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in [
            "localhost",
            "localhost:8000",
            "127.0.0.1:8000",
            "[::1]:8000",
            "127.9.9.9",
            "LOCALHOST:1",
        ] {
            assert!(names_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "10.0.0.1",
            "127.0.0.1.example.com",
            "0.0.0.0",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "user@localhost",
            "localhost/x",
            "localhost?x",
            "localhost#x",
            "localhost\\x",
            "localhost:",
            "localhost:+1",
            "localhost:99999",
            "localhost:8000:8000",
            "::1",
            "[::1]x",
            "[::1]:x",
            "local\thost",
            "loc%61lhost",
            "\u{ff4c}ocalhost",
            " localhost",
        ] {
            assert!(!names_loopback(host), "{host}");
        }
    }
}
