//! Completes the generated specification. The result is stricter, never different.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use mail::outcome::{IntoEnumIterator, StatusDetail};
use serde_json::{Value, json};

use super::{
    names, open,
    operations::{operations, operations_mut},
};

/// Examples of requests and answers by `operationId`; a test checks them against the schemas.
static EXAMPLES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).unwrap_or_default());

/// Links from an answer to other operations: operation, status, parameter, expression, target operations.
const LINKS: [(&str, &str, &str, &str, &[&str]); 5] = [
    ("sendMail", "200", "id", "$response.body#/data/id", MAILING),
    ("sendMail", "202", "id", "$response.body#/data/id", MAILING),
    (
        "resendMailing",
        "202",
        "id",
        "$response.body#/data/id",
        &["getMailing", "listRecipients"],
    ),
    (
        "createApiKey",
        "201",
        "api_key",
        "$response.body#/data/id",
        &["changeApiKey", "rotateApiKey", "addOrigins", "revokeApiKey"],
    ),
    (
        "addOrigins",
        "200",
        "api_key",
        "$response.body#/data/id",
        &["removeOrigin", "revokeApiKey"],
    ),
];
const MAILING: &[&str] = &[
    "getMailing",
    "listRecipients",
    "cancelMailing",
    "rescheduleMailing",
    "resendMailing",
];

/// Objects that may be null.
const NULLABLE: [&str; 8] = [
    "ApiKeyLimits",
    "Bounce",
    "LimitsRequest",
    "MailHeaders",
    "RecipientContent",
    "RecipientHeaders",
    "TimeToSent",
    "Variables",
];

/// Unions that occur only as entries of lists.
const LIST_ENTRIES: [&str; 1] = ["MailAddress"];

/// Fields of answers that are left out if they have no value.
const SOMETIMES: [&str; 4] = ["cancelling", "copies", "remaining", "suppressed_copies"];
/// The statuses of errors that can occur before an operation is found.
const OF_NO_OPERATION: [u16; 2] = [405, 429];

pub fn postprocess(mut spec: Value) -> Value {
    spec["openapi"] = json!("3.0.3");
    spec["servers"] = json!([{"url": "/"}]);
    spec["info"]["license"] = json!({
        "name": "MIT OR Apache-2.0",
        "url": "https://spdx.org/licenses/MIT.html"
    });
    order_tags(&mut spec);
    names::make_readable(&mut spec);
    if let Some(schemas) = spec["components"]["schemas"].as_object_mut() {
        for (name, schema) in schemas {
            make_union(name, schema);
            tighten(name, schema);
        }
    }
    name_statuses(&mut spec);
    name_details(&mut spec);
    open::open(&mut spec);
    if let Some(schemas) = spec["components"]["schemas"].as_object_mut() {
        schemas.sort_keys();
    }
    operations_mut(&mut spec).for_each(complete);
    spec
}

/// Sorts the tags in the order of the operations, of which sending mail is the first: Swagger UI shows them in this
/// order.
fn order_tags(spec: &mut Value) {
    let used: Vec<Value> = operations(spec)
        .map(|operation| operation["tags"][0].clone())
        .collect();
    if let Some(tags) = spec["tags"].as_array_mut() {
        tags.sort_by_key(|tag| used.iter().position(|name| *name == tag["name"]));
    }
}

