//! Writes a mailing, all of it or nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use entity::{recipient, recipient::Status};
use sea_orm::{
    ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, Func},
};
use uuid::Uuid;

use super::{
    Claim, IdempotencyRequest, Ledger,
    retry::{repeat, short_backoff},
};
use crate::{
    error::{Error, Result, spoils_connection},
    limits::Meter,
    mailing::{ClaimedRecipient, Mailing, Templates},
    message::NewMailing,
    suppression::SuppressionReason,
    unsubscribe::UnsubscribeLinks,
};

mod postgres;
mod sqlite;
mod writing;

use writing::Writing;

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
