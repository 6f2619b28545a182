use std::{io, time::Duration};
use crate::ledger::{ClaimedRecipient, Mailing, Outcome};
#[derive(Debug)]
pub struct Smtp;
impl Smtp {
    pub fn new(_: &url::Url) -> io::Result<Self> { Ok(Self) }
    pub async fn send(&self, _: &Mailing, r: &[ClaimedRecipient], _: Duration) -> Vec<Outcome> { r.iter().map(|_| Outcome::Accepted{message_id:"x".into()}).collect() }
}
