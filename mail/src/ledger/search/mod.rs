//! Recipients across mailings, newest first.
//!
//! A search follows one of two ways. What names recipients is looked up in an index of recipients. Anything else goes
//! through the mailings, and looks into each for its recipients. A search looks at a bounded number of rows, so that one
//! that finds nothing takes no longer: its page then ends before its limit, and the next page goes on from there.

mod filter;
mod queries;

use std::{cmp::Reverse, collections::HashMap};

use entity::{
    mailing,
    recipient::{Column as Recipient, Status},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::{
    Ledger, Page, RecipientView, Scope,
    document::{caller_id, legible_envelope},
    read::page_of,
};
use crate::{
    error::Result,
    message::{CallerId, Envelope},
};
pub use filter::RecipientFilter;
use queries::narrow;
pub(super) use queries::{by_mailing, by_message, by_recipient};

/// The numbers of rows that the steps after the first look at.
const STEPS: [u64; 2] = [1_000, 10_000];
/// A message has one recipient, but where a mail system gives an id to several.
const MOST_OF_MESSAGE: u64 = 1_000;

/// The place of a recipient in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub mailing_id: Uuid,
    pub position: i32,
}

/// A recipient with what its mailing says of it.
#[derive(Debug)]
pub struct FoundRecipient {
    pub mailing_id: Uuid,
    pub api_key_id: Uuid,
    pub created_at: i64,
    pub subject: String,
    pub client_env_id: Option<CallerId>,
    pub view: RecipientView,
}

/// The columns of a recipient that are shown.
#[derive(Clone, Debug, FromQueryResult)]
struct Row {
    mailing_id: Uuid,
    position: i32,
    mail: Option<String>,
    email_recipient_id: Option<entity::Document>,
    status: Status,
    message_id: Option<String>,
    status_detail: Option<String>,
    last_error: Option<String>,
    queued_at: Option<i64>,
    sent_at: Option<i64>,
    attempts: i32,
    lease_until: Option<i64>,
}

/// The columns of a mailing that are shown.
#[derive(FromQueryResult)]
struct MailingRow {
    id: Uuid,
    api_key_id: Uuid,
    created_at: i64,
    envelope: entity::Document,
}

/// What a step has found, and where it ended; `None` at the end of the list.
struct Step {
    rows: Vec<Row>,
    end: Option<Place>,
}

impl Ledger {
    /// Returns recipients, those of the newest mailing first, and of a mailing the last ones first. A page may have fewer
    /// than `limit` and a next page all the same.
    pub async fn find_recipients(
        &self,
        scope: Scope,
        filter: RecipientFilter<'_>,
        after: Option<Place>,
        limit: u64,
    ) -> Result<Page<FoundRecipient, Place>> {
        let most = limit + 1;
        let (mut found, mut end) = (Vec::new(), after);
        for size in [most].into_iter().chain(STEPS) {
            let step = if filter.names_recipients(scope) {
                self.look_at_recipients(filter, end, size).await?
            } else {
                self.look_into_mailings(scope, filter, end, (size, most))
                    .await?
            };
            found.extend(self.with_mailings(scope, filter, step.rows).await?);
            end = step.end;
            if found.len() as u64 >= most || end.is_none() {
                break;
            }
        }
        let page = page_of(found, limit, FoundRecipient::place);
        Ok(Page {
            next: page.next.or(end),
            ..page
        })
    }

    async fn look_at_recipients(
        &self,
        filter: RecipientFilter<'_>,
        after: Option<Place>,
        size: u64,
    ) -> Result<Step> {
        let db = self.db().await?;
        if filter.message_id.is_some() {
            let rows = by_message(filter, after).limit(MOST_OF_MESSAGE);
            let mut rows: Vec<Row> = rows.into_model().all(db).await?;
            rows.sort_unstable_by_key(|row| Reverse((row.mailing_id, row.position)));
            return Ok(Step { rows, end: None });
        }
        let rows = by_recipient(filter, after).limit(size);
        let rows: Vec<Row> = rows.into_model().all(db).await?;
        let end = rows.last().filter(|_| rows.len() as u64 == size);
        Ok(Step {
            end: end.map(|row| Place {
                mailing_id: row.mailing_id,
                position: row.position,
            }),
            rows,
        })
    }

