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
mod tests {
    use super::*;

    /// Replies as these servers and services document them, or as their users have reported them.
    #[expect(clippy::too_many_lines, reason = "a table")]
    #[test]
    fn what_a_reply_is_about_is_told_from_step_code_and_words() {
        use Step::{Data, End, Recipient, Sender};
        for (step, code, text, expected) in [
            // Postfix.
            (
                Recipient,
                550,
                "5.1.1 <a@b.example>: Recipient address rejected: User unknown",
                Refused,
            ),
            (
                Recipient,
                553,
                "5.7.1 <n@e.example>: Sender address rejected: not owned by user app",
                Account,
            ),
            (
                Recipient,
                554,
                "5.7.1 <a@b.example>: Relay access denied",
                Account,
            ),
            (
                Recipient,
                454,
                "4.7.1 <a@b.example>: Relay access denied",
                Account,
            ),
            (
                Recipient,
                450,
                "4.7.1 Error: too much mail from 10.0.0.1",
                Throttled,
            ),
            (
                Sender,
                450,
                "4.7.1 Error: too much mail from 10.0.0.1",
                Throttled,
            ),
            (Sender, 451, "4.3.5 Server configuration problem", Busy),
            (
                Recipient,
                451,
                "4.3.5 Server configuration problem",
                Deferred,
            ),
            (
                Recipient,
                450,
                "4.2.0 <a@b.example>: Recipient address rejected: Greylisted",
                Deferred,
            ),
            (
                Recipient,
                554,
                "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
                Account,
            ),
            (
                Recipient,
                450,
                "4.1.8 <n@e.example>: Sender address rejected: Domain not found",
                Account,
            ),
            (Sender, 452, "4.3.1 Insufficient system storage", Throttled),
            (End, 552, "5.3.4 Error: message file too big", Refused),
            (Recipient, 452, "4.2.2 over quota", Deferred),
            (Recipient, 452, "4.5.3 Error: too many recipients", Deferred),
            (End, 550, "5.7.1 Message content rejected", Refused),
            // Exim, sendmail, qmail.
            (Recipient, 550, "relay not permitted", Account),
            (
                Recipient,
                550,
                "5.7.1 Relaying denied. Proper authentication required.",
                Account,
            ),
            (Recipient, 550, "Unrouteable address", Refused),
            (
                Sender,
                553,
                "5.1.8 <n@e.example>... Domain of sender address does not exist",
                Account,
            ),
            (Sender, 550, "Sender verify failed", Account),
            (Recipient, 550, "No such user here", Refused),
            (Recipient, 554, "", Refused),
            (End, 554, "Transaction failed", Refused),
            (End, 554, "5.6.0 Message contains invalid header", Refused),
            // Google.
            (
                Data,
                550,
                "5.4.5 Daily user sending limit exceeded. For more information on Gmail",
                Quota,
            ),
            (
                End,
                550,
                "5.4.5 Daily SMTP relay sending limit exceeded for user.",
                Quota,
            ),
            (
                Sender,
                550,
                "5.7.1 Daily SMTP relay limit exceeded for customer",
                Quota,
            ),
            (
                End,
                550,
                "5.7.26 Unauthenticated email from e.example is not accepted due to domain's DMARC policy",
                Account,
            ),
            (
                End,
                421,
                "4.7.28 Our system has detected an unusual rate of unsolicited mail",
                Throttled,
            ),
            (
                Recipient,
                550,
                "5.1.1 The email account that you tried to reach does not exist.",
                Refused,
            ),
            (
                Recipient,
                550,
                "5.2.1 The email account that you tried to reach is disabled.",
                Refused,
            ),
            (
                Recipient,
                450,
                "4.2.1 The user you are trying to contact is receiving mail too quickly",
                Deferred,
            ),
            (
                Recipient,
                452,
                "4.2.2 The email account that you tried to reach is over quota.",
                Deferred,
            ),
            (
                End,
                552,
                "5.2.3 Your message exceeded Google's message size limits.",
                Refused,
            ),
            (
                Recipient,
                550,
                "5.7.1 Invalid credentials for relay [192.0.2.1].",
                Refused,
            ),
            // Microsoft 365.
            (
                End,
                550,
                "5.7.60 SMTP; Client does not have permissions to send as this sender",
                Account,
            ),
            (
                End,
                554,
                "5.2.252 SendAsDenied; not allowed to send as other@e.example",
                Account,
            ),
            (
                Recipient,
                550,
                "5.4.1 Recipient address rejected: Access denied.",
                Refused,
            ),
            (
                Sender,
                530,
                "5.7.57 Client not authenticated to send mail.",
                Account,
            ),
            (
                End,
                550,
                "5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
                Quota,
            ),
            (
                End,
                554,
                "5.2.2 Submission quota exceeded for this sender",
                Quota,
            ),
            (
                End,
                550,
                "5.7.705 Access denied, tenant has exceeded threshold",
                Account,
            ),
            (
                Recipient,
                550,
                "5.7.606 Access denied, banned sending IP",
                Account,
            ),
            (
                Sender,
                451,
                "4.7.500 Server busy. Please try again later",
                Account,
            ),
            // Amazon SES.
            (
                End,
                554,
                "Message rejected: Email address is not verified. The following identities failed",
                Account,
            ),
            (
                End,
                554,
                "Message rejected: Sending suspended for this account.",
                Account,
            ),
            (End, 554, "Message rejected: Address blacklisted.", Refused),
            (
                End,
                454,
                "Throttling failure: Maximum sending rate exceeded.",
                Throttled,
            ),
            (
                End,
                454,
                "Throttling failure: Daily message quota exceeded.",
                Quota,
            ),
            (Sender, 530, "Authentication required", Account),
            (End, 550, "Configuration set does not exist: x", Refused),
            // SendGrid, Mailgun, Brevo, Postmark.
            (
                End,
                550,
                "The from address does not match a verified Sender Identity.",
                Account,
            ),
            (Sender, 550, "Unauthenticated senders not allowed", Account),
            (
                Sender,
                451,
                "Authentication failed: Maximum credits exceeded",
                Quota,
            ),
            (
                Recipient,
                550,
                "5.7.1 Sandbox subdomains are for test purposes only",
                Account,
            ),
            (Sender, 525, "5.7.1 Unauthorized IP address", Account),
            (
                Sender,
                502,
                "5.7.0 Your SMTP account is not yet activated.",
                Account,
            ),
            (End, 550, "5.7.1 Sender signature not found", Account),
            // Words within an address are about the recipient.
            (Recipient, 550, "<billing@b.example>: no such user", Refused),
            (
                Recipient,
                550,
                "5.7.1 <payment@b.example>: Recipient address rejected: Access denied",
                Refused,
            ),
            (
                Recipient,
                550,
                "5.1.1 <unverified@b.example>: User unknown",
                Refused,
            ),
            (
                Recipient,
                450,
                "4.7.1 <dmarc-reports@b.example>: try again later",
                Deferred,
            ),
            (
                Recipient,
                450,
                "<throttle@b.example>: try again later",
                Deferred,
            ),
            (Recipient, 550, "throttle@b.example... no", Refused),
            // Words about the recipient that also occur in replies about senders.
            (
                Recipient,
                450,
                "4.1.1 <a@b.example>: Recipient address rejected: unverified address: Address verification in progress",
                Deferred,
            ),
            (
                Recipient,
                550,
                "5.1.1 unverified address: host said: 550 unknown user",
                Refused,
            ),
            (
                Recipient,
                550,
                "Mailbox unavailable or unverified recipient",
                Refused,
            ),
            (
                Recipient,
                550,
                "5.7.1 you are not allowed to send to this list",
                Refused,
            ),
            (
                Recipient,
                550,
                "5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
                Refused,
            ),
            (Recipient, 452, "too many recipients", Deferred),
            (End, 554, "5.4.6 Too many hops", Refused),
            (
                End,
                550,
                "Rejected: your account name appears in a spam URL",
                Refused,
            ),
            // Replies without telling words.
            (Sender, 550, "", Account),
            (Sender, 451, "", Busy),
            (Sender, 503, "5.5.1 Error: nested MAIL command", Account),
            (Sender, 452, "4.5.3 Too many messages in this session", Busy),
            (Recipient, 421, "", Throttled),
            (Recipient, 452, "insufficient storage", Throttled),
            (Recipient, 451, "", Deferred),
            (Recipient, 550, "5.7.1 not wanted", Refused),
            (Recipient, 552, "5.2.2 mailbox full", Refused),
        ] {
            assert_eq!(
                meaning(step, code, text),
                expected,
                "{step:?} {code} {text}"
            );
        }
    }
}
