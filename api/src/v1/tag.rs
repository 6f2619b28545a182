//! The tags, which group the operations of the specification.

use poem_openapi::Tags;

/// The parts of the API.
#[derive(Tags)]
pub enum Tag {
    /// Sending mail.
    Mail,
    /// The status of accepted mail, and how to cancel and resend it.
    Mailings,
    /// Everything that happens to a recipient, to be read continuously.
    Events,
    /// Addresses that events are sent to.
    Webhooks,
    /// Addresses that must not be mailed.
    Suppressions,
    /// The links by which recipients unsubscribe from a list.
    Unsubscribing,
    /// API keys, and the origins and senders that they are restricted to.
    Keys,
    /// Counts and times of sent mail, and the number of waiting recipients.
    Statistics,
    /// Erasure of personal data.
    Privacy,
    /// The state of the service.
    Health,
}
