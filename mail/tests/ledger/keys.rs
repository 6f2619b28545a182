//! API keys and the browser origins that they allow.

use mail::{
    api_key::{AddressRule, ApiKey, ApiKeySecret, Origin},
    ledger::{ChangedKey, NewKey},
};
use uuid::Uuid;

use crate::database::TestLedger;

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

fn named(key: &ApiKey) -> Vec<&str> {
    key.origins.iter().map(Origin::as_str).collect()
}

/// Creates a key with these origins, and returns it with its secret.
async fn create(t: &TestLedger, origins: &[&str]) -> (ApiKey, ApiKeySecret) {
    let secret = ApiKeySecret::generate();
    let new = NewKey {
        name: Some("a name".to_owned()),
        origins: origins.iter().copied().map(origin).collect(),
        senders: vec![AddressRule::parse("@example.com").unwrap()],
        ..NewKey::new(secret.clone())
    };
    (t.ledger.create_key(new).await.unwrap().unwrap(), secret)
}

async fn opens(t: &TestLedger, secret: &ApiKeySecret) -> Option<Uuid> {
    let key = t.ledger.key_of_secret(secret.expose()).await.unwrap();
    key.map(|(key, _)| key.id)
}

async fn a_key_is_found_by_its_secret_and_by_its_id(t: &TestLedger) {
    let (key, secret) = create(t, &["https://b.example", "https://a.example"]).await;
    create(t, &[]).await;
    assert_eq!(named(&key), ["https://a.example", "https://b.example"]);
    assert_eq!((key.name.as_deref(), key.browser), (Some("a name"), true));
    assert_eq!(key.senders, [AddressRule::parse("@example.com").unwrap()]);
    let ledger = &t.ledger;
    for name in [secret.expose(), &key.id.to_string()] {
        assert_eq!(ledger.find_key(name).await.unwrap().as_ref(), Some(&key));
    }
    let by_secret = ledger.key_of_secret(secret.expose()).await.unwrap();
    assert_eq!(by_secret.map(|(key, _)| key), Some(key.clone()));
    let by_id = ledger.key_of_secret(&key.id.to_string()).await.unwrap();
    assert!(by_id.is_none(), "an id opens nothing");
    for unknown in ["", "mmms_unknown", &Uuid::now_v7().to_string()] {
        assert_eq!(ledger.find_key(unknown).await.unwrap(), None);
    }
    let stored =
        t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM api_key_secret WHERE hash LIKE 'mmms%'");
    assert_eq!(stored.await, 0, "a secret is stored as its hash only");
}

async fn a_secret_belongs_to_one_key(t: &TestLedger) {
    let (key, secret) = create(t, &[]).await;
    let second = NewKey {
        origins: vec![origin("https://a.example")],
        ..NewKey::new(secret.clone())
    };
    assert_eq!(t.ledger.create_key(second).await.unwrap(), None);
    assert_eq!(opens(t, &secret).await, Some(key.id));
    assert_eq!(t.ledger.keys(None, 100).await.unwrap().items, [key]);
    assert!(
        !t.ledger
            .knows_origin(&origin("https://a.example"))
            .await
            .unwrap()
    );
}

async fn keys_are_listed_newest_first_in_pages_without_the_revoked(t: &TestLedger) {
    let mut created = Vec::new();
    for origins in [&[] as &[&str], &["https://a.example"], &[], &[]] {
        created.push(create(t, origins).await.0);
    }
    t.ledger.revoke_key(created[2].id, false).await.unwrap();
    let page = t.ledger.keys(None, 2).await.unwrap();
    assert_eq!(page.items, [created[3].clone(), created[1].clone()]);
    assert_eq!(page.next, Some(created[1].id));
    let page = t.ledger.keys(page.next, 2).await.unwrap();
    assert_eq!((page.items, page.next), (vec![created[0].clone()], None));
}

async fn a_revoked_key_opens_nothing_at_once_and_for_good(t: &TestLedger) {
    let (key, secret) = create(t, &[]).await;
    let (other, other_secret) = create(t, &[]).await;
    let revoked = t.ledger.revoke_key(key.id, false).await.unwrap().unwrap();
    assert!(revoked.revoked_at.is_some());
    assert_eq!(opens(t, &secret).await, None);
    for name in [key.id.to_string(), secret.expose().to_owned()] {
        let found = t.ledger.find_key(&name).await.unwrap();
        assert_eq!(found.as_ref(), Some(&revoked), "it can be told that it is");
    }
    assert_eq!(opens(t, &other_secret).await, Some(other.id));
    let again = t.ledger.revoke_key(key.id, false).await.unwrap().unwrap();
    assert_eq!(again.revoked_at, revoked.revoked_at);
    assert_eq!(
        t.ledger.revoke_key(Uuid::now_v7(), false).await.unwrap(),
        None
    );
}

