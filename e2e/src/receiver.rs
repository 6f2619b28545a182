//! A receiver of webhooks, which keeps what it is sent and answers as it is told.

use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{HeaderMap, Response};
use serde_json::Value;
use standardwebhooks::Webhook;

use crate::http::{Asked, Http, Reply};
use crate::waiting::eventually;

/// A message that has come, in whatever way it was answered.
#[derive(Clone, Debug)]
pub struct Message {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Message {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_else(|| panic!("no {name}: {:?}", self.headers))
    }

    /// Returns the id of the event.
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// Asserts that the message is signed with the secret, and now.
    pub fn is_signed_with(&self, secret: &str) {
        let signer = Webhook::new(secret).expect("a secret");
        let verified = signer.verify(&self.body, &self.headers);
        verified.unwrap_or_else(|error| panic!("{error}: {:?}", self.headers));
    }

    pub fn is_not_signed_with(&self, secret: &str) {
        let signer = Webhook::new(secret).expect("a secret");
        assert!(signer.verify(&self.body, &self.headers).is_err());
    }
}

type Answer = Arc<dyn Fn(usize, &Message) -> Reply + Send + Sync>;

pub struct Receiver {
    http: Http,
    messages: Arc<Mutex<Vec<Message>>>,
    answer: Arc<Mutex<Answer>>,
}

/// Returns an empty answer.
pub fn status(status: u16) -> Reply {
    let answer = Response::builder().status(status).body(Full::default());
    Reply::Answer(answer.expect("a status"))
}

impl Receiver {
    /// Starts a receiver that takes everything.
    pub async fn start() -> Self {
        let messages = Arc::<Mutex<Vec<Message>>>::default();
        let answer: Answer = Arc::new(|_, _| status(204));
        let answer = Arc::new(Mutex::new(answer));
        let (kept, answers) = (Arc::clone(&messages), Arc::clone(&answer));
        let http = Http::serve(move |asked: Asked| {
            let message = Message {
                headers: asked.headers,
                body: asked.body,
            };
            let number = {
                let mut kept = kept.lock().expect("nobody panics");
                kept.push(message.clone());
                kept.len()
            };
            let answer = Arc::clone(&answers.lock().expect("nobody panics"));
            async move { answer(number, &message) }
        })
        .await;
        Self {
            http,
            messages,
            answer,
        }
    }

    /// Answers each message from now on as this function says, which is given its number, from 1.
    pub fn answers(&self, answer: impl Fn(usize, &Message) -> Reply + Send + Sync + 'static) {
        *self.answer.lock().expect("nobody panics") = Arc::new(answer);
    }

    /// Answers the first message in one way, and each later one with a status.
    pub fn answers_first(&self, first: impl Fn() -> Reply + Send + Sync + 'static, then: u16) {
        self.answers(move |number, _| if number == 1 { first() } else { status(then) });
    }

    pub fn url(&self) -> String {
        format!("{}/hook?tenant=1", self.http.url())
    }

    pub async fn set_open(&self, open: bool) {
        self.http.set_open(open).await;
    }

    pub fn connections(&self) -> usize {
        self.http.connections()
    }

    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().expect("nobody panics").clone()
    }

    /// Waits until at least so many messages have come.
    pub async fn received(&self, least: usize) -> Vec<Message> {
        eventually("the messages come", || async {
            let messages = self.messages();
            if messages.len() >= least {
                Ok(messages)
            } else {
                Err(messages.len())
            }
        })
        .await
    }
}
