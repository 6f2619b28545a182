//! The meaning of a well-formed refusal: it concerns this mail, its recipient, or everything that this account sends.
//!
//! The step decides first: a refusal of the sender (`MAIL`) is never about a recipient. Then the enhanced status code
//! decides (RFC 3463, RFC 7372, RFC 7505, and codes that Google and Microsoft have added), and only then the words:
//! servers use the same codes for a mailbox that does not exist and for a daily limit that is used up.

use crate::mailer::redact::without_addresses;

/// The step of the exchange that the reply belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`, before any part of the mail is sent.
    Data,
    /// The answer to the whole mail.
    End,
    /// Anything else, such as the greeting or `RSET`.
    Session,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The server will never accept this mail.
    Refused,
    /// The server does not accept this mail now.
    Deferred,
    /// The server is not able to accept mail now: its state says nothing about this mail.
    Busy,
    /// Too much mail at once.
    Throttled,
    /// The account has used up its quota for now.
    Quota,
    /// The account, its settings or its reputation is refused.
    Account,
}
use Meaning::{Account, Busy, Deferred, Quota, Refused, Throttled};

/// Returns the meaning of a reply of 400 or above.
pub fn meaning(step: Step, code: u16, text: &str) -> Meaning {
    // Servers repeat the recipient's address, whose words are not their own.
    let words = without_addresses(text).to_ascii_lowercase();
    // Authentication or encryption is required (RFC 4954, 6; RFC 3207, 4), or the address of this machine is refused.
    if matches!(code, 525 | 530 | 534 | 535 | 538) {
        return Account;
    }
    let enhanced = Enhanced::of(&words);
    let by_code = enhanced.and_then(|enhanced| by_enhanced_code(step, enhanced));
    let about_mail = by_code.is_some_and(|known| matches!(known, Refused | Deferred));
    let found = match by_code {
        // Servers also report a limit of the sender with the code of a full mailbox or of an address.
        Some(known) if about_mail && has_any(&words, &ABOUT_RECIPIENT) => known,
        Some(known) if about_mail => of_account_in_any_case(&words).unwrap_or(known),
        Some(known) => known,
        None => by_words(&words).unwrap_or(match (code, step) {
            (421, _) => Throttled,
            (452, _) if enhanced.is_none() && !has_any(&words, &ABOUT_RECIPIENT) => Throttled,
            (..500, _) => Deferred,
            _ => Refused,
        }),
    };
    settle(step, code, found)
}

/// Returns whether a temporary refusal concerns the number of connections: those that are open can be used.
pub fn about_connections(code: u16, text: &str) -> bool {
    let words = without_addresses(text).to_ascii_lowercase();
    (400..500).contains(&code) && has_any(&words, &TOO_MANY_CONNECTIONS)
}

/// Adjusts the meaning to the code and the step: a temporary refusal is never a permanent one, nor the other way round,
/// and a refusal of the sender is never about this mail.
fn settle(step: Step, code: u16, found: Meaning) -> Meaning {
    let found = match (found, code) {
        (Refused, ..500) => Deferred,
        (Deferred | Busy, 500..) => Refused,
        (found, _) => found,
    };
    match (step, found) {
        (Step::Sender, Refused) => Account,
        (Step::Sender, Deferred) => Busy,
        _ => found,
    }
}

/// An enhanced status code such as `5.7.1`, without the class, which the reply code has too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Enhanced {
    subject: u16,
    detail: u16,
}

impl Enhanced {
    fn of(text: &str) -> Option<Self> {
        let first = text
            .split([' ', '\n', '\r', '-'])
            .find(|word| !word.is_empty())?;
        let mut parts = first.split('.');
        let class = parts.next()?;
        let subject = parts.next()?.parse().ok()?;
        let detail = parts.next()?.parse().ok()?;
        (matches!(class, "4" | "5") && parts.next().is_none()).then_some(Self { subject, detail })
    }
}

/// Returns `None` if the code alone does not decide.
fn by_enhanced_code(step: Step, enhanced: Enhanced) -> Option<Meaning> {
    let Enhanced { subject, detail } = enhanced;
    Some(match (subject, detail) {
        // The sender's address: its syntax, its domain. Missing TLS or authentication; sender authentication by SPF,
        // DKIM, DMARC, reverse DNS (RFC 7372). Microsoft 365: this sender, its tenant or its address is blocked.
        (1, 7 | 8) | (7, 8 | 11 | 20..=27 | 57 | 60 | 64 | 500..=799) => Account,
        // Microsoft 365's daily limit of recipients; congestion, the code with which Google reports the same.
        (1, 90) | (4, 5) => Quota,
        // The recipient's address, and its mailbox; a mail that is too big for the server; too many recipients of one
        // mail; its content; a loop.
        (1 | 2 | 6, _) | (3, 4) | (5, 3) | (4, 6) => Refused,
        // The system, not the mailbox, is full or does not accept mail. Google's limits of the sender's rate.
        (3, 1 | 2) | (7, 28) => Throttled,
        // The sequence or syntax of commands: before any recipient it concerns the session.
        (5, _) if matches!(step, Step::Sender | Step::Session) => Busy,
        _ => return None,
    })
}

