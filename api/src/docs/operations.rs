//! The operations of a specification.

use serde_json::{Map, Value};

pub fn operations(spec: &Value) -> impl Iterator<Item = &Value> {
    let paths = spec["paths"].as_object().into_iter();
    paths
        .flat_map(Map::values)
        .filter_map(Value::as_object)
        .flat_map(Map::values)
}

pub fn operations_mut(spec: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = spec["paths"].as_object_mut().into_iter();
    paths
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut)
}
