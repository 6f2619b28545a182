//! The list of addresses that must not be mailed.

use std::collections::{BTreeSet, HashMap};

use entity::{
    api_key,
    suppression::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{Ledger, Page, Scope, Transaction, read::page_of};
use crate::{
    address::Address,
    error::Result,
    hash_secret::HASH,
    message::List,
    suppression::{NewSuppression, Suppression, SuppressionReason, SuppressionScope},
};

/// The text that suppressed recipients have as their last error.
pub(super) const SUPPRESSED: &str = "The address must not be mailed";

#[derive(Clone, Copy, Debug, Default)]
pub struct SuppressionFilter<'a> {
    pub mail: Option<&'a Address>,
    pub reason: Option<SuppressionReason>,
}

/// An entry to be inserted.
pub(super) struct Entry {
    pub mail_hash: [u8; HASH],
    /// `None` if only the hash is kept.
    pub address: Option<StoredAddress>,
    pub reason: SuppressionReason,
    pub scope: SuppressionScope,
}

/// An address as it was given, and normalised.
pub(super) struct StoredAddress {
    pub mail: String,
    pub key: String,
}

impl Ledger {
    /// Adds entries, and returns all of them: one that was there before as it was.
    pub async fn suppress(&self, new: &[NewSuppression]) -> Result<Vec<Suppression>> {
        // Before the transaction: the first use of the secret may write it.
        let secret = self.hash_secret().await?;
        let transaction = self.begin().await?;
        let owners = owners(&transaction, new).await?;
        let entries: Vec<Entry> = new
            .iter()
            .map(|one| {
                let key = one.mail.key();
                Entry {
                    mail_hash: secret.address(&key),
                    address: Some(StoredAddress {
                        mail: one.mail.as_str().to_owned(),
                        key,
                    }),
                    reason: one.reason,
                    scope: owned(one.scope.clone(), &owners),
                }
            })
            .collect();
        self.insert_suppressions(&transaction, &entries).await?;
        let hashes = entries.iter().map(|entry| entry.mail_hash.to_vec());
        let rows = Entity::find()
            .filter(Column::MailHash.is_in(hashes))
            .all(&transaction)
            .await?;
        transaction.commit().await?;
        let rows: HashMap<_, Model> = rows
            .into_iter()
            .map(|row| {
                let key = (row.mail_hash.clone(), row.scope.clone(), row.reason.clone());
                (key, row)
            })
            .collect();
        let row_of = |entry: &Entry| {
            let hash = entry.mail_hash.to_vec();
            rows.get(&(hash, entry.scope.key(), entry.reason.as_str().to_owned()))
        };
        let found = entries.iter().filter_map(row_of);
        Ok(found.cloned().map(Suppression::from).collect())
    }

