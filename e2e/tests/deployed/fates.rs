//! What becomes of mail after SES has accepted it, and who must not be mailed any more: told by the feed, by the result
//! queue and by a webhook, until a recipient unsubscribes.

use std::collections::{BTreeMap, BTreeSet};

use e2e::aws::Account;
use e2e::hook::text;
use e2e::{Caller, Receiver, With, eventually, letter};
use serde_json::{Value, json};

use crate::mails::Mails;

/// All statuses, so that the result queue tells what became of mail.
pub const RESULT_STATUSES: (&str, &str) = (
    "resultStatuses",
    "sent,failed,unconfirmed,cancelled,suppressed,delivered,bounced,complained",
);
/// The addresses of SES's simulator, with the ends of mail to them in their order.
const FATES: [(&str, &[&str]); 3] = [
    ("success", &["sent", "delivered"]),
    ("bounce", &["sent", "bounced"]),
    ("complaint", &["sent", "delivered", "complained"]),
];
const FORM: &str = "application/x-www-form-urlencoded";

/// A reader of the feed, which begins at its end.
struct Reader<'a> {
    management: &'a Caller,
    next: String,
    /// The kinds of the events of each mailing.
    seen: BTreeMap<String, Vec<String>>,
}

impl<'a> Reader<'a> {
    async fn at_end_of(management: &'a Caller) -> Self {
        let mut reader = Self {
            management,
            next: String::new(),
            seen: BTreeMap::new(),
        };
        while reader.read().await > 0 {}
        reader.seen.clear();
        reader
    }

    async fn read(&mut self) -> usize {
        let after = match self.next.as_str() {
            "" => String::new(),
            next => format!("&after={next}"),
        };
        let path = format!("/v1/events?limit=100{after}");
        let page = self.management.get(&path).await.data(200);
        self.next = text(&page["next"]);
        let events = page["items"].as_array().expect("events");
        for event in events {
            let kinds = self.seen.entry(text(&event["id"])).or_default();
            kinds.push(text(&event["status"]));
        }
        events.len()
    }

    /// Reads on until a mailing has had these events, and nothing else.
    async fn sees(&mut self, mailing: &str, expected: &[&str]) {
        let reader = tokio::sync::Mutex::new(self);
        eventually("the feed has the events", async || {
            let mut reader = reader.lock().await;
            reader.read().await;
            let seen = reader.seen.get(mailing).cloned().unwrap_or_default();
            if seen == expected { Ok(()) } else { Err(seen) }
        })
        .await;
    }
}

fn simulated(name: &str) -> String {
    format!("{name}@simulator.amazonses.com")
}

fn newsletter(name: &str) -> Value {
    letter(&simulated(name)).with("list", json!("newsletter"))
}

/// Waits until a webhook has got these events of a mail, and no other ones, each signed. Those of other mail may come
/// besides, and each may come twice.
async fn arrive(receiver: &Receiver, secret: &str, mailing: &str, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|kind| format!("mail.{kind}")).collect();
    let messages = eventually("the webhook has got the events", async || {
        let mut messages = receiver.messages();
        messages.retain(|message| message.json()["data"]["id"] == mailing);
        let kinds = messages.iter().map(|message| text(&message.json()["type"]));
        match kinds.collect::<BTreeSet<_>>() {
            kinds if kinds == expected => Ok(messages),
            kinds => Err(kinds),
        }
    })
    .await;
    for message in messages {
        message.is_signed_with(secret);
    }
}

/// Returns the path of the link that SES got in the header of the last mail to an address.
async fn link(account: &Account, address: &str) -> String {
    let calls = account.accepted().await;
    let call = calls.iter().rfind(|call| {
        let to = &call["request"]["Destination"]["ToAddresses"][0];
        to.as_str().is_some_and(|to| to.contains(address))
    });
    let headers = &call.expect("a mail")["request"]["Content"]["Simple"]["Headers"];
    let headers = headers.as_array().expect("header fields");
    let of_list = headers
        .iter()
        .find(|header| header["Name"] == "List-Unsubscribe");
    let link = of_list.expect("the field")["Value"].to_string();
    let (_, path) = link.split_once("/v1/unsubscribe/").expect("a link");
    format!("/v1/unsubscribe/{}", path.trim_end_matches(['"', '>']))
}

/// Sends to the simulator and reads what becomes of it in three places; then a recipient unsubscribes by one click, and
/// the next mail is suppressed. Returns the number of mails that SES has accepted, and the path of the link.
pub async fn are_told(
    account: &Account,
    management: &Caller,
    service: &Caller,
    sender: &Caller,
    mails: &Mails,
) -> (usize, String) {
    let receiver = Receiver::start().await;
    let mut feed = Reader::at_end_of(management).await;
    let hook = json!({ "url": receiver.url() });
    let hook = management.post("/v1/webhooks", &hook).await.data(201);
    let secret = text(&hook["secret"]);
    let mut sent = BTreeMap::new();
    for (name, expected) in FATES {
        let data = sender.mail(&newsletter(name)).await.data(200);
        let id = text(&data["id"]);
        feed.sees(&id, expected).await;
        mails.are_told(&id, expected).await;
        arrive(&receiver, &secret, &id, expected).await;
        sent.insert(name, id);
    }

    let path = link(account, &simulated("success")).await;
    let page = service.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("newsletter"), "{}", page.text());
    let click = service.post_bytes(&path, FORM, "List-Unsubscribe=One-Click");
    let data = click.await.data(200);
    assert_eq!(data["unsubscribed"], true);
    sender
        .mail(&newsletter("success"))
        .await
        .error(422, "recipient_suppressed");
    let queued = sender.clone().with("prefer", "respond-async");
    let data = queued.mail(&newsletter("success")).await.data(202);
    let id = text(&data["id"]);
    feed.sees(&id, &["suppressed"]).await;
    mails.are_told(&id, &["suppressed"]).await;

    arrive(&receiver, &secret, &id, &["suppressed"]).await;
    let left = ["sent", "delivered", "unsubscribed"];
    arrive(&receiver, &secret, &sent["success"], &left).await;
    let hook = format!("/v1/webhooks/{}", text(&hook["id"]));
    management.delete(&hook).await.data(200);
    (FATES.len(), path)
}
