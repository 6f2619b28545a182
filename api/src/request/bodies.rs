//! The limit on the bytes of request bodies that the process holds at a time.

use std::{io, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::problem::{ErrorType, Problem};

/// Largest request body: 4 MiB.
pub const MAX_BODY: usize = 4 * 1024 * 1024;
/// 64 of the largest bodies. A parsed request takes a few times as much memory as its body.
const MAX_BODIES: usize = 64 * MAX_BODY;
/// Longest time in which a body has to arrive, including its waits for room.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time after which a refused request may be repeated: the bodies that were held have been answered by then.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// Reads bodies, in sum no more than the process may hold.
#[derive(Debug)]
pub struct Bodies {
    bytes: Arc<Semaphore>,
    patience: Duration,
}

impl Default for Bodies {
    fn default() -> Self {
        Self::new(MAX_BODIES, PATIENCE)
    }
}

/// A body's share of the bytes that the process may hold. Dropping it gives it back.
#[derive(Debug)]
pub struct Share {
    _bytes: Option<OwnedSemaphorePermit>,
}

/// The reason for which a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It did not arrive whole, or not in time.
    Broken,
    TooLarge,
    /// Other bodies leave no room for it.
    NoRoom,
}

impl From<Unread> for Problem {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Broken => Self::invalid("", "The body did not arrive whole"),
            Unread::TooLarge => Self::new(
                ErrorType::PayloadTooLarge,
                "The body must not be larger than 4 MiB",
            ),
            Unread::NoRoom => Self::unavailable().with_retry_after(RETRY_AFTER),
        }
    }
}

impl Bodies {
    fn new(bytes: usize, patience: Duration) -> Self {
        Self {
            bytes: Arc::new(Semaphore::new(bytes)),
            patience,
        }
    }

    /// A body's share grows with what has arrived of it: what is announced takes nothing from others. While there is no
    /// room nothing more is read, and the peer cannot send more either.
    pub async fn read<B: AsRef<[u8]>>(
        &self,
        mut frames: impl Stream<Item = io::Result<B>> + Unpin,
    ) -> Result<(Vec<u8>, Share), Unread> {
        let until = Instant::now() + self.patience;
        let mut body = Vec::new();
        let mut share: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = timeout_at(until, frames.next())
            .await
            .map_err(|_| Unread::Broken)?
        {
            let frame = frame.map_err(|_| Unread::Broken)?;
            let frame = frame.as_ref();
            if body.len() + frame.len() > MAX_BODY {
                return Err(Unread::TooLarge);
            }
            let wanted = u32::try_from(frame.len()).map_err(|_| Unread::TooLarge)?;
            let more = Arc::clone(&self.bytes).acquire_many_owned(wanted);
            let Ok(Ok(more)) = timeout_at(until, more).await else {
                return Err(Unread::NoRoom);
            };
            match &mut share {
                Some(share) => share.merge(more),
                None => share = Some(more),
            }
            body.extend_from_slice(frame);
        }
        Ok((body, Share { _bytes: share }))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{iter, pending};
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(100);
    /// Far more than anything here takes.
    const LONG: Duration = Duration::from_secs(20);

    fn whole(length: usize) -> impl Stream<Item = io::Result<Vec<u8>>> + Unpin {
        iter([Ok(vec![b'x'; length])])
    }

    #[tokio::test]
    async fn a_body_waits_until_others_leave_room() {
        let bodies = Bodies::new(10, LONG);
        let (_, first) = bodies.read(whole(6)).await.unwrap();
        let mut second = Box::pin(bodies.read(whole(6)));
        assert!(
            timeout(SHORT, &mut second).await.is_err(),
            "read beside the first"
        );
        drop(first);
        assert_eq!(second.await.unwrap().0, b"xxxxxx");
    }

    #[tokio::test]
    async fn a_body_that_finds_no_room_in_time_is_refused_with_a_time_to_come_again() {
        let bodies = Bodies::new(10, SHORT);
        let (_, share) = bodies.read(whole(6)).await.unwrap();
        let refused = bodies.read(whole(6)).await.unwrap_err();
        assert_eq!(refused, Unread::NoRoom);
        let answer = Problem::from(refused).into_answer("");
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "10");
        drop(share);
        assert!(bodies.read(whole(10)).await.is_ok(), "all is given back");
    }

    #[tokio::test]
    async fn a_body_that_sends_nothing_takes_no_room_and_is_given_up() {
        let bodies = Bodies::new(10, SHORT);
        let mut silent = Box::pin(bodies.read(pending::<io::Result<Vec<u8>>>()));
        tokio::select! {
            biased;
            _ = &mut silent => panic!("given up too early"),
            read = bodies.read(whole(10)) => assert!(read.is_ok()),
        }
        assert_eq!(silent.await.unwrap_err(), Unread::Broken);
    }

    #[tokio::test]
    async fn a_body_that_is_given_up_gives_its_room_back() {
        let bodies = Bodies::new(10, SHORT);
        let begun = whole(6).chain(pending());
        assert_eq!(bodies.read(begun).await.unwrap_err(), Unread::Broken);
        assert!(bodies.read(whole(10)).await.is_ok());
    }
}
