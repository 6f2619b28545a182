//! The ledger: the database that holds every mail and its status.
//!
//! Every move between states is one conditional statement that names the claim's token, and every time is the
//! database's, so that instances need not agree on anything else.

mod cancel;
mod claim;
mod claim_on_postgres;
mod claim_on_sqlite;
mod connect;
mod connection;
mod copies;
mod dialect;
mod document;
mod erase;
mod events;
mod expiry;
mod feed;
#[cfg(test)]
mod full_disk;
mod hash_secret;
mod health;
mod idempotency;
mod key_changes;
mod keys;
mod limits;
mod login;
mod mail_events;
mod mailing;
mod origins;
mod outbox;
mod outcome;
mod outlook;
mod pace;
#[cfg(test)]
mod plans;
mod pool;
mod read;
mod recipient_details;
mod removal;
mod reports;
mod reschedule;
mod resend;
mod retention;
mod retirement;
mod retry;
mod role;
mod schema;
mod search;
mod session;
mod statistics;
mod store;
mod suppressions;
mod transaction;
mod unsubscribe;
mod update;
mod waiting;
mod wake;
mod webhooks;
mod writer;

use std::sync::Arc;

use entity::recipient::{self, Status};
use sea_orm::{
    EntityTrait, ExprTrait,
    sea_query::{Expr, SimpleExpr},
};
use tokio::sync::OnceCell;

use crate::{
    aws::Aws,
    error::Result,
    hash_secret::{HashSecret, HashSecretSource},
    result_statuses::ResultStatuses,
};
use connection::Connection;
use transaction::Transaction;

pub use claim::Claim;
pub use erase::Erased;
pub use expiry::STEP;
pub use feed::{FeedEvent, FeedFilter, FeedPage};
pub use health::{Health, Hold};
pub use idempotency::{IdempotencyRequest, Lookup};
pub use key_changes::{ChangedKey, KeyChanges};
pub use keys::NewKey;
pub use mail_events::Applied;
pub use outlook::Outlook;
pub use pace::{AHEAD, Turn};
pub use read::{Counts, MailingFilter, MailingSummary, Page, RecipientView, Scope};
pub use recipient_details::RecipientDetails;
pub use removal::REMOVAL_STEP;
pub use reports::{KeyReports, MOST_KEYS, Reports};
pub use reschedule::Rescheduled;
pub use resend::Resent;
pub use retention::RETENTION_STEP;
pub use role::RoleError;
pub use search::{FoundRecipient, Place, RecipientFilter};
pub use statistics::{HOUR, Hour, Percentiles, Statistics, start_of_hour};
pub use store::{LONGEST_PLAN_MS, NewEntry, Start, StartRequest, StoreOutcome, Stored};
pub use suppressions::SuppressionFilter;
pub use waiting::Waiting;
pub use wake::WokenBefore;
pub use webhooks::{
    ClaimedDelivery, Created, HistoryEntry, IN_FLIGHT, Recorded, Replay, Route, Try, TryEntry,
    wait_after,
};

#[derive(Debug)]
pub struct Ledger {
    db: Connection,
    /// Set once this version has found a schema that it can use.
    schema: OnceCell<()>,
    /// Set if this process migrates the schema itself.
    migrates: bool,
    lease_ms: i64,
    /// The statuses that are published to the result queue; `None` if there is no result queue.
    results: Option<ResultStatuses>,
    origins: origins::LiveOrigins,
    aws: Arc<Aws>,
    hash_secret_source: HashSecretSource,
    hash_secret: OnceCell<HashSecret>,
}

impl Ledger {
    /// Returns the database, after checking that its schema is the one that this version needs.
    async fn db(&self) -> Result<&Connection> {
        self.db.prepare().await?;
        self.schema
            .get_or_try_init(|| async {
                if self.migrates {
                    schema::bring_up_to_date(&self.db).await
                } else {
                    schema::expect_current(&self.db).await
                }
            })
            .await?;
        Ok(&self.db)
    }

    /// Begins a transaction that has the write lock from its start: on `SQLite` a later upgrade could fail.
    async fn begin(&self) -> Result<Transaction> {
        Ok(self.db().await?.begin().await?)
    }

    /// Fails if the database does not accept a write: one that is full, or that a failover has left read-only, still
    /// answers reads. The write changes nothing.
    pub async fn try_write(&self) -> Result<()> {
        let id = entity::pace::Column::Id;
        entity::pace::Entity::update_many()
            .col_expr(id, Expr::col(id))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }

    fn lease_end(&self) -> SimpleExpr {
        self.now().add(self.lease_ms)
    }
}

/// Returns the condition that a recipient is in one of these states. The states stand in the text of the statement: a
/// plan that `PostgreSQL` keeps for any value of a parameter cannot use an index over rows of one status, and `SQLite`
/// uses that index only if the statement repeats its condition: `=` for one status, `IN` for several.
fn is_in<const N: usize>(statuses: [Status; N]) -> SimpleExpr {
    let status = Expr::col((recipient::Entity, recipient::Column::Status));
    let statuses = statuses.map(|status| SimpleExpr::Constant(status.as_str().into()));
    match &statuses[..] {
        [only] => status.eq(only.clone()),
        _ => status.is_in(statuses),
    }
}
