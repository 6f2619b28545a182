//! The folder of captured mail: file names, and the rule for when a message is visible.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use uuid::Uuid;

use super::summary::{Record, Summary};

/// The age after which invisible files are removed: a process that has died may have left them, and a living one
/// finishes them much sooner.
const LEFTOVER: Duration = Duration::from_hours(1);

/// An id that is ordered by time, and safe as a part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Uuid);

impl Id {
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    pub fn parse(text: &str) -> Option<Self> {
        let written = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (text.len() == 32 && text.bytes().all(written))
            .then(|| Uuid::try_parse(text).ok().map(Self))
            .flatten()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Mail,
    Record,
}

impl Kind {
    fn extension(self) -> &'static str {
        match self {
            Self::Mail => "eml",
            Self::Record => "json",
        }
    }
}

pub fn path(folder: &Path, id: Id, kind: Kind) -> PathBuf {
    folder.join(format!("{id}.{}", kind.extension()))
}

pub fn temporary_path(folder: &Path, id: Id, kind: Kind) -> PathBuf {
    folder.join(format!(".{id}.{}.tmp", kind.extension()))
}

fn parse_name(name: &OsStr) -> Option<(Id, Kind)> {
    let (id, extension) = name.to_str()?.split_once('.')?;
    let kind = [Kind::Mail, Kind::Record]
        .into_iter()
        .find(|kind| kind.extension() == extension)?;
    Some((Id::parse(id)?, kind))
}

/// Returns the messages whose two files both exist.
pub fn visible(folder: &Path) -> io::Result<HashSet<Id>> {
    let (mut mails, mut records) = (HashSet::new(), HashSet::new());
    for entry in fs::read_dir(folder)? {
        match parse_name(&entry?.file_name()) {
            Some((id, Kind::Mail)) => mails.insert(id),
            Some((id, Kind::Record)) => records.insert(id),
            None => false,
        };
    }
    records.retain(|id| mails.contains(id));
    Ok(records)
}

pub fn read(folder: &Path, id: Id, kind: Kind) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path(folder, id, kind)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the mail, unless it is just being written or removed.
pub fn read_visible(folder: &Path, id: Id) -> io::Result<Option<Vec<u8>>> {
    if !path(folder, id, Kind::Record).try_exists()? {
        return Ok(None);
    }
    read(folder, id, Kind::Mail)
}

/// Returns `None` if there is no record or it cannot be parsed: another version may have written it.
pub fn read_record(folder: &Path, id: Id) -> io::Result<Option<Record>> {
    let bytes = read(folder, id, Kind::Record)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

pub fn read_summary(folder: &Path, id: Id) -> io::Result<Option<Summary>> {
    Ok(read_record(folder, id)?.map(|record| record.summary))
}

/// Removes a message, and returns whether it was visible. The record, which makes it visible, goes first.
pub fn remove(folder: &Path, id: Id) -> io::Result<bool> {
    let visible = remove_file(&path(folder, id, Kind::Record))?;
    remove_file(&path(folder, id, Kind::Mail))?;
    Ok(visible)
}

/// Removes messages, and returns the number of those that were visible.
pub fn remove_all(folder: &Path, ids: impl IntoIterator<Item = Id>) -> io::Result<usize> {
    let mut removed = 0;
    for id in ids {
        removed += usize::from(remove(folder, id)?);
    }
    Ok(removed)
}

pub fn remove_file(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the invisible files that a crash has left behind, before or after the message was visible.
pub fn remove_leftovers(folder: &Path) -> io::Result<()> {
    let visible = visible(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let invisible = match parse_name(&name) {
            Some((id, _)) => !visible.contains(&id),
            None => is_temporary(&name),
        };
        if invisible && is_old(&entry) {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}

fn is_temporary(name: &OsStr) -> bool {
    name.to_str()
        .and_then(|name| name.strip_prefix('.')?.strip_suffix(".tmp"))
        .is_some_and(|name| parse_name(OsStr::new(name)).is_some())
}

fn is_old(entry: &fs::DirEntry) -> bool {
    entry
        .metadata()
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > LEFTOVER))
}
