//! The path of a value in a body. It is written out only for a fault that is listed.

use std::fmt;

/// Characters of one name or value that an answer repeats.
const SHOWN: usize = 100;
/// Octets of a path in an answer, written as JSON: a hundred of them with their messages are less than 64 KiB.
const LISTED: usize = 400;

#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// The field of the body that it is in; nothing at the top.
    pub fn top(&self) -> &str {
        match self {
            Self::Root => "",
            Self::Field(Path::Root, name) => name,
            Self::Field(parent, _) | Self::Index(parent, _) => parent.top(),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parent, last): (&Path<'_>, &dyn fmt::Display) = match self {
            Self::Root => return Ok(()),
            Self::Field(parent, name) => (parent, &shown(name)),
            Self::Index(parent, index) => (parent, index),
        };
        if matches!(parent, Self::Root) {
            last.fmt(f)
        } else {
            write!(f, "{parent}.{last}")
        }
    }
}

/// Text of a caller, shortened and without control characters, for an answer.
pub fn shown(written: &str) -> String {
    written
        .chars()
        .filter(|c| !c.is_control())
        .take(SHOWN)
        .collect()
}

/// The path as an answer has it: a small body can nest long names deeply.
pub fn listed(path: &Path<'_>) -> String {
    let path = path.to_string();
    let mut length = 0;
    let end = path.char_indices().find(|(_, c)| {
        length += match c {
            '"' | '\\' => 2,
            c => c.len_utf8(),
        };
        length > LISTED
    });
    match end {
        Some((end, _)) => format!("{}…", &path[..end]),
        None => path,
    }
}
