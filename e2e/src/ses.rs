//! A proxy in front of the emulator's SES that counts, and reacts to each call as the test's script says.

mod call;
mod fates;
mod faults;
mod template;

use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

pub use call::{Call, Reaction, first_address};
pub use fates::{Fate, Fates};
pub use faults::{Fault, mixed};
pub use template::fill_in;

use crate::aws::Account;
use crate::http::{Asked, Http, Reply};

/// Addresses, each with SES's code for its refusal.
type Refused = Vec<(String, &'static str)>;
type Script = Arc<dyn Fn(&Call) -> Reaction + Send + Sync>;

const WAIT: Duration = Duration::from_mins(2);
/// The default rate of an account, in recipients a second.
const PLENTY: f64 = 10_000.0;
const TOO_MANY: &str = "TooManyRequestsException";
const SAID: &str = "Said by the test.";
const BROKEN: &str = "InternalServiceErrorException";

/// A proxy, which runs until it is dropped.
pub struct Ses {
    http: Http,
    state: Arc<State>,
}

struct State {
    emulator: String,
    client: Client,
    script: RwLock<Script>,
    /// The rate that `GetAccount` returns.
    rate: Mutex<f64>,
    fates: watch::Sender<Fates>,
    arrivals: Mutex<Vec<(Instant, usize)>>,
    calls: Mutex<usize>,
}

impl Ses {
    /// Creates a proxy in front of the SES of this account, which may send from any address at `example.com`.
    pub async fn before(account: &Account) -> Self {
        account.verify("example.com").await;
        let state = Arc::new(State {
            emulator: account.url().to_owned(),
            client: Client::builder()
                .no_proxy()
                .build()
                .expect("an HTTP client"),
            script: RwLock::new(Arc::new(|_| Reaction::Accept)),
            rate: Mutex::new(PLENTY),
            fates: watch::Sender::new(Fates::default()),
            arrivals: Mutex::default(),
            calls: Mutex::default(),
        });
        let serving = Arc::clone(&state);
        let http = Http::serve(move |asked| Arc::clone(&serving).answer(asked)).await;
        Self { http, state }
    }

    /// Returns the variable that makes a program use this proxy instead of the emulator.
    pub fn variable(&self) -> (String, String) {
        ("AWS_ENDPOINT_URL_SESV2".to_owned(), self.http.url())
    }

    /// Sets the script that decides the reaction to each sending call.
    pub fn script(&self, script: impl Fn(&Call) -> Reaction + Send + Sync + 'static) {
        *self.state.script.write().expect("no script panics") = Arc::new(script);
    }

    /// Sets the rate that `GetAccount` returns.
    pub fn set_rate(&self, rate: f64) {
        *self.state.rate.lock().expect("no script panics") = rate;
    }

    /// Refuses connections (`false`), or accepts them again (`true`).
    pub async fn set_open(&self, open: bool) {
        self.http.set_open(open).await;
    }

    /// Returns the proven fate of each address so far.
    pub fn fates(&self) -> Fates {
        self.state.fates.borrow().clone()
    }

    /// Returns the times of the calls, and the number of recipients of each.
    pub fn arrivals(&self) -> Vec<(Instant, usize)> {
        self.state
            .arrivals
            .lock()
            .expect("no script panics")
            .clone()
    }

    /// Waits until `count` recipients were accepted.
    pub async fn accepts(&self, count: usize) {
        let mut fates = self.state.fates.subscribe();
        let enough = timeout(WAIT, fates.wait_for(|fates| fates.accepted() >= count)).await;
        let accepted = self.fates().accepted();
        assert!(
            enough.is_ok(),
            "{accepted} of {count} were accepted within {WAIT:?}"
        );
    }
}

impl State {
    async fn answer(self: Arc<Self>, asked: Asked) -> Reply {
        let path = asked.uri.path();
        if path.ends_with("/account") {
            return self.account();
        }
        let Some(mut call) = Call::of(path, &asked.body) else {
            return self.forward(&asked, asked.body.clone()).await.into();
        };
        let recipients = call.recipients.clone();
        {
            let mut arrivals = self.arrivals.lock().expect("no script panics");
            arrivals.push((Instant::now(), recipients.len()));
            let mut calls = self.calls.lock().expect("no script panics");
            *calls += 1;
            call.number = *calls;
            self.fates.send_modify(|fates| {
                call.visit = fates.visit(&recipients);
            });
        }
        let reaction = {
            let script = self.script.read().expect("no script panics").clone();
            script(&call)
        };
        let unsure = Unsure {
            fates: &self.fates,
            recipients: &recipients,
            answered: false,
        };
        self.react(asked, call, reaction, unsure).await
    }

    fn account(&self) -> Reply {
        let rate = *self.rate.lock().expect("no script panics");
        let account = json!({
            "ProductionAccessEnabled": true,
            "SendingEnabled": true,
            "EnforcementStatus": "HEALTHY",
            "SendQuota": {
                "Max24HourSend": 1_000_000.0,
                "MaxSendRate": rate,
                "SentLast24Hours": 0.0,
            },
        });
        Reply::json(200, &account)
    }

    /// Reacts to a call. The fate of its recipients is unknown until it is answered, and the client may disconnect
    /// before that.
    async fn react(
        self: &Arc<Self>,
        asked: Asked,
        call: Call,
        reaction: Reaction,
        unsure: Unsure<'_>,
    ) -> Reply {
        match reaction {
            Reaction::Accept => unsure.answer(self.pass(asked, call, Vec::new()).await),
            Reaction::Delay(time) => {
                let answer = self.pass(asked, call, Vec::new()).await;
                sleep(time).await;
                unsure.answer(answer)
            }
            Reaction::RefuseSome(refused) => unsure.answer(self.pass(asked, call, refused).await),
            Reaction::Refuse(code) => {
                self.fates
                    .send_modify(|fates| fates.refuse(&call.recipients));
                unsure.answer(error(400, code, SAID))
            }
            Reaction::Throttle => unsure.answer(error(429, TOO_MANY, SAID)),
            Reaction::Unavailable => unsure.answer(error(503, "ServiceUnavailable", SAID)),
            Reaction::Fail => error(500, BROKEN, SAID),
            Reaction::FailAfter => {
                self.pass(asked, call, Vec::new()).await;
                error(500, BROKEN, SAID)
            }
            Reaction::Reset => Reply::Reset,
            Reaction::ResetAfter => {
                self.pass(asked, call, Vec::new()).await;
                Reply::Reset
            }
            Reaction::SilenceAfter => {
                self.pass(asked, call, Vec::new()).await;
                Reply::Silence
            }
        }
    }

    /// Completes a call even if the client has disconnected, as SES does too.
    async fn pass(self: &Arc<Self>, asked: Asked, call: Call, refused: Refused) -> Reply {
        let state = Arc::clone(self);
        let passing = tokio::spawn(async move { state.pass_on(&asked, &call, &refused).await });
        passing.await.expect("nobody panics")
    }

    /// Forwards a call without the refused recipients to the emulator, and notes the accepted ones.
    async fn pass_on(&self, asked: &Asked, call: &Call, refused: &Refused) -> Reply {
        let refused: Vec<_> = refused
            .iter()
            .filter(|(address, _)| call.recipients.contains(address))
            .collect();
        if !call.is_bulk {
            assert!(refused.is_empty(), "a call for one is refused as a whole");
            let answer = self.forward(asked, asked.body.clone()).await;
            if answer.status == 200 {
                self.fates
                    .send_modify(|fates| fates.accept(&call.recipients));
            }
            return answer.into();
        }
        let names: Vec<&str> = refused.iter().map(|(name, _)| name.as_str()).collect();
        let (body, others) = call.without(&names);
        let mut results = if others.is_empty() {
            Vec::new()
        } else {
            let answer = self.forward(asked, body).await;
            if answer.status != 200 {
                return answer.into();
            }
            answer.results()
        };
        let accepted: Vec<String> = others
            .iter()
            .zip(&results)
            .filter(|(_, result)| result["Status"] == "SUCCESS")
            .map(|(name, _)| name.clone())
            .collect();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        self.fates.send_modify(|fates| {
            fates.accept(&accepted);
            fates.refuse(&names);
        });
        for (name, status) in &refused {
            let place = call.recipients.iter().position(|other| other == name);
            let result = json!({ "Status": status, "Error": "Refused by the test." });
            results.insert(place.expect("it is in the call"), result);
        }
        Reply::json(200, &json!({ "BulkEmailEntryResults": results }))
    }

    async fn forward(&self, asked: &Asked, body: Bytes) -> Forwarded {
        let mut request = self.client.request(
            asked.method.clone(),
            format!("{}{}", self.emulator, asked.uri),
        );
        for name in ["authorization", "content-type", "x-amz-date"] {
            if let Some(value) = asked.header(name) {
                request = request.header(name, value);
            }
        }
        let answer = request.body(body).send().await;
        let answer = answer.expect("the emulator answers");
        Forwarded {
            status: answer.status().as_u16(),
            code: answer
                .headers()
                .get("x-amzn-errortype")
                .and_then(|code| code.to_str().ok())
                .map(ToOwned::to_owned),
            body: answer.json().await.expect("the emulator answers JSON"),
        }
    }
}

/// An answer of the emulator.
struct Forwarded {
    status: u16,
    code: Option<String>,
    body: Value,
}

impl Forwarded {
    fn results(&self) -> Vec<Value> {
        let results = self.body["BulkEmailEntryResults"].as_array();
        results.expect("a result for each").clone()
    }
}

impl From<Forwarded> for Reply {
    fn from(answer: Forwarded) -> Self {
        with_code(answer.status, answer.code.as_deref(), &answer.body)
    }
}

/// Returns an error as SES answers it.
pub fn error(status: u16, code: &str, message: &str) -> Reply {
    with_code(status, Some(code), &json!({ "message": message }))
}

fn with_code(status: u16, code: Option<&str>, body: &Value) -> Reply {
    let mut reply = Reply::json(status, body);
    if let (Reply::Answer(answer), Some(code)) = (&mut reply, code) {
        let code = code.parse().expect("a header value");
        answer.headers_mut().insert("x-amzn-errortype", code);
    }
    reply
}

/// Notes that the fate of the recipients of a call is unknown, unless the call gets a definite answer.
struct Unsure<'a> {
    fates: &'a watch::Sender<Fates>,
    recipients: &'a [String],
    answered: bool,
}

impl Unsure<'_> {
    fn answer(mut self, reply: Reply) -> Reply {
        self.answered = true;
        reply
    }
}

impl Drop for Unsure<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.fates.send_modify(|fates| fates.doubt(self.recipients));
        }
    }
}
