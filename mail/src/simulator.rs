//! Addresses with which the mailbox plays what a mail system may answer and report. Those of Amazon SES behave as SES's own
//! mailbox simulator does (<https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html>).

use std::time::Duration;

use strum::{EnumIter, EnumString};

use crate::{
    event::{Bounce, BounceType},
    mail_event::Report,
    mailing::ClaimedRecipient,
    outcome::{Fault, Outcome, Reason, StatusDetail},
};

/// The domain of the addresses that SES has too, and that of the others.
const SES: &str = "simulator.amazonses.com";
const OWN: &str = "simulator.mmms.test";
/// The number of attempts of a deferred mail that are not accepted.
const DEFERRALS: i32 = 2;
const DEFERRED_FOR: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, EnumString)]
#[strum(serialize_all = "lowercase")]
enum Role {
    Success,
    Bounce,
    Complaint,
    Ooto,
    SuppressionList,
    Refused,
    Deferred,
    Unconfirmed,
    Delayed,
}

impl Role {
    /// Returns the role of a normalised address; a label after `+` makes no difference.
    fn of(key: &str) -> Option<Self> {
        let (local, domain) = key.rsplit_once('@')?;
        let name = local.split('+').next()?;
        let role: Self = name.parse().ok()?;
        (role.domain() == domain).then_some(role)
    }

    fn domain(self) -> &'static str {
        match self {
            Self::Success | Self::Bounce | Self::Complaint | Self::Ooto | Self::SuppressionList => {
                SES
            }
            Self::Refused | Self::Deferred | Self::Unconfirmed | Self::Delayed => OWN,
        }
    }
}

/// The patterns of SQL that the addresses of simulators match, and no others.
pub const PATTERNS: [&str; 2] = ["%@simulator.amazonses.com", "%@simulator.mmms.test"];

/// Returns whether an address belongs to a simulator. What it reports says nothing about a person, so that it puts no
/// address on the list of suppressed ones, and counts in no rate.
pub fn is_simulated(key: &str) -> bool {
    key.rsplit_once('@')
        .is_some_and(|(_, domain)| domain == SES || domain == OWN)
}

/// Returns the outcome for a recipient whose mail is not captured.
pub fn outcome(claimed: &ClaimedRecipient) -> Option<Outcome> {
    let reason = |code, text: &str| Reason {
        code,
        text: text.to_owned(),
    };
    match Role::of(&claimed.recipient.mail.key())? {
        Role::Refused => Some(Outcome::Refused(reason(
            StatusDetail::Refused,
            "550 5.1.1 the simulator refuses this address",
        ))),
        Role::Deferred if claimed.attempts < DEFERRALS => Some(Outcome::NotAccepted {
            reason: reason(
                StatusDetail::Deferred,
                "451 4.2.0 the simulator takes this mail at the third attempt",
            ),
            again_in: DEFERRED_FOR,
            fault: Fault::Passing,
        }),
        Role::Unconfirmed => Some(Outcome::Unknown(reason(
            StatusDetail::Timeout,
            "The simulator does not answer",
        ))),
        Role::Success
        | Role::Bounce
        | Role::Complaint
        | Role::Ooto
        | Role::SuppressionList
        | Role::Deferred
        | Role::Delayed => None,
    }
}

/// Returns what is reported of a mail to this address after it was accepted.
pub fn reports(key: &str) -> Vec<Report> {
    let bounce = |kind, subtype: &str, diagnostic: Option<&str>| {
        Report::Bounced(Bounce {
            kind,
            subtype: subtype.to_owned(),
            diagnostic: diagnostic.map(ToOwned::to_owned),
        })
    };
    let Some(role) = Role::of(key) else {
        return Vec::new();
    };
    match role {
        Role::Success | Role::Deferred => vec![Report::Delivered],
        Role::Bounce => vec![bounce(
            BounceType::Permanent,
            "General",
            Some("smtp; 550 5.1.1 user unknown"),
        )],
        Role::Complaint => vec![Report::Delivered, Report::Complained],
        Role::Ooto => vec![
            Report::Delivered,
            bounce(BounceType::Transient, "General", None),
        ],
        Role::SuppressionList => vec![Report::Suppressed],
        Role::Delayed => vec![Report::Delayed, Report::Delivered],
        Role::Refused | Role::Unconfirmed => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_role_at_its_own_domain_only() {
        let bounced = reports("bounce@simulator.amazonses.com");
        assert!(matches!(bounced[..], [Report::Bounced(_)]));
        assert_eq!(reports("bounce+any.label@simulator.amazonses.com"), bounced);
        for other in [
            "bounce@simulator.mmms.test",
            "refused@simulator.amazonses.com",
            "bounce@example.com",
            "nobody@simulator.amazonses.com",
            "bounce",
        ] {
            assert_eq!(reports(other), [], "{other}");
        }
        assert!(is_simulated("nobody@simulator.mmms.test"));
        assert!(!is_simulated("simulator.mmms.test@example.com"));
        let domains = PATTERNS.map(|pattern| pattern.trim_start_matches("%@"));
        assert_eq!(domains, [SES, OWN]);
    }
}
