//! Finds the secret of this database, and refuses another one.

use std::sync::Arc;

use entity::hash_secret::{ActiveModel, Column, Entity};
use sea_orm::{EntityTrait, Set, sea_query::OnConflict};

use super::Ledger;
use crate::{
    aws::{
        Aws,
        secret::{CachedSecret, Terms},
    },
    error::{Error, Result},
    hash_secret::{HashSecret, HashSecretSource, read_or_make},
};

/// It is read once, because it is never replaced.
const TERMS: Terms = Terms {
    lifetime: None,
    rest: std::time::Duration::from_secs(3),
};

impl Ledger {
    /// Returns the secret. The first use makes one where none is given.
    pub async fn hash_secret(&self) -> Result<&HashSecret> {
        self.hash_secret
            .get_or_try_init(|| self.find_hash_secret())
            .await
    }

    async fn find_hash_secret(&self) -> Result<HashSecret> {
        let db = self.db().await?;
        let row = Entity::find().one(db).await?;
        let text = match &self.hash_secret_source {
            HashSecretSource::Given(text) => text.clone(),
            HashSecretSource::Secret(name) => read(&self.aws, name).await?,
            HashSecretSource::File(path) => {
                read_or_make(path, row.is_none()).map_err(|_| Error::HashSecret)?
            }
            HashSecretSource::Ledger => match row.as_ref().map(|row| row.secret.clone()) {
                None => HashSecret::generate(),
                Some(Some(kept)) => kept,
                Some(None) => return Err(Error::HashSecret),
            },
        };
        let kept = matches!(self.hash_secret_source, HashSecretSource::Ledger);
        let secret = HashSecret::new(&text);
        if row.is_none() {
            let new = ActiveModel {
                id: Set(1),
                check_value: Set(secret.check_value()),
                secret: Set(kept.then_some(text)),
            };
            Entity::insert(new)
                .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
                .exec_without_returning(db)
                .await?;
        }
        // Another process may have been faster.
        let Some(row) = Entity::find().one(db).await? else {
            return Err(Error::HashSecret);
        };
        let secret = match row.secret.filter(|_| kept) {
            Some(kept) => HashSecret::new(&kept),
            None => secret,
        };
        if secret.check_value() == row.check_value {
            Ok(secret)
        } else {
            Err(Error::HashSecret)
        }
    }
}

async fn read(aws: &Arc<Aws>, name: &str) -> Result<String> {
    let secret = CachedSecret::new(
        Arc::clone(aws),
        "HASH_SECRET_NAME",
        name.to_owned(),
        HashSecret::check,
        TERMS,
    );
    Ok(secret.get().await?.as_str().to_owned())
}
