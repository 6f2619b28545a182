//! The names of the schemas. A generated client makes a type of each, so they are chosen as names of types.

use serde_json::{Value, json};

const PREFIX: &str = "#/components/schemas/";

/// Maps: the schema that has the map, the property, and the name of the map. Without a name, a generator
/// invents one.
const MAPS: [(&str, &str, &str); 5] = [
    ("MailRequest", "headers", "MailHeaders"),
    ("RecipientRequest", "headers", "RecipientHeaders"),
    ("RecipientRequest", "variables", "Variables"),
    ("RecipientContent", "headers", "ContentHeaders"),
    ("RenderedMail", "headers", "RenderedHeaders"),
];

/// Turns `Success_Items_Mailing`, the framework's name of a generic type, into `MailingPageResponse`.
fn readable(name: &str) -> String {
    if let Some(data) = name.strip_prefix("Success_") {
        format!("{}Response", readable(data))
    } else if let Some(item) = name.strip_prefix("Items_") {
        format!("{item}Page")
    } else {
        name.to_owned()
    }
}

pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// Returns the name of the schema that a reference refers to.
pub fn referred(reference: &str) -> Option<&str> {
    reference.strip_prefix(PREFIX)
}

pub fn make_readable(spec: &mut Value) {
    rename_references(spec);
    let Some(schemas) = spec["components"]["schemas"].as_object_mut() else {
        return;
    };
    *schemas = std::mem::take(schemas)
        .into_iter()
        .map(|(old, mut schema)| {
            let new = readable(&old);
            if schema.get("title").is_some() {
                schema["title"] = json!(new);
            }
            (new, schema)
        })
        .collect();
    for (owner, property, name) in MAPS {
        let place = format!("/properties/{property}");
        let owner = schemas.get_mut(owner);
        let Some(inline) = owner.and_then(|schema| schema.pointer_mut(&place)) else {
            continue;
        };
        let mut map = std::mem::replace(inline, reference(name));
        map["title"] = json!(name);
        schemas.insert(name.to_owned(), map);
    }
}

fn rename_references(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                if let Value::String(text) = value
                    && key == "$ref"
                {
                    if let Some(name) = referred(text) {
                        *text = format!("{PREFIX}{}", readable(name));
                    }
                } else {
                    rename_references(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(rename_references),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::docs::{SPEC, open::collect};

    #[test]
    fn a_page_and_an_answer_are_named_after_what_is_in_them() {
        assert_eq!(readable("Success_SentMail"), "SentMailResponse");
        assert_eq!(readable("Success_Items_Mailing"), "MailingPageResponse");
        assert_eq!(readable("Items_ApiKey"), "ApiKeyPage");
        assert_eq!(readable("CallerId"), "CallerId");
    }

    #[test]
    fn every_name_is_one_word_in_camel_case_and_every_reference_leads_to_one() {
        let schemas = SPEC["components"]["schemas"].as_object().unwrap();
        for (name, schema) in schemas {
            assert!(name.starts_with(|first: char| first.is_ascii_uppercase()));
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
            let title = schema.get("title").and_then(Value::as_str);
            assert_eq!(title.unwrap_or(name), name);
        }
        let mut referred = BTreeSet::new();
        collect(&SPEC, &SPEC, &mut referred);
        assert!(!referred.is_empty());
        for name in referred {
            assert!(schemas.contains_key(&name), "{name}");
        }
    }
}
