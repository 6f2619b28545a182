//! The feed: all events in one order, for readers that continue where they stopped.
//!
//! Transactions commit in another order than they draw their events' ordinals in. So on `PostgreSQL` the feed shows
//! events only up to a mark, below which every event is visible or never will be. The mark moves in two steps. The first
//! notes the last ordinal that was drawn, and after that takes a transaction id of its own: whoever drew such an ordinal
//! had a smaller id before. The second step moves the mark there when all transactions with smaller ids have ended.
//! `SQLite` has one writer, so there every event that is visible may be shown.

use std::{collections::HashMap, time::Duration};

use entity::{event, feed, recipient, webhook_delivery};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Statement, sea_query::Expr,
};
use uuid::Uuid;

use super::{Ledger, Scope, document::caller_id, events::detail, outbox::of_recipients};
use crate::{
    error::Result,
    event::Detail,
    message::{CallerId, CallerIds},
};

/// The maximum number of events that one statement of a filtered read looks at, and the number of such statements.
const SCANNED: u64 = 2_000;
const SCANS: usize = 10;
/// The number of events that one statement removes.
const REMOVED: i64 = 5_000;

const READ_ON_POSTGRES: &str = "SELECT id, shown, pending, pending_until, removed, \
     COALESCE(pg_sequence_last_value('event_ordinal_seq'::regclass), 0) AS drawn FROM feed";
const READ_ON_SQLITE: &str = "SELECT id, COALESCE((SELECT MAX(ordinal) FROM event), removed) AS shown, pending, \
     pending_until, removed, 0 AS drawn FROM feed";
/// Notes an ordinal. One that was noted before a restore into another cluster, whose ids may be smaller, is noted anew.
const NOTE: &str = "UPDATE feed SET pending = $1, pending_until = pg_current_xact_id()::text::bigint \
     WHERE pending <= shown OR pending_until > pg_current_xact_id()::text::bigint";
const SHOW: &str = "UPDATE feed SET shown = pending \
     WHERE pending > shown AND pending_until <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

/// The events that a reader wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeedFilter<'a> {
    pub kind: Option<&'a str>,
    pub api_key_id: Option<Uuid>,
}

#[derive(Debug)]
pub enum FeedPage {
    Events {
        events: Vec<FeedEvent>,
        /// The position after which the reader continues, also at the end of the feed.
        next: i64,
    },
    /// Events after the position of the reader were removed, or the position is none of this feed. The reader may begin
    /// anew after `oldest`.
    Gone { oldest: i64 },
}

/// An event as readers get it.
#[derive(Clone, Debug)]
pub struct FeedEvent {
    pub event: event::Model,
    pub detail: Detail,
    /// `None` after the address was removed.
    pub recipient: Option<String>,
    pub email_recipient_id: Option<CallerId>,
    pub ids: CallerIds,
}

impl Ledger {
    /// Returns events after a position, oldest first, or from the oldest on.
    pub async fn feed(
        &self,
        scope: Scope,
        filter: FeedFilter<'_>,
        after: Option<i64>,
        limit: u64,
    ) -> Result<FeedPage> {
        let feed = self.show_events().await?;
        let start = after.unwrap_or(feed.removed);
        if start > feed.shown {
            return Ok(FeedPage::Gone {
                oldest: feed.removed,
            });
        }
        let (events, next) = self
            .scan(wanted(scope, filter), start, feed.shown, limit)
            .await?;
        // Read again: events may have been removed meanwhile.
        let removed = self.read_feed().await?.0.removed;
        if start < removed {
            return Ok(FeedPage::Gone { oldest: removed });
        }
        Ok(FeedPage::Events {
            events: self.with_recipients(events).await?,
            next,
        })
    }

    /// Returns the wanted events after `at`, and the position up to which there are no others.
    async fn scan(
        &self,
        wanted: Condition,
        mut at: i64,
        shown: i64,
        limit: u64,
    ) -> Result<(Vec<event::Model>, i64)> {
        let db = self.db().await?;
        let mut found = Vec::new();
        for _ in 0..SCANS {
            let until = self.nth_after(at, SCANNED, shown).await?;
            let rows = event::Entity::find()
                .filter(event::Column::Ordinal.gt(at))
                .filter(event::Column::Ordinal.lte(until))
                .filter(wanted.clone())
                .order_by_asc(event::Column::Ordinal)
                .limit(limit - found.len() as u64)
                .all(db)
                .await?;
            found.extend(rows);
            if found.len() as u64 == limit {
                return Ok((
                    found.clone(),
                    found.last().map_or(until, |last| last.ordinal),
                ));
            }
            at = until;
            if at == shown {
                break;
            }
        }
        Ok((found, at))
    }

    /// Returns the ordinal of the event that is `number` events after `at`, or `shown` if there are not as many.
    async fn nth_after(&self, at: i64, number: u64, shown: i64) -> Result<i64> {
        let nth: Option<i64> = event::Entity::find()
            .select_only()
            .column(event::Column::Ordinal)
            .filter(event::Column::Ordinal.gt(at))
            .filter(event::Column::Ordinal.lte(shown))
            .order_by_asc(event::Column::Ordinal)
            .offset(number - 1)
            .limit(1)
            .into_tuple()
            .one(self.db().await?)
            .await?;
        Ok(nth.unwrap_or(shown))
    }

