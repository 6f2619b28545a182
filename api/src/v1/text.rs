//! Strings with rules. The published schema and the check are made from the same limit and the same pattern.

mod class;
mod kind;
mod typed;

pub use kind::{
    Address, ApiKeySecret, Base64, CallerId, Checked, ContentId, DisplayName, FeedCursor,
    HeaderValue, HistoryCursor, HttpsUrl, IndexCursor, Kind, Line, ListName, MediaType, Origin,
    Plain, RecipientCursor, Sender, TagPart,
};
pub use typed::Text;
