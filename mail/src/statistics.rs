//! Counting an hour with very much mail takes a while: nobody has it done all the time.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::{error::Result, ledger::Statistics, service::Service};

/// What took longer is kept for a while.
const QUICK: Duration = Duration::from_millis(250);
/// It is kept for so many times as long as it took.
const KEPT_FOR: u32 = 20;

/// The numbers that were counted last, where it took long.
#[derive(Debug, Default)]
pub struct KnownStatistics(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    range: Range<i64>,
    statistics: Statistics,
    until: Instant,
}

impl Service {
    /// Of the hours that begin in `range`. Who asks while somebody counts gets what is counted then.
    pub async fn statistics(&self, range: Range<i64>) -> Result<Statistics> {
        let mut known = self.known_statistics.0.lock().await;
        let fresh = |known: &&Known| known.range == range && known.until > Instant::now();
        if let Some(known) = known.as_ref().filter(fresh) {
            return Ok(known.statistics.clone());
        }
        let begun = Instant::now();
        let statistics = self.ledger.statistics(range.clone()).await?;
        let took = begun.elapsed();
        *known = (took > QUICK).then(|| Known {
            range,
            statistics: statistics.clone(),
            until: Instant::now() + took * KEPT_FOR,
        });
        Ok(statistics)
    }
}
