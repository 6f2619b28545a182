//! The kinds of strings and their rules.

use std::sync::LazyLock;

use poem_openapi::registry::MetaSchema;

use super::class::Class;

/// The published rules of a string.
pub trait Kind: Send + Sync + 'static {
    const NAME: &'static str;
    /// The maximum length in every field, in characters.
    const MAX: Option<usize>;

    fn schema() -> MetaSchema;
}

/// A kind whose schema has all rules that are checked. The rules of other kinds are in `mail`.
pub trait Checked: Kind {
    /// The class of the schema's pattern: `^[…]+$` or, where the text may be empty, `^[…]*$`.
    fn class() -> &'static Class;

    /// Returns the fault of a text that does not match the pattern.
    fn fault(text: &str) -> &'static str;

    fn check(text: &str) -> Result<(), &'static str> {
        if Self::class().matches(text) {
            Ok(())
        } else {
            Err(Self::fault(text))
        }
    }
}

macro_rules! max {
    () => {
        None
    };
    ($max:literal) => {
        Some($max)
    };
}

macro_rules! kind {
    ($(#[$doc:meta])* $kind:ident $(($max:literal))? { $schema:expr }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}

        impl Kind for $kind {
            const NAME: &'static str = stringify!($kind);
            const MAX: Option<usize> = max!($($max)?);

            fn schema() -> MetaSchema {
                $schema
            }
        }
    };
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $(($max:literal))? { $($property:ident: $value:expr),* $(,)? })*) => {$(
        kind! {
            $(#[$doc])* $kind $(($max))? {
                MetaSchema {
                    $($property: Some($value.into()),)*
                    ..MetaSchema::new("string")
                }
            }
        }
    )*};
}

macro_rules! checked_kinds {
    ($($(#[$doc:meta])* $kind:ident $(($max:literal))? { pattern: $pattern:literal, fault: $fault:expr $(,)? })*) => {$(
        kind! {
            $(#[$doc])* $kind $(($max))? {
                MetaSchema {
                    pattern: Some($pattern.to_owned()),
                    min_length: (!Self::class().may_be_empty).then_some(1),
                    ..MetaSchema::new("string")
                }
            }
        }

        impl Checked for $kind {
            fn class() -> &'static Class {
                static CLASS: LazyLock<Class> = LazyLock::new(|| Class::of($pattern));
                &CLASS
            }

            fn fault(text: &str) -> &'static str {
                let fault: fn(&str) -> &'static str = $fault;
                fault(text)
            }
        }
    )*};
}

kinds! {
    /// An address. Its domain may be international, which the format `email` (RFC 5321) does not allow.
    Address(254) { format: "idn-email" }
    /// The origin of a browser key. `origin` is not a registered format, and a pattern cannot describe all hosts.
    Origin(300) { format: "origin" }
    /// An address or `@domain`. `sender` is not a registered format either.
    Sender(300) { format: "sender" }
    /// Base64 (RFC 4648, 4).
    Base64 { format: "byte" }
    /// A media type (SES: `Attachment`).
    MediaType(78) {}
    /// An existing secret that is imported.
    ApiKeySecret(255) { pattern: "^[!-~]+$", min_length: 20_usize }
    /// The cursor of a list of recipients.
    IndexCursor { pattern: "^index-(0|[1-9][0-9]{0,3})$" }
    /// The cursor of recipients across mailings: the id of a mailing and a position.
    RecipientCursor { pattern: r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(0|[1-9][0-9]{0,3})$" }
    /// The URL of a webhook.
    HttpsUrl(2000) { format: "uri" }
    /// The cursor of the history of a webhook.
    HistoryCursor { pattern: "^entry-(0|[1-9][0-9]{0,17})$" }
    /// The cursor of the feed of events.
    FeedCursor { pattern: "^event-(0|[1-9][0-9]{0,17})$" }
}

checked_kinds! {
    /// Any text without NUL, which `PostgreSQL` does not store.
    Plain { pattern: r"^[^\u0000]*$", fault: |_| "must not contain NUL" }
    /// An id that the caller has chosen.
    CallerId(512) { pattern: r"^[^\u0000]*$", fault: |_| "must not contain NUL" }
    /// A text that becomes part of a header.
    Line {
        pattern: r"^[^\u0000-\u001f\u007f-\u009f]+$",
        fault: |text| if text.is_empty() {
            "must not be empty"
        } else if text.contains(['\r', '\n']) {
            "must not contain CR or LF"
        } else {
            "must not contain control characters"
        },
    }
    /// A display name, which becomes part of a header beside an address; it may be empty.
    DisplayName { pattern: r"^[^\u0000\r\n]*$", fault: |_| "must not contain CR or LF" }
    /// The value of a header (SES: `MessageHeader`).
    HeaderValue(870) {
        pattern: "^[ -~]+$",
        fault: |_| "must be printable ASCII, without CR or LF",
    }
    /// A content id (RFC 2392), without characters that would have to be quoted (SES: `Attachment`).
    ContentId(78) {
        pattern: "^[!#-'*-;=?-~]+$",
        fault: |_| "must be printable ASCII without spaces, quotes and brackets: `logo`, not `<logo>`",
    }
    /// A subject of subscription.
    ListName(64) {
        pattern: "^[a-z0-9_-]+$",
        fault: |_| "must be lower-case ASCII letters, digits, _ and -",
    }
    /// The name or the value of a tag (SES: `MessageTag`).
    TagPart(256) {
        pattern: "^[A-Za-z0-9_-]+$",
        fault: |_| "must be ASCII letters, digits, _ and -",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Checks each character alone and between others, and compares with a JSON Schema validator.
    fn holds<K: Checked>() {
        let MetaSchema {
            pattern,
            min_length,
            ..
        } = K::schema();
        let schema =
            json!({"type": "string", "pattern": pattern, "minLength": min_length.unwrap_or(0)});
        let validator = jsonschema::validator_for(&schema).unwrap();
        let others = [
            '\u{2028}',
            '\u{d7ff}',
            '\u{e000}',
            '\u{ffff}',
            '\u{10ffff}',
            'ü',
            '漢',
            '😀',
        ];
        let characters = ('\0'..='\u{ff}').chain(others);
        let mut refused = 0;
        let texts = characters.flat_map(|c| [c.to_string(), format!("a{c}b")]);
        for text in texts.chain([String::new()]) {
            let checked = K::check(&text).is_ok();
            assert_eq!(
                validator.is_valid(&json!(text)),
                checked,
                "{}: {text:?}",
                K::NAME
            );
            refused += usize::from(!checked);
        }
        assert!(refused > 0, "{} refuses something", K::NAME);
    }

    #[test]
    fn a_check_refuses_what_the_pattern_refuses() {
        holds::<Plain>();
        holds::<CallerId>();
        holds::<Line>();
        holds::<DisplayName>();
        holds::<HeaderValue>();
        holds::<ContentId>();
        holds::<TagPart>();
    }
}
