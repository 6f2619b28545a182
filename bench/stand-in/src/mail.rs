//! The bodies of the requests that are measured.

use std::fmt::Write;

const TEXT: &str = "Dear {{name}},\\n\\nthe door opens at nine on {{day}}. Please bring this mail with you: it is your ticket.\\n\\nYours, Example News\\n";

/// Returns a request to send to `count` recipients, numbered from `first`. No two requests have an address in common
/// unless their prefixes and numbers are the same.
pub fn body(prefix: &str, first: usize, count: usize) -> String {
    let mut recipients = String::with_capacity(count * 110);
    for number in first..first + count {
        let comma = if number == first { "" } else { "," };
        let _ = write!(
            recipients,
            r#"{comma}{{"mail":"{prefix}-{number}@example.com","name":"Recipient {number}","variables":{{"day":"Tuesday"}}}}"#
        );
    }
    let paragraph =
        "<p>There is coffee from half past eight, and the programme hangs beside the door.</p>";
    let html = format!(
        "<html><body><h1>Dear {{{{name}}}}</h1><p>The door opens at nine on {{{{day}}}}.</p>{}</body></html>",
        paragraph.repeat(10)
    );
    format!(
        r#"{{"recipients":[{recipients}],"sender_email":"news@example.org","sender_name":"Example News","subject":"{{{{name}}}}, see you on {{{{day}}}}","text_template":"{TEXT}","html_template":"{html}"}}"#
    )
}
