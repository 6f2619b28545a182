//! Values of the domain that several fields have.

use mail::{
    address::Address,
    message::{CallerId, Variable, Variables},
};
use serde_json::Value;
use uuid::Uuid;

use super::text::{self, DisplayName, Plain, Text};
use crate::request::Node;

/// The maximum length of a display name, in characters.
pub const MAX_DISPLAY_NAME: usize = 320;
/// The display name of an address.
pub type ShownName = Text<DisplayName, MAX_DISPLAY_NAME>;
/// The length up to which a text is parsed as an address: much longer than a valid address, so that the fault names the
/// actual error.
const MAX_WRITTEN_ADDRESS: usize = 1000;
/// The same for an id.
const MAX_WRITTEN_ID: usize = 100;

pub fn address(node: Node<'_>) -> Option<Address> {
    node.parsed(MAX_WRITTEN_ADDRESS, Address::parse)
}

/// Returns `None` for an empty list.
pub fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

/// The id of an API key.
pub fn key_id(node: Node<'_>) -> Option<Uuid> {
    node.parsed(MAX_WRITTEN_ID, |text| {
        text.parse::<Uuid>().map_err(|_| "must be the id of a key")
    })
}

/// An address, alone or with a display name.
pub fn named_address(node: Node<'_>) -> Option<(Address, Option<String>)> {
    match &node.value {
        Value::String(_) => Some((address(node)?, None)),
        Value::Object(_) => node.object(|object| {
            let mail = object.required("mail", address);
            let name = object.optional("name", ShownName::read);
            Some((mail?, name))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            node.fault("must be an address, or an object with `mail` and `name`")
        }
    }
}

pub fn caller_id(node: Node<'_>) -> Option<CallerId> {
    match &node.value {
        Value::String(_) => Text::<text::CallerId>::read(node).map(CallerId::Text),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Some(CallerId::Integer(number)),
            None => node.fault("must be a string or a whole number of 64 bits"),
        },
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            node.fault("must be a string or a whole number")
        }
    }
}

pub fn variables(node: Node<'_>) -> Option<Variables> {
    node.map(|_, node| match &node.value {
        Value::String(_) => Text::<Plain>::read(node).map(Variable::Text),
        Value::Number(number) => Some(Variable::Number(number.clone())),
        Value::Bool(value) => Some(Variable::Boolean(*value)),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            node.fault("must be a string, a number or a boolean")
        }
    })
}
