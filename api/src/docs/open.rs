//! Extensible enums: an answer of a later version may have values that this description does not list, and a client
//! that was generated from it must accept them. The enums of requests are closed: other values are refused.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    names::{reference, referred},
    operations::{operations, operations_mut},
};

/// The key of the known values, in place of `enum`: generators then make a plain string or number of the schema.
pub const KNOWN: &str = "x-extensible-enum";

pub fn open(spec: &mut Value) {
    let answered = answered(spec);
    close_parameters(spec, &answered);
    let Some(schemas) = spec["components"]["schemas"].as_object_mut() else {
        return;
    };
    for name in answered {
        // The HTTP status in the body of an answer stays closed: with another status it is another answer.
        if name.ends_with("Response") {
            continue;
        }
        let Some(schema) = schemas.get_mut(&name) else {
            continue;
        };
        open_enum(schema);
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.values_mut().for_each(open_enum);
        }
    }
}

fn open_enum(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let Some(known) = object.shift_remove("enum") else {
        return;
    };
    let words: Vec<String> = known
        .as_array()
        .into_iter()
        .flatten()
        .map(|word| {
            format!(
                "`{}`",
                word.as_str().map_or(word.to_string(), str::to_owned)
            )
        })
        .collect();
    let sentence = format!(
        "Known values: {}. A later version may have others.",
        words.join(", ")
    );
    let description = match object.get("description").and_then(Value::as_str) {
        Some(text) => format!("{text}\n\n{sentence}"),
        None => sentence,
    };
    object.insert("description".into(), json!(description));
    object.insert(KNOWN.into(), known);
}

/// Gives a parameter, or the entries of a list in a request, with the same type as a field of an answer a closed schema of
/// their own.
fn close_parameters(spec: &mut Value, answered: &BTreeSet<String>) {
    let mut closed = Map::new();
    let schemas = spec["components"]["schemas"].clone();
    for parameter in operations_mut(spec)
        .filter_map(|operation| operation.get_mut("parameters")?.as_array_mut())
        .flatten()
    {
        let name = parameter["schema"]["$ref"].as_str().and_then(referred);
        let Some(name) = name.filter(|name| answered.contains(*name)) else {
            continue;
        };
        if schemas[name].get("enum").is_some() {
            let filter = format!("{name}Filter");
            closed.insert(filter.clone(), schemas[name].clone());
            parameter["schema"] = reference(&filter);
        }
    }
    for (place, name) in listed_in_requests(&schemas, answered) {
        let filter = format!("{name}Filter");
        closed.insert(filter.clone(), schemas[&name].clone());
        if let Some(items) = spec.pointer_mut(&format!("/components/schemas{place}")) {
            *items = reference(&filter);
        }
    }
    if let Some(schemas) = spec["components"]["schemas"].as_object_mut() {
        schemas.extend(closed);
    }
}

/// Returns the names of all schemas that occur in answers.
fn answered(spec: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for operation in operations(spec) {
        collect(spec, &operation["responses"], &mut names);
    }
    names
}

/// Collects the names of all schemas that a value refers to, directly or through other schemas.
pub fn collect(spec: &Value, value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            let name = object.get("$ref").and_then(Value::as_str);
            if let Some(name) = name.and_then(referred)
                && names.insert(name.to_owned())
            {
                collect(spec, &spec["components"]["schemas"][name], names);
            }
            for value in object.values() {
                collect(spec, value, names);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(spec, value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns the places of the entries of lists in requests whose type answers have, too, and the names of their types.
fn listed_in_requests(schemas: &Value, answered: &BTreeSet<String>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (owner, schema) in schemas.as_object().into_iter().flatten() {
        let properties = schema["properties"].as_object();
        for (property, schema) in properties.into_iter().flatten() {
            let name = schema["items"]["$ref"].as_str().and_then(referred);
            let name = name.filter(|name| owner.ends_with("Request") && answered.contains(*name));
            if let Some(name) = name.filter(|name| schemas[*name].get("enum").is_some()) {
                found.push((
                    format!("/{owner}/properties/{property}/items"),
                    name.to_owned(),
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::SPEC;

    fn enums_of(schema: &Value) -> usize {
        schema.to_string().matches("\"enum\":").count()
    }

    #[test]
    fn no_answer_has_a_closed_list_of_words() {
        for name in answered(&SPEC) {
            let schema = &SPEC["components"]["schemas"][&name];
            let own_status = usize::from(schema["properties"]["data"].is_object());
            assert_eq!(enums_of(schema), own_status, "{name}");
        }
    }

    #[test]
    fn what_is_known_is_there_to_be_read() {
        let schemas = &SPEC["components"]["schemas"];
        for (place, word) in [
            ("/RecipientStatus", "unconfirmed"),
            ("/ErrorType", "send_rejected"),
            ("/StatusDetail", "quota"),
        ] {
            let schema = schemas.pointer(place).unwrap();
            let known = schema[KNOWN].as_array().unwrap();
            assert!(known.contains(&json!(word)), "{place}");
            let description = schema["description"].as_str().unwrap();
            assert!(description.contains(&format!("`{word}`")), "{place}");
        }
    }

    #[test]
    fn a_request_has_a_closed_list() {
        let schemas = &SPEC["components"]["schemas"];
        for name in ["RecipientStatusFilter", "ResendableStatus"] {
            assert_eq!(enums_of(&schemas[name]), 1, "{name}");
        }
    }
}
