//! Rendered mail in an answer of bounded size.

use mail::mailer::Rendered;

/// Cuts the bodies, so that a small request with many placeholders has no large answer. Returns whether something was
/// cut.
pub(super) fn within(mut mail: Rendered, most: usize) -> (Rendered, bool) {
    let mut left = most;
    let mut shortened = false;
    for part in [&mut mail.html, &mut mail.text].into_iter().flatten() {
        let end = end_within(part, &mut left);
        shortened |= end < part.len();
        part.truncate(end);
    }
    (mail, shortened)
}

/// Returns where a text ends of which the JSON takes no more than is left.
fn end_within(text: &str, left: &mut usize) -> usize {
    for (at, character) in text.char_indices() {
        let length = match character {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\0'..='\u{1f}' => 6,
            _ => character.len_utf8(),
        };
        let Some(rest) = left.checked_sub(length) else {
            *left = 0;
            return at;
        };
        *left = rest;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_text_is_cut_where_its_json_becomes_too_long() {
        let text = "a\"\n\u{1}ü𝄞x";
        let whole = serde_json::to_string(text).unwrap().len() - 2;
        for most in 0..=whole + 1 {
            let mut left = most;
            let end = end_within(text, &mut left);
            let cut = serde_json::to_string(&text[..end]).unwrap().len() - 2;
            assert!(cut <= most);
            assert_eq!(end == text.len(), most >= whole, "{most}");
        }
    }

    #[test]
    fn a_mail_that_is_too_long_is_marked() {
        let mail = |text: &str| Rendered {
            subject: "x".to_owned(),
            html: Some("html".to_owned()),
            text: Some(text.to_owned()),
            headers: BTreeMap::new(),
        };
        let (fits, shortened) = within(mail("text"), 8);
        assert!(!shortened);
        assert_eq!(fits.text.as_deref(), Some("text"));
        let (cut, shortened) = within(mail("texts"), 8);
        assert!(shortened);
        assert_eq!(
            (cut.html.as_deref(), cut.text.as_deref()),
            (Some("html"), Some("text"))
        );
    }
}
