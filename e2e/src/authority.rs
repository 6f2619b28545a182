//! A certificate authority for tests, and the file that makes clients trust it.

use std::io::Write;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use tempfile::NamedTempFile;
use uuid::Uuid;

/// Signs certificates, which clients trust if they trust the authority's file.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

/// A server's certificate and its key, both in PEM.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        let name = format!("authority {}", Uuid::new_v4().simple());
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let mut file = NamedTempFile::new().expect("a temporary file");
        file.write_all(issuer.as_ref().pem().as_bytes())
            .expect("the certificate is written");
        Self { issuer, file }
    }

    /// Returns a certificate for this host name or address.
    pub fn issue(&self, host: &str) -> Issued {
        let params = CertificateParams::new([host.to_owned()]).expect("a host name");
        let key = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&key, &self.issuer).expect("a certificate");
        Issued {
            certificate: signed.pem(),
            key: key.serialize_pem(),
        }
    }

    /// Returns the path of the authority's own certificate.
    pub fn file(&self) -> &str {
        self.file.path().to_str().expect("the path is Unicode")
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}
