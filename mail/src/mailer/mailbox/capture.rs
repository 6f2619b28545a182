//! Writes captured mail so that a message is never visible in part, not even after a crash.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    thread,
};

use tokio::sync::mpsc::Receiver;

use super::{
    files::{self, Id, Kind},
    summary::Record,
};
use crate::{
    mailer::compose::Composed,
    mailing::{ClaimedRecipient, Mailing},
};

/// The number of threads that sync files at once; measured on ext4, more are slower again.
const SYNCING: usize = 8;

#[derive(Debug)]
pub struct Capture {
    id: Id,
    mail: Vec<u8>,
    record: Record,
}

impl Capture {
    pub fn new(mailing: &Mailing, claimed: &ClaimedRecipient, mail: Composed) -> Self {
        let id = Id::new();
        Self {
            id,
            record: Record::new(id, mailing, claimed, &mail),
            mail: mail.bytes,
        }
    }
}

/// Writes all captures, and returns their results in order. A capture that could not be written leaves nothing behind.
pub fn write_all(folder: &Path, mut captures: Receiver<Capture>) -> Vec<io::Result<()>> {
    let mut staged = Vec::new();
    while let Some(capture) = captures.blocking_recv() {
        staged.push((capture.id, stage(folder, &capture)));
    }
    sync_all(&mut staged);
    let mut results: Vec<_> = staged
        .into_iter()
        .map(|(id, staged)| (id, staged.and_then(|_| publish(folder, id))))
        .collect();
    let kept = File::open(folder).and_then(|folder| folder.sync_all());
    for (id, result) in &mut results {
        if let (Ok(()), Err(error)) = (&result, &kept) {
            *result = Err(error.kind().into());
        }
        if result.is_err() {
            abandon(folder, *id);
        }
    }
    results.into_iter().map(|(_, result)| result).collect()
}

fn stage(folder: &Path, capture: &Capture) -> io::Result<[File; 2]> {
    let record = serde_json::to_vec(&capture.record)?;
    Ok([
        create(folder, capture.id, Kind::Mail, &capture.mail)?,
        create(folder, capture.id, Kind::Record, &record)?,
    ])
}

fn create(folder: &Path, id: Id, kind: Kind, content: &[u8]) -> io::Result<File> {
    let mut file = File::create_new(files::temporary_path(folder, id, kind))?;
    file.write_all(content)?;
    Ok(file)
}

/// Syncs several files at a time: the file system then writes its journal once for all of them.
fn sync_all(staged: &mut [(Id, io::Result<[File; 2]>)]) {
    thread::scope(|scope| {
        for share in staged.chunks_mut(staged.len().div_ceil(SYNCING).max(1)) {
            scope.spawn(move || {
                for (_, staged) in share {
                    if let Ok(files) = staged
                        && let Err(error) = files.iter().try_for_each(File::sync_data)
                    {
                        *staged = Err(error);
                    }
                }
            });
        }
    });
}

/// Moves both files to their final names. The record goes last, because it makes the message visible.
fn publish(folder: &Path, id: Id) -> io::Result<()> {
    for kind in [Kind::Mail, Kind::Record] {
        fs::rename(
            files::temporary_path(folder, id, kind),
            files::path(folder, id, kind),
        )?;
    }
    Ok(())
}

/// Removes the files of a capture. Errors are ignored: the reason why the capture failed is known already, and may be
/// the same.
fn abandon(folder: &Path, id: Id) {
    for kind in [Kind::Record, Kind::Mail] {
        files::remove_file(&files::path(folder, id, kind)).ok();
        files::remove_file(&files::temporary_path(folder, id, kind)).ok();
    }
}
