//! Removal: mailings vanish whole when they are older than they are kept.

use std::time::Duration;

use entity::{mailing, recipient::Status};
use mail::ledger::{
    HOUR, IdempotencyRequest, MailingFilter, NewEntry, REMOVAL_STEP, Resent, Scope, start_of_hour,
};
use sea_orm::{ActiveModelTrait, DbBackend, IntoActiveModel, Set};
use uuid::Uuid;

use crate::{
    database::TestLedger,
    fixtures::address,
    mailings::{accepted, mailing_to, queued, refused},
};

on_both_databases![
    an_old_mailing_vanishes_with_all_that_belongs_to_it,
    a_mailing_is_kept_until_it_is_old_enough,
    an_open_mailing_is_kept,
    a_mailing_with_an_unpublished_end_is_kept_while_there_is_a_queue,
    an_hour_is_counted_before_its_mailings_vanish,
    a_large_mailing_is_out_of_sight_before_its_first_recipient_vanishes,
    no_step_removes_more_recipients_than_it_may,
    a_freed_idempotency_key_begins_anew,
];

const DAY: Duration = Duration::from_hours(24);
const KEEP: Duration = Duration::from_hours(400 * 24);
/// A day less than `KEEP`.
const LESS: Duration = Duration::from_hours(399 * 24);
const TABLES: [&str; 6] = [
    "mailing",
    "recipient",
    "attachment",
    "correspondent",
    "idempotency",
    "outbox",
];

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}

impl TestLedger {
    fn literal(&self, id: Uuid) -> String {
        match self.db.get_database_backend() {
            DbBackend::Postgres => format!("'{id}'"),
            _ => format!("x'{}'", id.simple()),
        }
    }

    /// Makes a mailing older by `age`, and returns the id that it would have had then.
    async fn made_older(&self, id: Uuid, age: Duration) -> Uuid {
        let by = ms(age);
        let older = Uuid::from_u128(id.as_u128() - (age.as_millis() << 80));
        let row = self.mailing_row(id).await;
        mailing::ActiveModel {
            id: Set(older),
            created_at: Set(row.created_at - by),
            ended_at: Set(row.ended_at.map(|end| end - by)),
            ..row.into_active_model().reset_all()
        }
        .insert(&self.db)
        .await
        .unwrap();
        let (id, new) = (self.literal(id), self.literal(older));
        for table in TABLES.iter().skip(1) {
            self.sql(&format!(
                "UPDATE {table} SET mailing_id = {new} WHERE mailing_id = {id}"
            ))
            .await;
        }
        self.sql(&format!(
            "UPDATE recipient SET ended_at = ended_at - {by}, sent_at = sent_at - {by} \
             WHERE mailing_id = {new}"
        ))
        .await;
        self.sql(&format!(
            "UPDATE outbox SET added_at = added_at - {by}, due_at = due_at - {by} \
             WHERE mailing_id = {new}"
        ))
        .await;
        self.sql(&format!("DELETE FROM mailing WHERE id = {id}"))
            .await;
        older
    }

    /// Stores a mailing whose recipients have all failed, and that ended so long ago.
    async fn ended_ago(&self, recipients: usize, age: Duration) -> Uuid {
        let id = self.store(&mailing_to(recipients)).await;
        let (status, code) = (Status::Failed.as_str(), "refused");
        let id_text = self.literal(id);
        self.sql(&format!(
            "UPDATE recipient SET status = '{status}', status_detail = '{code}', ended_at = \
             (SELECT created_at FROM mailing WHERE id = {id_text}) WHERE mailing_id = {id_text}"
        ))
        .await;
        assert_eq!(self.ledger.note_ended().await.unwrap(), 1);
        self.made_older(id, age).await
    }

    async fn count(&self, table: &str) -> i64 {
        let rows = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table}");
        self.number(&rows).await
    }

    /// Counts all hours that are over.
    async fn count_hours(&self) {
        while self.ledger.keep_hour().await.unwrap() {}
    }

    /// Removes all that is old enough, and returns the number of steps.
    async fn remove_all(&self, keep: Duration) -> usize {
        let (mut after, mut steps) = (Uuid::nil(), 1);
        while let Some(last) = self.ledger.remove_old(keep, after).await.unwrap() {
            (after, steps) = (last, steps + 1);
        }
        steps
    }
}

