//! Strings of which the specification says more than that they are strings. The checks are made where the
//! strings are read; here is what is published of them.

use std::{borrow::Cow, marker::PhantomData};

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde_json::Value;

/// What is said of a string.
pub trait Kind: Send + Sync + 'static {
    const NAME: &'static str;

    fn schema() -> MetaSchema;
}

/// A string of a kind.
#[derive(Debug)]
pub struct Text<K> {
    text: String,
    kind: PhantomData<K>,
}

impl<K> Text<K> {
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<K> Clone for Text<K> {
    fn clone(&self) -> Self {
        self.text.clone().into()
    }
}

impl<K> PartialEq for Text<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K> From<String> for Text<K> {
    fn from(text: String) -> Self {
        Self {
            text,
            kind: PhantomData,
        }
    }
}

impl<K: Kind> Type for Text<K> {
    const IS_REQUIRED: bool = true;
    type RawValueType = String;
    type RawElementValueType = String;

    fn name() -> Cow<'static, str> {
        K::NAME.into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(K::schema()))
    }

    fn as_raw_value(&self) -> Option<&String> {
        Some(&self.text)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a String> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<K: Kind> ToJSON for Text<K> {
    fn to_json(&self) -> Option<Value> {
        self.text.to_json()
    }
}

impl<K: Kind> ParseFromJSON for Text<K> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        String::parse_from_json(value)
            .map(Self::from)
            .map_err(ParseError::propagate)
    }
}

impl<K: Kind> ParseFromParameter for Text<K> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(value.to_owned().into())
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident { $($property:ident: $value:expr),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}

        impl Kind for $kind {
            const NAME: &'static str = stringify!($kind);

            fn schema() -> MetaSchema {
                MetaSchema {
                    $($property: Some($value.into()),)*
                    ..MetaSchema::new("string")
                }
            }
        }
    )*};
}

kinds! {
    /// An address. Its domain may be international, which `email` (RFC 5321) does not know.
    Address { format: "idn-email", max_length: 254_usize }
    /// The origin of a browser key. No registered format: a pattern cannot say what hosts there are.
    Origin { format: "origin", max_length: 300_usize }
    /// An address or `@domain`, for which there is no registered format either.
    Sender { format: "sender", max_length: 300_usize }
    /// Any text without NUL, which `PostgreSQL` does not store.
    Plain { pattern: r"^[^\u0000]*$" }
    /// One of the caller's own ids.
    CallerId { pattern: r"^[^\u0000]*$", max_length: 512_usize }
    /// Goes into a header.
    Line { pattern: r"^[^\u0000-\u001f\u007f-\u009f]+$", min_length: 1_usize }
    /// Goes into a header beside an address; it may be empty.
    DisplayName { pattern: r"^[^\u0000\r\n]*$" }
    /// The value of a header (SES: `MessageHeader`).
    HeaderValue { pattern: "^[ -~]+$", min_length: 1_usize, max_length: 870_usize }
    /// RFC 4648, 4.
    Base64 { format: "byte" }
    /// RFC 2392, without what would have to be quoted.
    ContentId { pattern: "^[!#-'*-;=?-~]+$", min_length: 1_usize, max_length: 78_usize }
    /// A key that is brought in.
    Secret { pattern: "^[!-~]+$", min_length: 20_usize, max_length: 255_usize }
    /// The cursor of a list of recipients.
    IndexCursor { pattern: "^index-(0|[1-9][0-9]{0,3})$" }
}
