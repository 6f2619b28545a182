//! Lambda: runs a program as instances of a function, each with one invocation at a time.
//!
//! It implements the Runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>), freezes an
//! instance between invocations, ends one that exceeds the time limit, and starts another after a crash.

mod instance;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hyper::body::Bytes;
use tokio::sync::Semaphore;

use instance::Instance;

/// A function with its current instances. Clones are the same function.
#[derive(Clone)]
pub struct Function(Arc<State>);

/// The settings of a function.
pub struct Settings {
    /// The name of the binary.
    pub program: &'static str,
    pub environment: Vec<(String, String)>,
    /// The working directory of the instances.
    pub folder: PathBuf,
    /// The time limit of an invocation.
    pub time_limit: Duration,
    /// The maximum number of concurrent instances; further invocations wait.
    pub instances: usize,
    /// The fail points at which the first instances die, in the order of their start.
    pub doomed: Vec<String>,
}

type Hook = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

struct State {
    settings: Settings,
    free: Semaphore,
    idle: Mutex<Vec<Arc<Instance>>>,
    all: Mutex<Vec<Arc<Instance>>>,
    starts: AtomicUsize,
    crashes: AtomicUsize,
    overruns: AtomicUsize,
    on_crash: Mutex<Option<Hook>>,
}

/// The outcome of an invocation.
#[derive(Debug)]
pub enum Outcome {
    Answer(Bytes),
    /// The function returned an error.
    Error(Bytes),
    /// The instance ended before it answered.
    Crash,
    /// The invocation exceeded the time limit, and its instance was ended.
    Overrun,
}

impl Function {
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(State {
            free: Semaphore::new(settings.instances),
            settings,
            idle: Mutex::default(),
            all: Mutex::default(),
            starts: AtomicUsize::new(0),
            crashes: AtomicUsize::new(0),
            overruns: AtomicUsize::new(0),
            on_crash: Mutex::default(),
        }))
    }

    /// Sets a hook that is run after each crash, before the caller gets the outcome.
    pub fn on_crash(&self, hook: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) {
        *self.0.on_crash.lock().expect("nobody panics") = Some(Arc::new(hook));
    }

    pub async fn invoke(&self, event: impl Into<Bytes>) -> Outcome {
        let _free = self.0.free.acquire().await.expect("it is never closed");
        let instance = self.instance().await;
        let outcome = instance.invoke(event.into()).await;
        match outcome {
            Outcome::Answer(_) | Outcome::Error(_) => {
                let mut idle = self.0.idle.lock().expect("nobody panics");
                idle.push(instance);
            }
            Outcome::Crash => {
                let hook = self.0.on_crash.lock().expect("nobody panics").clone();
                if let Some(hook) = hook {
                    hook().await;
                }
                self.0.crashes.fetch_add(1, Ordering::SeqCst);
            }
            Outcome::Overrun => {
                self.0.overruns.fetch_add(1, Ordering::SeqCst);
            }
        }
        outcome
    }

    /// Returns a free instance, or starts a new one.
    async fn instance(&self) -> Arc<Instance> {
        loop {
            let idle = self.0.idle.lock().expect("nobody panics").pop();
            match idle {
                Some(instance) if instance.is_running() => return instance,
                Some(_) => {}
                None => break,
            }
        }
        let number = self.0.starts.fetch_add(1, Ordering::SeqCst);
        let instance = Arc::new(Instance::start(&self.0.settings, number).await);
        let mut all = self.0.all.lock().expect("nobody panics");
        all.push(Arc::clone(&instance));
        instance
    }

    /// Returns the number of instances that were started so far.
    pub fn starts(&self) -> usize {
        self.0.starts.load(Ordering::SeqCst)
    }

    /// Returns the number of instances that ended by themselves during an invocation.
    pub fn crashes(&self) -> usize {
        self.0.crashes.load(Ordering::SeqCst)
    }

    /// Returns the number of instances that were ended because an invocation exceeded the time limit.
    pub fn overruns(&self) -> usize {
        self.0.overruns.load(Ordering::SeqCst)
    }

    /// Ends every instance, as Lambda may at any time; the next invocation starts another.
    pub fn recycle(&self) {
        for instance in self.0.all.lock().expect("nobody panics").iter() {
            instance.kill();
        }
    }

    /// Returns the logs of all instances, including ended ones.
    pub fn logs(&self) -> Vec<String> {
        let all = self.0.all.lock().expect("nobody panics");
        all.iter().flat_map(|instance| instance.logs()).collect()
    }
}
