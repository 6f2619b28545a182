//! A certificate for the test's SMTP server, and the file that makes clients trust it.

use std::io::Write;
use std::sync::Arc;

use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

pub struct Certificate {
    pub acceptor: TlsAcceptor,
    file: NamedTempFile,
}

impl Certificate {
    /// Creates a self-signed certificate for `localhost` and `127.0.0.1`.
    pub fn new() -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let signed = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let mut file = NamedTempFile::new().expect("a temporary file");
        file.write_all(signed.cert.pem().as_bytes())
            .expect("the certificate is written");
        let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![signed.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
            .expect("the certificate fits the key");
        Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            file,
        }
    }

    /// Returns the value of `SSL_CERT_FILE` for programs that shall trust the certificate.
    pub fn file(&self) -> &str {
        self.file.path().to_str().expect("the path is Unicode")
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}
