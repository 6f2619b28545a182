//! Erasure of a person's data from ended mailings.

use std::{collections::BTreeSet, time::Instant};

use entity::{
    attachment, correspondent, erasure, idempotency, mailing,
    recipient::{self, Column, Entity, Status},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    Ledger,
    document::{from_json, legible_envelope, to_json},
    expiry::STEP,
    is_in,
};
use crate::{error::Result, message::Envelope};

/// The result of an erasure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    pub recipients: u64,
    pub mailings: u64,
    /// Mailings with the address that have not ended; they are left unchanged.
    pub waiting: u64,
    /// Mailings with the address that were not processed before the time was up.
    pub remaining: u64,
}

impl Ledger {
    /// Erases an address, given by its key, and the content that was sent to it, from every ended mailing, until the
    /// time is up.
    pub async fn erase_key(&self, key: &str, until: Instant) -> Result<Erased> {
        let mut erased = Erased::default();
        for id in self.mailings_with(key).await? {
            if Instant::now() >= until {
                erased.remaining += 1;
                continue;
            }
            // One transaction for each mailing: others do not wait for long, and finished mailings stay erased.
            let transaction = self.begin().await?;
            let mailing = mailing::Entity::find_by_id(id)
                // The lock keeps a resend from opening the mailing meanwhile.
                .lock_exclusive()
                .one(&transaction)
                .await?;
            let Some(mailing) = mailing else { continue };
            if is_open(&transaction, id).await? {
                erased.waiting += 1;
                continue;
            }
            erased.recipients += erase_in(&transaction, mailing, key).await?;
            transaction.commit().await?;
            erased.mailings += 1;
        }
        Ok(erased)
    }

    /// Records the erasure, so that the sweep continues it.
    pub async fn note_erasure(&self, key: &str) -> Result<()> {
        let row = erasure::ActiveModel {
            mail_key: Set(key.to_owned()),
            asked_at: Set(self.clock().await?),
        };
        erasure::Entity::insert(row)
            .on_conflict(
                OnConflict::column(erasure::Column::MailKey)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(self.db().await?)
            .await?;
        Ok(())
    }

    /// Returns the keys of the addresses that are still to be erased, at most [`STEP`] of them.
    pub async fn erasures(&self) -> Result<Vec<String>> {
        Ok(erasure::Entity::find()
            .select_only()
            .column(erasure::Column::MailKey)
            .order_by_asc(erasure::Column::AskedAt)
            .limit(STEP)
            .into_tuple()
            .all(self.db().await?)
            .await?)
    }

    pub async fn end_erasure(&self, key: &str) -> Result<()> {
        erasure::Entity::delete_by_id(key)
            .exec(self.db().await?)
            .await?;
        Ok(())
    }

    async fn mailings_with(&self, key: &str) -> Result<BTreeSet<Uuid>> {
        let db = self.db().await?;
        let received: Vec<Uuid> = Entity::find()
            .select_only()
            .column(Column::MailingId)
            .distinct()
            .filter(Column::MailKey.eq(key))
            .into_tuple()
            .all(db)
            .await?;
        let copied: Vec<Uuid> = correspondent::Entity::find()
            .select_only()
            .column(correspondent::Column::MailingId)
            .filter(correspondent::Column::MailKey.eq(key))
            .into_tuple()
            .all(db)
            .await?;
        Ok(received.into_iter().chain(copied).collect())
    }
}

async fn is_open(db: &impl ConnectionTrait, id: Uuid) -> Result<bool> {
    let open = Entity::find()
        .filter(Column::MailingId.eq(id))
        .filter(is_in(Status::OPEN))
        .one(db)
        .await?;
    Ok(open.is_some())
}

async fn erase_in(db: &impl ConnectionTrait, row: mailing::Model, key: &str) -> Result<u64> {
    let id = row.id;
    let is_corrupt = from_json::<Envelope>("envelope", row.envelope.clone()).is_err();
    let mut envelope = legible_envelope(row.envelope);
    // What is told of the other copies names the places that they have in the request.
    let copies = envelope.copies().filter(|(_, copy)| copy.key() == key);
    let erased: Vec<String> = copies.map(|(place, _)| place).collect();
    let was_copied = !erased.is_empty();
    envelope.erased_copies.extend(erased);
    for list in [&mut envelope.cc, &mut envelope.bcc, &mut envelope.reply_to] {
        list.retain(|address| address.key() != key);
    }
    for (names, list) in [
        (&mut envelope.cc_names, &envelope.cc),
        (&mut envelope.reply_to_names, &envelope.reply_to),
    ] {
        names.retain(|named, _| list.iter().any(|address| address.as_str() == named));
    }
    let addressed = Condition::all()
        .add(Column::MailingId.eq(id))
        .add(Column::MailKey.eq(key));
    let erased = forget_people(db, addressed).await?;
    let others = Entity::find()
        .filter(Column::MailingId.eq(id))
        .filter(Column::MailKey.is_not_null())
        .count(db)
        .await?;
    // All of the content was written to that person, and copies belong to mails with one recipient. The lost part of a
    // corrupt envelope may have named the person too, and without an envelope nothing can be resent.
    if is_corrupt || was_copied || (erased > 0 && others == 0) {
        envelope.subject.clear();
        forget_content(db, id).await?;
    }
    mailing::Entity::update_many()
        .col_expr(mailing::Column::Envelope, Expr::value(to_json(&envelope)?))
        .filter(mailing::Column::Id.eq(id))
        .exec(db)
        .await?;
    correspondent::Entity::delete_many()
        .filter(correspondent::Column::MailingId.eq(id))
        .filter(correspondent::Column::MailKey.eq(key))
        .exec(db)
        .await?;
    // The stored answer names the recipient. From now on the answer is made from the ledger, and no request is
    // processing it.
    idempotency::Entity::update_many()
        .col_expr(
            idempotency::Column::Answer,
            Expr::value(None::<serde_json::Value>),
        )
        .col_expr(idempotency::Column::LeaseUntil, Expr::value(0))
        .filter(idempotency::Column::MailingId.eq(id))
        .exec(db)
        .await?;
    Ok(erased)
}

async fn forget_content(db: &impl ConnectionTrait, id: Uuid) -> Result<()> {
    mailing::Entity::update_many()
        .col_expr(
            mailing::Column::Body,
            Expr::value(None::<serde_json::Value>),
        )
        .filter(mailing::Column::Id.eq(id))
        .exec(db)
        .await?;
    attachment::Entity::delete_many()
        .filter(attachment::Column::MailingId.eq(id))
        .exec(db)
        .await?;
    Entity::update_many()
        .col_expr(Column::Variables, Expr::value(None::<serde_json::Value>))
        .col_expr(Column::Headers, Expr::value(None::<serde_json::Value>))
        .filter(Column::MailingId.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Empties the columns that identify recipients.
pub(super) async fn forget_people(db: &impl ConnectionTrait, which: Condition) -> Result<u64> {
    let nothing = || Expr::value(None::<String>);
    let done = recipient::Entity::update_many()
        .col_expr(Column::Mail, nothing())
        .col_expr(Column::MailKey, nothing())
        .col_expr(Column::MailHash, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::Name, nothing())
        .col_expr(Column::Company, nothing())
        .col_expr(Column::Variables, Expr::value(None::<serde_json::Value>))
        .col_expr(Column::Headers, Expr::value(None::<serde_json::Value>))
        .filter(which)
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}
