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
