//! A value of a body, and the checks of its shape.

use std::{collections::BTreeMap, ops::RangeInclusive};

use mail::change::Change;
use serde_json::{Map, Value};

use super::{
    faults::Faults,
    path::{Path, shown},
};

/// A value and its path.
#[derive(Debug)]
pub struct Node<'a> {
    pub value: Value,
    path: Path<'a>,
    faults: &'a Faults,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: Value, faults: &'a Faults) -> Self {
        Self {
            value,
            path: Path::Root,
            faults,
        }
    }

    /// Notes a fault here.
    pub fn fault<T>(&self, message: impl Into<String>) -> Option<T> {
        self.faults.add(&self.path, message);
        None
    }

    /// At most so many characters, none of them NUL.
    pub fn text(mut self, max: usize) -> Option<String> {
        match self.value.take() {
            Value::String(text) if text.contains('\0') => self.fault("must not contain NUL"),
            Value::String(text) if text.chars().count() > max => {
                self.fault(format!("must have at most {max} characters"))
            }
            Value::String(text) => Some(text),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => self.fault("must be a string"),
        }
    }

    /// A string that `check` parses, or refuses with a message.
    pub fn parsed<T, E: ToString>(
        self,
        max: usize,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.converted(max, |text| check(&text))
    }

    /// A string that `convert` takes as it is, makes something of, or refuses with a message.
    pub fn converted<T, E: ToString>(
        self,
        max: usize,
        convert: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        let (path, faults) = (self.path, self.faults);
        let text = self.text(max)?;
        match convert(text) {
            Ok(value) => Some(value),
            Err(message) => {
                faults.add(&path, message.to_string());
                None
            }
        }
    }

    pub fn integer(self, range: RangeInclusive<i64>) -> Option<i64> {
        match self.value.as_i64().filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => self.fault(format!(
                "must be a whole number from {} to {}",
                range.start(),
                range.end()
            )),
        }
    }

    /// A list without any fault in it.
    pub fn list<T>(
        self,
        length: RangeInclusive<usize>,
        each: impl FnMut(Node<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.entries(length, each)?.into_iter().collect()
    }

    /// A list in which entries with a fault are missing.
    pub fn entries<T>(
        mut self,
        length: RangeInclusive<usize>,
        mut each: impl FnMut(Node<'_>) -> Option<T>,
    ) -> Option<Vec<Option<T>>> {
        let Value::Array(values) = self.value.take() else {
            return self.fault("must be an array");
        };
        if !length.contains(&values.len()) {
            let (least, most) = (length.start(), length.end());
            let found = values.len();
            return self.fault(format!("must have {least} to {most} entries, not {found}"));
        }
        let read = (0..).zip(values).map(|(index, value)| {
            each(Node {
                value,
                path: Path::Index(&self.path, index),
                faults: self.faults,
            })
        });
        Some(read.collect())
    }

    pub fn object<T>(mut self, read: impl FnOnce(&mut ObjectNode<'_>) -> Option<T>) -> Option<T> {
        let Value::Object(fields) = self.value.take() else {
            return self.fault("must be an object");
        };
        let mut object = ObjectNode {
            fields,
            path: self.path,
            faults: self.faults,
        };
        let read = read(&mut object);
        object.refuse_unknown();
        read
    }

    /// An object whose names are chosen by the caller.
    pub fn map<T>(
        mut self,
        mut each: impl FnMut(&str, Node<'_>) -> Option<T>,
    ) -> Option<BTreeMap<String, T>> {
        let Value::Object(fields) = self.value.take() else {
            return self.fault("must be an object");
        };
        let mut read = BTreeMap::new();
        let mut sound = true;
        for (name, value) in fields {
            let node = Node {
                value,
                path: Path::Field(&self.path, &name),
                faults: self.faults,
            };
            if name.contains('\0') {
                sound = false;
                let _: Option<()> = node.fault("must not have NUL in its name");
            } else if !node.value.is_null() {
                match each(&name, node) {
                    Some(value) => drop(read.insert(name, value)),
                    None => sound = false,
                }
            }
        }
        sound.then_some(read)
    }
}

/// An object whose fields are taken one by one. A field that is left over is a fault.
#[derive(Debug)]
pub struct ObjectNode<'a> {
    fields: Map<String, Value>,
    path: Path<'a>,
    faults: &'a Faults,
}

impl ObjectNode<'_> {
    /// Returns whether the field is present and not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }

    /// Treats a field that is `""` as absent.
    pub fn leave_out_empty(&mut self, name: &str) {
        if self.fields.get(name).is_some_and(|value| value == "") {
            self.fields.shift_remove(name);
        }
    }

    /// `null` is the same as absent.
    pub fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Node<'_>) -> Option<T>,
    ) -> Option<T> {
        let value = self
            .fields
            .shift_remove(name)
            .filter(|value| !value.is_null())?;
        read(Node {
            value,
            path: Path::Field(&self.path, name),
            faults: self.faults,
        })
    }

    /// Distinguishes `null`, which removes what there is, from an absent field, which changes nothing.
    pub fn change<T>(&mut self, name: &str, read: impl FnOnce(Node<'_>) -> Option<T>) -> Change<T> {
        if self.fields.get(name).is_some_and(Value::is_null) {
            self.fields.shift_remove(name);
            return Change::Remove;
        }
        self.optional(name, read).map_or(Change::Keep, Change::Set)
    }

    pub fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Node<'_>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(name) {
            self.fields.shift_remove(name);
            self.fault(name, "is required");
            return None;
        }
        self.optional(name, read)
    }

    /// Notes a fault of one of the fields.
    pub fn fault(&self, name: &str, message: impl Into<String>) {
        self.faults.add(&Path::Field(&self.path, name), message);
    }

    /// Notes `total` faults, of which `faults` gives the full paths and messages: it is asked only for those that
    /// will be listed.
    pub fn faults(&self, total: usize, faults: impl Iterator<Item = (String, String)>) {
        self.faults.add_all(total, faults);
    }

    fn refuse_unknown(self) {
        for name in self.fields.keys() {
            self.fault(&shown(name), "is not a known field");
        }
    }
}
