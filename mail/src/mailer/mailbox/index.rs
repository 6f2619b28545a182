//! The data of messages that the list needs, kept in memory between two reads of the folder.

use std::{collections::BTreeMap, io, path::Path, sync::Arc};

use uuid::Uuid;

use super::{
    Listing,
    files::{self, Id},
    summary::Record,
};

/// The approximate size of the records that are kept: 64 MiB, the records of some ten thousand messages.
const KEPT: usize = 64 * 1024 * 1024;

/// Maps every message to its mailing, and keeps the records of the newest messages. Other records are read again when
/// they are needed.
#[derive(Debug)]
pub struct Index {
    mailings: BTreeMap<Id, Uuid>,
    records: Records,
}

#[derive(Debug)]
struct Records {
    kept: BTreeMap<Id, Arc<Record>>,
    size: usize,
    most: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self::keeping(KEPT)
    }
}

impl Index {
    /// Creates an index that keeps about `most` octets of records.
    fn keeping(most: usize) -> Self {
        Self {
            mailings: BTreeMap::new(),
            records: Records {
                kept: BTreeMap::new(),
                size: 0,
                most,
            },
        }
    }

    /// Adds the messages that have been captured and drops those that have been removed since the last refresh.
    pub fn refresh(&mut self, folder: &Path) -> io::Result<()> {
        let visible = files::visible(folder)?;
        self.mailings.retain(|id, _| visible.contains(id));
        self.records.retain(|id| visible.contains(id));
        for id in visible {
            if !self.mailings.contains_key(&id)
                && let Some(record) = self.records.get(folder, id)?
            {
                let mailing = record.summary.captured.mailing_id;
                self.mailings.insert(id, mailing);
            }
        }
        Ok(())
    }

    /// Returns a page of messages, newest first.
    pub fn list(
        &mut self,
        folder: &Path,
        needle: &str,
        mailing: Option<Uuid>,
        after: Option<Id>,
        limit: usize,
    ) -> io::Result<Listing> {
        let mut total = 0;
        let mut items = Vec::new();
        let mut more = false;
        for (id, of) in self.mailings.iter().rev() {
            if mailing.is_some_and(|mailing| mailing != *of) {
                continue;
            }
            if !needle.is_empty() {
                let record = self.records.get(folder, *id)?;
                if !record.is_some_and(|record| record.searchable.contains(needle)) {
                    continue;
                }
            }
            total += 1;
            if after.is_some_and(|after| *id >= after) {
                continue;
            }
            if items.len() == limit {
                more = true;
                continue;
            }
            match self.records.get(folder, *id)? {
                Some(record) => items.push(record.summary.clone()),
                // The message was removed in the meantime.
                None => total -= 1,
            }
        }
        let last = items.last().filter(|_| more);
        Ok(Listing {
            next: last.map(|summary| summary.captured.id.clone()),
            items,
            total,
        })
    }

    pub fn received_by(&mut self, folder: &Path, key: &str) -> io::Result<Vec<Id>> {
        let mut received = Vec::new();
        for id in self.mailings.keys() {
            let record = self.records.get(folder, *id)?;
            if record.is_some_and(|record| record.summary.captured.is_for(key)) {
                received.push(*id);
            }
        }
        Ok(received)
    }
}

impl Records {
    /// Returns `None` if the message was removed, or its record cannot be parsed.
    fn get(&mut self, folder: &Path, id: Id) -> io::Result<Option<Arc<Record>>> {
        if let Some(record) = self.kept.get(&id) {
            return Ok(Some(Arc::clone(record)));
        }
        let Some(record) = files::read_record(folder, id)?.map(Arc::new) else {
            return Ok(None);
        };
        self.size += record.size();
        self.kept.insert(id, Arc::clone(&record));
        while self.size > self.most
            && let Some((_, oldest)) = self.kept.pop_first()
        {
            self.size -= oldest.size();
        }
        Ok(Some(record))
    }

    fn retain(&mut self, keep: impl Fn(&Id) -> bool) {
        self.kept.retain(|id, record| {
            let keeps = keep(id);
            if !keeps {
                self.size -= record.size();
            }
            keeps
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailer::mailbox::tests::{mailbox, mailing};

    #[tokio::test]
    async fn records_that_are_not_kept_are_listed_found_and_erased_all_the_same() {
        let mail = mailbox().await;
        let names: Vec<String> = (0..20).map(|number| format!("Name{number}x")).collect();
        for name in &names {
            mail.capture(&mailing(), &[name]).await;
        }
        let folder = &mail.folder();
        let mut all = Index::default();
        all.refresh(folder).unwrap();
        let each = all.records.size / names.len();

        let mut index = Index::keeping(3 * each + each / 2);
        for _ in 0..2 {
            index.refresh(folder).unwrap();
            assert_eq!(index.records.kept.len(), 3);
            assert!(index.records.size <= index.records.most);
            let page = index.list(folder, "", None, None, 5).unwrap();
            assert_eq!((page.items.len(), page.total), (5, 20));
            let found = index.list(folder, "name0x", None, None, 5).unwrap();
            assert_eq!((found.items.len(), found.total), (1, 1));
            let newest = *all.mailings.keys().next_back().unwrap();
            assert!(index.records.kept.contains_key(&newest), "the newest stay");
        }
        let oldest = *all.mailings.keys().next().unwrap();
        assert_eq!(
            index.received_by(folder, "name0x@example.org").unwrap(),
            [oldest]
        );

        mail.mailbox.clear().await.unwrap();
        index.refresh(folder).unwrap();
        assert_eq!((index.records.size, index.mailings.len()), (0, 0));
    }
}
