use super::*;

#[test]
fn a_refusal_costs_an_attempt_only_where_it_may_be_the_mails_own_fault() {
    for (step, code, text, expected) in [
        (
            Step::Recipient,
            550,
            "5.1.1 no such user",
            ("refused", None),
        ),
        (
            Step::Recipient,
            450,
            "4.2.0 greylisted",
            ("deferred", Some(Fault::Passing)),
        ),
        (Step::Sender, 451, "", ("deferred", Some(Fault::Throttled))),
        (
            Step::Recipient,
            421,
            "slow down",
            ("throttled", Some(Fault::Throttled)),
        ),
        (
            Step::End,
            550,
            "5.4.5 Daily user sending limit exceeded",
            ("quota", Some(Fault::Quota)),
        ),
        (Step::Sender, 550, "no", ("account", Some(Fault::Identity))),
    ] {
        let text = text.to_owned();
        let failure = Failure::Reply { step, code, text };
        let found = match failure.outcome(Phase::Ending, 0) {
            Outcome::NotAccepted { reason, fault, .. } => (reason.code.as_str(), Some(fault)),
            Outcome::Refused(reason) => (reason.code.as_str(), None),
            other @ (Outcome::Accepted { .. } | Outcome::Unknown(_)) => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{step:?} {code}");
    }
}

#[test]
fn only_what_breaks_after_the_end_has_begun_is_unknown() {
    for (failure, code) in [
        (|| Failure::Lost, "connection_lost"),
        (|| Failure::Garbled, "connection_lost"),
        (|| Failure::TimedOut, "timeout"),
    ] as [(fn() -> Failure, _); 3]
    {
        assert!(matches!(
            failure().outcome(Phase::BeforeEnd, 0),
            Outcome::NotAccepted { reason, fault: Fault::Passing, .. } if reason.code.as_str() == code
        ));
        assert!(matches!(
            failure().outcome(Phase::Ending, 0),
            Outcome::Unknown(reason) if reason.code.as_str() == code
        ));
    }
}
