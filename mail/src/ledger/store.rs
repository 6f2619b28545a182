//! Writes a mailing, all of it or nothing, and reads back what is needed to send it.

use std::collections::BTreeSet;

use entity::{Document, api_key, attachment, correspondent, mailing, recipient, recipient::Status};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    sea_query::{Expr, Query},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Claim, IdempotencyRequest, Ledger, Transaction,
    retry::{repeat, short_backoff},
};
use crate::{
    address::Address,
    error::{Error, Result},
    mailing::{ClaimedRecipient, Mailing, Templates},
    message::{Attachment, CallerId, CallerIds, Envelope, NewMailing},
};

/// The time in which a mail must be sent, unless the request has an `expires_at`.
pub const DEFAULT_LIFETIME_MS: i64 = 72 * 3600 * 1000;
/// Rows of one INSERT: 24 columns each, and `SQLite` takes 32,766 values.
const ROWS_PER_INSERT: usize = 1000;

/// A request to be written, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    pub api_key_id: Uuid,
    pub request: &'a NewMailing,
    /// Inserted already claimed, so that no sweep takes what its own request delivers.
    pub claimed: bool,
    pub idempotency: Option<&'a IdempotencyRequest>,
}

#[derive(Debug)]
pub enum StoreOutcome {
    Stored(Stored),
    /// Another request has the idempotency key already; nothing was written.
    KeyTaken,
    /// By the database's clock it has expired; nothing was written.
    Expired,
    /// The key was revoked while the request was read; nothing was written.
    Revoked,
}

/// A request that is in the ledger.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// Of the mailing.
    pub id: Uuid,
    /// Of the claim that its recipients were inserted under.
    pub token: Option<Uuid>,
    /// Milliseconds since the Unix epoch, by the database's clock.
    pub stored_at: i64,
}

impl Stored {
    /// The stored request as it is to be sent, where it was inserted already claimed.
    pub fn into_claim(
        self,
        api_key_id: Uuid,
        request: NewMailing,
        templates: Templates,
    ) -> Option<(Mailing, Claim)> {
        let claim = Claim {
            mailing_id: self.id,
            token: self.token?,
            corrupt: Vec::new(),
            recipients: (0..)
                .zip(request.recipients)
                .map(|(position, recipient)| ClaimedRecipient {
                    position,
                    attempts: 0,
                    recipient,
                })
                .collect(),
        };
        let mailing = Mailing {
            id: self.id,
            api_key_id,
            envelope: request.envelope,
            body: request.body,
            attachments: request.attachments,
            templates,
        };
        Some((mailing, claim))
    }
}

impl Ledger {
    /// Writes the mailing, its recipients and its idempotency record in one transaction.
    pub async fn store(&self, entry: NewEntry<'_>) -> Result<StoreOutcome> {
        let id = Uuid::now_v7();
        let token = entry.claimed.then(Uuid::now_v7);
        let transaction = self.begin().await?;
        let (now, is_live) = self.clock_and_key(&transaction, entry.api_key_id).await?;
        if !is_live {
            transaction.rollback().await?;
            return Ok(StoreOutcome::Revoked);
        }
        if entry.request.expires_at.is_some_and(|time| time <= now) {
            transaction.rollback().await?;
            return Ok(StoreOutcome::Expired);
        }
        insert_mailing(&transaction, id, entry, now).await?;
        if let Some(request) = entry.idempotency
            && !self
                .insert_idempotency(
                    &transaction,
                    entry.api_key_id,
                    id,
                    request,
                    entry.claimed,
                    now,
                )
                .await?
        {
            transaction.rollback().await?;
            return Ok(StoreOutcome::KeyTaken);
        }
        self.insert_recipients(&transaction, id, entry, token, now)
            .await?;
        if let Err(error) = transaction.commit().await
            && (!crate::error::is_transient(&error) || !self.was_stored(id).await?)
        {
            return Err(error.into());
        }
        Ok(StoreOutcome::Stored(Stored {
            id,
            token,
            stored_at: now,
        }))
    }

    /// The database's time, in milliseconds since the Unix epoch.
    pub async fn clock(&self) -> Result<i64> {
        self.read_clock(self.db().await?).await
    }

