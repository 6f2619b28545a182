//! Writes a mailing, all of it or nothing.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use entity::{recipient, recipient::Status};
use sea_orm::{
    ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryResult, QuerySelect,
    sea_query::{Expr, Func},
};
use uuid::Uuid;

use super::{
    Claim, IdempotencyRequest, Ledger,
    limits::usage,
    pace::{cost, duration, micros},
    retry::{repeat, short_backoff},
};
use crate::{
    address::Address,
    error::{Error, Result, spoils_connection},
    hash_secret::HashSecret,
    limits::Meter,
    mailing::{ClaimedRecipient, Mailing, Templates},
    message::NewMailing,
    suppression::{SuppressionReason, SuppressionScope},
    unsubscribe::UnsubscribeLinks,
};

mod postgres;
mod sqlite;

/// The time in which a mail must be sent, unless the request has an `expires_at`.
pub const DEFAULT_LIFETIME_MS: i64 = 72 * 3600 * 1000;

/// The longest time before its `send_at` at which a mailing is accepted: 30 days.
pub const LONGEST_PLAN_MS: i64 = 30 * 24 * 3600 * 1000;

/// A request to be written, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    pub api_key_id: Uuid,
    pub request: &'a NewMailing,
    /// Inserted already claimed, so that no sweep takes what its own request delivers.
    pub claimed: bool,
    pub idempotency: Option<&'a IdempotencyRequest>,
    /// That of the request, which is counted with the mailing if its key has limits.
    pub meter: Option<&'a Meter>,
}

impl<'a> NewEntry<'a> {
    /// Returns the meter if the key has limits that are counted.
    pub(crate) fn limited(&self) -> Option<&'a Meter> {
        self.meter.filter(|meter| meter.limits.have_windows())
    }

    /// Returns the meter if the use of the key is to be noted with the mailing.
    fn first_use(&self) -> Option<&'a Meter> {
        self.meter.filter(|meter| meter.use_is_to_be_noted())
    }
}

#[derive(Debug)]
pub enum StoreOutcome {
    Stored(Stored),
    /// Another request has the idempotency key already; nothing was written.
    KeyTaken,
    /// By the database's clock it has expired; nothing was written.
    Expired,
    /// By the database's clock it is planned for more than 30 days ahead; nothing was written.
    TooFarAhead,
    /// The key was revoked while the request was read; nothing was written.
    Revoked,
    /// The key has used up one of its limits; nothing was written or counted.
    OverLimit,
}

/// A request that is in the ledger.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Of the mailing.
    pub id: Uuid,
    /// Of the claim that its recipients were inserted under.
    pub token: Option<Uuid>,
    /// Milliseconds since the Unix epoch, by the database's clock.
    pub stored_at: i64,
    pub start: Start,
    /// Set if the recipient of a single mail is suppressed: it has ended.
    pub suppressed: Option<SuppressionReason>,
    /// The places of the copies of a single mail that must be left out, because their addresses are suppressed.
    pub suppressed_copies: Vec<String>,
}

/// How the call for a single mail may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At once: the transport works, the turn has come, and the recipient is stored as `sending`.
    Now,
    /// The turn is taken and comes after this time; the recipient is stored as `queued`.
    In(Duration),
    /// The health of the transport and the turn are still to be asked for.
    NotDecided,
}

/// What a single mail needs to start in the statement that stores it.
#[derive(Clone, Copy, Debug)]
pub struct StartRequest {
    /// Recipients a second; `None` if the rate is not limited.
    pub rate: Option<f64>,
    /// The longest time that the mail waits for its turn.
    pub patience: Duration,
    /// The number of turns to take: the first is for this mail.
    pub turns: usize,
    /// Set if the mail has a turn already, which comes at this time.
    pub given: Option<Instant>,
}

impl StoreOutcome {
    /// Returns the time until the first of the turns that were taken.
    pub fn first_turn(&self) -> Option<Duration> {
        let Self::Stored(stored) = self else {
            return None;
        };
        match stored.start {
            Start::Now => Some(Duration::ZERO),
            Start::In(wait) => Some(wait),
            Start::NotDecided => None,
        }
    }
}

impl Stored {
    /// The stored request as it is to be sent, where it was inserted already claimed.
    pub fn to_claim(
        &self,
        api_key_id: Uuid,
        request: NewMailing,
        templates: Templates,
        links: Option<Arc<UnsubscribeLinks>>,
    ) -> Option<(Mailing, Claim)> {
        let token = self.token?;
        let claim = Claim {
            mailing_id: self.id,
            token,
            begun: self.start == Start::Now,
            claimed_at: Instant::now(),
            ended: Vec::new(),
            recipients: (0..)
                .zip(request.recipients)
                .map(|(position, recipient)| ClaimedRecipient {
                    position,
                    attempt: token,
                    attempts: 0,
                    recipient,
                })
                .collect(),
        };
        let mailing = Mailing {
            id: self.id,
            api_key_id,
            envelope: request.envelope,
            body: request.body,
            attachments: request.attachments,
            templates,
            suppressed_copies: self.suppressed_copies.clone(),
            links,
        };
        Some((mailing, claim))
    }
}

/// An entry and the ids that it is written under.
#[derive(Clone, Copy)]
struct Writing<'a> {
    id: Uuid,
    token: Option<Uuid>,
    entry: NewEntry<'a>,
    start: Option<StartRequest>,
    lease_ms: i64,
    secret: &'a HashSecret,
    /// Of the end of a single mail whose recipient is suppressed.
    event_id: Uuid,
}

