//! The mailbox transport: mail is captured in a folder, where it can be inspected, and not sent.
//!
//! A message is two files: `{id}.eml`, the mail as it would have been sent, and `{id}.json`, the data for the list and
//! the envelope. The second one is written last and makes the message visible. Any number of processes may share the
//! folder.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::spawn_blocking,
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use super::{
    backoff::{backoff, throttle_pause},
    compose::{NotComposed, aside, compose},
};
use crate::{
    address::Address,
    mailing::{ClaimedRecipient, Mailing},
    outcome::{Fault, Outcome, Reason, StatusDetail},
    simulator,
};

mod capture;
mod files;
mod index;
mod parse;
mod summary;
#[cfg(test)]
mod tests;

use files::{Id, Kind};
use index::Index;
pub use parse::{AttachmentInfo, HeaderField, Message};
pub use summary::{Captured, Person, Summary};

/// The number of composed mails that may wait for the disk; each may carry megabytes.
const WAITING: usize = 4;

#[derive(Clone, Debug)]
pub struct Mailbox {
    folder: Arc<PathBuf>,
    index: Arc<Mutex<Index>>,
}

/// A page of the list, newest first.
#[derive(Clone, Debug)]
pub struct Listing {
    pub items: Vec<Summary>,
    /// The value of `after` for the next page.
    pub next: Option<String>,
    /// The number of all matching messages, on this page and others.
    pub total: usize,
}

