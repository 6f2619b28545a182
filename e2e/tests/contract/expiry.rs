//! `expires_at`: the time after which a mail is not sent any more.

use e2e::answer::is_time;
use e2e::times::{in_seconds, seconds_between};
use e2e::{Database, Server, With, everywhere, letter, mailing};

everywhere!(
    a_mailing_expires_after_72_hours_unless_it_says_otherwise,
    a_time_that_is_past_or_none_is_refused,
    what_has_not_gone_by_then_ends_failed,
);

async fn a_mailing_expires_after_72_hours_unless_it_says_otherwise(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&letter("ann@example.org")).await.data(200);
    let mailing = server.mailing(data["id"].as_str().expect("an id")).await;
    assert!(
        is_time(&mailing["created_at"]) && is_time(&mailing["expires_at"]),
        "{mailing}"
    );
    let ahead = seconds_between(&mailing["created_at"], &mailing["expires_at"]);
    assert!((ahead - 72.0 * 3600.0).abs() < 5.0, "{mailing}");

    let body = letter("ann@example.org").with("expires_at", "2099-12-31T23:59:59.5+02:00");
    let data = sender.mail(&body).await.data(200);
    let mailing = server.mailing(data["id"].as_str().expect("an id")).await;
    assert_eq!(mailing["expires_at"], "2099-12-31T21:59:59.500Z");
}

async fn a_time_that_is_past_or_none_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for bad in [
        "2001-01-01T00:00:00.000Z",
        "2099-13-01T00:00:00Z",
        "2099-12-31",
        "2099-12-31T23:59:59",
        "soon",
        "",
    ] {
        let body = letter("ann@example.org").with("expires_at", bad);
        sender.mail(&body).await.only_fault("expires_at");
    }
    // The database's clock decides.
    for seconds in [-3600, -1] {
        let body = letter("ann@example.org").with("expires_at", in_seconds(seconds));
        sender.mail(&body).await.only_fault("expires_at");
    }
    assert!(sender.get("/v1/mail").await.items().is_empty());
}

async fn what_has_not_gone_by_then_ends_failed(database: Database) {
    let server = Server::on(&database)
        .env("MAIL_TRANSPORT", "smtp://127.0.0.1:1")
        .env("SWEEP_SECONDS", "1")
        .env("LEASE_SECONDS", "5")
        .start()
        .await;
    let sender = server.sender().await;
    for body in [mailing(3), letter("ann@example.org")] {
        let data = sender
            .mail(&body.with("expires_at", in_seconds(2)))
            .await
            .data(202);
        let id = data["id"].as_str().expect("an id");
        let counts = server.settled(id).await;
        assert_eq!(counts["failed"], data["accepted"], "{counts}");
        for recipient in server.recipients(id).await {
            assert_eq!(recipient["status"], "failed", "{recipient}");
            assert_eq!(recipient["status_detail"], "expired", "{recipient}");
            assert!(recipient["sent_at"].is_null(), "{recipient}");
        }
    }
}