impl Writing<'_> {
    /// Returns the hash of the recipient that is looked up as it is stored: that of a single mail.
    fn looked_up(&self) -> Option<Vec<u8>> {
        self.token?;
        let recipient = self.entry.request.recipients.first()?;
        Some(self.secret.address(&recipient.mail.key()).to_vec())
    }

    /// Returns the hashes of the copies of a single mail, in hexadecimal.
    fn copies(&self) -> Vec<String> {
        if self.token.is_none() {
            return Vec::new();
        }
        let copies = self.entry.request.envelope.copies();
        copies
            .map(|(_, address)| hex::encode(self.secret.address(&address.key())))
            .collect()
    }

    /// Returns the places of the copies with these hashes, which are in hexadecimal in a JSON array.
    fn places(&self, hashes: Option<&str>) -> Vec<String> {
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
    fn scope(&self) -> String {
        SuppressionScope::of(self.entry.request.envelope.list.clone()).key()
    }

    /// Returns the part of the rate that the turns use, in microseconds; `None` if none is to be taken.
    fn cost(&self) -> Option<i64> {
        let start = self.start.filter(|start| start.given.is_none())?;
        Some(cost(start.turns, start.rate?))
    }

    /// Returns whether the mail starts if the transport works and a turn, where one is to be taken, is now.
    fn starts(&self) -> bool {
        self.start
            .is_some_and(|start| start.given.is_none_or(|turn| turn <= Instant::now()))
    }

    fn patience(&self) -> i64 {
        self.start.map_or(0, |start| micros(start.patience))
    }

    /// Returns the normalised addresses of copies and replies, by which an erasure finds the mailing.
    fn correspondents(&self) -> BTreeSet<String> {
        let envelope = &self.entry.request.envelope;
        [&envelope.cc, &envelope.bcc, &envelope.reply_to]
            .into_iter()
            .flatten()
            .map(Address::key)
            .collect()
    }

    /// Returns the number of recipients to count.
    fn addressees(&self) -> i64 {
        i64::try_from(self.entry.request.addressees()).unwrap_or(i64::MAX)
    }

    /// Reads the row that tells what was stored.
    fn outcome(&self, row: &QueryResult) -> Result<StoreOutcome, DbErr> {
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
    fn not_in_time(&self, now: i64) -> StoreOutcome {
        let send_at = self.entry.request.send_at;
        if send_at.is_some_and(|send_at| send_at > now + LONGEST_PLAN_MS) {
            StoreOutcome::TooFarAhead
        } else {
            StoreOutcome::Expired
        }
    }

    fn stored(
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

impl Ledger {
    /// Writes the mailing, its recipients and its idempotency record, all or nothing.
    pub async fn store(&self, entry: NewEntry<'_>) -> Result<StoreOutcome> {
        self.write(entry, None).await
    }

    /// Does the same for a single mail that is sent at once, and starts it where it may start: one round trip for what
    /// is otherwise asked for step by step.
    pub async fn store_and_start(
        &self,
        entry: NewEntry<'_>,
        start: StartRequest,
    ) -> Result<StoreOutcome> {
        self.write(entry, Some(start)).await
    }

    async fn write(
        &self,
        entry: NewEntry<'_>,
        start: Option<StartRequest>,
    ) -> Result<StoreOutcome> {
        let writing = Writing {
            id: Uuid::now_v7(),
            token: entry.claimed.then(Uuid::now_v7),
            entry,
            start,
            lease_ms: self.lease_ms,
            secret: self.hash_secret().await?,
            event_id: Uuid::now_v7(),
        };
        let written = self.write_once(&writing).await;
        match written {
            Err(Error::Ledger(error)) if was_cut(&error) => match self.stored(&writing).await? {
                Some(stored) => {
                    // It was counted with an answer that was lost.
                    if let Some(meter) = entry.limited() {
                        meter.leave_uncounted();
                    }
                    Ok(stored)
                }
                None => self.write_once(&writing).await,
            },
            written => written,
        }
    }

    async fn write_once(&self, writing: &Writing<'_>) -> Result<StoreOutcome> {
        if self.db.get_database_backend() == DbBackend::Postgres {
            self.write_at_once(writing).await
        } else {
            self.write_in_steps(writing).await
        }
    }

    /// Looks for an entry whose answer was lost.
    async fn stored(&self, writing: &Writing<'_>) -> Result<Option<StoreOutcome>> {
        let found: Option<(i64, Status, Option<String>)> = repeat(short_backoff(), || async {
            Ok(recipient::Entity::find()
                .select_only()
                // A planned mail is due later than it was stored.
                .expr(Func::coalesce([
                    Expr::col(recipient::Column::QueuedAt),
                    Expr::col(recipient::Column::DueAt),
                ]))
                .column(recipient::Column::Status)
                .column(recipient::Column::StatusDetail)
                .filter(recipient::Column::MailingId.eq(writing.id))
                .filter(recipient::Column::Position.eq(0))
                .into_tuple()
                .one(self.db().await?)
                .await?)
        })
        .await?;
        let envelope = &writing.entry.request.envelope;
        let copies = match (&found, writing.token) {
            (Some(_), Some(_)) => self.suppressed_copies(envelope).await?,
            _ => Vec::new(),
        };
        // A turn that was given with a lost answer is lost too.
        Ok(found.map(|(stored_at, status, detail)| {
            let suppressed = detail
                .as_deref()
                .filter(|_| status == Status::Suppressed)
                .map(|detail| detail.strip_prefix("suppressed_").unwrap_or(detail));
            let goes = status == Status::Sending;
            writing.stored(stored_at, goes, None, suppressed, copies)
        }))
    }
}

/// Returns whether the answer to a statement may have been lost. An error while connecting is not one.
fn was_cut(error: &DbErr) -> bool {
    matches!(error, DbErr::Query(_) | DbErr::Exec(_)) && spoils_connection(error)
}
