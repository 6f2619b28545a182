//! Events of SES as they are documented, and the same in other shapes.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{event::BounceType, timestamp};

const MAILING: &str = "0197a6c0-0000-7000-8000-000000000001";
const ATTEMPT: &str = "0197a6c0-0000-7000-8000-000000000002";
const TIME: &str = "2026-01-27T10:30:00.000Z";

fn event(kind: &str, name: &str, part: Value) -> Value {
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": "2026-01-27T10:29:59.123Z",
            "source": "Team <team@example.com>",
            "messageId": "0100-abc",
            "destination": ["Ann <Ann@Example.org>"],
            "headers": [{"name": "To", "value": "ann@example.org"}],
            "tags": {
                "ses:configuration-set": ["mmms"],
                "mmms-mailing-id": [MAILING],
                "mmms-recipient-index": ["7"],
                "mmms-attempt": [ATTEMPT],
            },
        },
    });
    event[name] = part;
    event
}

fn read(event: &Value) -> MailEvent {
    match parse(&event.to_string()).unwrap() {
        Parsed::Event(event) => *event,
        Parsed::Foreign => panic!("it is ours"),
    }
}

fn bounce(kind: &str, subtype: &str) -> Value {
    let part = json!({
        "bounceType": kind, "bounceSubType": subtype, "timestamp": TIME, "feedbackId": "f",
        "bouncedRecipients": [{
            "emailAddress": "\"Ann\" <ann@EXAMPLE.org>", "action": "failed", "status": "5.1.1",
            "diagnosticCode": "smtp; 550 5.1.1 <ann@example.org>: unknown",
        }],
    });
    event("Bounce", "bounce", part)
}

#[test]
fn each_kind_is_read() {
    let ann = vec!["ann@example.org".to_owned()];
    let sent = read(&event("Send", "send", json!({})));
    assert_eq!((sent.report, &sent.addresses), (Report::Accepted, &vec![]));
    assert_eq!(
        (sent.mailing_id, sent.position),
        (MAILING.parse().unwrap(), 7)
    );
    assert_eq!(sent.attempt, ATTEMPT.parse().ok());
    assert_eq!(sent.occurred_at, sent.accepted_at);

    let part =
        json!({"timestamp": TIME, "recipients": ["ann@example.org"], "smtpResponse": "250 ok"});
    let delivered = read(&event("Delivery", "delivery", part));
    assert_eq!(
        (delivered.report, &delivered.addresses),
        (Report::Delivered, &ann)
    );
    assert_eq!(delivered.occurred_at, timestamp::parse(TIME).unwrap());

    for (name, kind) in [
        ("Permanent", BounceType::Permanent),
        ("Transient", BounceType::Transient),
        ("Undetermined", BounceType::Undetermined),
        ("Anything new", BounceType::Undetermined),
    ] {
        let bounced = read(&bounce(name, "General"));
        assert_eq!(bounced.addresses, ann);
        let Report::Bounced(bounce) = bounced.report else {
            panic!("{name}")
        };
        assert_eq!((bounce.kind, bounce.subtype.as_str()), (kind, "General"));
        let diagnostic = bounce.diagnostic.unwrap();
        assert!(
            diagnostic.contains("5.1.1") && !diagnostic.contains("ann@"),
            "{diagnostic}"
        );
    }
    for subtype in ["Suppressed", "OnAccountSuppressionList"] {
        assert_eq!(
            read(&bounce("Permanent", subtype)).report,
            Report::Suppressed
        );
    }

    let part = |subtype: Value| {
        json!({"complainedRecipients": [{"emailAddress": "ann@example.org"}], "timestamp": TIME,
               "complaintFeedbackType": "abuse", "complaintSubType": subtype})
    };
    let complaint = read(&event("Complaint", "complaint", part(Value::Null)));
    assert_eq!(
        (complaint.report, &complaint.addresses),
        (Report::Complained, &ann)
    );
    let listed = event(
        "Complaint",
        "complaint",
        part("OnAccountSuppressionList".into()),
    );
    assert_eq!(read(&listed).report, Report::Suppressed);

    let part = json!({"delayType": "MailboxFull", "timestamp": TIME, "expirationTime": TIME,
                      "delayedRecipients": [{"emailAddress": "ann@example.org", "status": "4.2.2"}]});
    assert_eq!(
        read(&event("DeliveryDelay", "deliveryDelay", part)).report,
        Report::Delayed
    );
    let reject = event("Reject", "reject", json!({"reason": "Bad content"}));
    assert_eq!(
        read(&reject).report,
        Report::Rejected("Bad content".to_owned())
    );
    let failure = json!({"templateName": "t", "errorMessage": "Attribute 'x' of ann@example.org is not present"});
    let Report::NotRendered(text) = read(&event("Rendering Failure", "failure", failure)).report
    else {
        panic!("it is no rendering failure")
    };
    assert!(text.contains("Attribute") && !text.contains('@'), "{text}");
}

#[test]
fn an_envelope_of_sns_and_an_older_form_are_read_alike() {
    let bare = bounce("Permanent", "General");
    let enveloped = json!({"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:x:1:t", "Message": bare.to_string()});
    assert_eq!(read(&enveloped), read(&bare));
    let mut older = bare.clone();
    older["notificationType"] = older["eventType"].take();
    older.as_object_mut().unwrap().remove("eventType");
    assert_eq!(read(&older), read(&bare));
}

#[test]
fn what_is_about_other_mail_or_about_no_delivery_is_foreign() {
    let mut other = event("Send", "send", json!({}));
    other["mail"]["tags"] = json!({"ses:configuration-set": ["mmms"]});
    let click = event("Click", "click", json!({"link": "https://example.org"}));
    let mut odd = event("Send", "send", json!({}));
    odd["mail"]["tags"]["mmms-mailing-id"] = json!(["not one"]);
    let confirmation = json!({"Type": "SubscriptionConfirmation", "Token": "t", "Message": "{}"});
    let confirmation = {
        let mut enveloped = confirmation;
        enveloped["Message"] = json!("{\"Type\":\"SubscriptionConfirmation\"}");
        enveloped
    };
    for message in [other, click, odd, confirmation] {
        assert_eq!(
            parse(&message.to_string()),
            Ok(Parsed::Foreign),
            "{message}"
        );
    }
}

#[test]
fn what_is_no_event_is_refused_without_being_quoted() {
    let mut timeless = event("Send", "send", json!({}));
    timeless["mail"]["timestamp"] = json!("ann@example.org");
    for body in [
        String::new(),
        "ann@example.org".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        json!({"eventType": "Send"}).to_string(),
        json!({"eventType": "Send", "mail": {"messageId": 5}}).to_string(),
        json!({"Type": "Notification", "Message": "ann@example.org"}).to_string(),
        timeless.to_string(),
    ] {
        let error = parse(&body).unwrap_err().to_string();
        assert!(!error.contains("ann"), "{error}");
    }
}

#[test]
fn each_report_has_one_id() {
    let first = read(&bounce("Permanent", "General"));
    let mut later = bounce("Permanent", "General");
    later["bounce"]["timestamp"] = json!("2026-01-28T10:30:00.000Z");
    let ids: std::collections::BTreeSet<Uuid> = [
        first.id,
        read(&later).id,
        read(&event("Send", "send", json!({}))).id,
        first.id_of_acceptance(),
    ]
    .into();
    assert_eq!(ids.len(), 4);
    assert_eq!(first.id, read(&bounce("Permanent", "General")).id);
}
