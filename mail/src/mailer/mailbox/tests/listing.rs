//! Listing and searching captured mail.

use super::*;

#[tokio::test]
async fn the_list_is_newest_first_and_goes_on_after_a_cursor() {
    let mail = mailbox().await;
    for name in ["One", "Two", "Three", "Four", "Five"] {
        mail.capture(&mailing(), &[name]).await;
    }
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = mail
            .mailbox
            .list(None, None, after.as_deref(), 2)
            .await
            .unwrap();
        assert_eq!(page.total, 5);
        seen.extend(
            page.items
                .into_iter()
                .map(|item| item.captured.to[0].name.clone().unwrap()),
        );
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["Five", "Four", "Three", "Two", "One"]);
    let invalid = mail
        .mailbox
        .list(None, None, Some("../x"), 2)
        .await
        .unwrap_err();
    assert_eq!(invalid.kind(), io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn search_looks_at_subject_addresses_names_and_text_in_any_case() {
    let mail = mailbox().await;
    mail.capture(&mailing(), &["Ann", "Bob"]).await;
    for needle in [
        "GRÜßE, ANN",
        "ann@EXAMPLE",
        "plain  text for\nann",
        "hi ann",
        " Ann ",
    ] {
        assert_eq!(mail.subjects(needle).await, ["Grüße, Ann"], "{needle}");
    }
    assert_eq!(mail.subjects("the team").await.len(), 2);
    assert_eq!(mail.subjects("reply@").await.len(), 2);
    assert_eq!(mail.subjects("nobody").await.len(), 0);
}

#[tokio::test]
async fn what_is_searched_of_a_message_has_a_limit() {
    let mail = mailbox().await;
    let mut long = mailing();
    long.templates.text = Some(Template::parse(&format!(
        "first {} last",
        "İ".repeat(20 * 1024)
    )));
    mail.capture(&long, &["Ann"]).await;
    assert_eq!(mail.subjects("first").await.len(), 1);
    assert_eq!(mail.subjects("last").await.len(), 0);
    let folder = mail.folder.path().join("a/b");
    let id = Id::parse(&mail.newest().await.captured.id).unwrap();
    let record = files::read_record(&folder, id).unwrap().unwrap();
    assert!(record.searchable.len() <= 16 * 1024);
}
