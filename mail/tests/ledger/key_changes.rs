//! Changes of keys, and the limits of a key that becomes a browser key.

use mail::{
    api_key::{AddressRule, ApiKey, Origin},
    change::Change,
    ledger::{ChangedKey, KeyChanges},
    limits::{LimitChanges, Limits},
};
use uuid::Uuid;

use crate::{
    database::TestLedger,
    fixtures::address,
    limits::{a_day, create},
};

fn changed(change: ChangedKey) -> ApiKey {
    match change {
        ChangedKey::Changed(key) => *key,
        other => panic!("{other:?}"),
    }
}

async fn a_key_that_becomes_a_browser_key_gets_limits_unless_some_were_given(t: &TestLedger) {
    let origin = [Origin::parse("https://a.example").unwrap()];
    let add = async |id: Uuid| changed(t.ledger.add_origins(id, &origin).await.unwrap()).limits;
    let change = async |id: Uuid, limits| {
        let changes = KeyChanges {
            limits,
            ..KeyChanges::default()
        };
        changed(t.ledger.change_key(id, changes).await.unwrap()).limits
    };
    let (new, _) = create(t, Limits::NONE).await;
    assert_eq!(add(new.id).await, Limits::OF_BROWSER_KEY);
    assert_eq!(change(new.id, Change::Remove).await, Limits::NONE);
    assert_eq!(add(new.id).await, Limits::NONE, "they come once");

    let (given, _) = create(t, a_day(7)).await;
    assert_eq!(add(given.id).await, a_day(7));
    let (removed, _) = create(t, Limits::NONE).await;
    change(removed.id, Change::Remove).await;
    assert_eq!(add(removed.id).await, Limits::NONE);
    let (set, _) = create(t, Limits::NONE).await;
    let day = Change::Set(LimitChanges {
        recipients_per_day: Change::Set(7),
        ..LimitChanges::default()
    });
    assert_eq!(change(set.id, day).await, a_day(7));
    assert_eq!(add(set.id).await, a_day(7));

    // A key of an earlier version.
    let (old, _) = create(t, Limits::NONE).await;
    t.sql("UPDATE api_key SET takes_default_limits = FALSE WHERE NOT browser")
        .await;
    assert_eq!(add(old.id).await, Limits::NONE);
}

async fn a_change_leaves_the_rest_of_a_key_alone(t: &TestLedger) {
    let (key, secret) = create(t, a_day(7)).await;
    let rule = |text| vec![AddressRule::parse(text).unwrap()];
    let change = async |changes| t.ledger.change_key(key.id, changes).await.unwrap();
    let same = changed(change(KeyChanges::default()).await);
    assert_eq!(same, key);
    let everything = KeyChanges {
        name: Change::Set("new".to_owned()),
        senders: Change::Set(rule("@example.org")),
        recipients: Change::Set(rule("inbox@example.org")),
        limits: Change::Remove,
        expires_at: Change::Set(i64::MAX),
    };
    let expected = ApiKey {
        name: Some("new".to_owned()),
        senders: rule("@example.org"),
        recipients: rule("inbox@example.org"),
        limits: Limits::NONE,
        expires_at: Some(i64::MAX),
        ..key.clone()
    };
    assert_eq!(changed(change(everything).await), expected);
    assert!(expected.may_write_to(&address("Inbox@Example.org")));
    assert!(!expected.may_write_to(&address("other@example.org")));
    let nothing = KeyChanges {
        name: Change::Remove,
        senders: Change::Remove,
        recipients: Change::Remove,
        limits: Change::Keep,
        expires_at: Change::Remove,
    };
    let bare = changed(change(nothing).await);
    assert_eq!((bare.name, bare.expires_at), (None, None));
    assert!(bare.senders.is_empty() && bare.recipients.is_empty());

    let origin = [Origin::parse("https://a.example").unwrap()];
    let added = t.ledger.add_origins(key.id, &origin).await.unwrap();
    assert_eq!(added, ChangedKey::NeedsSenders);
    t.ledger.revoke_key(key.id, false).await.unwrap();
    let revoked = change(KeyChanges::default()).await;
    assert_eq!(revoked, ChangedKey::Missing);
    let opened = t.ledger.key_of_secret(secret.expose()).await.unwrap();
    assert!(opened.is_none());
}

async fn a_browser_key_keeps_its_senders(t: &TestLedger) {
    let (key, _) = create(t, Limits::NONE).await;
    let origin = [Origin::parse("https://a.example").unwrap()];
    t.ledger.add_origins(key.id, &origin).await.unwrap();
    for senders in [Change::Remove, Change::Set(vec![])] {
        let changes = KeyChanges {
            senders,
            name: Change::Set("new".to_owned()),
            ..KeyChanges::default()
        };
        let refused = t.ledger.change_key(key.id, changes).await.unwrap();
        assert_eq!(refused, ChangedKey::NeedsSenders);
    }
    let found = t.ledger.find_key(&key.id.to_string()).await.unwrap();
    let found = found.unwrap();
    assert_eq!((found.name, found.senders), (None, key.senders));
}

on_both_databases![
    a_key_that_becomes_a_browser_key_gets_limits_unless_some_were_given,
    a_change_leaves_the_rest_of_a_key_alone,
    a_browser_key_keeps_its_senders,
];
