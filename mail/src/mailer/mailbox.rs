use std::{io, path::Path};
use crate::ledger::{ClaimedRecipient, Mailing, Outcome};
#[derive(Debug)]
pub struct Mailbox;
impl Mailbox {
    pub async fn open(_: &Path) -> io::Result<Self> { Ok(Self) }
    pub async fn send(&self, _: &Mailing, r: &[ClaimedRecipient]) -> Vec<Outcome> { r.iter().map(|_| Outcome::Accepted{message_id:"x".into()}).collect() }
}
