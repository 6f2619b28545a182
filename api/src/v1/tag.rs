//! The groups that the specification puts operations into.

use poem_openapi::Tags;

/// The parts of the API.
#[derive(Tags)]
pub enum Tag {
    /// Sending mail.
    Mail,
    /// What has become of it.
    Mailings,
    /// Who may send.
    Keys,
    /// How much mail there is, and how fast it goes.
    Statistics,
    /// Removing people.
    Privacy,
    /// Whether the service works.
    Health,
}
