//! An entry while it is written: the values of its statements, and what their answers mean.

use std::{collections::BTreeSet, time::Instant};

use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::{LONGEST_PLAN_MS, NewEntry, Start, StartRequest, StoreOutcome, Stored};
use crate::{
    address::Address,
    hash_secret::HashSecret,
    ledger::{
        limits::usage,
        pace::{cost, duration, micros},
    },
    suppression::{SuppressionReason, SuppressionScope},
};

/// An entry and the ids that it is written under.
#[derive(Clone, Copy)]
pub(super) struct Writing<'a> {
    pub(super) id: Uuid,
    pub(super) token: Option<Uuid>,
    pub(super) entry: NewEntry<'a>,
    pub(super) start: Option<StartRequest>,
    pub(super) lease_ms: i64,
    pub(super) secret: &'a HashSecret,
    /// Of the end of a single mail whose recipient is suppressed.
    pub(super) event_id: Uuid,
}

impl Writing<'_> {
    /// Returns the hash of the recipient that is looked up as it is stored: that of a single mail.
    pub(super) fn looked_up(&self) -> Option<Vec<u8>> {
        self.token?;
        let recipient = self.entry.request.recipients.first()?;
        Some(self.secret.address(&recipient.mail.key()).to_vec())
    }

    /// Returns the hashes of the copies of a single mail, in hexadecimal.
    pub(super) fn copies(&self) -> Vec<String> {
        if self.token.is_none() {
            return Vec::new();
        }
        let copies = self.entry.request.envelope.copies();
        copies
            .map(|(_, address)| hex::encode(self.secret.address(&address.key())))
            .collect()
    }

    /// Returns the places of the copies with these hashes, which are in hexadecimal in a JSON array.
    pub(super) fn places(&self, hashes: Option<&str>) -> Vec<String> {
        let hashes: Vec<String> = hashes
            .and_then(|hashes| serde_json::from_str(hashes).ok())
            .unwrap_or_default();
        let copies = self.entry.request.envelope.copies().zip(self.copies());
        copies
            .filter(|(_, hash)| hashes.iter().any(|one| one.eq_ignore_ascii_case(hash)))
            .map(|((place, _), _)| place)
            .collect()
    }

    /// Returns the scope of entries that suppress this mail besides those for everything.
    pub(super) fn scope(&self) -> String {
        SuppressionScope::of(self.entry.request.envelope.list.clone()).key()
    }

    /// Returns the part of the rate that the turns use, in microseconds; `None` if none is to be taken.
    pub(super) fn cost(&self) -> Option<i64> {
        let start = self.start.filter(|start| start.given.is_none())?;
        Some(cost(start.turns, start.rate?))
    }

    /// Returns whether the mail starts if the transport works and a turn, where one is to be taken, is now.
    pub(super) fn starts(&self) -> bool {
        self.start
            .is_some_and(|start| start.given.is_none_or(|turn| turn <= Instant::now()))
    }

    pub(super) fn patience(&self) -> i64 {
        self.start.map_or(0, |start| micros(start.patience))
    }

    /// Returns the normalised addresses of copies and replies, by which an erasure finds the mailing.
    pub(super) fn correspondents(&self) -> BTreeSet<String> {
        let envelope = &self.entry.request.envelope;
        [&envelope.cc, &envelope.bcc, &envelope.reply_to]
            .into_iter()
            .flatten()
            .map(Address::key)
            .collect()
    }

    /// Returns the number of recipients to count.
    pub(super) fn addressees(&self) -> i64 {
        i64::try_from(self.entry.request.addressees()).unwrap_or(i64::MAX)
    }

    /// Reads the row that tells what was stored.
    pub(super) fn outcome(&self, row: &QueryResult) -> Result<StoreOutcome, DbErr> {
        if !row.try_get::<bool>("", "live")? {
            return Ok(StoreOutcome::Revoked);
        }
        if !row.try_get::<bool>("", "in_time")? {
            return Ok(self.not_in_time(row.try_get("", "now")?));
        }
        if !row.try_get::<bool>("", "stored")? {
            return Ok(StoreOutcome::KeyTaken);
        }
        let (now, wait) = (row.try_get("", "now")?, row.try_get("", "wait")?);
        if let Some(meter) = self.entry.limited() {
            meter.counted(usage(row, now)?);
        }
        if let Some(meter) = self.entry.first_use() {
            meter.use_noted();
        }
        let suppressed: Option<String> = row.try_get("", "suppressed")?;
        let copies: Option<String> = row.try_get("", "copies")?;
        let copies = self.places(copies.as_deref());
        Ok(self.stored(
            now,
            row.try_get("", "goes")?,
            wait,
            suppressed.as_deref(),
            copies,
        ))
    }

    /// Returns the outcome of a request whose times do not hold now.
    pub(super) fn not_in_time(&self, now: i64) -> StoreOutcome {
        let send_at = self.entry.request.send_at;
        if send_at.is_some_and(|send_at| send_at > now + LONGEST_PLAN_MS) {
            StoreOutcome::TooFarAhead
        } else {
            StoreOutcome::Expired
        }
    }

    pub(super) fn stored(
        &self,
        stored_at: i64,
        goes: bool,
        wait: Option<i64>,
        suppressed: Option<&str>,
        suppressed_copies: Vec<String>,
    ) -> StoreOutcome {
        StoreOutcome::Stored(Stored {
            // A reason that only a later version knows suppresses all the same.
            suppressed: suppressed
                .map(|reason| reason.parse().unwrap_or(SuppressionReason::Manual)),
            suppressed_copies,
            id: self.id,
            token: self.token,
            stored_at,
            start: match (wait, self.start.and_then(|start| start.given)) {
                _ if goes => Start::Now,
                (Some(wait), _) => Start::In(duration(wait)),
                (None, Some(turn)) => Start::In(turn.saturating_duration_since(Instant::now())),
                (None, None) => Start::NotDecided,
            },
        })
    }
}
