//! The mails that the mailbox transport has captured, read through its JSON API.

use mail_parser::{Message, MessageParser};
use serde_json::Value;

use crate::caller::Caller;

pub struct Mailbox(Caller);

impl Mailbox {
    pub fn of(caller: Caller) -> Self {
        Self(caller)
    }

    /// Returns summaries of every captured message, newest first.
    pub async fn messages(&self) -> Vec<Value> {
        const PAGE: &str = "/mailbox/api/messages?limit=100";
        let mut messages = Vec::new();
        let mut path = PAGE.to_owned();
        loop {
            let data = self.0.get(&path).await.data(200);
            messages.extend_from_slice(data["items"].as_array().expect("items"));
            match data["next"].as_str() {
                Some(cursor) => path = format!("{PAGE}&after={cursor}"),
                None => return messages,
            }
        }
    }

    /// Returns the number of messages.
    pub async fn total(&self) -> u64 {
        let data = self.0.get("/mailbox/api/messages?limit=1").await.data(200);
        data["total"].as_u64().expect("a total")
    }

    /// Returns the summaries of the messages to an address.
    pub async fn to(&self, address: &str) -> Vec<Value> {
        let mut messages = self.messages().await;
        messages.retain(|message| message["to"][0]["mail"] == address);
        messages
    }

    /// Returns the source of the only message to an address.
    pub async fn only_to(&self, address: &str) -> Captured {
        let messages = self.to(address).await;
        assert_eq!(messages.len(), 1, "messages to {address}: {messages:?}");
        let id = messages[0]["id"].as_str().expect("an id");
        let answer = self
            .0
            .get(&format!("/mailbox/api/messages/{id}/source"))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Captured(answer.bytes)
    }
}

/// The source of one message.
pub struct Captured(pub Vec<u8>);

impl Captured {
    pub fn parsed(&self) -> Message<'_> {
        let message = MessageParser::default().parse(&self.0);
        message.expect("the message is MIME")
    }

    /// Returns the lines of the head, unfolded.
    pub fn head(&self) -> Vec<String> {
        let source = String::from_utf8_lossy(&self.0).replace("\r\n", "\n");
        let (head, _) = source.split_once("\n\n").expect("a head and a body");
        let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
        unfolded.lines().map(ToOwned::to_owned).collect()
    }

    /// Returns the values of a header.
    pub fn header(&self, name: &str) -> Vec<String> {
        let of_this_name = |line: String| {
            let (found, value) = line.split_once(':')?;
            found
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        };
        self.head().into_iter().filter_map(of_this_name).collect()
    }

    pub fn subject(&self) -> String {
        let parsed = self.parsed();
        parsed.subject().unwrap_or_default().to_owned()
    }

    /// Returns the text part, without the line end that mail adds.
    pub fn text(&self) -> String {
        let text = self.parsed().body_text(0).map(std::borrow::Cow::into_owned);
        text.unwrap_or_default().trim_end().replace("\r\n", "\n")
    }

    pub fn html(&self) -> String {
        let html = self.parsed().body_html(0).map(std::borrow::Cow::into_owned);
        html.unwrap_or_default().trim_end().replace("\r\n", "\n")
    }
}
