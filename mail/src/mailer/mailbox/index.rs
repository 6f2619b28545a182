//! What the list needs of every message, kept in memory between two looks at the folder.

use std::{collections::BTreeMap, io, path::Path};

use uuid::Uuid;

use super::{
    Listing,
    files::{self, Id},
    summary::Record,
};

#[derive(Debug, Default)]
pub struct Index(BTreeMap<Id, Record>);

impl Index {
    /// Takes in what has come and drops what has gone since the last time.
    pub fn refresh(&mut self, folder: &Path) -> io::Result<()> {
        let visible = files::visible(folder)?;
        self.0.retain(|id, _| visible.contains(id));
        for id in visible {
            if !self.0.contains_key(&id)
                && let Some(record) = files::read_record(folder, id)?
            {
                self.0.insert(id, record);
            }
        }
        Ok(())
    }

    /// Newest first.
    pub fn list(
        &self,
        needle: &str,
        mailing: Option<Uuid>,
        after: Option<Id>,
        limit: usize,
    ) -> Listing {
        let mut total = 0;
        let mut items = Vec::new();
        let mut more = false;
        for (id, record) in self.0.iter().rev() {
            if mailing.is_some_and(|mailing| record.summary.captured.mailing_id != mailing) {
                continue;
            }
            if !record.searchable.contains(needle) {
                continue;
            }
            total += 1;
            if after.is_some_and(|after| *id >= after) {
                continue;
            }
            if items.len() < limit {
                items.push(record.summary.clone());
            } else {
                more = true;
            }
        }
        let last = items.last().filter(|_| more);
        Listing {
            next: last.map(|summary| summary.captured.id.clone()),
            items,
            total,
        }
    }

    pub fn received_by(&self, key: &str) -> Vec<Id> {
        self.0
            .iter()
            .filter(|(_, record)| record.summary.captured.is_for(key))
            .map(|(id, _)| *id)
            .collect()
    }
}