    pub(super) async fn read_clock(&self, db: &impl ConnectionTrait) -> Result<i64> {
        let row = db
            .query_one(Query::select().expr_as(self.now(), "now"))
            .await?
            .ok_or_else(|| DbErr::RecordNotFound("the clock".to_owned()))?;
        Ok(row.try_get("", "now")?)
    }

    /// Besides, whether the key is not revoked.
    async fn clock_and_key(
        &self,
        db: &impl ConnectionTrait,
        api_key_id: Uuid,
    ) -> Result<(i64, bool)> {
        let live = Query::select()
            .column(api_key::Column::Id)
            .from(api_key::Entity)
            .and_where(api_key::Column::Id.eq(api_key_id))
            .and_where(api_key::Column::RevokedAt.is_null())
            .to_owned();
        let look = Query::select()
            .expr_as(self.now(), "now")
            .expr_as(Expr::exists(live), "live")
            .to_owned();
        let row = db
            .query_one(&look)
            .await?
            .ok_or_else(|| DbErr::RecordNotFound("the clock".to_owned()))?;
        Ok((row.try_get("", "now")?, row.try_get("", "live")?))
    }

    /// After a COMMIT whose answer was lost.
    async fn was_stored(&self, id: Uuid) -> Result<bool> {
        repeat(short_backoff(), || async {
            let found = mailing::Entity::find_by_id(id)
                .one(self.db().await?)
                .await?;
            Ok(found.is_some())
        })
        .await
    }

    async fn insert_recipients(
        &self,
        transaction: &Transaction,
        mailing_id: Uuid,
        entry: NewEntry<'_>,
        token: Option<Uuid>,
        now: i64,
    ) -> Result<()> {
        let expires_at = entry
            .request
            .expires_at
            .unwrap_or(now + DEFAULT_LIFETIME_MS);
        let mut rows = Vec::with_capacity(entry.request.recipients.len());
        for (position, recipient) in (0..).zip(&entry.request.recipients) {
            rows.push(
                recipient::Model {
                    mailing_id,
                    position,
                    mail: Some(recipient.mail.as_str().to_owned()),
                    mail_key: Some(recipient.mail.key()),
                    name: recipient.name.clone(),
                    company: recipient.company.clone(),
                    email_recipient_id: recipient
                        .email_recipient_id
                        .as_ref()
                        .map(to_json)
                        .transpose()?,
                    variables: (!recipient.variables.is_empty())
                        .then(|| to_json(&recipient.variables))
                        .transpose()?,
                    headers: (!recipient.headers.is_empty())
                        .then(|| to_json(&recipient.headers))
                        .transpose()?,
                    status: Status::Queued,
                    claim_token: token,
                    lease_until: token.map(|_| now + self.lease_ms),
                    due_at: now,
                    expires_at,
                    woken_at: token.is_none().then_some(now),
                    attempts: 0,
                    message_id: None,
                    status_detail: None,
                    last_error: None,
                    queued_at: token.is_none().then_some(now),
                    sent_at: None,
                    ended_at: None,
                    event_id: None,
                }
                .into_active_model(),
            );
        }
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(ROWS_PER_INSERT));
            recipient::Entity::insert_many(std::mem::replace(&mut rows, rest))
                .exec_without_returning(transaction)
                .await?;
        }
        Ok(())
    }

    /// A mailing as it is to be sent; nothing where its content is gone.
    pub async fn mailing(&self, id: Uuid) -> Result<Option<Mailing>> {
        let db = self.db().await?;
        let Some(row) = mailing::Entity::find_by_id(id).one(db).await? else {
            return Ok(None);
        };
        let Some(body) = row.body else {
            return Ok(None);
        };
        let attachments = attachment::Entity::find()
            .filter(attachment::Column::MailingId.eq(id))
            .order_by_asc(attachment::Column::Position)
            .all(db)
            .await?
            .into_iter()
            .map(|row| Attachment {
                filename: row.filename,
                content_type: row.content_type,
                content_id: row.content_id,
                content: row.content,
            })
            .collect();
        let envelope = from_json("envelope", row.envelope)?;
        Ok(Some(Mailing::new(
            id,
            row.api_key_id,
            envelope,
            from_json("body", body)?,
            attachments,
        )))
    }
}

