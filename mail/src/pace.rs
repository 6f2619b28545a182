//! Keeps all instances together to the rate at which the account may send: a GCRA whose one row is in the ledger.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

use crate::{
    error::Result,
    ledger::{AHEAD, Ledger, NewEntry, StartRequest, StoreOutcome, Turn},
    mailer::Mailer,
};

mod single_turns;

use single_turns::{SingleTurn, SingleTurns};

/// The time for which an instance relies on the rate that it has read.
const BELIEVED: Duration = Duration::from_secs(30);
/// The interval at which one of all instances asks the transport for its rate.
const ASKED_EVERY: Duration = Duration::from_mins(10);
/// The same interval while no rate is known.
const ASKED_AGAIN: Duration = Duration::from_secs(5);
/// The rate until the transport has answered: that of a new account
/// (<https://docs.aws.amazon.com/ses/latest/dg/quotas.html>).
const UNKNOWN_RATE: f64 = 1.0;
/// The longest time that asking the transport may take.
const ASKING: Duration = Duration::from_secs(5);
/// The longest time that a single mail waits for its turn before it is queued.
const SINGLE_PATIENCE: Duration = Duration::from_secs(3);

/// The turns of calls to the transport.
#[derive(Debug)]
pub struct Pace {
    ledger: Arc<Ledger>,
    mailer: Arc<Mailer>,
    /// `MAX_SEND_RATE`, in recipients a second; if it is not set, the transport is asked.
    max_send_rate: Option<f64>,
    stop: CancellationToken,
    /// The rate as this instance last read it.
    known: Mutex<Option<Known>>,
    single_turns: SingleTurns,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    rate: f64,
    until: Instant,
}

/// The permission to start a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Go,
    /// No turn is near enough; it makes sense to ask again after this time.
    NotFor(Duration),
}

impl Pace {
    pub fn new(
        ledger: Arc<Ledger>,
        mailer: Arc<Mailer>,
        max_send_rate: Option<f64>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            ledger,
            mailer,
            max_send_rate,
            stop,
            known: Mutex::default(),
            single_turns: SingleTurns::default(),
        }
    }

    fn known(&self) -> Option<f64> {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .filter(|known| known.until > Instant::now())
            .map(|known| known.rate)
    }

    fn learn(&self, rate: f64, believed: Duration) {
        let until = Instant::now() + believed;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known { rate, until });
    }

    /// Returns the rate in recipients a second, or `None` if it is not limited.
    pub async fn rate(&self) -> Result<Option<f64>> {
        if let Some(rate) = self.max_send_rate {
            return Ok(Some(rate));
        }
        if !self.mailer.knows_rate() {
            return Ok(None);
        }
        if let Some(rate) = self.known() {
            return Ok(Some(rate));
        }
        let mut kept = self.ledger.kept_rate().await?;
        let every = kept.map_or(ASKED_AGAIN, |_| ASKED_EVERY);
        if self.ledger.shall_ask_rate(every).await? {
            match self.mailer.max_send_rate(ASKING).await {
                Ok(rate) => {
                    self.ledger.keep_rate(rate).await?;
                    kept = Some(rate);
                }
                Err(error) => tracing::warn!(
                    error,
                    "the transport does not say how fast this account may send: set MAX_SEND_RATE"
                ),
            }
        } else if kept.is_none() {
            kept = self.learn_from_others().await?;
        }
        let believed = kept.map_or(Duration::from_secs(1), |_| BELIEVED);
        let rate = kept.unwrap_or(UNKNOWN_RATE);
        self.learn(rate, believed);
        Ok(Some(rate))
    }

    /// Waits for the instance that asks the transport for the first time.
    async fn learn_from_others(&self) -> Result<Option<f64>> {
        let last = Instant::now() + ASKING;
        loop {
            let kept = self.ledger.kept_rate().await?;
            if kept.is_some() || Instant::now() > last {
                return Ok(kept);
            }
            tokio::time::sleep(ASKING / 50).await;
        }
    }

    /// Returns the number of recipients of one call: as many as the transport takes, but no more than a second of the
    /// rate.
    pub async fn recipients_per_call(&self) -> Result<usize> {
        let most = self.mailer.recipients_per_call();
        Ok(match self.rate().await? {
            Some(rate) => most.min(whole(rate)).max(1),
            None => most,
        })
    }

    /// Waits until a call of a mailing may start.
    pub async fn wait_for_turn(&self, recipients: usize, patience: Duration) -> Result<Permission> {
        let Some(rate) = self.rate().await? else {
            return Ok(Permission::Go);
        };
        let last = Instant::now() + patience;
        loop {
            let turn = self.ledger.take_turn(recipients, rate).await?;
            let told = Instant::now();
            let (Turn::In(wait) | Turn::AskIn(wait)) = turn;
            let given = matches!(turn, Turn::In(_));
            // The jitter keeps those who wait from all asking at the same moment.
            let wait = if given { wait } else { wait + jitter() };
            if self.stop.is_cancelled() || (!given && told + wait > last) {
                return Ok(Permission::NotFor(wait));
            }
            tokio::time::sleep(wait).await;
            // A call that starts too late would coincide with the call of a later turn.
            if given && told.elapsed() <= wait + AHEAD {
                return Ok(Permission::Go);
            }
        }
    }

    /// Stores a single mail, and takes its turn with it, together with the turns of others that came meanwhile.
    pub async fn start_single(
        &self,
        entry: NewEntry<'_>,
        deadline: Instant,
    ) -> Result<StoreOutcome> {
        let mut request = StartRequest {
            rate: self.rate().await?,
            patience: single_patience(deadline),
            turns: 1,
            given: None,
        };
        let mut taking = None;
        if let Some(rate) = request.rate
            && self.ledger.turns_wait_for_commits()
            // A mail of a key with limits may wait for the counters of its key: those whose turns it took would wait too.
            && entry.limited().is_none()
        {
            let most = whole(rate * request.patience.as_secs_f64());
            match self.single_turns.next(most).await {
                SingleTurn::TakeAlone => {}
                SingleTurn::At(turn) => request.given = Some(turn),
                SingleTurn::Take(right) => {
                    request.turns = right.turns();
                    taking = Some((right, rate));
                }
            }
        }
        let stored = self.ledger.store_and_start(entry, request).await?;
        if let Some((right, rate)) = taking {
            right.end(stored.first_turn(), Duration::from_secs_f64(1.0 / rate));
        }
        Ok(stored)
    }

    /// Waits until a single mail may be sent: after other single mails, and before mailings.
    pub async fn wait_for_single_turn(&self, patience: Duration) -> Result<Permission> {
        let Some(rate) = self.rate().await? else {
            return Ok(Permission::Go);
        };
        Ok(match self.ledger.take_single_turn(rate, patience).await? {
            Turn::In(wait) => {
                tokio::time::sleep(wait).await;
                Permission::Go
            }
            Turn::AskIn(wait) => Permission::NotFor(wait + patience),
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is positive and at most 100,000"
)]
fn whole(rate: f64) -> usize {
    rate as usize
}

/// Returns the longest time that a single mail waits for its turn.
pub fn single_patience(deadline: Instant) -> Duration {
    let rest = deadline.saturating_duration_since(Instant::now());
    SINGLE_PATIENCE.min(rest / 4)
}

fn jitter() -> Duration {
    Duration::from_millis(rand::random_range(1..=20))
}
