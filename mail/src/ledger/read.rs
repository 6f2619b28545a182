//! Queries for callers, always within the scope of their key.

use std::collections::HashMap;

use entity::{
    mailing,
    recipient::{self, Status},
};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, EntityTrait, ExprTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Query, SimpleExpr},
};
use uuid::Uuid;

use super::{
    Ledger,
    document::{caller_id, legible_envelope},
    is_in,
};
use crate::{
    error::Result,
    message::{CallerId, Envelope},
};

/// Which of the mailings.
#[derive(Clone, Copy, Debug, Default)]
pub struct MailingFilter<'a> {
    pub email_id: Option<&'a str>,
    pub api_key_id: Option<Uuid>,
    /// True for mailings with a recipient that is at no end yet, false for the others.
    pub open: Option<bool>,
    /// The key of the request that made it, in the last 24 hours.
    pub idempotency_key: Option<&'a str>,
}

/// The mailings that a caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Everybody,
    Key(Uuid),
}

#[derive(Debug)]
pub struct Page<T, C> {
    pub items: Vec<T>,
    /// Where the next page starts; none after the last.
    pub next: Option<C>,
}

#[derive(Debug)]
pub struct MailingSummary {
    pub id: Uuid,
    pub api_key_id: Uuid,
    pub envelope: Envelope,
    pub created_at: i64,
    /// None if it was not planned for a later time.
    pub send_at: Option<i64>,
    pub expires_at: i64,
    pub counts: Counts,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub queued: u64,
    pub sending: u64,
    pub sent: u64,
    pub failed: u64,
    pub unconfirmed: u64,
    pub cancelled: u64,
    pub suppressed: u64,
    pub delivered: u64,
    pub bounced: u64,
    pub complained: u64,
}

impl Counts {
    pub fn total(self) -> u64 {
        self.queued
            + self.sending
            + self.sent
            + self.failed
            + self.unconfirmed
            + self.cancelled
            + self.suppressed
            + self.delivered
            + self.bounced
            + self.complained
    }

    fn add(&mut self, status: Status, number: u64) {
        *match status {
            Status::Queued => &mut self.queued,
            Status::Sending => &mut self.sending,
            Status::Sent => &mut self.sent,
            Status::Failed => &mut self.failed,
            Status::Unconfirmed => &mut self.unconfirmed,
            Status::Cancelled => &mut self.cancelled,
            Status::Suppressed => &mut self.suppressed,
            Status::Delivered => &mut self.delivered,
            Status::Bounced => &mut self.bounced,
            Status::Complained => &mut self.complained,
        } += number;
    }
}

/// One recipient and what has become of it.
#[derive(Clone, Debug)]
pub struct RecipientView {
    pub position: i32,
    pub email_id: Option<CallerId>,
    pub email_recipient_id: Option<CallerId>,
    /// None after the address was removed.
    pub recipient: Option<String>,
    pub status: Status,
    pub message_id: Option<String>,
    pub status_detail: Option<String>,
    pub last_error: Option<String>,
    pub queued_at: Option<i64>,
    pub sent_at: Option<i64>,
    pub attempts: i32,
    /// Until this time a process holds the recipient.
    pub lease_until: Option<i64>,
}

#[derive(FromQueryResult)]
struct CountRow {
    mailing_id: Uuid,
    status: String,
    number: i64,
}

impl Ledger {
    /// Newest first.
    pub async fn mailings(
        &self,
        scope: Scope,
        filter: MailingFilter<'_>,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Page<MailingSummary, Uuid>> {
        let mut query = listing(scope, filter, after).limit(limit + 1);
        if let Some(key) = filter.idempotency_key {
            let made = self.made_with_key(scope, key).await?;
            query = query.filter(mailing::Column::Id.is_in(made));
        }
        let rows = query.all(self.db().await?).await?;
        let page = page_of(rows, limit, |row| row.id);
        Ok(Page {
            items: self.with_counts(page.items).await?,
            next: page.next,
        })
    }

    pub async fn mailing_summary(&self, scope: Scope, id: Uuid) -> Result<Option<MailingSummary>> {
        let row = scoped(scope)
            .filter(mailing::Column::Id.eq(id))
            .one(self.db().await?)
            .await?;
        Ok(self.with_counts(row.into_iter().collect()).await?.pop())
    }

    pub(super) async fn has_mailing(&self, scope: Scope, id: Uuid) -> Result<bool> {
        let found = ids(scope)
            .filter(mailing::Column::Id.eq(id))
            .into_tuple::<Uuid>()
            .one(self.db().await?)
            .await?;
        Ok(found.is_some())
    }

    async fn with_counts(&self, rows: Vec<mailing::Model>) -> Result<Vec<MailingSummary>> {
        let found = counted(rows.iter().map(|row| row.id))
            .into_model::<CountRow>()
            .all(self.db().await?)
            .await?;
        let mut counts: HashMap<Uuid, Counts> = HashMap::new();
        for row in found {
            let status = Status::try_from_value(&row.status)?;
            counts
                .entry(row.mailing_id)
                .or_default()
                .add(status, row.number.unsigned_abs());
        }
        let summaries = rows.into_iter().map(|row| MailingSummary {
            id: row.id,
            api_key_id: row.api_key_id,
            counts: counts.get(&row.id).copied().unwrap_or_default(),
            envelope: legible_envelope(row.envelope),
            created_at: row.created_at,
            send_at: row.send_at,
            expires_at: row.expires_at,
        });
        Ok(summaries.collect())
    }

