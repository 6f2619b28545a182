//! Patterns that consist of one class of characters.

use std::str::Chars;

/// The characters of a pattern `^[…]+$` or `^[…]*$`.
pub struct Class {
    ranges: Vec<(char, char)>,
    /// `[^…]`: the ranges hold the characters that are not allowed.
    is_negated: bool,
    pub may_be_empty: bool,
}

impl Class {
    pub fn of(pattern: &str) -> Self {
        let may_be_empty = pattern.ends_with("*$");
        let class = pattern.trim_start_matches("^[");
        let class = class.trim_end_matches(['$', '+', '*']);
        let class = class.strip_suffix(']').unwrap_or(class);
        let listed = class.strip_prefix('^');
        let mut rest = listed.unwrap_or(class).chars();
        let mut ranges = Vec::new();
        while let Some(first) = character(&mut rest) {
            let mut ahead = rest.clone();
            let last = match ahead.next() {
                Some('-') => character(&mut ahead),
                _ => None,
            };
            if last.is_some() {
                rest = ahead;
            }
            ranges.push((first, last.unwrap_or(first)));
        }
        Self {
            ranges,
            is_negated: listed.is_some(),
            may_be_empty,
        }
    }

    pub fn matches(&self, text: &str) -> bool {
        let is_listed = |c: char| {
            let mut ranges = self.ranges.iter();
            ranges.any(|(first, last)| (*first..=*last).contains(&c))
        };
        (self.may_be_empty || !text.is_empty())
            && text.chars().all(|c| is_listed(c) != self.is_negated)
    }
}

/// Returns the next character of a class, which may be escaped as `\r`, `\n` or `\u00XX`.
fn character(class: &mut Chars<'_>) -> Option<char> {
    match class.next()? {
        '\\' => match class.next()? {
            'r' => Some('\r'),
            'n' => Some('\n'),
            'u' => {
                let digits: String = class.by_ref().take(4).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
            }
            other => Some(other),
        },
        plain => Some(plain),
    }
}
