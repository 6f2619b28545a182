//! The mail server, and how to connect to it.

use std::{fmt, io};

use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::loopback::is_loopback;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the start (RFC 8314).
    Implicit,
    /// STARTTLS if it is offered (RFC 3207).
    Opportunistic,
    /// STARTTLS is required.
    Required,
}

pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<Credentials>,
}

/// Does not show the credentials.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {:?}", self.host, self.port, self.security)
    }
}

impl Server {
    pub fn parse(url: &Url) -> io::Result<Self> {
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| invalid("the address of the mail server has no host"))?
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let credentials = credentials(url)?;
        let (security, port) = match (url.scheme(), &credentials) {
            ("smtps", _) => (Security::Implicit, 465),
            ("smtp", Some(_)) if !is_loopback(&host) => (Security::Required, 587),
            ("smtp", Some(_)) => (Security::Opportunistic, 587),
            ("smtp", None) => (Security::Opportunistic, 25),
            _ => return Err(invalid("the mail server's scheme is not smtp or smtps")),
        };
        Ok(Self {
            port: url.port().unwrap_or(port),
            host,
            security,
            credentials,
        })
    }

    /// Returns whether any certificate is accepted. A server on this machine usually has a self-signed certificate. If
    /// no password is at stake and plain text is acceptable too, checking the certificate would only prevent mail from
    /// being sent.
    pub fn takes_any_certificate(&self) -> bool {
        self.security == Security::Opportunistic
            && self.credentials.is_none()
            && is_loopback(&self.host)
    }
}

fn credentials(url: &Url) -> io::Result<Option<Credentials>> {
    let decode = |text| {
        percent_decode_str(text)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| invalid("the mail server's credentials are not UTF-8"))
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => {
            Ok(Some(Credentials::new(decode(user)?, decode(password)?)))
        }
        _ => Err(invalid(
            "the mail server needs a user and a password, or neither",
        )),
    }
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> io::Result<Server> {
        Server::parse(&Url::parse(url).unwrap())
    }

    #[test]
    fn the_port_follows_from_scheme_and_credentials() {
        for (url, port, security) in [
            ("smtp://mail.example.com", 25, Security::Opportunistic),
            ("smtp://u:p@mail.example.com", 587, Security::Required),
            ("smtp://u:p@127.0.0.1", 587, Security::Opportunistic),
            ("smtp://u:p@localhost:1025", 1025, Security::Opportunistic),
            ("smtp://u:p@localhost.example.com", 587, Security::Required),
            ("smtp://[::1]:2525", 2525, Security::Opportunistic),
            ("smtps://mail.example.com", 465, Security::Implicit),
            (
                "smtps://u:p@mail.example.com:4465/",
                4465,
                Security::Implicit,
            ),
        ] {
            let server = server(url).unwrap();
            assert_eq!((server.port, server.security), (port, security), "{url}");
        }
        assert_eq!(server("smtp://[::1]:2525").unwrap().host, "::1");
    }

    #[test]
    fn credentials_are_percent_decoded_and_never_shown() {
        let server = server("smtps://user%40example.com:p%2Fw%20%C3%BC+@mail.example.com").unwrap();
        let expected = Credentials::new("user@example.com".into(), "p/w ü+".into());
        assert_eq!(server.credentials, Some(expected));
        let shown = format!("{server:?}");
        assert_eq!(shown, "mail.example.com:465 Implicit");
    }

    #[test]
    fn half_of_the_credentials_is_an_error() {
        for url in [
            "smtp://user@h.example",
            "smtp://:pass@h.example",
            "smtp://%ff:p@h.example",
        ] {
            assert!(server(url).is_err(), "{url}");
        }
    }

    #[test]
    fn only_a_server_on_this_machine_without_a_password_may_show_any_certificate() {
        for (url, any) in [
            ("smtp://localhost", true),
            ("smtp://127.0.0.1:2525", true),
            ("smtp://u:p@localhost", false),
            ("smtps://localhost", false),
            ("smtp://mail.example.com", false),
        ] {
            assert_eq!(server(url).unwrap().takes_any_certificate(), any, "{url}");
        }
    }
}
