//! Redaction of texts from mail servers.

use crate::template::one_line;

/// The longest text, in characters.
const LONGEST: usize = 300;
const REMOVED: &str = "[address]";
/// An `@` as servers write it, also in links.
const AT: [&str; 3] = ["@", "＠", "%40"];

/// Shortens a text, puts it on one line, and removes everything that looks like an address.
pub fn redact(text: &str) -> String {
    let text = without_addresses(&one_line(text));
    match text.char_indices().nth(LONGEST - 1) {
        Some((at, _)) if text.chars().count() > LONGEST => format!("{}…", &text[..at]),
        _ => text,
    }
}

/// Removes each word that contains an address, including brackets, punctuation and a quoted local part: rather a word
/// too many than half an address.
pub fn without_addresses(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        if !AT.iter().any(|at| word.contains(at)) {
            words.push(word);
            continue;
        }
        if closes_quote(word)
            && let Some(start) = words.iter().rposition(|word| word.contains('"'))
        {
            words.truncate(start);
        }
        words.push(REMOVED);
    }
    words.join(" ")
}

/// Returns whether a quote that began in an earlier word ends right before the `@`: `"ann lee"@example.com`.
fn closes_quote(word: &str) -> bool {
    AT.iter().any(|at| {
        word.split_once(at)
            .is_some_and(|(local, _)| local.ends_with('"') && local.matches('"').count() == 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_left() {
        for (said, shown) in [
            (
                "5.1.1 <ann@example.com>: no such user",
                "5.1.1 [address] no such user",
            ),
            (
                "RCPT TO:<ann@example.com> refused",
                "RCPT [address] refused",
            ),
            (
                "user=ann%40example.com&x see https://h.example/?a=ann@x",
                "[address] see [address]",
            ),
            ("\"ann lee\"@example.com is full", "[address] is full"),
            ("\"ann\"@example.com \"is\" full", "[address] \"is\" full"),
            (
                "a \"quoted\" word, ann＠example.com",
                "a \"quoted\" word, [address]",
            ),
            ("mailto:ann@[10.0.0.1],bob@example.com", "[address]"),
            ("plain words, 4.7.0 and #x", "plain words, 4.7.0 and #x"),
            ("@", "[address]"),
            ("", ""),
        ] {
            assert_eq!(redact(said), shown);
        }
    }

    #[test]
    fn it_is_one_short_line() {
        assert_eq!(redact("one\r\ntwo\nthree\0"), "one two three");
        let long = redact(&"ü".repeat(400));
        assert_eq!(long.chars().count(), 300);
        assert!(long.ends_with('…'));
        assert_eq!(redact(&"ü".repeat(300)), "ü".repeat(300));
        assert!(!redact(&format!("{} ann@example.com", "x".repeat(295))).contains("ann"));
    }
}