async fn insert_mailing(
    transaction: &Transaction,
    id: Uuid,
    entry: NewEntry<'_>,
    now: i64,
) -> Result<()> {
    let request = entry.request;
    mailing::Entity::insert(mailing::ActiveModel {
        id: Set(id),
        api_key_id: Set(entry.api_key_id),
        email_id: Set(request
            .envelope
            .ids
            .email_id
            .as_ref()
            .map(ToString::to_string)),
        envelope: Set(to_json(&request.envelope)?),
        body: Set(Some(to_json(&request.body)?)),
        anonymous: Set(false),
        created_at: Set(now),
        expires_at: Set(request.expires_at.unwrap_or(now + DEFAULT_LIFETIME_MS)),
        ended_at: Set(None),
        removing: Set(false),
    })
    .exec_without_returning(transaction)
    .await?;
    let envelope = &request.envelope;
    let further: BTreeSet<String> = [&envelope.cc, &envelope.bcc, &envelope.reply_to]
        .into_iter()
        .flatten()
        .map(Address::key)
        .collect();
    for mail_key in further {
        correspondent::Entity::insert(correspondent::ActiveModel {
            mailing_id: Set(id),
            mail_key: Set(mail_key),
        })
        .exec_without_returning(transaction)
        .await?;
    }
    let attachments = (0..)
        .zip(&request.attachments)
        .map(|(position, attachment)| attachment::ActiveModel {
            mailing_id: Set(id),
            position: Set(position),
            filename: Set(attachment.filename.clone()),
            content_type: Set(attachment.content_type.clone()),
            content_id: Set(attachment.content_id.clone()),
            content: Set(attachment.content.clone()),
        });
    for attachment in attachments {
        attachment::Entity::insert(attachment)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<Document> {
    let json = serde_json::to_value(value).map_err(|source| Error::Corrupt {
        what: std::any::type_name::<T>(),
        source,
    })?;
    Ok(json.into())
}

pub(super) fn from_json<T: DeserializeOwned>(what: &'static str, stored: Document) -> Result<T> {
    let read = match stored {
        Document::Readable(json) => serde_json::from_value(json),
        Document::Unreadable => Err(serde::de::Error::custom("it is no JSON")),
    };
    read.map_err(|source| Error::Corrupt { what, source })
}

/// An envelope to be looked at. Where not all of it can be read, the rest is: one mailing must not hide the others.
/// A mailing that is to be sent has to be read as a whole.
pub(super) fn legible_envelope(stored: Document) -> Envelope {
    let json = stored.readable().unwrap_or_default();
    Envelope::deserialize(&json).unwrap_or_else(|_| {
        let ids = &json["ids"];
        Envelope {
            sender_email: legible::<Option<Address>>(&json["sender_email"])
                .unwrap_or_else(Address::unreadable),
            sender_name: legible(&json["sender_name"]),
            sender_organisation_name: legible(&json["sender_organisation_name"]),
            subject: legible(&json["subject"]),
            reply_to: legible(&json["reply_to"]),
            cc: legible(&json["cc"]),
            bcc: legible(&json["bcc"]),
            reply_to_names: legible(&json["reply_to_names"]),
            cc_names: legible(&json["cc_names"]),
            ids: CallerIds {
                client_env_id: legible(&ids["client_env_id"]),
                email_id: legible(&ids["email_id"]),
                email_recipient_id: legible(&ids["email_recipient_id"]),
                project_id: legible(&ids["project_id"]),
                closure_id: legible(&ids["closure_id"]),
            },
        }
    })
}

/// Nothing where it cannot be read.
pub(super) fn legible<T: DeserializeOwned + Default>(json: &Value) -> T {
    T::deserialize(json).unwrap_or_default()
}

pub(super) fn caller_id(value: Option<Document>) -> Result<Option<CallerId>> {
    value
        .map(|value| from_json("caller's id", value))
        .transpose()
}

/// Nothing is stored of a list that is empty.
pub(super) fn stored_map<T: DeserializeOwned + Default>(
    what: &'static str,
    value: Option<Document>,
) -> Result<T> {
    value.map_or_else(|| Ok(T::default()), |value| from_json(what, value))
}
