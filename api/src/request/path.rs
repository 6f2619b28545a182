//! Where in a body something is; written out only where it is told.

use std::fmt;

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
            Self::Field(parent, name) => (parent, name),
            Self::Index(parent, index) => (parent, index),
        };
        if matches!(parent, Self::Root) {
            last.fmt(f)
        } else {
            write!(f, "{parent}.{last}")
        }
    }
}