/// Returns the meaning of words that name the sender or one of its limits, regardless of the code.
fn of_account_in_any_case(words: &str) -> Option<Meaning> {
    let has = |known: &[&str]| has_any(words, known);
    if has(&SENDING_LIMITS) {
        return Some(Quota);
    }
    has(&SENDER_FAULTS).then_some(Account)
}

fn has_any(words: &str, known: &[&str]) -> bool {
    known.iter().any(|known| words.contains(known))
}

fn by_words(words: &str) -> Option<Meaning> {
    let has = |known: &[&str]| has_any(words, known);
    if has(&GREYLISTING) {
        return Some(Deferred);
    }
    if has(&ABOUT_RECIPIENT) {
        return None;
    }
    if let Some(found) = of_account_in_any_case(words) {
        return Some(found);
    }
    if has(&TOO_MUCH) {
        return Some(Throttled);
    }
    has(&ACCOUNT_FAULTS).then_some(Account)
}

/// Words of greylisting: the server sees this sender and recipient for the first time, wants a real wait, and accepts
/// the next attempt.
const GREYLISTING: [&str; 5] = ["greylist", "graylist", "grey-list", "gray-list", "postgrey"];

/// Words about the recipient, some of which contain words that otherwise concern senders.
const ABOUT_RECIPIENT: [&str; 10] = [
    "unverified address",
    "unverified recipient",
    "address verification",
    "user unknown",
    "unknown user",
    "no such user",
    "to this list",
    "to this group",
    "forgroup",
    "too many recipients",
];

/// Words about hourly and daily limits of the sender.
const SENDING_LIMITS: [&str; 23] = [
    "sending limit",
    "sending quota",
    "submission quota",
    "send limit",
    "sent limit",
    "daily limit",
    "daily quota",
    "daily message",
    "daily user",
    "daily sending",
    "daily email",
    "daily rate",
    "hourly limit",
    "hourly quota",
    "monthly limit",
    "monthly quota",
    "per day",
    "per hour",
    "per month",
    "message quota",
    "email quota",
    "maximum credits",
    "relay limit",
];

/// Words about a sender's address, domain or account that the server does not allow.
const SENDER_FAULTS: [&str; 30] = [
    "not verified",
    "unverified",
    "verified sender",
    "sender identity",
    "sender signature",
    "sender address rejected",
    "sender rejected",
    "sender denied",
    "sender not allowed",
    "sender is not allowed",
    "sender not authorized",
    "sender is not authorized",
    "sender verify",
    "sender domain",
    "sender's domain",
    "senders not allowed",
    "bad sender",
    "invalid sender",
    "unknown sender",
    "from address",
    "from domain",
    "not owned by",
    "send as",
    "send on behalf",
    "allowed to send",
    "authorized to send",
    "permitted to send",
    "for this account",
    "sending suspended",
    "sending paused",
];

/// Words about mail that comes too fast, or too many open connections.
const TOO_MUCH: [&str; 16] = [
    "throttl",
    "too much mail",
    "too many",
    "too fast",
    "too quickly",
    "slow down",
    "rate limit",
    "ratelimit",
    "rate exceeded",
    "rate exceeds",
    "limit exceeded",
    "exceeded the limit",
    "exceeds the limit",
    "exceeded limit",
    "unusual rate",
    "session limit",
];

/// Words about the number of connections.
const TOO_MANY_CONNECTIONS: [&str; 14] = [
    "too many connections",
    "too many concurrent",
    "too many simultaneous",
    "too many sessions",
    "too many open",
    "concurrent connection",
    "simultaneous connection",
    "connection limit",
    "connections limit",
    "connection rate",
    "connection count",
    "number of connections",
    "maximum connections",
    "thread limit",
];

/// Words of servers that refuse this client or this account regardless of the recipient.
const ACCOUNT_FAULTS: [&str; 35] = [
    "relay access denied",
    "relaying denied",
    "relay denied",
    "relay not permitted",
    "relaying not permitted",
    "relay not allowed",
    "relaying not allowed",
    "not permitted to relay",
    "not allowed to relay",
    "unable to relay",
    "cannot relay",
    "we do not relay",
    "relaying is prohibited",
    "authentication required",
    "authentication is required",
    "must authenticate",
    "must be authenticated",
    "not authenticated",
    "unauthenticated",
    "log in first",
    "smtp account",
    "sandbox",
    "billing",
    "payment",
    "client host",
    "client address",
    "your ip",
    "ip address",
    "your host",
    "your server",
    "spamhaus",
    "barracuda",
    "blocked using",
    "starttls",
    "dmarc",
];

#[cfg(test)]
mod tests;
