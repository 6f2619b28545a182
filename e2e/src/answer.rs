//! HTTP answers, and checks of their shapes in the contract.

use reqwest::header::HeaderMap;
use serde_json::Value;

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.bytes().await?.to_vec(),
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().expect("the header's value is ASCII"))
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error} in {} {:?}", self.status, self.text()))
    }

    /// Returns the `data` of a success with this status.
    #[track_caller]
    pub fn data(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        let body = self.json();
        assert_eq!(keys(&body), ["data", "message", "status"], "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert!(is_text(&body["message"]), "{body}");
        body["data"].clone()
    }

    /// Returns the items of a page.
    #[track_caller]
    pub fn items(&self) -> Vec<Value> {
        let data = self.data(200);
        assert_eq!(keys(&data), ["items", "next"], "{data}");
        data["items"].as_array().expect("items is an array").clone()
    }

    /// Returns the cursor of the next page.
    #[track_caller]
    pub fn next(&self) -> Option<String> {
        let next = &self.data(200)["next"];
        assert!(next.is_null() || next.is_string(), "{next}");
        next.as_str().map(ToOwned::to_owned)
    }

    /// Checks every part of an error answer, and returns it.
    #[track_caller]
    pub fn error(&self, status: u16, error_type: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        let body = self.json();
        assert_eq!(
            keys(&body),
            [
                "details",
                "error_type",
                "errors",
                "message",
                "request_id",
                "status"
            ],
            "{body}"
        );
        assert_eq!(body["status"], status, "{body}");
        assert_eq!(body["error_type"], error_type, "{body}");
        assert!(is_text(&body["message"]), "{body}");
        assert!(body["details"].is_null() || body["details"].is_string());
        for fault in body["errors"].as_array().expect("errors is an array") {
            assert_eq!(keys(fault), ["field", "message"], "{body}");
            assert!(is_text(&fault["message"]), "{body}");
        }
        assert!(is_text(&body["request_id"]), "{body}");
        assert_eq!(
            self.header("x-request-id"),
            body["request_id"].as_str(),
            "{body}"
        );
        assert!(
            self.header("content-type")
                .is_some_and(|value| value.starts_with("application/json"))
        );
        body
    }

    /// Returns the fields that a validation error lists.
    #[track_caller]
    pub fn faults(&self) -> Vec<String> {
        let body = self.error(400, "validation_error");
        let faults = body["errors"].as_array().expect("errors is an array");
        faults
            .iter()
            .map(|fault| fault["field"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Asserts a validation error with exactly this fault.
    #[track_caller]
    pub fn only_fault(&self, path: &str) {
        assert_eq!(self.faults(), [path], "{}", self.text());
    }
}

/// Returns the names in a JSON object, sorted.
pub fn keys(object: &Value) -> Vec<&str> {
    let object = object.as_object().expect("a JSON object");
    let mut keys: Vec<_> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

pub fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// Returns whether the value is a time as in RFC 3339, in UTC with milliseconds: `2026-01-27T10:30:00.000Z`.
pub fn is_time(value: &Value) -> bool {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd.dddZ";
    value.as_str().is_some_and(|text| {
        text.len() == SHAPE.len()
            && text.bytes().zip(SHAPE).all(|(byte, shape)| match shape {
                b'd' => byte.is_ascii_digit(),
                other => byte == *other,
            })
    })
}