    /// Inserts entries, and returns the number of new ones: one that is there already stays as it is.
    pub(super) async fn insert_suppressions(
        &self,
        db: &impl ConnectionTrait,
        entries: &[Entry],
    ) -> Result<u64> {
        if entries.is_empty() {
            return Ok(0);
        }
        let now = self.read_clock(db).await?;
        let rows = entries.iter().map(|entry| {
            let list = match &entry.scope {
                SuppressionScope::Everything => None,
                SuppressionScope::List(list) => Some(list),
            };
            let address = entry.address.as_ref();
            ActiveModel {
                id: Set(Uuid::now_v7()),
                mail_hash: Set(entry.mail_hash.to_vec()),
                scope: Set(entry.scope.key()),
                reason: Set(entry.reason.as_str().to_owned()),
                api_key_id: Set(list.map(|list| list.api_key_id)),
                list: Set(list.map(|list| list.name.clone())),
                mail_key: Set(address.map(|address| address.key.clone())),
                mail: Set(address.map(|address| address.mail.clone())),
                created_at: Set(now),
            }
        });
        // In one order, so that two imports do not wait for each other. Their ids are in the order of the entries.
        let mut rows: Vec<_> = entries.iter().zip(rows).collect();
        rows.sort_by_cached_key(|(entry, _)| {
            (entry.mail_hash, entry.scope.key(), entry.reason.as_str())
        });
        let rows = rows.into_iter().map(|(_, row)| row);
        let known = [Column::MailHash, Column::Scope, Column::Reason];
        Ok(Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(known).do_nothing().to_owned())
            .exec_without_returning(db)
            .await?)
    }

    /// Lists entries, newest first.
    pub async fn suppressions(
        &self,
        scope: Scope,
        filter: SuppressionFilter<'_>,
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Page<Suppression, Uuid>> {
        let hash = match filter.mail {
            Some(mail) => Some(self.hash_secret().await?.address(&mail.key())),
            None => None,
        };
        let rows = Entity::find()
            .filter(of_scope(scope))
            .filter(
                Condition::all()
                    .add_option(hash.map(|hash| Column::MailHash.eq(hash.to_vec())))
                    .add_option(
                        filter
                            .reason
                            .map(|reason| Column::Reason.eq(reason.as_str())),
                    )
                    .add_option(after.map(|after| Column::Id.lt(after))),
            )
            .order_by_desc(Column::Id)
            .limit(limit + 1)
            .all(self.db().await?)
            .await?;
        let rows = rows.into_iter().map(Suppression::from).collect();
        Ok(page_of(rows, limit, |row: &Suppression| row.id))
    }

    /// Removes an entry and returns it.
    pub async fn unsuppress(&self, scope: Scope, id: Uuid) -> Result<Option<Suppression>> {
        let removed = Entity::delete_many()
            .filter(Column::Id.eq(id))
            .filter(of_scope(scope))
            .exec_with_returning(self.db().await?)
            .await?;
        Ok(removed.into_iter().next().map(Suppression::from))
    }

    /// Leaves nothing of an address on the list but its hash.
    pub async fn forget_suppressed(&self, key: &str) -> Result<()> {
        let nothing = || Expr::value(None::<String>);
        Entity::update_many()
            .col_expr(Column::Mail, nothing())
            .col_expr(Column::MailKey, nothing())
            .filter(Column::MailKey.eq(key))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }

    /// Returns which of the addresses are suppressed for mail of this key and list.
    pub async fn suppressed_among(
        &self,
        scope: &SuppressionScope,
        addresses: &[&Address],
    ) -> Result<Vec<bool>> {
        let secret = self.hash_secret().await?;
        let hashes: Vec<Vec<u8>> = addresses
            .iter()
            .map(|address| secret.address(&address.key()).to_vec())
            .collect();
        let mut found: Vec<Vec<u8>> = Vec::new();
        for some in hashes.chunks(1_000) {
            let rows: Vec<Vec<u8>> = Entity::find()
                .select_only()
                .column(Column::MailHash)
                .filter(Column::MailHash.is_in(some.iter().cloned()))
                .filter(Column::Scope.is_in([String::new(), scope.key()]))
                .into_tuple()
                .all(self.db().await?)
                .await?;
            found.extend(rows);
        }
        found.sort_unstable();
        Ok(hashes
            .iter()
            .map(|hash| found.binary_search(hash).is_ok())
            .collect())
    }
}

/// Returns the keys whose lists the keys of new entries use, where they have none of their own.
async fn owners(transaction: &Transaction, new: &[NewSuppression]) -> Result<HashMap<Uuid, Uuid>> {
    let keys: BTreeSet<Uuid> = new
        .iter()
        .filter_map(|one| match &one.scope {
            SuppressionScope::Everything => None,
            SuppressionScope::List(list) => Some(list.api_key_id),
        })
        .collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let owners = api_key::Entity::find()
        .select_only()
        .columns([api_key::Column::Id, api_key::Column::ListsOf])
        .filter(api_key::Column::Id.is_in(keys))
        .filter(api_key::Column::ListsOf.is_not_null())
        .into_tuple()
        .all(transaction)
        .await?;
    Ok(owners.into_iter().collect())
}

fn owned(scope: SuppressionScope, owners: &HashMap<Uuid, Uuid>) -> SuppressionScope {
    match scope {
        SuppressionScope::Everything => SuppressionScope::Everything,
        SuppressionScope::List(list) => SuppressionScope::List(List {
            api_key_id: *owners.get(&list.api_key_id).unwrap_or(&list.api_key_id),
            ..list
        }),
    }
}

/// A key sees the entries of its own lists.
fn of_scope(scope: Scope) -> Condition {
    match scope {
        Scope::Everybody => Condition::all(),
        Scope::Key(id) => Condition::all().add(Column::ApiKeyId.eq(id)),
    }
}

impl From<Model> for Suppression {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            mail: row.mail,
            reason: row.reason,
            api_key_id: row.api_key_id,
            list: row.list,
            created_at: row.created_at,
        }
    }
}
