//! Reads a mailing as it is to be sent.

use entity::{Document, attachment, mailing};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{Ledger, document::from_json};
use crate::{error::Result, mailing::Mailing, message::Attachment};

#[derive(FromQueryResult)]
struct Row {
    api_key_id: Uuid,
    envelope: Document,
    body: Option<Document>,
    has_attachments: bool,
}

impl Ledger {
    /// A mailing as it is to be sent; nothing where its content is gone.
    pub async fn mailing(&self, id: Uuid) -> Result<Option<Mailing>> {
        let attached = attachment::Entity::find()
            .select_only()
            .expr(Expr::value(1))
            .filter(attachment::Column::MailingId.eq(id))
            .into_query();
        let row = mailing::Entity::find_by_id(id)
            .expr_as(Expr::exists(attached), "has_attachments")
            .into_model::<Row>()
            .one(self.db().await?)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let Some(body) = row.body else {
            return Ok(None);
        };
        let attachments = if row.has_attachments {
            self.attachments(id).await?
        } else {
            Vec::new()
        };
        let envelope = from_json("envelope", row.envelope)?;
        Ok(Some(Mailing::new(
            id,
            row.api_key_id,
            envelope,
            from_json("body", body)?,
            attachments,
        )))
    }

    async fn attachments(&self, mailing_id: Uuid) -> Result<Vec<Attachment>> {
        let rows = attachment::Entity::find()
            .filter(attachment::Column::MailingId.eq(mailing_id))
            .order_by_asc(attachment::Column::Position)
            .all(self.db().await?)
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| Attachment {
                filename: row.filename,
                content_type: row.content_type,
                content_id: row.content_id,
                content: row.content,
            })
            .collect())
    }
}