/// Closes requests to other fields; answers may have more fields in a later version. A field that may be absent may be
/// null. Answers have all of their fields except those of [`SOMETIMES`].
fn tighten(name: &str, schema: &mut Value) {
    let is_request =
        name.ends_with("Request") || matches!(name, "Attachment" | "MailTag" | "NamedAddress");
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if object.get("type") != Some(&json!("object")) {
        return;
    }
    if is_request {
        object.insert("additionalProperties".into(), json!(false));
    }
    if NULLABLE.contains(&name) {
        object.insert("nullable".into(), json!(true));
    }
    let required: Vec<Value> = object
        .get("required")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (property, schema) in properties.iter_mut() {
        say_once(schema);
        if !required.contains(&json!(property)) && !SOMETIMES.contains(&property.as_str()) {
            make_nullable(schema);
        }
        if let Some(schema) = schema.as_object_mut() {
            // The use of a schema shows if it is for requests or for answers.
            schema.remove("readOnly");
            schema.remove("writeOnly");
        }
    }
    if !is_request {
        let all: Vec<&String> = properties
            .keys()
            .filter(|property| !SOMETIMES.contains(&property.as_str()))
            .collect();
        let all = json!(all);
        object.insert("required".into(), all);
    }
}

/// Removes the description that a reference has as a schema of its own, because generated clients make a type of it.
fn say_once(schema: &mut Value) {
    if let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        parts.retain(|part| part.get("$ref").is_some());
    }
}

/// Makes a schema nullable, unless it is a reference: the schema that it refers to is nullable then.
fn make_nullable(schema: &mut Value) {
    if let Some(schema) = schema
        .as_object_mut()
        .filter(|schema| schema.contains_key("type"))
    {
        schema.insert("nullable".into(), json!(true));
    }
}

/// Completes a union of types; it includes null unless it occurs only as entries of lists.
fn make_union(name: &str, schema: &mut Value) {
    let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) else {
        return;
    };
    if !LIST_ENTRIES.contains(&name) {
        choices.iter_mut().for_each(make_nullable);
    }
    if let Some(schema) = schema.as_object_mut() {
        // The framework declares a union as an object.
        schema.shift_remove("type");
    }
}

/// Lists the possible HTTP statuses in the schema of each body, by which a client tells answers apart.
fn name_statuses(spec: &mut Value) {
    let mut statuses: BTreeMap<String, BTreeSet<u16>> = BTreeMap::new();
    for operation in operations(spec) {
        let responses = operation["responses"].as_object();
        for (status, response) in responses.into_iter().flatten() {
            let schema = response["content"]["application/json"]["schema"]["$ref"].as_str();
            if let (Some(schema), Ok(status)) = (schema, status.parse()) {
                statuses
                    .entry(schema.to_owned())
                    .or_default()
                    .insert(status);
            }
        }
    }
    let unions: Vec<_> = statuses
        .iter()
        .flat_map(|(union, statuses)| {
            let choices = spec.pointer(&format!("{}/anyOf", union.trim_start_matches('#')));
            let choices = choices.and_then(Value::as_array).into_iter().flatten();
            let references = choices.filter_map(|choice| choice["$ref"].as_str());
            references.map(|choice| (choice.to_owned(), statuses.clone()))
        })
        .collect();
    statuses.extend(unions);
    for (reference, mut statuses) in statuses {
        if reference.ends_with("/ErrorBody") {
            statuses.extend(OF_NO_OPERATION);
        }
        let status = format!("{}/properties/status", reference.trim_start_matches('#'));
        if let Some(status) = spec.pointer_mut(&status) {
            status["enum"] = json!(statuses);
        }
    }
}

fn name_details(spec: &mut Value) {
    let schemas = &mut spec["components"]["schemas"];
    schemas["StatusDetail"] = json!({
        "type": "string",
        "description": "A stable code for the reason of the recipient's status; null if there is none.",
        "nullable": true,
        "enum": StatusDetail::iter().map(StatusDetail::as_str).collect::<Vec<_>>(),
    });
    for owner in [
        "FoundRecipient",
        "Recipient",
        "RecipientDetails",
        "SentRecipient",
    ] {
        schemas[owner]["properties"]["status_detail"] = names::reference("StatusDetail");
    }
}

