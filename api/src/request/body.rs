//! From bytes to values, with a bound on what small bytes may become: `[0,0,…]` takes some forty times its length.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Map, Value};

use crate::problem::{ErrorType, Problem};

/// Entries of all arrays of a body together; no request has a use for nearly as many.
const MAX_ENTRIES: usize = 20_000;

pub fn read(bytes: &[u8]) -> Result<Value, Problem> {
    let entries = Entries::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Within(&entries, Place::Top).deserialize(&mut deserializer);
    value
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| match entries.too_many_in.into_inner() {
            Some(field) => Problem::invalid(
                field,
                format!("must not have so many entries; a body has at most {MAX_ENTRIES} in all"),
            ),
            None => not_json(&error),
        })
}

fn not_json(error: &Error) -> Problem {
    Problem::new(ErrorType::ValidationError, "The body is not valid JSON").with_details(format!(
        "line {}, column {}: {}",
        error.line(),
        error.column(),
        category(error)
    ))
}

/// The library's own words could repeat what was sent.
fn category(error: &Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "the body ends too early",
        _ => "this is not JSON",
    }
}

#[derive(Default)]
struct Entries {
    found: Cell<usize>,
    /// The field of the body in which there were too many.
    too_many_in: RefCell<Option<String>>,
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Top,
    /// In this field of the body, however deep.
    Field(&'a str),
}

#[derive(Clone, Copy)]
struct Within<'a>(&'a Entries, Place<'a>);

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let Self(count, place) = self;
        let mut values = Vec::new();
        while let Some(value) = entries.next_element_seed(self)? {
            values.push(value);
            count.found.set(count.found.get() + 1);
            if count.found.get() > MAX_ENTRIES {
                let field = match place {
                    Place::Top => String::new(),
                    Place::Field(name) => super::shown(name),
                };
                *count.too_many_in.borrow_mut() = Some(field);
                return Err(A::Error::custom("too many entries"));
            }
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let Self(count, place) = self;
        let mut values = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let place = match place {
                Place::Top => Place::Field(&name),
                inner @ Place::Field(_) => inner,
            };
            let value = fields.next_value_seed(Within(count, place))?;
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_what_the_library_makes_of_them() {
        for text in [
            r#"{"a": [1, -2, 3.5, 1e400, true, null, "x\u00fc", {"b": {}}], "a": 2, "c": []}"#,
            r#"{"a": [1, -2, 18446744073709551615, 99999999999999999999, "\u0000", {"b": {}}]}"#,
            "[]",
            " 5 ",
            "",
            "{",
            "[1,]",
            "{} {}",
            r#"{"a": 1,}"#,
            "nul",
        ] {
            let expected: Option<Value> = serde_json::from_str(text).ok();
            assert_eq!(read(text.as_bytes()).ok(), expected, "{text}");
        }
    }

    #[test]
    fn more_entries_than_any_request_needs_are_refused_with_their_field() {
        let body = json!({"a": [[]], "recipients": [{"x": vec![0; MAX_ENTRIES - 3]}]});
        assert!(read(body.to_string().as_bytes()).is_ok());
        let body = json!({"a": [[]], "recipients": [{"x": vec![0; MAX_ENTRIES]}]});
        let problem = read(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(problem.errors()[0].field, "recipients");
        let nested = format!("[{}]", vec!["[0,0]"; MAX_ENTRIES / 2].join(","));
        assert!(read(nested.as_bytes()).is_err());
    }
}
