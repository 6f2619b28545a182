//! Links to unsubscribe: each mail has that of its own recipient, whatever the call.

use uuid::Uuid;

use super::{requests::accepting, *};
use crate::{
    hash_secret::HashSecret,
    unsubscribe::{Subscription, UnsubscribeLinks},
};

#[tokio::test]
async fn each_mail_of_a_list_has_the_link_of_its_recipient() {
    let server = accepting().await;
    let secret = HashSecret::new("secret");
    let mut mailing = mailing_with(|mailing| {
        mailing.body.html = Some("<a href=\"{{unsubscribe_url}}\">leave</a>".into());
        mailing.body.headers = [("X-Name".into(), "for {{name}}".into())].into();
    });
    let links = UnsubscribeLinks::new(
        fixtures::list("news", Uuid::nil()),
        "https://mail.example.com".parse().unwrap(),
        secret.clone(),
    );
    mailing.links = Some(Arc::new(links));
    let recipients = recipients(4);
    let ses = ses(&server.url).await;
    ses.send(&mailing, &recipients[..3], LIMIT).await;
    ses.send(&mailing, &recipients[3..], LIMIT).await;
    let requests = server.requests();
    let [bulk, single] = <[_; 2]>::try_from(requests).unwrap();
    let entries = bulk.body["BulkEmailEntries"].as_array().unwrap();
    let fields = entries.iter().map(|entry| &entry["ReplacementHeaders"]);
    let fields = fields.chain([&single.body["Content"]["Simple"]["Headers"]]);
    for (position, fields) in (0..).zip(fields) {
        let [link, post, own] = <[Value; 3]>::try_from(fields.as_array().unwrap().clone()).unwrap();
        assert_eq!(link["Name"], "List-Unsubscribe");
        assert_eq!(
            post,
            json!({ "Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click" })
        );
        assert_eq!(own["Value"], format!("for R<{position}>"));
        let link = link["Value"].as_str().unwrap();
        let token = link
            .strip_prefix("<https://mail.example.com/v1/unsubscribe/")
            .and_then(|rest| rest.strip_suffix('>'))
            .unwrap();
        let subscription = Subscription::open(token, &secret).unwrap();
        let hash = secret.address(&format!("r{position}@example.com"));
        assert_eq!(
            (subscription.position, subscription.mail_hash),
            (position, hash)
        );
        // The text has the same link.
        let shown = match entries.get(usize::try_from(position).unwrap()) {
            Some(entry) => entry["ReplacementEmailContent"].to_string(),
            None => single.body["Content"]["Simple"]["Body"].to_string(),
        };
        assert!(shown.contains(token), "{shown}");
    }
}
