//! The secret of a deployment that keys the hashes of addresses, and seals what must be readable again.
//!
//! It is never replaced: hashes that were made with another secret would suppress nobody.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf, hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::error::{Error, Result};

/// The minimum number of characters of a secret.
const LENGTH: usize = 32;
/// The number of bytes of the hash of an address.
pub const HASH: usize = 16;

/// The place of the secret.
#[derive(Clone)]
pub enum HashSecretSource {
    /// It is given by `HASH_SECRET`.
    Given(String),
    /// It is in this secret of Secrets Manager.
    Secret(String),
    /// It is in this file, which is made once.
    File(PathBuf),
    /// It is in the database.
    Ledger,
}

#[derive(Clone)]
pub struct HashSecret {
    prk: hkdf::Prk,
    addresses: hmac::Key,
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl HashSecret {
    /// Checks a secret that is given. The error does not quote it.
    pub fn check(text: &str) -> Result<String, String> {
        if text.len() < LENGTH || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!(
                "must have at least {LENGTH} characters, printable ASCII without spaces: make one with `openssl rand -hex 32`"
            ));
        }
        Ok(text.to_owned())
    }

    /// Makes a new secret.
    pub fn generate() -> String {
        hex::encode(rand::random::<[u8; 32]>())
    }

    pub fn new(text: &str) -> Self {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"mmms");
        let prk = salt.extract(text.as_bytes());
        let addresses = hmac::Key::new(hmac::HMAC_SHA256, &derived(&prk, "address"));
        Self { prk, addresses }
    }

    /// Returns the value by which the ledger recognises the secret.
    pub fn check_value(&self) -> String {
        hex::encode(&self.mac("check", b"")[..HASH])
    }

    /// Returns the hash of a normalised address.
    pub fn address(&self, key: &str) -> [u8; HASH] {
        let mut hash = [0; HASH];
        hash.copy_from_slice(&hmac::sign(&self.addresses, key.as_bytes()).as_ref()[..HASH]);
        hash
    }

    /// Returns the authentication code of `data` (HMAC-SHA-256). Codes of different purposes have nothing in common.
    pub fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &derived(&self.prk, purpose));
        let mut code = [0; 32];
        code.copy_from_slice(hmac::sign(&key, data).as_ref());
        code
    }

    /// Encrypts `plain` (AES-256-GCM) into text of URL-safe Base64.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<String> {
        let mut sealed = plain.to_vec();
        let aad = Aad::from(purpose.as_bytes());
        let nonce = self
            .sealing_key(purpose)
            .and_then(|key| key.seal_in_place_append_tag(aad, &mut sealed).ok())
            .ok_or(Error::HashSecret)?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &sealed].concat()))
    }

    /// Returns the length of what `seal` makes of this number of bytes.
    pub fn sealed_length(plain: usize) -> usize {
        let sealed = NONCE_LEN + plain + AES_256_GCM.tag_len();
        base64::encoded_len(sealed, false).unwrap_or(usize::MAX)
    }

    /// Decrypts what `seal` made with this secret for the same purpose; returns `None` for anything else.
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let aad = Aad::from(purpose.as_bytes());
        let plain = self
            .sealing_key(purpose)?
            .open_in_place(nonce, aad, &mut text)
            .ok()?;
        Some(plain.to_vec())
    }

    fn sealing_key(&self, purpose: &str) -> Option<RandomizedNonceKey> {
        RandomizedNonceKey::new(
            &AES_256_GCM,
            &derived(&self.prk, &format!("seal/{purpose}")),
        )
        .ok()
    }
}

/// Derives a key of 32 bytes (HKDF, RFC 5869).
fn derived(prk: &hkdf::Prk, purpose: &str) -> [u8; 32] {
    let mut key = [0; 32];
    let info = [purpose.as_bytes()];
    // It fails only for keys of more than 8,160 bytes.
    if let Ok(derived) = prk.expand(&info, Length(key.len())) {
        let _ = derived.fill(&mut key);
    }
    key
}

/// Reads the secret from a file that only the owner may read. If the file is not there and `may_make` says so, makes one.
pub fn read_or_make(path: &Path, may_make: bool) -> io::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && may_make => make(path),
        Err(error) => Err(error),
    }
}

/// Makes the file whole or not at all, also if several processes do so at once or the machine stops meanwhile.
fn make(path: &Path) -> io::Result<String> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let secret = HashSecret::generate();
    let own = path.with_extension(uuid::Uuid::now_v7().simple().to_string());
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&own)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    // Fails if another process was faster; its secret is the right one then.
    let linked = std::fs::hard_link(&own, path);
    std::fs::remove_file(&own)?;
    match linked {
        Ok(()) => {
            if let Some(folder) = path.parent() {
                std::fs::File::open(folder)?.sync_all()?;
            }
            Ok(secret)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_or_make(path, false),
        Err(error) => Err(error),
    }
}

impl fmt::Debug for HashSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashSecret(…)")
    }
}

impl fmt::Debug for HashSecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(…)"),
            Self::Secret(name) => f.debug_tuple("Secret").field(name).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Ledger => f.write_str("Ledger"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_secret_for_the_same_purpose_only() {
        let secret = HashSecret::new("one");
        let sealed = secret.seal("webhook", b"plain").unwrap();
        assert_eq!(
            secret.open("webhook", &sealed).as_deref(),
            Some(&b"plain"[..])
        );
        assert_ne!(
            sealed,
            secret.seal("webhook", b"plain").unwrap(),
            "each time another text"
        );
        assert_eq!(secret.open("unsubscribe", &sealed), None);
        assert_eq!(HashSecret::new("two").open("webhook", &sealed), None);
        for index in 0..sealed.len() {
            let mut broken = sealed.clone().into_bytes();
            broken[index] = if broken[index] == b'A' { b'B' } else { b'A' };
            let broken = String::from_utf8(broken).unwrap();
            assert_eq!(secret.open("webhook", &broken), None, "{index}");
        }
        for other in ["", "A", "%", &sealed[..10]] {
            assert_eq!(secret.open("webhook", other), None);
        }
    }

    #[test]
    fn hashes_depend_on_the_secret() {
        let [one, two] = ["one", "two"].map(HashSecret::new);
        assert_eq!(
            one.address("ann@example.org"),
            one.address("ann@example.org")
        );
        assert_ne!(
            one.address("ann@example.org"),
            two.address("ann@example.org")
        );
        assert_ne!(
            one.address("ann@example.org"),
            one.address("bob@example.org")
        );
        assert_ne!(one.check_value(), two.check_value());
    }

    #[test]
    fn a_file_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mmms.secret");
        assert!(read_or_make(&path, false).is_err());
        let made: Vec<String> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| make(&path).or_else(|_| read_or_make(&path, false))))
                .collect();
            all.into_iter()
                .map(|one| one.join().unwrap().unwrap())
                .collect()
        });
        let kept = read_or_make(&path, true).unwrap();
        assert!(HashSecret::check(&kept).is_ok());
        assert!(made.iter().all(|one| *one == kept));
        let permissions = std::fs::metadata(&path).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
