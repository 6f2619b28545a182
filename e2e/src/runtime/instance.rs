//! One instance of a function, and the Runtime API that serves only this instance.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Response};
use rustix::process::Signal;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{Outcome, Settings};
use crate::aws::REGION;
use crate::http::{Asked, Http, Reply};
use crate::process::Program;

/// Lambda's own limit of a cold start.
const START: Duration = Duration::from_secs(10);
const API: &str = "/2018-06-01/runtime/";

pub struct Instance {
    shared: Arc<Shared>,
    events: mpsc::UnboundedSender<Invocation>,
    time_limit: Duration,
    _api: Http,
}

struct Shared {
    program: OnceLock<Program>,
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    /// The running invocation, and the sender for its outcome.
    running: Mutex<Option<(String, oneshot::Sender<Outcome>)>>,
    /// `true` once the instance has asked for an event.
    ready: watch::Sender<bool>,
    arn: String,
}

struct Invocation {
    id: String,
    event: Bytes,
    deadline: SystemTime,
}

impl Instance {
    /// Starts the program and waits until it asks for its first event.
    pub async fn start(settings: &Settings, number: usize) -> Self {
        let (events, waiting) = mpsc::unbounded_channel();
        let name = format!("mmms-{}", settings.program);
        let shared = Arc::new(Shared {
            program: OnceLock::new(),
            waiting: tokio::sync::Mutex::new(waiting),
            running: Mutex::default(),
            ready: watch::Sender::new(false),
            arn: format!("arn:aws:lambda:{REGION}:000000000000:function:{name}"),
        });
        let served = Arc::clone(&shared);
        let api = Http::serve(move |asked| Arc::clone(&served).answer(asked)).await;
        let mut environment = settings.environment.clone();
        let address = api.address().to_string();
        for (variable, value) in [
            ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", &name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &name),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "0"),
        ] {
            environment.push((variable.to_owned(), value.to_owned()));
        }
        if let Some(point) = settings.doomed.get(number) {
            environment.push(("MMMS_FAIL_POINT".to_owned(), point.clone()));
        }
        let program = Program::start(settings.program, &[], &environment, &settings.folder);
        assert!(shared.program.set(program).is_ok(), "it starts once");
        let instance = Self {
            shared,
            events,
            time_limit: settings.time_limit,
            _api: api,
        };
        let mut ready = instance.shared.ready.subscribe();
        tokio::select! {
            _ = timeout(START, ready.wait_for(|ready| *ready)) => {}
            // The first invocation notices that the program has ended.
            _ = instance.program().end() => {}
        }
        instance
    }

    pub async fn invoke(&self, event: Bytes) -> Outcome {
        let (sender, outcome) = oneshot::channel();
        let id = Uuid::new_v4().to_string();
        *self.shared.running.lock().expect("nobody panics") = Some((id.clone(), sender));
        let invocation = Invocation {
            id,
            event,
            deadline: SystemTime::now() + self.time_limit,
        };
        self.events.send(invocation).expect("its API receives");
        tokio::select! {
            biased;
            Ok(outcome) = outcome => outcome,
            status = self.program().end() => {
                println!("an instance of {} ended: {status}", self.shared.arn);
                Outcome::Crash
            }
            () = sleep(self.time_limit) => {
                self.kill();
                self.program().end().await;
                Outcome::Overrun
            }
        }
    }

    fn program(&self) -> &Program {
        self.shared.program.get().expect("it was started")
    }

    pub fn is_running(&self) -> bool {
        self.program().is_running()
    }

    pub fn kill(&self) {
        self.program().signal(Signal::KILL);
    }

    pub fn logs(&self) -> Vec<String> {
        let mut lines = self.program().stdout();
        lines.extend(self.program().stderr());
        lines
    }
}

impl Shared {
    async fn answer(self: Arc<Self>, asked: Asked) -> Reply {
        let path = asked.uri.path().strip_prefix(API).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        match (&asked.method, parts.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => {
                self.finish(id, Outcome::Answer(asked.body))
            }
            (&Method::POST, ["invocation", id, "error"]) => {
                self.finish(id, Outcome::Error(asked.body))
            }
            _ => Reply::json(404, &serde_json::json!({ "errorMessage": path })),
        }
    }

    /// Returns the next event. Until there is one, the program is frozen.
    async fn next(&self) -> Reply {
        self.ready.send_replace(true);
        let mut waiting = self.waiting.lock().await;
        let invocation = if let Ok(invocation) = waiting.try_recv() {
            invocation
        } else {
            self.signal(Signal::STOP);
            let Some(invocation) = waiting.recv().await else {
                return Reply::Silence;
            };
            self.signal(Signal::CONT);
            invocation
        };
        let deadline = invocation.deadline.duration_since(UNIX_EPOCH);
        let deadline = deadline.expect("it is after 1970").as_millis();
        let answer = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", invocation.id)
            .header("lambda-runtime-deadline-ms", deadline.to_string())
            .header("lambda-runtime-invoked-function-arn", &self.arn)
            .header("lambda-runtime-trace-id", "Root=1-0-0;Sampled=0")
            .body(Full::from(invocation.event));
        Reply::Answer(answer.expect("an event and its headers"))
    }

    /// Ends the running invocation. An answer to any other invocation is refused.
    fn finish(&self, id: &str, outcome: Outcome) -> Reply {
        let mut running = self.running.lock().expect("nobody panics");
        match running.take_if(|(running, _)| running == id) {
            Some((_, sender)) => {
                // The caller may be gone.
                let _ = sender.send(outcome);
                Reply::json(202, &serde_json::json!({ "status": "OK" }))
            }
            None => Reply::json(400, &serde_json::json!({ "errorType": "InvalidRequestID" })),
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(program) = self.program.get() {
            program.signal(signal);
        }
    }
}
