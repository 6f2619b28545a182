//! Faults of every kind, chosen by a seed: the same call of the same test meets the same fault.

use std::hash::{DefaultHasher, Hash, Hasher};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::{Call, Reaction};

/// A fault that a mix can contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Throttle,
    Unavailable,
    Fail,
    FailAfter,
    Reset,
    ResetAfter,
    Silence,
    RefuseSome,
    RefuseAll,
}

/// SES's codes for a refused mail.
const REFUSALS: [&str; 2] = ["MESSAGE_REJECTED", "INVALID_PARAMETER"];

/// Returns a script in which about `share` of the calls meet one of these faults.
pub fn mixed(
    seed: u64,
    share: f64,
    faults: &'static [Fault],
) -> impl Fn(&Call) -> Reaction + Send + Sync + 'static {
    move |call| {
        let mut random = StdRng::seed_from_u64(hash(seed, call));
        if !random.random_bool(share) {
            return Reaction::Accept;
        }
        match faults.choose(&mut random).expect("a fault") {
            Fault::Throttle => Reaction::Throttle,
            Fault::Unavailable => Reaction::Unavailable,
            Fault::Fail => Reaction::Fail,
            Fault::FailAfter => Reaction::FailAfter,
            Fault::Reset => Reaction::Reset,
            Fault::ResetAfter => Reaction::ResetAfter,
            Fault::Silence => Reaction::SilenceAfter,
            Fault::RefuseAll => Reaction::Refuse("BadRequestException"),
            Fault::RefuseSome if call.is_bulk => {
                let mut refused = Vec::new();
                for recipient in &call.recipients {
                    if random.random_bool(0.2) {
                        let status = REFUSALS.choose(&mut random).expect("a word");
                        refused.push((recipient.clone(), *status));
                    }
                }
                Reaction::RefuseSome(refused)
            }
            Fault::RefuseSome => Reaction::Refuse("MessageRejected"),
        }
    }
}

/// Hashes the content of a call, regardless of the time when it arrives.
fn hash(seed: u64, call: &Call) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, &call.recipients, call.visit).hash(&mut hasher);
    hasher.finish()
}
