//! Hints for a body that is not JSON. The library's messages are not used: they could repeat the content.

use serde_json::{Error, error::Category};

/// The hint for a body of another format.
pub fn of_bytes(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0xef, 0xbb, 0xbf, ..] => "the body begins with a byte order mark: send UTF-8 without one",
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [_, 0, ..] | [0, _, ..] => {
            "the body is UTF-16: send it as UTF-8"
        }
        [0x1f, 0x8b, ..] => "the body is compressed: send it as it is",
        _ if std::str::from_utf8(bytes).is_err() => {
            "the body is not UTF-8, perhaps Latin-1 or Windows-1252: send it as UTF-8"
        }
        _ if is_form(bytes) => {
            "the body is a form: send a JSON object, with the content type application/json"
        }
        _ => return None,
    })
}

fn is_form(bytes: &[u8]) -> bool {
    let name = bytes
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || b"_-.%+[]".contains(b));
    let length = name.count();
    (length > 0 && bytes.get(length) == Some(&b'=')) || bytes.starts_with(b"--")
}

/// The hint for the place at which parsing ended.
pub fn of_error(bytes: &[u8], error: &Error) -> &'static str {
    if error.classify() == Category::Eof {
        return "the body ends too early";
    }
    let said = error.to_string();
    let said = |words: &str| said.starts_with(words);
    if said("control character") {
        return "a line end, a tab or another control character stands raw in a string: write it as \\n, \\t or \\u00XX";
    }
    if said("trailing comma") {
        return "a comma stands before a closing bracket: leave it out";
    }
    if said("trailing characters") {
        return "something stands after the end of the JSON";
    }
    if said("key must be a string") {
        return match rest_at(bytes, error).first() {
            Some(b'/') => "JSON has no comments: leave them out",
            _ => "names and texts stand in double quotes",
        };
    }
    if said("invalid escape") || said("lone leading surrogate") || said("unexpected end of hex") {
        return "a backslash in a string begins none of the escapes of JSON: write it as \\\\";
    }
    match rest_at(bytes, error) {
        [b'\'', ..] => "names and texts stand in double quotes",
        [b'/' | b'#', ..] => "JSON has no comments: leave them out",
        [b'N' | b'u' | b'I', ..] => {
            "there is no NaN, None, undefined or Infinity: use null, or leave the field out"
        }
        [b'T' | b'F', ..] => "true and false are written in small letters",
        [b'+' | b'.', ..] => "a number begins with a digit or a minus",
        _ => "this is not JSON",
    }
}

/// The rest of the line from the character at which parsing ended.
fn rest_at<'a>(bytes: &'a [u8], error: &Error) -> &'a [u8] {
    let line = bytes
        .split(|b| *b == b'\n')
        .nth(error.line().saturating_sub(1));
    let line = line.unwrap_or_default();
    line.get(error.column().saturating_sub(1)..)
        .unwrap_or_default()
}
