//! The answers of `Idempotency-Key`s. A record commits with its mailing, so that a repeated request finds either both or
//! neither.

use std::time::Duration;

use entity::idempotency::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Ledger, Transaction};
use crate::error::Result;

/// An idempotency key is remembered for this long.
pub const KEPT_FOR_MS: i64 = 24 * 3600 * 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRequest {
    pub key: String,
    /// Of all that makes the request the same.
    pub fingerprint: String,
}

impl IdempotencyRequest {
    pub fn new(key: String, body: &[u8], respond_async: bool) -> Self {
        let digest = Sha256::new()
            .chain_update([u8::from(respond_async)])
            .chain_update(body)
            .finalize();
        Self {
            key,
            fingerprint: hex::encode(digest),
        }
    }
}

#[derive(Debug)]
pub enum Lookup {
    Nothing,
    /// Another request had this key.
    OtherRequest,
    /// The first one is at work, at most for this long.
    Running(Duration),
    Answered {
        answer: serde_json::Value,
        mailing_id: Uuid,
    },
    /// The answer is what has become of the mailing.
    Unanswered(Uuid),
}

impl Ledger {
    pub async fn look_up_idempotency(
        &self,
        api_key_id: Uuid,
        request: &IdempotencyRequest,
    ) -> Result<Lookup> {
        let db = self.db().await?;
        let now = self.read_clock(db).await?;
        let row = Entity::find_by_id((api_key_id, request.key.clone()))
            .one(db)
            .await?;
        let Some(row) = row.filter(|row| row.expires_at > now) else {
            return Ok(Lookup::Nothing);
        };
        Ok(if row.fingerprint != request.fingerprint {
            Lookup::OtherRequest
        } else if let Some(answer) = row.answer {
            match answer.readable() {
                Some(answer) => Lookup::Answered {
                    answer,
                    mailing_id: row.mailing_id,
                },
                None => Lookup::Unanswered(row.mailing_id),
            }
        } else if row.lease_until > now {
            Lookup::Running(Duration::from_millis(
                (row.lease_until - now).unsigned_abs(),
            ))
        } else {
            Lookup::Unanswered(row.mailing_id)
        })
    }

    pub async fn store_answer(
        &self,
        api_key_id: Uuid,
        key: &str,
        answer: serde_json::Value,
    ) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::Answer, Expr::value(answer))
            .filter(Column::ApiKeyId.eq(api_key_id))
            .filter(Column::Key.eq(key))
            // Erased meanwhile: the answer names the recipient.
            .filter(Column::LeaseUntil.gt(0))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }

    /// False where the key is taken. A request that is only queued needs no lease: its answer is the mailing.
    pub(super) async fn insert_idempotency(
        &self,
        transaction: &Transaction,
        api_key_id: Uuid,
        mailing_id: Uuid,
        request: &IdempotencyRequest,
        claimed: bool,
        now: i64,
    ) -> Result<bool> {
        Entity::delete_many()
            .filter(Column::ApiKeyId.eq(api_key_id))
            .filter(Column::Key.eq(&request.key))
            .filter(Column::ExpiresAt.lte(now))
            .exec(transaction)
            .await?;
        let inserted = Entity::insert(ActiveModel {
            api_key_id: Set(api_key_id),
            key: Set(request.key.clone()),
            fingerprint: Set(request.fingerprint.clone()),
            mailing_id: Set(mailing_id),
            answer: Set(None),
            lease_until: Set(if claimed { now + self.lease_ms } else { now }),
            expires_at: Set(now + KEPT_FOR_MS),
        })
        .on_conflict(
            OnConflict::columns([Column::ApiKeyId, Column::Key])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
        Ok(inserted == 1)
    }
}