impl Mailbox {
    pub async fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let mailbox = Self {
            folder: Arc::new(folder.into()),
            index: Arc::default(),
        };
        mailbox
            .in_folder(|folder| {
                std::fs::create_dir_all(folder)?;
                files::remove_leftovers(folder)
            })
            .await?;
        Ok(mailbox)
    }

    pub async fn send(
        &self,
        mailing: &Mailing,
        recipients: &[ClaimedRecipient],
        limit: Duration,
    ) -> Vec<Outcome> {
        let deadline = Instant::now() + limit;
        let (captured, waiting) = mpsc::channel(WAITING);
        let folder = Arc::clone(&self.folder);
        let written = spawn_blocking(move || capture::write_all(&folder, waiting));
        let mut outcomes = Vec::with_capacity(recipients.len());
        for claimed in recipients {
            if Instant::now() >= deadline {
                outcomes.push(never_begun(claimed.attempts));
                continue;
            }
            if let Some(outcome) = simulator::outcome(claimed) {
                outcomes.push(outcome);
                continue;
            }
            let composed = aside(|| {
                let mail = compose(mailing, claimed)?;
                let message_id = mail.message_id.clone();
                Ok((message_id, capture::Capture::new(mailing, claimed, mail)))
            });
            let composed: Result<_, NotComposed> = composed.await;
            outcomes.push(match composed {
                Ok((message_id, capture)) => {
                    match timeout_at(deadline, captured.send(capture)).await {
                        // If the channel is closed, the writer has ended; its result is evaluated below.
                        Ok(_) => Outcome::Accepted { message_id },
                        Err(_) => never_begun(claimed.attempts),
                    }
                }
                Err(reason) => reason.into(),
            });
        }
        drop(captured);
        let written = timeout_at(deadline, written).await;
        let missing = match written {
            Ok(_) => reason("The mailbox stopped while it wrote."),
            Err(_) => too_slow(),
        };
        let mut results = written.into_iter().flatten().flatten();
        for outcome in &mut outcomes {
            if !matches!(outcome, Outcome::Accepted { .. }) {
                continue;
            }
            match results.next() {
                Some(Ok(())) => {}
                Some(Err(error)) => *outcome = unavailable(&error),
                None => *outcome = Outcome::Unknown(missing.clone()),
            }
        }
        outcomes
    }

    /// Lists messages. `search` is looked for in subject, names, addresses and text, regardless of case; `mailing`
    /// restricts the list to the mails of that mailing. An `after` that is not an id is an error of the kind
    /// `InvalidInput`.
    pub async fn list(
        &self,
        search: Option<&str>,
        mailing: Option<Uuid>,
        after: Option<&str>,
        limit: usize,
    ) -> io::Result<Listing> {
        let needle = search
            .map(|text| text.trim().to_lowercase())
            .unwrap_or_default();
        let after = after
            .map(|after| Id::parse(after).ok_or(io::ErrorKind::InvalidInput))
            .transpose()?;
        self.with_index(move |folder, index| {
            index.refresh(folder)?;
            index.list(folder, &needle, mailing, after, limit)
        })
        .await
    }

    pub async fn message(&self, id: &str) -> io::Result<Option<Message>> {
        self.read(id, |folder, id| {
            let Some(summary) = files::read_summary(folder, id)? else {
                return Ok(None);
            };
            let bytes = files::read(folder, id, Kind::Mail)?;
            Ok(bytes.map(|bytes| parse::message(summary.captured, &bytes)))
        })
        .await
    }

    /// Returns the mail as it would have been sent.
    pub async fn source(&self, id: &str) -> io::Result<Option<Vec<u8>>> {
        self.read(id, files::read_visible).await
    }

    /// Returns the HTML body with its inline images embedded.
    pub async fn html(&self, id: &str) -> io::Result<Option<String>> {
        self.read(id, |folder, id| {
            let bytes = files::read_visible(folder, id)?;
            Ok(bytes.and_then(|bytes| parse::html(&bytes)))
        })
        .await
    }

    pub async fn attachment(
        &self,
        id: &str,
        index: usize,
    ) -> io::Result<Option<(AttachmentInfo, Vec<u8>)>> {
        self.read(id, move |folder, id| {
            let bytes = files::read_visible(folder, id)?;
            Ok(bytes.and_then(|bytes| parse::attachment(&bytes, index)))
        })
        .await
    }

    /// Removes all messages, and returns their number.
    pub async fn clear(&self) -> io::Result<usize> {
        self.in_folder(|folder| files::remove_all(folder, files::visible(folder)?))
            .await
    }

    pub async fn delete(&self, id: &str) -> io::Result<bool> {
        let Some(id) = Id::parse(id) else {
            return Ok(false);
        };
        self.in_folder(move |folder| files::remove(folder, id))
            .await
    }

    /// Removes all messages that an address received, also as a copy, and returns their number.
    pub async fn erase(&self, address: &Address) -> io::Result<usize> {
        let key = address.key();
        let received = self.with_index(move |folder, index| {
            index.refresh(folder)?;
            index.received_by(folder, &key)
        });
        let received = received.await?;
        self.in_folder(move |folder| files::remove_all(folder, received))
            .await
    }

    async fn read<T: Send + 'static>(
        &self,
        id: &str,
        read: impl FnOnce(&Path, Id) -> io::Result<Option<T>> + Send + 'static,
    ) -> io::Result<Option<T>> {
        let Some(id) = Id::parse(id) else {
            return Ok(None);
        };
        self.in_folder(move |folder| read(folder, id)).await
    }

    /// Works without the index, so that slow work, such as removing many messages, does not block the list.
    async fn in_folder<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let folder = Arc::clone(&self.folder);
        spawn_blocking(move || work(&folder))
            .await
            .map_err(io::Error::other)?
    }

    async fn with_index<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path, &mut Index) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let index = Arc::clone(&self.index);
        self.in_folder(move |folder| {
            let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
            work(folder, &mut index)
        })
        .await
    }
}

fn unavailable(error: &io::Error) -> Outcome {
    Outcome::NotAccepted {
        reason: reason(&format!(
            "The mailbox could not be written: {}.",
            error.kind()
        )),
        again_in: throttle_pause(),
        fault: Fault::NotConnected,
    }
}

/// The mail was not even handed to the writer.
fn never_begun(attempts: i32) -> Outcome {
    Outcome::NotAccepted {
        reason: too_slow(),
        again_in: backoff(attempts),
        fault: Fault::Passing,
    }
}

fn too_slow() -> Reason {
    Reason {
        code: StatusDetail::Timeout,
        text: "The mailbox took too long.".to_owned(),
    }
}

fn reason(text: &str) -> Reason {
    Reason {
        code: StatusDetail::MailboxUnavailable,
        text: text.to_owned(),
    }
}
