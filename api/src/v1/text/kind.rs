//! The kinds of strings and their rules.

use poem_openapi::registry::MetaSchema;

use super::class::Class;

/// The published rules of a string.
pub trait Kind: Send + Sync + 'static {
    const NAME: &'static str;
    /// Longest in every field, in characters.
    const MAX: Option<usize>;

    fn schema() -> MetaSchema;
}

/// A kind of which the schema says all that the check looks at; of other kinds `mail` has the rules.
pub trait Checked: Kind {
    /// `^[…]+$` or, where the text may be empty, `^[…]*$`.
    const PATTERN: &'static str;

    /// Says how a text breaks the pattern.
    fn fault(text: &str) -> &'static str;

    fn check(text: &str) -> Result<(), &'static str> {
        if Class::of(Self::PATTERN).matches(text) {
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

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $(($max:literal))? { $($property:ident: $value:expr),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}

        impl Kind for $kind {
            const NAME: &'static str = stringify!($kind);
            const MAX: Option<usize> = max!($($max)?);

            fn schema() -> MetaSchema {
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
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}

        impl Kind for $kind {
            const NAME: &'static str = stringify!($kind);
            const MAX: Option<usize> = max!($($max)?);

            fn schema() -> MetaSchema {
                MetaSchema {
                    pattern: Some(Self::PATTERN.to_owned()),
                    min_length: (!Class::of(Self::PATTERN).may_be_empty).then_some(1),
                    ..MetaSchema::new("string")
                }
            }
        }

        impl Checked for $kind {
            const PATTERN: &'static str = $pattern;

            fn fault(text: &str) -> &'static str {
                let fault: fn(&str) -> &'static str = $fault;
                fault(text)
            }
        }
    )*};
}

kinds! {
    /// An address. Its domain may be international, which `email` (RFC 5321) does not know.
    Address(254) { format: "idn-email" }
    /// The origin of a browser key. No registered format: a pattern cannot say what hosts there are.
    Origin(300) { format: "origin" }
    /// An address or `@domain`, for which there is no registered format either.
    Sender(300) { format: "sender" }
    /// RFC 4648, 4.
    Base64 { format: "byte" }
    /// A media type (SES: `Attachment`).
    MediaType(78) {}
    /// A key that is brought in.
    ApiKeySecret(255) { pattern: "^[!-~]+$", min_length: 20_usize }
    /// The cursor of a list of recipients.
    IndexCursor { pattern: "^index-(0|[1-9][0-9]{0,3})$" }
}

checked_kinds! {
    /// Any text without NUL, which `PostgreSQL` does not store.
    Plain { pattern: r"^[^\u0000]*$", fault: |_| "must not contain NUL" }
    /// One of the caller's own ids.
    CallerId(512) { pattern: r"^[^\u0000]*$", fault: |_| "must not contain NUL" }
    /// Goes into a header.
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
    /// Goes into a header beside an address; it may be empty.
    DisplayName { pattern: r"^[^\u0000\r\n]*$", fault: |_| "must not contain CR or LF" }
    /// The value of a header (SES: `MessageHeader`).
    HeaderValue(870) {
        pattern: "^[ -~]+$",
        fault: |_| "must be printable ASCII, without CR or LF",
    }
    /// RFC 2392, without what would have to be quoted (SES: `Attachment`).
    ContentId(78) {
        pattern: "^[!#-'*-;=?-~]+$",
        fault: |_| "must be printable ASCII without spaces, quotes and brackets: `logo`, not `<logo>`",
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

    /// Looks at each character alone and between others, with the validator of JSON Schema.
    fn holds<K: Checked>() {
        let schema = json!({"type": "string", "pattern": K::PATTERN, "minLength": K::schema().min_length.unwrap_or(0)});
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