async fn a_secret_that_looks_like_an_id_is_found(t: &TestLedger) {
    let secret = ApiKeySecret::import("0123456789abcdef0123456789abcdef").unwrap();
    let new = NewKey::new(secret.clone());
    let key = t.ledger.create_key(new).await.unwrap();
    let found = t.ledger.find_key(secret.expose()).await.unwrap();
    assert!(found.is_some());
    assert_eq!(found, key);
}

async fn a_rotation_without_grace_ends_the_old_secret(t: &TestLedger) {
    let (key, old) = create(t, &[]).await;
    let (other, other_secret) = create(t, &[]).await;
    let new = ApiKeySecret::generate();
    let rotated = t.ledger.rotate_key(key.id, &new, 0).await.unwrap();
    assert_eq!(rotated, Some(key.clone()), "it is the same key");
    assert_eq!(opens(t, &old).await, None);
    assert_eq!(opens(t, &new).await, Some(key.id));
    assert_eq!(opens(t, &other_secret).await, Some(other.id));
}

async fn a_rotation_with_grace_keeps_the_old_secret_that_long(t: &TestLedger) {
    let (key, first) = create(t, &[]).await;
    let (second, third) = (ApiKeySecret::generate(), ApiKeySecret::generate());
    t.ledger.rotate_key(key.id, &second, 3600).await.unwrap();
    let grace = "SELECT MIN(expires_at) FROM api_key_secret";
    let end = t.number(grace).await;
    let ahead = end - t.ledger.clock().await.unwrap();
    assert!((3_500_000..=3_600_000).contains(&ahead), "{ahead}");
    for secret in [&first, &second] {
        assert_eq!(opens(t, secret).await, Some(key.id));
    }
    t.ledger.rotate_key(key.id, &third, 7200).await.unwrap();
    assert_eq!(t.number(grace).await, end, "a grace is never made longer");
    t.sql(&format!(
        "UPDATE api_key_secret SET expires_at = 1 WHERE expires_at = {end}"
    ))
    .await;
    assert_eq!(opens(t, &first).await, None);
    assert_eq!(opens(t, &second).await, Some(key.id));
    t.ledger
        .rotate_key(key.id, &ApiKeySecret::generate(), 0)
        .await
        .unwrap();
    for secret in [&second, &third] {
        assert_eq!(opens(t, secret).await, None);
    }
}

async fn origins_come_and_go_but_a_browser_key_stays_one(t: &TestLedger) {
    let (key, _) = create(t, &[]).await;
    assert!(!key.browser);
    let (a, b) = (origin("https://a.example"), origin("https://b.example"));
    let twice = [b.clone(), a.clone(), b.clone()];
    let added = t.ledger.add_origins(key.id, &twice);
    let ChangedKey::Changed(changed) = added.await.unwrap() else {
        panic!("the key is not changed");
    };
    assert!(changed.browser);
    assert_eq!(named(&changed), ["https://a.example", "https://b.example"]);
    let again = t.ledger.add_origins(key.id, std::slice::from_ref(&a));
    assert_eq!(again.await.unwrap(), ChangedKey::Changed(changed));
    for gone in [&a, &b] {
        assert!(
            t.ledger
                .remove_origin(key.id, gone)
                .await
                .unwrap()
                .is_some()
        );
    }
    let left = t
        .ledger
        .find_key(&key.id.to_string())
        .await
        .unwrap()
        .unwrap();
    assert!(left.browser && left.origins.is_empty());
    assert_eq!(t.ledger.remove_origin(key.id, &a).await.unwrap(), None);
}

async fn an_origin_is_known_while_a_live_key_lets_it_in(t: &TestLedger) {
    let (first, _) = create(t, &["https://app.example.com", "https://*.example.org"]).await;
    let (second, _) = create(t, &["https://app.example.com"]).await;
    let known = async |text| t.ledger.knows_origin(&origin(text)).await.unwrap();
    assert!(known("https://app.example.com").await);
    assert!(known("https://any.example.org").await, "one label");
    for unknown in [
        "https://example.org",
        "https://a.b.example.org",
        "http://any.example.org",
        "https://any.example.org:8443",
        "http://app.example.com",
        "https://other.example.com",
    ] {
        assert!(!known(unknown).await, "{unknown}");
    }
    t.ledger.revoke_key(first.id, false).await.unwrap();
    assert!(!known("https://any.example.org").await);
    assert!(known("https://app.example.com").await, "the second key's");
    t.ledger
        .remove_origin(second.id, &origin("https://app.example.com"))
        .await
        .unwrap();
    assert!(!known("https://app.example.com").await);
}

on_both_databases![
    a_key_is_found_by_its_secret_and_by_its_id,
    a_secret_belongs_to_one_key,
    keys_are_listed_newest_first_in_pages_without_the_revoked,
    a_revoked_key_opens_nothing_at_once_and_for_good,
    a_secret_that_looks_like_an_id_is_found,
    a_rotation_without_grace_ends_the_old_secret,
    a_rotation_with_grace_keeps_the_old_secret_that_long,
    origins_come_and_go_but_a_browser_key_stays_one,
    an_origin_is_known_while_a_live_key_lets_it_in,
];
