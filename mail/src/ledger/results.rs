//! Ends that the result queue has to be told of.

use std::{collections::HashMap, time::Duration};

use entity::{
    Document, mailing,
    recipient::{Column, Entity, Model},
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::{Ledger, store::legible_envelope};
use crate::{error::Result, message::CallerIds};

impl Ledger {
    /// Recipients whose end is this old and was not told yet, the oldest first.
    pub async fn unpublished(&self, age: Duration, most: u64) -> Result<Vec<Model>> {
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        Ok(Entity::find()
            .filter(Column::EventId.is_not_null())
            .filter(Column::PublishedAt.is_null())
            .filter(Expr::col(Column::EndedAt).lte(self.now().sub(age)))
            .order_by_asc(Column::EndedAt)
            .limit(most)
            .all(self.db().await?)
            .await?)
    }

    /// Those of one mailing.
    pub async fn unpublished_of(&self, mailing_id: Uuid) -> Result<Vec<Model>> {
        Ok(Entity::find()
            .filter(Column::MailingId.eq(mailing_id))
            .filter(Column::EventId.is_not_null())
            .filter(Column::PublishedAt.is_null())
            .order_by_asc(Column::Position)
            .all(self.db().await?)
            .await?)
    }

    /// Notes that these ends were told. One that has changed since stays untold.
    pub async fn mark_published(&self, told: &[&Model]) -> Result<()> {
        let db = self.db().await?;
        for rows in told.chunk_by(|a, b| a.mailing_id == b.mailing_id) {
            let mailing_id = rows[0].mailing_id;
            Entity::update_many()
                .col_expr(Column::PublishedAt, self.now())
                .filter(Column::MailingId.eq(mailing_id))
                .filter(Column::Position.is_in(rows.iter().map(|row| row.position)))
                .filter(Column::EventId.is_in(rows.iter().filter_map(|row| row.event_id)))
                .exec(db)
                .await?;
        }
        Ok(())
    }

    /// The callers' own ids, by mailing.
    pub async fn caller_ids(&self, mailings: &[Uuid]) -> Result<HashMap<Uuid, CallerIds>> {
        let rows: Vec<(Uuid, Document)> = mailing::Entity::find()
            .select_only()
            .columns([mailing::Column::Id, mailing::Column::Envelope])
            .filter(mailing::Column::Id.is_in(mailings.iter().copied()))
            .into_tuple()
            .all(self.db().await?)
            .await?;
        let ids = rows.into_iter();
        Ok(ids
            .map(|(id, envelope)| (id, legible_envelope(envelope).ids))
            .collect())
    }

    /// For how long the oldest recipient has been due that nobody works on; zero where there is none.
    pub async fn oldest_due(&self) -> Result<Duration> {
        let oldest: Option<Option<i64>> = Entity::find()
            .select_only()
            .expr(self.now().sub(Expr::col(Column::DueAt).min()))
            .filter(self.is_due())
            .into_tuple()
            .one(self.db().await?)
            .await?;
        let age = oldest.flatten().and_then(|age| u64::try_from(age).ok());
        Ok(Duration::from_millis(age.unwrap_or(0)))
    }
}
