//! Which origins live keys let in. Every preflight asks, anybody can send one, and none of them shows a key: so the
//! database is asked for all origins at once, and rarely.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use entity::{api_key, origin};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};

use super::Ledger;
use crate::{api_key::Origin, error::Result};

/// How long another instance's removal of an origin may go unnoticed. Nobody can send with it: a key's own origins are
/// read with the key.
const KEPT: Duration = Duration::from_secs(5);
/// How long another instance's new origin may go unnoticed.
const MISSED: Duration = Duration::from_secs(1);
/// With more, each is looked up by itself.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub struct LiveOrigins {
    /// One reads, and the others wait for it.
    reading: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    snapshot: Option<Snapshot>,
    /// Counts what has made earlier reading worthless.
    changes: u64,
}

#[derive(Debug)]
struct Snapshot {
    /// Nothing where there are too many.
    origins: Option<HashSet<String>>,
    read_at: Instant,
}

/// Whether an origin is let in, as far as the snapshot tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Known(bool),
    TooMany,
}

impl LiveOrigins {
    /// A key of this instance's has changed.
    pub fn forget(&self) {
        let mut known = self.known();
        known.snapshot = None;
        known.changes += 1;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing where the database has to be asked.
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

    /// Whether one of the forms is among what `read` gives, which is asked as rarely as possible.
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
                // What is read is no older than the question.
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
    /// Whether a live key lets this origin in. What other instances change is seen some seconds later.
    pub async fn knows_origin(&self, origin: &Origin) -> Result<bool> {
        let forms = origin.stored_forms();
        let answer = self.origins.find(&forms, Instant::now(), async || {
            let some = live().select_only().column(origin::Column::Origin);
            let some = some.distinct().limit(MOST as u64 + 1);
            Ok(some.into_tuple().all(self.db().await?).await?)
        });
        match answer.await? {
            Answer::Known(found) => Ok(found),
            Answer::TooMany => {
                let one = live().filter(origin::Column::Origin.is_in(forms));
                Ok(one.one(self.db().await?).await?.is_some())
            }
        }
    }
}

/// Origins of keys that are not revoked.
fn live() -> Select<origin::Entity> {
    let live = api_key::Entity::find()
        .select_only()
        .column(api_key::Column::Id)
        .filter(api_key::Column::RevokedAt.is_null())
        .into_query();
    origin::Entity::find().filter(origin::Column::ApiKeyId.in_subquery(live))
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    const A: &str = "https://a.example";
    const B: &str = "https://b.example";

    /// A database that counts how often it is read.
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
