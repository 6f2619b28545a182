//! The answers of `Idempotency-Key`s. A record commits with its mailing, so that a repeated request finds either both or
//! neither.

use std::time::Duration;

use entity::{
    Document,
    idempotency::{Column, Entity},
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QuerySelect, Select,
    sea_query::Expr,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Ledger, Scope};
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
    /// The first one may be at work, at most for this long.
    Running {
        left: Duration,
        mailing_id: Uuid,
    },
    Answered {
        answer: serde_json::Value,
        mailing_id: Uuid,
    },
    /// The answer is what has become of the mailing.
    Unanswered(Uuid),
}

/// What a look-up needs of a record.
#[derive(FromQueryResult)]
struct Record {
    fingerprint: String,
    answer: Option<Document>,
    mailing_id: Uuid,
    /// Milliseconds.
    lease_left: i64,
}

impl Ledger {
    pub async fn look_up_idempotency(
        &self,
        api_key_id: Uuid,
        request: &IdempotencyRequest,
    ) -> Result<Lookup> {
        let record = Entity::find_by_id((api_key_id, request.key.clone()))
            .select_only()
            .columns([Column::Fingerprint, Column::Answer, Column::MailingId])
            .expr_as(Expr::col(Column::LeaseUntil).sub(self.now()), "lease_left")
            .filter(Expr::col(Column::ExpiresAt).gt(self.now()))
            .into_model::<Record>()
            .one(self.db().await?)
            .await?;
        let Some(record) = record else {
            return Ok(Lookup::Nothing);
        };
        let mailing_id = record.mailing_id;
        Ok(if record.fingerprint != request.fingerprint {
            Lookup::OtherRequest
        } else if let Some(answer) = record.answer {
            match answer.readable() {
                Some(answer) => Lookup::Answered { answer, mailing_id },
                None => Lookup::Unanswered(mailing_id),
            }
        } else if record.lease_left > 0 {
            let left = Duration::from_millis(record.lease_left.unsigned_abs());
            Lookup::Running { left, mailing_id }
        } else {
            Lookup::Unanswered(mailing_id)
        })
    }

    /// Returns the mailings that requests with this idempotency key have made in the last 24 hours, each of another API
    /// key.
    pub(super) async fn made_with_key(&self, scope: Scope, key: &str) -> Result<Vec<Uuid>> {
        // No request has another key; PostgreSQL takes no NUL.
        if !key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Ok(Vec::new());
        }
        Ok(made_with(scope, key)
            .filter(Expr::col(Column::ExpiresAt).gt(self.now()))
            .into_tuple()
            .all(self.db().await?)
            .await?)
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
}

pub(super) fn made_with(scope: Scope, key: &str) -> Select<Entity> {
    let made = Entity::find()
        .select_only()
        .column(Column::MailingId)
        .filter(Column::Key.eq(key));
    match scope {
        Scope::Everybody => made,
        Scope::Key(id) => made.filter(Column::ApiKeyId.eq(id)),
    }
}