async fn an_old_mailing_vanishes_with_all_that_belongs_to_it(t: &TestLedger) {
    let publishing = t.publishing().await;
    let mut request = mailing_to(2);
    request.envelope.cc = vec![address("cc@example.com")];
    let idempotency = IdempotencyRequest::new("key".to_owned(), b"", false);
    let entry = NewEntry {
        idempotency: Some(&idempotency),
        ..queued(t.key().await, &request)
    };
    let id = t.try_store(entry).await.unwrap().id;
    let claim = t.send(id).await;
    let outcomes = [(0, accepted()), (1, refused())];
    publishing.record(&claim, &outcomes).await.unwrap();
    t.sql("UPDATE outbox SET due_at = NULL, refusals = 2").await;
    assert_eq!(publishing.note_ended().await.unwrap(), 1);
    for table in TABLES {
        assert!(t.count(table).await > 0, "{table}");
    }
    let old = t.made_older(id, KEEP + DAY).await;
    let ended = t.row(old).await.ended_at.unwrap();
    let younger = t.ended_ago(3, LESS).await;
    t.count_hours().await;
    let hours = start_of_hour(ended)..start_of_hour(ended) + HOUR;
    let before = t.ledger.statistics(hours.clone()).await.unwrap().hours;
    assert_eq!((before[0].sent, before[0].failed), (1, 1));
    assert_eq!(t.remove_all(KEEP).await, 1);
    assert_eq!(t.ledger.statistics(hours).await.unwrap().hours, before);
    for table in TABLES {
        let left = match table {
            "mailing" | "attachment" => 1,
            "recipient" => 3,
            _ => 0,
        };
        assert_eq!(t.count(table).await, left, "{table}");
    }
    assert!(!t.is_seen(old).await);
    assert!(t.is_seen(younger).await);
    let resent = t.resend(old, Status::Failed).await;
    assert!(matches!(resent, Resent::NotFound), "{resent:?}");
}

impl TestLedger {
    /// Returns whether callers can see the mailing in any way.
    async fn is_seen(&self, id: Uuid) -> bool {
        let all = Scope::Everybody;
        let ledger = &self.ledger;
        let summary = ledger.mailing_summary(all, id).await.unwrap();
        let recipients = ledger.recipients(all, id, None, None, 1).await.unwrap();
        let cancelled = ledger.cancel(all, id).await.unwrap();
        let listed = ledger.mailings(all, MailingFilter::default(), None, 100);
        let listed = listed.await.unwrap().items.iter().any(|item| item.id == id);
        let seen = [
            summary.is_some(),
            recipients.is_some(),
            cancelled.is_some(),
            listed,
        ];
        assert!(seen == [true; 4] || seen == [false; 4], "{seen:?}");
        listed
    }
}

async fn a_mailing_is_kept_until_it_is_old_enough(t: &TestLedger) {
    let id = t.ended_ago(1, LESS + Duration::from_hours(23)).await;
    t.count_hours().await;
    t.remove_all(KEEP).await;
    assert!(t.is_seen(id).await);
    t.remove_all(KEEP + DAY).await;
    assert!(t.is_seen(id).await, "it is kept for longer");
    t.remove_all(LESS).await;
    assert!(!t.is_seen(id).await, "it is kept for less");
}

/// The time counts from the end, however old the mailing is.
async fn an_open_mailing_is_kept(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    let id = t.made_older(id, KEEP + DAY).await;
    t.remove_all(KEEP).await;
    assert!(t.is_seen(id).await);
    let id = t.store(&mailing_to(2)).await;
    let id = t.made_older(id, KEEP + DAY).await;
    t.finish(id, accepted()).await;
    assert_eq!(t.ledger.note_ended().await.unwrap(), 2);
    t.sql("UPDATE recipient SET ended_at = 1 WHERE ended_at IS NOT NULL")
        .await;
    t.count_hours().await;
    t.remove_all(KEEP).await;
    assert!(t.is_seen(id).await, "it has just ended");
}

async fn a_mailing_with_an_unpublished_end_is_kept_while_there_is_a_queue(t: &TestLedger) {
    let publishing = t.publishing().await;
    let id = t.store(&mailing_to(1)).await;
    let claim = t.send(id).await;
    let ends = publishing.record(&claim, &[(0, accepted())]).await.unwrap();
    assert_eq!(t.ledger.note_ended().await.unwrap(), 1);
    let id = t.made_older(id, KEEP + DAY).await;
    t.count_hours().await;
    let remove = async || publishing.remove_old(KEEP, Uuid::nil()).await.unwrap();
    assert_eq!(remove().await, None);
    assert!(t.is_seen(id).await, "its end is still to be published");
    assert_eq!(publishing.unpublished(10).await.unwrap().len(), 1);
    publishing
        .mark_published(&ends.iter().collect::<Vec<_>>())
        .await
        .unwrap();
    assert_eq!(remove().await, None);
    assert!(!t.is_seen(id).await);

    let id = t.store(&mailing_to(1)).await;
    let claim = t.send(id).await;
    publishing.record(&claim, &[(0, accepted())]).await.unwrap();
    assert_eq!(t.ledger.note_ended().await.unwrap(), 1);
    let id = t.made_older(id, KEEP + DAY).await;
    t.count_hours().await;
    t.remove_all(KEEP).await;
    assert!(!t.is_seen(id).await, "without a queue nothing is published");
    assert_eq!(t.count("outbox").await, 0);
}