fn complete(operation: &mut Value) {
    if operation.get("security").is_none() {
        operation["security"] = json!([]);
    }
    let id = operation["operationId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let examples = &EXAMPLES[&id];
    if let Some(example) = examples.get("request") {
        set_example(&mut operation["requestBody"]["content"], example);
    }
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for (status, response) in responses {
        let example = match examples.get(status) {
            Some(example) => Some(example.clone()),
            None if status == "400" => Some(fault_of(&id)),
            None => EXAMPLES["errors"].get(status).cloned(),
        };
        // The framework writes the names of header fields in capital letters.
        if let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut)
            && let Some(header) = headers.remove("IDEMPOTENCY-REPLAYED")
        {
            headers.insert("Idempotency-Replayed".into(), header);
        }
        if let Some(example) = example {
            set_example(&mut response["content"], &example);
        }
        for (from, answer, parameter, expression, targets) in LINKS {
            if from == id && answer == status {
                for target in targets {
                    response["links"][*target] = json!({
                        "operationId": target,
                        "parameters": {parameter: expression},
                    });
                }
            }
        }
    }
}

/// Sets the example, or the named `examples`, of a body in JSON, or of each form of a body that is never in JSON.
fn set_example(content: &mut Value, example: &Value) {
    let json = "application/json";
    let Some(forms) = content.as_object_mut() else {
        return;
    };
    let is_json = forms.contains_key(json);
    for (form, body) in forms {
        if form == json || !is_json {
            match example.get("examples") {
                Some(named) => body["examples"] = named.clone(),
                None => body["example"] = example.clone(),
            }
        }
    }
}

/// The example of a 400 of this operation, with a fault of one of its own fields.
fn fault_of(operation_id: &str) -> Value {
    let mut example = EXAMPLES["errors"]["400"].clone();
    if operation_id != "sendMail" {
        let own = EXAMPLES["faults"].get(operation_id);
        example["errors"] = own.map_or_else(|| json!([]), |fault| json!([fault]));
        example["details"] = own.map_or(Value::Null, |_| json!("1 fault"));
    }
    example
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::SPEC;

    #[test]
    fn every_operation_has_a_summary_an_id_and_examples_of_all_its_answers() {
        let has_example = |body: &Value| {
            let mut forms = body["content"].as_object().unwrap().values();
            forms.any(|form| !form["example"].is_null() || !form["examples"].is_null())
        };
        for operation in operations(&SPEC) {
            let id = operation["operationId"].as_str().expect("an operationId");
            assert!(operation["summary"].is_string(), "{id} has no summary");
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(has_example(response), "{id} has no example of {status}");
            }
            if let Some(body) = operation.get("requestBody") {
                assert!(has_example(body), "{id} has no example of its request");
            }
        }
    }

    #[test]
    fn every_field_and_parameter_is_described() {
        let is_described = |of: &Value| of["description"].is_string() || of["$ref"].is_string();
        for (name, schema) in SPEC["components"]["schemas"].as_object().unwrap() {
            for (field, of) in schema["properties"].as_object().into_iter().flatten() {
                assert!(is_described(of), "{name}.{field}");
            }
        }
        for operation in operations(&SPEC) {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(is_described(parameter), "{parameter}");
            }
        }
    }

    #[test]
    fn sending_mail_comes_first() {
        let first = operations(&SPEC).next().unwrap();
        assert_eq!(first["operationId"], "sendMail");
        let tags = SPEC["tags"].as_array().unwrap();
        let tags: Vec<&str> = tags.iter().filter_map(|tag| tag["name"].as_str()).collect();
        assert_eq!(
            tags,
            [
                "Mail",
                "Mailings",
                "Events",
                "Webhooks",
                "Suppressions",
                "Unsubscribing",
                "Keys",
                "Statistics",
                "Privacy",
                "Health"
            ]
        );
    }

    #[test]
    fn no_example_belongs_to_an_operation_that_is_not_there() {
        let ids: Vec<&str> = operations(&SPEC)
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        for id in EXAMPLES
            .as_object()
            .unwrap()
            .keys()
            .filter(|id| !matches!(id.as_str(), "errors" | "faults"))
        {
            assert!(ids.contains(&id.as_str()), "{id}");
        }
    }
}
