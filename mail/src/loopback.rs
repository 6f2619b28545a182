//! Recognises hosts that are this machine.

use std::net::IpAddr;

/// Returns whether a host, an IPv6 address with or without its brackets, can only be this machine. Other names under
/// `localhost` may be any host if the resolver does not know RFC 6761.
pub fn is_loopback(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in [
            "localhost",
            "LocalHost",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "[::1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "mail.localhost",
            "10.0.0.1",
            "127.0.0.1.example.com",
            "0.0.0.0",
            "[::2]",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