    pub(super) async fn with_recipients(
        &self,
        events: Vec<event::Model>,
    ) -> Result<Vec<FeedEvent>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let mut mailings: Vec<Uuid> = events.iter().map(|event| event.mailing_id).collect();
        mailings.sort_unstable();
        mailings.dedup();
        let ids = self.caller_ids(&mailings).await?;
        let keys = events
            .iter()
            .map(|event| (event.mailing_id, event.position));
        let recipients = recipient::Entity::find()
            .filter(of_recipients(keys))
            .all(self.db().await?)
            .await?;
        let mut recipients: HashMap<_, _> = recipients
            .into_iter()
            .map(|row| ((row.mailing_id, row.position), row))
            .collect();
        let mut seen = Vec::with_capacity(events.len());
        for mut event in events {
            let key = (event.mailing_id, event.position);
            let recipient = recipients.get_mut(&key);
            let ids = ids.get(&event.mailing_id).cloned().unwrap_or_default();
            let own = recipient
                .as_ref()
                .and_then(|row| caller_id(row.email_recipient_id.clone()).unwrap_or_default());
            seen.push(FeedEvent {
                detail: detail(event.detail.take())?,
                recipient: recipient.and_then(|row| row.mail.clone()),
                email_recipient_id: own.or_else(|| ids.email_recipient_id.clone()),
                ids,
                event,
            });
        }
        Ok(seen)
    }

    /// Moves the mark of the feed as far as the transactions that are under way allow.
    pub async fn show_events(&self) -> Result<feed::Model> {
        let (mut feed, mut drawn) = self.read_feed().await?;
        let db = self.db().await?;
        // The second round is for ordinals that were drawn after an earlier note.
        for _ in 0..2 {
            if drawn <= feed.shown {
                break;
            }
            // Each by itself: a transaction would have an id before it notes the ordinal.
            let note = Statement::from_sql_and_values(DbBackend::Postgres, NOTE, [drawn.into()]);
            db.execute_raw(note).await?;
            let shown = db.execute_unprepared(SHOW).await?.rows_affected() > 0;
            (feed, drawn) = self.read_feed().await?;
            if !shown {
                break;
            }
        }
        Ok(feed)
    }

    /// Returns the row of the feed, and the last ordinal that was drawn.
    async fn read_feed(&self) -> Result<(feed::Model, i64)> {
        let db = self.db().await?;
        let backend = db.get_database_backend();
        let sql = if backend == DbBackend::Postgres {
            READ_ON_POSTGRES
        } else {
            READ_ON_SQLITE
        };
        let row = db
            .query_one_raw(Statement::from_string(backend, sql))
            .await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the feed".to_owned()))?;
        let feed = feed::Model {
            id: row.try_get("", "id")?,
            shown: row.try_get("", "shown")?,
            pending: row.try_get("", "pending")?,
            pending_until: row.try_get("", "pending_until")?,
            removed: row.try_get("", "removed")?,
        };
        Ok((feed, row.try_get("", "drawn")?))
    }

    /// Returns the time for which the oldest event waits to be shown, after the mark was moved as far as possible; zero
    /// if all are shown.
    pub async fn feed_delay(&self) -> Result<Duration> {
        let feed = self.show_events().await?;
        let hidden: Option<i64> = event::Entity::find()
            .select_only()
            .column(event::Column::AddedAt)
            .filter(event::Column::Ordinal.gt(feed.shown))
            .order_by_asc(event::Column::Ordinal)
            .limit(1)
            .into_tuple()
            .one(self.db().await?)
            .await?;
        let Some(added_at) = hidden else {
            return Ok(Duration::ZERO);
        };
        let age = self.clock().await?.saturating_sub(added_at);
        Ok(Duration::from_millis(u64::try_from(age).unwrap_or(0)))
    }

    /// Removes a range of events that were added longer ago than `keep`, and returns whether there may be more. An event
    /// that is still to be published stays, and so do those after it.
    pub async fn remove_old_events(&self, keep: Duration) -> Result<bool> {
        let before = self.ago(keep).await?;
        let transaction = self.begin().await?;
        let backend = transaction.get_database_backend();
        let sql = "SELECT COUNT(*) AS number, MAX(ordinal) AS until FROM (\
               SELECT ordinal, added_at FROM event WHERE ordinal > (SELECT removed FROM feed) \
                 AND ordinal < COALESCE((SELECT MIN(e.ordinal) FROM outbox AS o JOIN event AS e ON e.id = o.event_id \
                   WHERE o.due_at IS NOT NULL AND o.added_at <= $1), 9223372036854775807) \
               ORDER BY ordinal LIMIT $2) AS oldest WHERE added_at <= $1";
        let old = Statement::from_sql_and_values(backend, sql, [before.into(), REMOVED.into()]);
        let row = transaction.query_one_raw(old).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the oldest events".to_owned()))?;
        let Some(until) = row.try_get::<Option<i64>>("", "until")? else {
            transaction.rollback().await?;
            return Ok(false);
        };
        let number: i64 = row.try_get("", "number")?;
        feed::Entity::update_many()
            .col_expr(feed::Column::Removed, Expr::value(until))
            .filter(feed::Column::Removed.lt(until))
            .exec(&transaction)
            .await?;
        let removed = event::Entity::find()
            .select_only()
            .column(event::Column::Id)
            .filter(event::Column::Ordinal.lte(until))
            .into_query();
        webhook_delivery::Entity::delete_many()
            .filter(webhook_delivery::Column::EventId.in_subquery(removed))
            .exec(&transaction)
            .await?;
        event::Entity::delete_many()
            .filter(event::Column::Ordinal.lte(until))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(number == REMOVED)
    }
}

fn wanted(scope: Scope, filter: FeedFilter<'_>) -> Condition {
    let own = match scope {
        Scope::Everybody => None,
        Scope::Key(id) => Some(event::Column::ApiKeyId.eq(id)),
    };
    Condition::all()
        .add_option(own)
        .add_option(filter.api_key_id.map(|id| event::Column::ApiKeyId.eq(id)))
        .add_option(filter.kind.map(|kind| event::Column::Kind.eq(kind)))
}
