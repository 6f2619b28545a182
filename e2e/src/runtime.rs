//! Lambda: runs a program as instances of a function, one invocation at a time in each.
//!
//! It speaks the Runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>), freezes an instance
//! between invocations, ends one that takes too long, and starts another after a crash.

mod instance;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hyper::body::Bytes;
use tokio::sync::Semaphore;

use instance::Instance;

/// A function, with the instances it has at the moment. Clones are the same function.
#[derive(Clone)]
pub struct Function(Arc<State>);

/// What a function is to be.
pub struct Settings {
    /// The binary.
    pub program: &'static str,
    pub environment: Vec<(String, String)>,
    /// Where its instances run.
    pub folder: PathBuf,
    /// Longest that an invocation may take.
    pub time_limit: Duration,
    /// Most instances at a time; more invocations wait.
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

/// What came of an invocation.
#[derive(Debug)]
pub enum Outcome {
    Answer(Bytes),
    /// The function answered with an error of its own.
    Error(Bytes),
    /// The instance ended before it answered.
    Crash,
    /// It took too long, and its instance was ended.
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

    /// From now on, what is done after each crash before anybody hears of it.
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

    /// One that is free, else a new one.
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

    /// How many instances were started so far.
    pub fn starts(&self) -> usize {
        self.0.starts.load(Ordering::SeqCst)
    }

    /// How many ended by themselves in the middle of an invocation.
    pub fn crashes(&self) -> usize {
        self.0.crashes.load(Ordering::SeqCst)
    }

    /// How many were ended because an invocation took too long.
    pub fn overruns(&self) -> usize {
        self.0.overruns.load(Ordering::SeqCst)
    }

    /// Ends every instance, as Lambda may at any time; the next invocation starts another.
    pub fn recycle(&self) {
        for instance in self.0.all.lock().expect("nobody panics").iter() {
            instance.kill();
        }
    }

    /// What all instances have written, the ended ones too.
    pub fn logs(&self) -> Vec<String> {
        let all = self.0.all.lock().expect("nobody panics");
        all.iter().flat_map(|instance| instance.logs()).collect()
    }
}
