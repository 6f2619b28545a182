//! Stops all calls while the transport serves no mail: a single recipient probes it, at growing intervals, instead of
//! each instance trying for itself.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    error::Result,
    ledger::{Health, Ledger},
    mailer::jittered,
    outcome::{Fault, Outcome, Reason},
    telemetry,
};

/// The time for which an instance relies on its knowledge that the transport works.
const BELIEVED: Duration = Duration::from_secs(1);
/// The time that a probe may take in addition to its call: for the claim before it and the record after it.
const AROUND_PROBE: Duration = Duration::from_secs(10);

/// The health of the transport, which all instances share in the ledger.
#[derive(Debug)]
pub struct TransportHealth {
    ledger: Arc<Ledger>,
    /// The time that a probing instance has for its probe.
    probe_lease: Duration,
    known: KnownHealth,
}

/// The health of the transport as far as this instance knows it.
#[derive(Debug, Default)]
struct KnownHealth(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    well_until: Option<Instant>,
    held_until: Option<Instant>,
}

impl KnownHealth {
    fn known(&self) -> Option<Health> {
        let known = self.lock();
        let now = Instant::now();
        if let Some(until) = known.held_until.filter(|until| *until > now) {
            return Some(Health::Held(until - now));
        }
        let well = known.well_until.is_some_and(|until| until > now);
        well.then_some(Health::Well)
    }

    fn learn(&self, health: Health) {
        let now = Instant::now();
        let mut known = self.lock();
        (known.well_until, known.held_until) = match health {
            Health::Well => (Some(now + BELIEVED), None),
            Health::Probe => (None, None),
            // Another instance may lift the hold earlier.
            Health::Held(rest) => (None, Some(now + rest.min(BELIEVED))),
        };
    }

    fn lifted(&self) {
        *self.lock() = Known::default();
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the shortest and the longest pause after a fault that concerns all mail, and `None` for other faults.
fn pauses(fault: Fault) -> Option<(Duration, Duration)> {
    let (first, longest) = match fault {
        Fault::Throttled | Fault::NotConnected => (1, 300),
        Fault::Account => (15, 900),
        Fault::Quota => (60, 1800),
        Fault::Identity | Fault::NotTried | Fault::Passing => return None,
    };
    Some((Duration::from_secs(first), Duration::from_secs(longest)))
}

/// Returns the length of a pause: the shortest one, doubled with each hold, with jitter.
fn pause(fault: Fault, number: i32) -> Duration {
    let Some((first, longest)) = pauses(fault) else {
        return Duration::ZERO;
    };
    let doublings = u32::try_from(number - 1).unwrap_or(0).min(16);
    jittered(first.saturating_mul(1 << doublings).min(longest))
}

impl TransportHealth {
    pub fn new(ledger: Arc<Ledger>, send_timeout: Duration) -> Self {
        Self {
            ledger,
            probe_lease: send_timeout + AROUND_PROBE,
            known: KnownHealth::default(),
        }
    }

    /// Returns whether a call may be made now, and whether it is a probe.
    pub async fn check(&self) -> Result<Health> {
        if let Some(known) = self.known.known() {
            return Ok(known);
        }
        let health = self.ledger.health(self.probe_lease).await?;
        self.known.learn(health);
        Ok(health)
    }

    /// Releases a probe for which there was nothing to send, so that another instance may probe.
    pub async fn give_probe_back(&self) -> Result<()> {
        self.ledger.give_probe_back().await
    }

    /// Learns from the outcomes of a call: a probe that was accepted, or refused for its own fault, lifts a hold; a
    /// fault that concerns all mail begins one.
    pub async fn learn(&self, outcomes: &[(i32, Outcome)], probing: bool) {
        let mut served = false;
        let mut worst: Option<(Fault, &Reason)> = None;
        let (mut throttled, mut account) = (0, 0);
        for (_, outcome) in outcomes {
            match outcome {
                Outcome::Accepted { .. } | Outcome::Refused(_) => served = true,
                Outcome::NotAccepted { reason, fault, .. } => {
                    throttled += usize::from(matches!(fault, Fault::Throttled | Fault::Quota));
                    account += usize::from(matches!(fault, Fault::Account | Fault::Identity));
                    served |= matches!(fault, Fault::Identity | Fault::Passing);
                    if pauses(*fault) > worst.and_then(|(fault, _)| pauses(fault)) {
                        worst = Some((*fault, reason));
                    }
                }
                Outcome::Unknown(_) => {}
            }
        }
        telemetry::throttled(throttled);
        telemetry::account_fault(account);
        let learned = async {
            // A call that began before the hold says nothing about the time since.
            if served && probing && worst.is_none() {
                self.lift_hold().await?;
            }
            match worst {
                Some((fault, reason)) => self.hold(fault, reason).await,
                None => Ok(()),
            }
        };
        if let Err(error) = learned.await {
            tracing::warn!(
                error = telemetry::causes(&error),
                "the state of the transport was not recorded"
            );
        }
    }

    async fn lift_hold(&self) -> Result<()> {
        if self.ledger.lift_hold().await? {
            tracing::info!("the mail system takes mail again");
        }
        self.known.lifted();
        Ok(())
    }

    async fn hold(&self, fault: Fault, reason: &Reason) -> Result<()> {
        // This instance holds its calls at once, however long the ledger takes.
        self.known.learn(Health::Held(BELIEVED));
        let begun = self
            .ledger
            .hold(reason.code.as_str(), |number| pause(fault, number))
            .await?;
        let Some(hold) = begun else {
            return Ok(());
        };
        let pause_s = hold.pause.as_secs_f64();
        let (code, text, number) = (reason.code.as_str(), &reason.text, hold.number);
        if hold.number > 1 {
            tracing::info!(code, pause_s, number, "the mail system still takes no mail");
        } else if fault == Fault::Account {
            tracing::error!(
                code,
                reason = text,
                pause_s,
                "the mail system takes no mail of this account"
            );
        } else {
            tracing::warn!(
                code,
                reason = text,
                pause_s,
                "the mail system takes no mail for now"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_longest() {
        for (fault, number, seconds) in [
            (Fault::Throttled, 1, 1.0),
            (Fault::Throttled, 4, 8.0),
            (Fault::NotConnected, 30, 300.0),
            (Fault::Account, 1, 15.0),
            (Fault::Account, 99, 900.0),
            (Fault::Quota, 2, 120.0),
            (Fault::Quota, i32::MAX, 1800.0),
        ] {
            let pause = pause(fault, number).as_secs_f64();
            assert!(
                (0.75 * seconds..=1.25 * seconds).contains(&pause),
                "{fault:?} {number}: {pause}"
            );
        }
    }

    #[test]
    fn what_concerns_one_mail_holds_nobody_back() {
        for fault in [Fault::Identity, Fault::NotTried, Fault::Passing] {
            assert_eq!(pauses(fault), None);
        }
    }

    #[test]
    fn an_instance_believes_for_a_second_that_the_transport_serves() {
        let known = KnownHealth::default();
        assert_eq!(known.known(), None);
        known.learn(Health::Well);
        assert_eq!(known.known(), Some(Health::Well));
        known.learn(Health::Held(Duration::from_mins(5)));
        assert!(matches!(known.known(), Some(Health::Held(rest)) if rest <= BELIEVED));
        known.lifted();
        assert_eq!(known.known(), None);
    }
}
