//! A string of a kind, in requests and answers.

use std::{borrow::Cow, marker::PhantomData};

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde_json::Value;

use super::kind::{Checked, Kind};
use crate::request::Node;

/// A string of a kind, with at most `MAX` characters; 0 leaves the limit to the kind.
#[derive(Debug)]
pub struct Text<K, const MAX: usize = 0> {
    text: String,
    kind: PhantomData<K>,
}

impl<K, const MAX: usize> Text<K, MAX> {
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<K: Kind, const MAX: usize> Text<K, MAX> {
    const LIMIT: Option<usize> = if MAX > 0 { Some(MAX) } else { K::MAX };

    /// Reads a text within the limit that `check` finds no fault in.
    pub fn checked(
        node: Node<'_>,
        check: impl FnOnce(&str) -> Result<(), &'static str>,
    ) -> Option<String> {
        let limit = Self::LIMIT.unwrap_or(usize::MAX);
        node.converted(limit, |text| check(&text).map(|()| text))
    }
}

impl<K: Checked, const MAX: usize> Text<K, MAX> {
    /// Reads a text that follows the rules of its kind.
    pub fn read(node: Node<'_>) -> Option<String> {
        Self::checked(node, K::check)
    }

    pub fn allows(text: &str) -> bool {
        Self::LIMIT.is_none_or(|max| text.chars().count() <= max) && K::check(text).is_ok()
    }
}

impl<K, const MAX: usize> Clone for Text<K, MAX> {
    fn clone(&self) -> Self {
        self.text.clone().into()
    }
}

impl<K, const MAX: usize> PartialEq for Text<K, MAX> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K, const MAX: usize> From<String> for Text<K, MAX> {
    fn from(text: String) -> Self {
        Self {
            text,
            kind: PhantomData,
        }
    }
}

impl<K: Kind, const MAX: usize> Type for Text<K, MAX> {
    const IS_REQUIRED: bool = true;
    type RawValueType = String;
    type RawElementValueType = String;

    fn name() -> Cow<'static, str> {
        K::NAME.into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            max_length: Self::LIMIT,
            ..K::schema()
        }))
    }

    fn as_raw_value(&self) -> Option<&String> {
        Some(&self.text)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a String> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<K: Kind, const MAX: usize> ToJSON for Text<K, MAX> {
    fn to_json(&self) -> Option<Value> {
        self.text.to_json()
    }
}

impl<K: Kind, const MAX: usize> ParseFromJSON for Text<K, MAX> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        String::parse_from_json(value)
            .map(Self::from)
            .map_err(ParseError::propagate)
    }
}

impl<K: Kind, const MAX: usize> ParseFromParameter for Text<K, MAX> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(value.to_owned().into())
    }
}
