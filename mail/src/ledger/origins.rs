//! The origins that live keys allow. Every preflight request needs them, anyone can send one, and none carries a key:
//! so all origins are read from the database at once, and rarely.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use entity::{api_key, origin};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::Expr,
};

use super::Ledger;
use crate::{api_key::Origin, error::Result};

/// The longest time before this instance notices that another one has removed an origin. Mail cannot be sent with a
/// removed origin: a key's own origins are read with the key.
const KEPT: Duration = Duration::from_secs(5);
/// The longest time before this instance notices an origin that another one has added.
const MISSED: Duration = Duration::from_secs(1);
/// If there are more origins, each one is looked up in the database.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub struct LiveOrigins {
    /// Held by the task that reads the origins; the others wait for its result.
    reading: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    snapshot: Option<Snapshot>,
    /// Counts changes, each of which invalidates the result of a read that began earlier.
    changes: u64,
}

#[derive(Debug)]
struct Snapshot {
    /// `None` if there are too many origins to keep.
    origins: Option<HashSet<String>>,
    read_at: Instant,
}

/// The answer of the snapshot: whether an origin is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Known(bool),
    TooMany,
}

impl LiveOrigins {
    /// Discards the snapshot, because this instance has changed a key.
    pub fn forget(&self) {
        let mut known = self.known();
        known.snapshot = None;
        known.changes += 1;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns `None` if the database has to be read.
    fn look(&self, forms: &[String], now: Instant) -> Option<Answer> {
        let known = self.known();
        let Snapshot { origins, read_at } = known.snapshot.as_ref()?;
        let age = now.saturating_duration_since(*read_at);
        match origins {
            _ if age >= KEPT => None,
            None => Some(Answer::TooMany),
            Some(origins) => {
                let found = forms.iter().any(|form| origins.contains(form));
                (found || age < MISSED).then_some(Answer::Known(found))
            }
        }
    }

    /// Returns whether one of `forms` is among the origins that `read` returns. `read` is called as rarely as possible.
    async fn find(
        &self,
        forms: &[String],
        now: Instant,
        read: impl AsyncFnOnce() -> Result<Vec<String>>,
    ) -> Result<Answer> {
        if let Some(answer) = self.look(forms, now) {
            return Ok(answer);
        }
        let _reading = self.reading.lock().await;
        if let Some(answer) = self.look(forms, now) {
            return Ok(answer);
        }
        let changes = self.known().changes;
        let origins: HashSet<String> = read().await?.into_iter().collect();
        let found = forms.iter().any(|form| origins.contains(form));
        let is_all = origins.len() <= MOST;
        let mut known = self.known();
        if known.changes == changes {
            known.snapshot = Some(Snapshot {
                origins: is_all.then_some(origins),
                // The time before the read, so that the origins are at least as recent as `read_at`.
                read_at: now,
            });
        }
        Ok(if is_all {
            Answer::Known(found)
        } else {
            Answer::TooMany
        })
    }
}

impl Ledger {
    /// Returns whether a live key allows this origin. A change by another instance is noticed some seconds later.
    pub async fn knows_origin(&self, origin: &Origin) -> Result<bool> {
        let forms = origin.stored_forms();
        let answer = self.origins.find(&forms, Instant::now(), async || {
            let some = self.live().select_only().column(origin::Column::Origin);
            let some = some.distinct().limit(MOST as u64 + 1);
            Ok(some.into_tuple().all(self.db().await?).await?)
        });
        match answer.await? {
            Answer::Known(found) => Ok(found),
            Answer::TooMany => {
                let one = self.live().filter(origin::Column::Origin.is_in(forms));
                Ok(one.one(self.db().await?).await?.is_some())
            }
        }
    }

    /// Selects the origins of keys that are neither revoked nor expired.
    fn live(&self) -> Select<origin::Entity> {
        let live = api_key::Entity::find()
            .select_only()
            .column(api_key::Column::Id)
            .filter(api_key::Column::RevokedAt.is_null())
            .filter(
                Condition::any()
                    .add(api_key::Column::ExpiresAt.is_null())
                    .add(Expr::col(api_key::Column::ExpiresAt).gt(self.now())),
            )
            .into_query();
        origin::Entity::find().filter(origin::Column::ApiKeyId.in_subquery(live))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    const A: &str = "https://a.example";
    const B: &str = "https://b.example";

    /// A database that counts the number of reads.
    #[derive(Default)]
    struct Database {
        origins: RefCell<Vec<String>>,
        reads: Cell<usize>,
    }

    impl Database {
        async fn ask(&self, live: &LiveOrigins, origin: &str, now: Instant) -> Answer {
            let forms = [origin.to_owned()];
            let read = async || {
                self.reads.set(self.reads.get() + 1);
                Ok(self.origins.borrow().clone())
            };
            live.find(&forms, now, read).await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_thousand_questions_a_second_are_one_statement() {
        let (database, live) = (Database::default(), LiveOrigins::default());
        let now = Instant::now();
        database.origins.borrow_mut().push(A.to_owned());
        for _ in 0..1000 {
            assert_eq!(database.ask(&live, A, now).await, Answer::Known(true));
            assert_eq!(database.ask(&live, B, now).await, Answer::Known(false));
        }
        assert_eq!(database.reads.get(), 1);
    }

    #[tokio::test]
    async fn what_another_instance_changes_is_seen_after_a_while() {
        let (database, live) = (Database::default(), LiveOrigins::default());
        let now = Instant::now();
        assert_eq!(database.ask(&live, A, now).await, Answer::Known(false));
        database.origins.borrow_mut().push(A.to_owned());
        let now = now + MISSED;
        assert_eq!(database.ask(&live, A, now).await, Answer::Known(true));
        database.origins.borrow_mut().clear();
        let now = now + KEPT;
        assert_eq!(database.ask(&live, A, now).await, Answer::Known(false));
        assert_eq!(database.reads.get(), 3);
    }

    #[tokio::test]
    async fn what_this_instance_changes_is_seen_at_once_also_while_another_reads() {
        let (database, live) = (Database::default(), LiveOrigins::default());
        let now = Instant::now();
        database.ask(&live, A, now).await;
        database.origins.borrow_mut().push(A.to_owned());
        live.forget();
        assert_eq!(database.ask(&live, A, now).await, Answer::Known(true));
        let read = async || {
            live.forget();
            Ok(vec![])
        };
        let now = now + KEPT;
        live.find(&[A.to_owned()], now, read).await.unwrap();
        assert_eq!(database.ask(&live, A, now).await, Answer::Known(true));
    }

    #[tokio::test]
    async fn more_than_can_be_kept_are_not() {
        let (database, live) = (Database::default(), LiveOrigins::default());
        let now = Instant::now();
        let many = (0..=MOST).map(|number| format!("https://{number}.example"));
        database.origins.borrow_mut().extend(many);
        for _ in 0..2 {
            assert_eq!(database.ask(&live, A, now).await, Answer::TooMany);
        }
        assert_eq!(database.reads.get(), 1);
    }
}
