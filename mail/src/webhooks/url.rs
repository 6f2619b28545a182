//! The rules for the URL of a webhook. The addresses that its host's name leads to are checked when a message is posted.

use ::url::{Host, Url};
use webhook::Reach;

use crate::loopback::is_loopback;

/// The maximum length, in bytes.
pub const MAX_LENGTH: usize = 2000;

/// Returns the URL, or what it must be.
pub fn check_url(text: &str, reach: Reach) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be a URL such as https://example.com/webhook")?;
    let host = url
        .host()
        .ok_or("must be a URL such as https://example.com/webhook")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or a password");
    }
    if url.fragment().is_some() {
        return Err("must not contain a fragment (#)");
    }
    if url.as_str().len() > MAX_LENGTH {
        return Err("must have at most 2000 characters");
    }
    if url.port() == Some(0) {
        return Err("must not have port 0");
    }
    let is_local = is_loopback(&host.to_string());
    match url.scheme() {
        "https" => {}
        "http" if reach == Reach::PublicAndLoopback && is_local => {}
        "http" if reach == Reach::PublicAndLoopback => {
            return Err("must begin with https://, unless it is on this machine");
        }
        _ => return Err("must begin with https://"),
    }
    let is_refused = match host {
        Host::Ipv4(address) => !reach.allows(address.into()),
        Host::Ipv6(address) => !reach.allows(address.into()),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            reach == Reach::Public && (name == "localhost" || name.ends_with(".localhost"))
        }
    };
    if is_refused {
        return Err("must be a public address: nothing is sent into a private network");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_of_https_are_accepted() {
        let check = |text| check_url(text, Reach::Public);
        for url in [
            "https://example.com",
            "https://hooks.example.com:8443/mail?tenant=1",
            "https://bücher.example/",
            "https://1.1.1.1/",
        ] {
            assert!(check(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "example.com",
            "http://example.com",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://user@example.com",
            "https://user:password@example.com",
            "https://example.com/#part",
            "https://example.com:0/",
            "https://localhost/",
            "https://localhost./",
            "https://a.localhost/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://192.168.1.1/",
            "https://0.0.0.0/",
        ] {
            assert!(check(url).is_err(), "{url}");
        }
        let long = format!("https://example.com/{}", "x".repeat(MAX_LENGTH));
        assert!(check(&long).is_err());
    }

    #[test]
    fn the_embedded_default_accepts_this_machine_too() {
        let check = |text| check_url(text, Reach::PublicAndLoopback);
        for url in [
            "http://127.0.0.1:3000/hook",
            "http://localhost:3000/hook",
            "http://[::1]:3000/",
            "https://localhost/",
            "https://example.com/",
        ] {
            assert!(check(url).is_ok(), "{url}");
        }
        for url in [
            "http://example.com/",
            "http://10.0.0.1/",
            "https://10.0.0.1/",
            "http://0.0.0.0/",
        ] {
            assert!(check(url).is_err(), "{url}");
        }
    }
}