async fn an_hour_is_counted_before_its_mailings_vanish(t: &TestLedger) {
    let ids = [
        t.ended_ago(2, KEEP + 10 * DAY).await,
        t.ended_ago(3, KEEP + DAY).await,
    ];
    let mut ends = Vec::new();
    for id in ids {
        ends.push(start_of_hour(t.row(id).await.ended_at.unwrap()));
    }
    t.remove_all(KEEP).await;
    assert!(t.is_seen(ids[0]).await && t.is_seen(ids[1]).await);
    assert!(t.ledger.keep_hour().await.unwrap());
    t.remove_all(KEEP).await;
    assert!(!t.is_seen(ids[0]).await, "its hour is counted");
    assert!(t.is_seen(ids[1]).await, "its hour is not counted yet");
    t.count_hours().await;
    t.remove_all(KEEP).await;
    assert!(!t.is_seen(ids[1]).await);
    for (start, failed) in [(ends[0], 2), (ends[1], 3)] {
        let told = t.ledger.statistics(start..start + HOUR).await.unwrap();
        assert_eq!(
            (told.hours[0].failed, told.hours[0].counted),
            (failed, true)
        );
    }
    assert_eq!(t.count("recipient").await, 0);
}

async fn a_large_mailing_is_out_of_sight_before_its_first_recipient_vanishes(t: &TestLedger) {
    let step = usize::try_from(REMOVAL_STEP).unwrap();
    let large = t.ended_ago(2 * step + 1, KEEP + 2 * DAY).await;
    let small = t.ended_ago(1, KEEP + DAY).await;
    t.count_hours().await;
    assert!(t.is_seen(large).await);
    let first = t.ledger.remove_old(KEEP, Uuid::nil()).await.unwrap();
    assert_eq!(first, Some(Uuid::nil()), "the same mailing again");
    assert_eq!(t.rows(large).await.len(), step + 1);
    assert!(!t.is_seen(large).await);
    assert!(t.is_seen(small).await);
    let resent = t.resend(large, Status::Failed).await;
    assert!(matches!(resent, Resent::NotFound), "{resent:?}");
    let erased = t
        .ledger
        .erase_key("r0@example.com", crate::database::in_time());
    erased.await.unwrap();
    // Another process goes on where this one has stopped.
    let another = t.another().await;
    let mut after = Some(Uuid::nil());
    while let Some(from) = after {
        after = another.remove_old(KEEP, from).await.unwrap();
    }
    for table in TABLES {
        assert_eq!(t.count(table).await, 0, "{table}");
    }
}

async fn no_step_removes_more_recipients_than_it_may(t: &TestLedger) {
    let each = usize::try_from(REMOVAL_STEP).unwrap() * 2 / 5;
    for days in 1..=5 {
        t.ended_ago(each, KEEP + days * DAY).await;
    }
    t.count_hours().await;
    let (mut after, mut left) = (Some(Uuid::nil()), t.count("recipient").await);
    while let Some(from) = after {
        after = t.ledger.remove_old(KEEP, from).await.unwrap();
        let now = t.count("recipient").await;
        assert!(left - now <= i64::from(REMOVAL_STEP), "{left} to {now}");
        assert!(now < left, "each step removes some");
        left = now;
    }
    assert_eq!((left, t.count("mailing").await), (0, 0));
}

async fn a_freed_idempotency_key_begins_anew(t: &TestLedger) {
    let (key, request) = (t.key().await, mailing_to(1));
    let idempotency = IdempotencyRequest::new("key".to_owned(), b"", false);
    let entry = || NewEntry {
        idempotency: Some(&idempotency),
        ..queued(key, &request)
    };
    let id = t.try_store(entry()).await.unwrap().id;
    assert!(t.try_store(entry()).await.is_none(), "the key is taken");
    t.finish(id, accepted()).await;
    assert_eq!(t.ledger.note_ended().await.unwrap(), 1);
    t.made_older(id, KEEP + DAY).await;
    t.count_hours().await;
    t.remove_all(KEEP).await;
    assert!(t.try_store(entry()).await.is_some());
}
