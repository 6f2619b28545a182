//! The limits that a connection keeps to.

use std::time::Duration;

/// Limits of the number, the age and the slowness of connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// From the start of a connection to its first whole request head; later, with HTTP/1.1, from the first octet of a
    /// request head to its last.
    pub head: Duration,
    /// Longest time that a connection may be idle between two requests, and longest time without progress of a request
    /// under way.
    pub patience: Duration,
    /// An older connection is closed when no request is under way; at the latest `patience` after that.
    pub age: Duration,
    /// When every place is taken and no connection is idle, one may go that is slow to send its request for this long.
    pub slow: Duration,
}

impl Limits {
    /// 500 connections stay below the 1,024 files that a process may usually open. A request head is one packet or a
    /// few: 10 s are enough on any network. 60 s are more than a body may take to arrive and mail to be sent.
    pub const SERVICE: Self = Self {
        connections: 500,
        head: Duration::from_secs(10),
        patience: Duration::from_mins(1),
        age: Duration::from_mins(10),
        slow: Duration::from_secs(5),
    };
}
