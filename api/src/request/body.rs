//! Reads JSON values from bytes, with a bound on their memory: `[0,0,…]` takes some forty times its length.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Map, Value};

use super::{
    faults::Faults,
    hint,
    path::{Path, shown},
};
use crate::problem::{ErrorType, Problem};

/// Entries of all arrays of a body together; no request has a use for nearly as many.
const MAX_ENTRIES: usize = 20_000;

pub fn read(bytes: &[u8]) -> Result<Value, Problem> {
    let entries = Entries::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Within(&entries, Path::Root).deserialize(&mut deserializer);
    let value = value
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| match entries.too_many_in.borrow_mut().take() {
            Some(field) => Problem::invalid(
                field,
                format!("must not have so many entries; a body has at most {MAX_ENTRIES} in all"),
            ),
            None => not_json(bytes, &error),
        })?;
    if entries.twice.is_empty() {
        Ok(value)
    } else {
        Err(entries.twice.into_problem())
    }
}

fn not_json(bytes: &[u8], error: &Error) -> Problem {
    let problem = Problem::new(ErrorType::ValidationError, "The body is not valid JSON");
    problem.with_details(match hint::of_bytes(bytes) {
        Some(hint) => hint.to_owned(),
        None => format!(
            "line {}, column {}: {}",
            error.line(),
            error.column(),
            hint::of_error(bytes, error)
        ),
    })
}

#[derive(Default)]
struct Entries {
    found: Cell<usize>,
    /// The field of the body in which there were too many.
    too_many_in: RefCell<Option<String>>,
    /// Names that an object has more than once: the value that was meant is unknown.
    twice: Faults,
}

#[derive(Clone, Copy)]
struct Within<'a>(&'a Entries, Path<'a>);

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
        let Self(count, path) = self;
        let mut values = Vec::new();
        while let Some(value) =
            entries.next_element_seed(Within(count, Path::Index(&path, values.len())))?
        {
            values.push(value);
            count.found.set(count.found.get() + 1);
            if count.found.get() > MAX_ENTRIES {
                *count.too_many_in.borrow_mut() = Some(shown(path.top()));
                return Err(A::Error::custom("too many entries"));
            }
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let Self(count, path) = self;
        let mut values = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Within(count, Path::Field(&path, &name)))?;
            if values.contains_key(&name) {
                let name = shown(&name);
                count
                    .twice
                    .add(&Path::Field(&path, &name), "is there twice");
            }
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
            r#"{"a": [1, -2, 3.5, 1e400, true, null, "x\u00fc", {"b": {}}], "b": 2, "c": []}"#,
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
    fn names_that_are_there_twice_are_refused_at_any_depth_with_their_paths() {
        for (text, paths) in [
            (r#"{"a": 1, "a": 1}"#, &["a"][..]),
            (r#"{"a": 1, "\u0061": 2}"#, &["a"]),
            (r#"{"a": null, "a": 1}"#, &["a"]),
            (
                r#"{"recipients": [{"mail": "x"}, {"mail": "x", "mail": "y"}], "b": {"c": [[{"d": 1, "d": 2}]]}}"#,
                &["recipients.1.mail", "b.c.0.0.d"],
            ),
        ] {
            let problem = read(text.as_bytes()).unwrap_err();
            let found: Vec<&str> = problem.errors().iter().map(|e| &*e.field).collect();
            assert_eq!(found, paths, "{text}");
        }
        assert!(read(br#"{"a": {"b": 1}, "b": {"b": 1}, "A": 1}"#).is_ok());
    }

    #[test]
    fn what_is_no_json_is_told_what_to_do() {
        for (bytes, words) in [
            (&b"\xef\xbb\xbf{}"[..], "byte order mark"),
            (b"{\"a\": \"Gr\xfc\xdfe\"}", "UTF-8"),
            (b"\xff\xfe{\0}\0", "UTF-16"),
            (b"{\0\"\0", "UTF-16"),
            (b"\x1f\x8b\x08", "compressed"),
            (b"mail=a%40b.example&name=x", "form"),
            (b"{\"a\": \"one\ntwo\"}", "\\n"),
            (b"{\"a\": \"one\ttwo\"}", "\\n"),
            (b"{\"a\": 1,}", "comma"),
            (b"[1,]", "comma"),
            (b"{'a': 1}", "double quotes"),
            (b"{a: 1}", "double quotes"),
            (b"{\"a\": 'x'}", "double quotes"),
            (b"{\"a\": NaN}", "null"),
            (b"{\"a\": undefined}", "null"),
            (b"{\"a\": True}", "true"),
            (b"// x\n{}", "comments"),
            (b"{\"a\": 1", "ends too early"),
            (b"", "ends too early"),
            (b"{} {}", "after the end"),
        ] {
            let problem = read(bytes).unwrap_err();
            let details = problem.details().unwrap();
            assert!(details.contains(words), "{bytes:?}: {details}");
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