    async fn look_into_mailings(
        &self,
        scope: Scope,
        filter: RecipientFilter<'_>,
        after: Option<Place>,
        (size, most): (u64, u64),
    ) -> Result<Step> {
        let db = self.db().await?;
        let walked = db
            .get_database_backend()
            .build(&by_mailing(scope, filter, after, size, most));
        let rows = db.query_all_raw(walked).await?;
        let (mut ids, mut number, mut last) = (Vec::new(), 0, None);
        for row in &rows {
            let (id, matching): (Uuid, i64) = (row.try_get("", "id")?, row.try_get("", "number")?);
            last = Some(id);
            if matching > 0 {
                ids.push(id);
                number += matching.unsigned_abs();
            }
            if number >= most {
                break;
            }
        }
        let is_end = number < most && (rows.len() as u64) < size;
        let rows = if ids.is_empty() {
            Vec::new()
        } else {
            let found = narrow(after)
                .filter(filter.of_recipient())
                .filter(Recipient::MailingId.is_in(ids))
                .limit(most);
            found.into_model().all(db).await?
        };
        // All positions of the last mailing have been looked at.
        let end = last.filter(|_| !is_end);
        Ok(Step {
            rows,
            end: end.map(|mailing_id| Place {
                mailing_id,
                position: 0,
            }),
        })
    }

    /// Adds what the mailings say. Recipients whose mailing is not asked for are left out.
    async fn with_mailings(
        &self,
        scope: Scope,
        filter: RecipientFilter<'_>,
        rows: Vec<Row>,
    ) -> Result<Vec<FoundRecipient>> {
        use mailing::Column;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut ids: Vec<Uuid> = rows.iter().map(|row| row.mailing_id).collect();
        ids.dedup();
        let mailings: Vec<MailingRow> = mailing::Entity::find()
            .select_only()
            .columns([
                Column::Id,
                Column::ApiKeyId,
                Column::CreatedAt,
                Column::Envelope,
            ])
            .filter(Column::Id.is_in(ids))
            .filter(filter.of_mailing(scope))
            .into_model()
            .all(self.db().await?)
            .await?;
        let mailings: HashMap<Uuid, (Uuid, i64, Envelope)> = mailings
            .into_iter()
            .map(|row| {
                let envelope = legible_envelope(row.envelope);
                (row.id, (row.api_key_id, row.created_at, envelope))
            })
            .collect();
        let found = rows.into_iter().filter_map(|row| {
            let (api_key_id, created_at, envelope) = mailings.get(&row.mailing_id)?;
            Some(FoundRecipient {
                mailing_id: row.mailing_id,
                api_key_id: *api_key_id,
                created_at: *created_at,
                subject: envelope.subject.clone(),
                client_env_id: envelope.ids.client_env_id.clone(),
                view: row.view(envelope),
            })
        });
        Ok(found.collect())
    }
}

impl FoundRecipient {
    fn place(&self) -> Place {
        Place {
            mailing_id: self.mailing_id,
            position: self.view.position,
        }
    }
}

impl Row {
    fn view(self, envelope: &Envelope) -> RecipientView {
        let own = caller_id(self.email_recipient_id).unwrap_or_default();
        RecipientView {
            position: self.position,
            email_id: envelope.ids.email_id.clone(),
            email_recipient_id: own.or_else(|| envelope.ids.email_recipient_id.clone()),
            recipient: self.mail,
            status: self.status,
            message_id: self.message_id,
            status_detail: self.status_detail,
            last_error: self.last_error,
            queued_at: self.queued_at,
            sent_at: self.sent_at,
            attempts: self.attempts,
            lease_until: self.lease_until,
        }
    }
}
