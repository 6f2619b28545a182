//! Unsubscribing: entries on the list of suppressed addresses that their owners make and undo, with the events of it.

use entity::{mailing, recipient, suppression};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    Ledger, Transaction,
    document::legible_envelope,
    suppressions::{Entry, StoredAddress},
};
use crate::{
    error::Result,
    event::{Detail, EventKind},
    suppression::{SuppressionReason, SuppressionScope},
    unsubscribe::Subscription,
};

impl Ledger {
    /// Returns whether the address has unsubscribed from the list.
    pub async fn is_unsubscribed(&self, subscription: &Subscription) -> Result<bool> {
        let entry = suppression::Entity::find()
            .filter(is_entry_of(subscription))
            .one(self.db().await?)
            .await?;
        Ok(entry.is_some())
    }

    /// Returns the name of the sender of a mailing as recipients see it: of the organisation, or of the sender itself if
    /// it is the same for each. `None` if it has been removed.
    pub async fn shown_sender(&self, mailing_id: Uuid) -> Result<Option<String>> {
        let row = mailing::Entity::find_by_id(mailing_id)
            .one(self.db().await?)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let envelope = legible_envelope(row.envelope);
        let names = envelope.sender_organisation_name.into_iter();
        let mut names = names.chain([envelope.sender_name]);
        Ok(names.find(|name| !name.trim().is_empty() && !name.contains("{{")))
    }

    /// Unsubscribes the address from the list. Nothing changes if it has unsubscribed before.
    pub async fn unsubscribe(&self, subscription: &Subscription) -> Result<()> {
        let transaction = self.begin().await?;
        let row = locked(&transaction, subscription).await?;
        let address = row.as_ref().and_then(|row| {
            let (mail, key) = row.mail.clone().zip(row.mail_key.clone())?;
            Some(StoredAddress { mail, key })
        });
        let entry = Entry {
            mail_hash: subscription.mail_hash,
            address,
            reason: SuppressionReason::Unsubscribe,
            scope: SuppressionScope::List(subscription.list.clone()),
        };
        if self.insert_suppressions(&transaction, &[entry]).await? > 0 {
            self.add_event_of(&transaction, row, EventKind::Unsubscribed)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Undoes `unsubscribe`. Entries with other reasons stay.
    pub async fn resubscribe(&self, subscription: &Subscription) -> Result<()> {
        let transaction = self.begin().await?;
        let row = locked(&transaction, subscription).await?;
        let removed = suppression::Entity::delete_many()
            .filter(is_entry_of(subscription))
            .exec(&transaction)
            .await?;
        if removed.rows_affected > 0 {
            self.add_event_of(&transaction, row, EventKind::Resubscribed)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Inserts an event. There is none if the recipient has been removed.
    async fn add_event_of(
        &self,
        transaction: &Transaction,
        row: Option<recipient::Model>,
        kind: EventKind,
    ) -> Result<()> {
        match row {
            Some(row) => {
                self.add_event(transaction, row, kind, Detail::default())
                    .await
            }
            None => Ok(()),
        }
    }
}

fn is_entry_of(subscription: &Subscription) -> Condition {
    use suppression::Column;
    let scope = SuppressionScope::List(subscription.list.clone());
    Condition::all()
        .add(Column::MailHash.eq(subscription.mail_hash.to_vec()))
        .add(Column::Scope.eq(scope.key()))
        .add(Column::Reason.eq(SuppressionReason::Unsubscribe.as_str()))
}

/// Locks the recipient of the mail that the link stands in, before the entry: reports of the mail system do the same.
async fn locked(
    transaction: &Transaction,
    subscription: &Subscription,
) -> Result<Option<recipient::Model>> {
    let key = (subscription.mailing_id, subscription.position);
    Ok(recipient::Entity::find_by_id(key)
        .lock_exclusive()
        .one(transaction)
        .await?)
}
