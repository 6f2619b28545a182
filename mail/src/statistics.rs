//! Statistics, kept for a while if counting them took long, as it does for hours with very much mail.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::{error::Result, ledger::Statistics, service::Service};

/// Results that took longer to count are kept for a while.
const QUICK: Duration = Duration::from_millis(250);
/// A result is kept for this multiple of the time that it took.
const KEPT_FOR: u32 = 20;

/// The last result that took long to count.
#[derive(Debug, Default)]
pub struct KnownStatistics(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    range: Range<i64>,
    statistics: Statistics,
    until: Instant,
}

impl Service {
    /// Returns the statistics of the hours that begin in `range`. A request that arrives while another is counting gets
    /// the result of that count.
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
