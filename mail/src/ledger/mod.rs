//! The ledger: the database that holds every mail and what has become of it.
//!
//! Every move between states is one conditional statement that names the claim's token, and time is the
//! database's, so that instances need not agree on anything else.

mod cancel;
mod claim;
mod connect;
mod connection;
mod dialect;
mod erase;
mod expiry;
#[cfg(test)]
mod full_disk;
mod health;
mod idempotency;
mod keys;
mod login;
mod origins;
mod outbox;
mod outcome;
mod pace;
#[cfg(test)]
mod plans;
mod read;
mod resend;
mod retention;
mod retirement;
mod retry;
mod role;
mod schema;
mod statistics;
mod store;
mod transaction;
mod update;
mod wake;

use entity::recipient::{self, Status};
use sea_orm::{
    ActiveEnum, EntityTrait, ExprTrait,
    sea_query::{Expr, SimpleExpr},
};
use tokio::sync::OnceCell;

use crate::error::Result;
use connection::Connection;
use transaction::Transaction;

pub use claim::Claim;
pub use erase::Erased;
pub use expiry::STEP;
pub use health::{Health, Hold};
pub use idempotency::{IdempotencyRequest, Lookup};
pub use keys::NewKey;
pub use pace::{AHEAD, Turn};
pub use read::{Counts, MailingFilter, MailingSummary, Page, RecipientView, Scope};
pub use resend::Resent;
pub use retention::RETENTION_STEP;
pub use role::RoleError;
pub use statistics::{HOUR, Hour, Percentiles, Statistics, Waiting, start_of_hour};
pub use store::{NewEntry, StoreOutcome, Stored};
pub use wake::WokenBefore;

#[derive(Debug)]
pub struct Ledger {
    db: Connection,
    /// Set once the schema was seen to be one that this version can use.
    schema: OnceCell<()>,
    /// Whether this process brings the schema up to date itself.
    migrates: bool,
    lease_ms: i64,
    /// Whether there is a queue to tell of ends; else there is nobody to tell.
    publishes: bool,
    origins: origins::LiveOrigins,
}

impl Ledger {
    /// The database, with the schema this version wants.
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

    /// A transaction that has the right to write from its start: a later upgrade could fail on `SQLite`.
    async fn begin(&self) -> Result<Transaction> {
        Ok(self.db().await?.begin().await?)
    }

    /// Whether the database takes a write: one that is full, or that a failover has left read-only, still answers.
    /// Nothing is changed by it.
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

/// Whether a recipient is in one of these states. They stand in the text of the statement: a plan that `PostgreSQL`
/// keeps for any value of a parameter cannot use an index over rows of one status, and `SQLite` uses it only where the
/// statement says what the index does: `=` for one status, `IN` for several.
fn is_in<const N: usize>(statuses: [Status; N]) -> SimpleExpr {
    let status = Expr::col((recipient::Entity, recipient::Column::Status));
    let statuses = statuses.map(|status| SimpleExpr::Constant(status.to_value().into()));
    match &statuses[..] {
        [only] => status.eq(only.clone()),
        _ => status.is_in(statuses),
    }
}