    /// In the order of the request; nothing where there is no such mailing in the scope.
    pub async fn recipients(
        &self,
        scope: Scope,
        mailing_id: Uuid,
        status: Option<Status>,
        after: Option<i32>,
        limit: u64,
    ) -> Result<Option<Page<RecipientView, i32>>> {
        let db = self.db().await?;
        let Some(mailing) = scoped(scope)
            .filter(mailing::Column::Id.eq(mailing_id))
            .one(db)
            .await?
        else {
            return Ok(None);
        };
        let envelope = legible_envelope(mailing.envelope);
        let mut query = recipient::Entity::find()
            .filter(recipient::Column::MailingId.eq(mailing_id))
            .order_by_asc(recipient::Column::Position)
            .limit(limit + 1);
        if let Some(status) = status {
            query = query.filter(recipient::Column::Status.eq(status));
        }
        if let Some(after) = after {
            query = query.filter(recipient::Column::Position.gt(after));
        }
        let views = query
            .all(db)
            .await?
            .into_iter()
            .map(|row| view(row, &envelope))
            .collect();
        Ok(Some(page_of(views, limit, |view| view.position)))
    }
}

pub(crate) fn view(row: recipient::Model, envelope: &Envelope) -> RecipientView {
    let own = caller_id(row.email_recipient_id).unwrap_or_default();
    RecipientView {
        position: row.position,
        email_id: envelope.ids.email_id.clone(),
        email_recipient_id: own.or_else(|| envelope.ids.email_recipient_id.clone()),
        recipient: row.mail,
        status: row.status,
        message_id: row.message_id,
        status_detail: row.status_detail,
        last_error: row.last_error,
        queued_at: row.queued_at,
        sent_at: row.sent_at,
        attempts: row.attempts,
        lease_until: row.lease_until,
    }
}

/// Newest first.
pub(super) fn listing(
    scope: Scope,
    filter: MailingFilter<'_>,
    after: Option<Uuid>,
) -> Select<mailing::Entity> {
    let mut query = scoped(scope).order_by_desc(mailing::Column::Id);
    if let Some(email_id) = filter.email_id {
        query = query.filter(mailing::Column::EmailId.eq(email_id));
    }
    if let Some(api_key_id) = filter.api_key_id {
        query = query.filter(mailing::Column::ApiKeyId.eq(api_key_id));
    }
    if let Some(after) = after {
        query = query.filter(mailing::Column::Id.lt(after));
    }
    match filter.open {
        // The sweep notes an end; until then the recipients tell.
        Some(true) => query
            .filter(mailing::Column::EndedAt.is_null())
            .filter(still_going().is_not_null()),
        Some(false) => query.filter(
            Condition::any()
                .add(mailing::Column::EndedAt.is_not_null())
                .add(still_going().is_null()),
        ),
        None => query,
    }
}

/// The number of recipients of these mailings in each status. Reads only columns that are in an index.
pub(super) fn counted(mailings: impl Iterator<Item = Uuid>) -> Select<recipient::Entity> {
    recipient::Entity::find()
        .select_only()
        .column(recipient::Column::MailingId)
        .column(recipient::Column::Status)
        .column_as(recipient::Column::Status.count(), "number")
        .filter(recipient::Column::MailingId.is_in(mailings))
        .group_by(recipient::Column::MailingId)
        .group_by(recipient::Column::Status)
}

/// A recipient of a mailing that is at no end; null where there is none. A value instead of `EXISTS`, which `PostgreSQL` may
/// turn into a join with all recipients, whatever the statistics of the moment say.
fn still_going() -> SimpleExpr {
    let own = Expr::col((recipient::Entity, recipient::Column::MailingId))
        .equals((mailing::Entity, mailing::Column::Id));
    let one = Query::select()
        .expr(Expr::val(1))
        .from(recipient::Entity)
        .and_where(own)
        .and_where(is_in(Status::OPEN))
        .limit(1)
        .to_owned();
    SimpleExpr::SubQuery(None, Box::new(one.into()))
}

fn scoped(scope: Scope) -> Select<mailing::Entity> {
    mailing::Entity::find().filter(of_scope(scope))
}

/// The ids of the mailings of the scope.
pub(super) fn ids(scope: Scope) -> Select<mailing::Entity> {
    scoped(scope).select_only().column(mailing::Column::Id)
}

/// Mailings of the scope. Those that are being removed are in none.
pub(super) fn of_scope(scope: Scope) -> Condition {
    // Compared as a number: without statistics of the table, `PostgreSQL` takes a truth value to hold for half of the
    // rows, and then reads all mailings of a key to sort them.
    let removing = Expr::col((mailing::Entity, mailing::Column::Removing)).cast_as("INTEGER");
    let present = Condition::all().add(removing.ne(1));
    match scope {
        Scope::Everybody => present,
        Scope::Key(id) => present.add(mailing::Column::ApiKeyId.eq(id)),
    }
}

/// Takes one row more than the page holds as the sign that there is another page.
pub(super) fn page_of<T, C>(mut rows: Vec<T>, limit: u64, cursor: impl Fn(&T) -> C) -> Page<T, C> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(cursor);
    Page { items: rows, next }
}
