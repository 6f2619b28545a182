//! Parses JSON bodies. All faults are found at once, each with its path.

pub mod bodies;
mod body;
mod faults;
mod hint;
mod node;
mod path;
mod raw;

use std::{sync::LazyLock, thread};

use faults::Faults;
pub use node::{Node, ObjectNode};
pub use path::shown;
pub use raw::{OptionalJson, RawJson, read_body};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::problem::Problem;

/// A body of more bytes is parsed on a blocking thread: it takes long, and a multiple of its size in memory.
const LARGE: usize = 64 * 1024;
/// Large bodies that are read at once: one for each processor.
static TURNS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(thread::available_parallelism().map_or(1, usize::from)));

/// Reads a body that must be an object. What `read` gives counts only if there is no fault at all.
pub async fn parse<T, R>(body: Vec<u8>, read: R) -> Result<T, Problem>
where
    T: Send + 'static,
    R: FnOnce(&mut ObjectNode<'_>) -> Option<T> + Send + 'static,
{
    if body.len() <= LARGE {
        return parse_now(&body, read);
    }
    let turn = TURNS
        .acquire()
        .await
        .map_err(|_| Problem::fault("the turns of large bodies are closed"))?;
    let parsed = spawn_blocking(move || {
        // If the caller has gone, the next body still waits for this one.
        let _turn = turn;
        parse_now(&body, read)
    });
    // Of a panic, the error would quote the message.
    parsed
        .await
        .map_err(|_| Problem::fault("a large body was not read to its end"))?
}

fn parse_now<T>(
    body: &[u8],
    read: impl FnOnce(&mut ObjectNode<'_>) -> Option<T>,
) -> Result<T, Problem> {
    let value = body::read(body)?;
    let faults = Faults::default();
    let read = Node::root(value, &faults).object(read);
    match read {
        Some(read) if faults.is_empty() => Ok(read),
        _ => Err(faults.into_problem()),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        sync::atomic::{AtomicUsize, Ordering},
        time::{Duration, Instant},
    };

    use super::*;

    fn faults_of(body: &str) -> Vec<String> {
        let read = parse_now(body.as_bytes(), |object| {
            let name = object.optional("name", |node| node.text(3));
            let list = object.required("list", |node| {
                node.list(1..=2, |node| {
                    node.object(|item| item.required("n", |n| n.integer(0..=9)))
                })
            });
            Some((name, list?))
        });
        match read {
            Ok(_) => Vec::new(),
            Err(problem) => problem
                .errors()
                .iter()
                .map(|error| format!("{}: {}", error.field, error.message))
                .collect(),
        }
    }

    #[test]
    fn all_faults_are_found_at_once_with_their_paths() {
        let body = r#"{"name": "long", "list": [{"n": 1}, {"n": "x", "m": 1}], "other": null, "unknown": 1}"#;
        assert_eq!(
            faults_of(body),
            [
                "name: must have at most 3 characters",
                "list.1.n: must be a whole number from 0 to 9",
                "list.1.m: is not a known field",
                "other: is not a known field",
                "unknown: is not a known field",
            ]
        );
    }

    #[test]
    fn null_is_the_same_as_absent() {
        assert!(faults_of(r#"{"name": null, "list": [{"n": 1}]}"#).is_empty());
        assert_eq!(faults_of(r#"{"list": null}"#), ["list: is required"]);
    }

    #[test]
    fn the_first_hundred_faults_are_listed() {
        let body = serde_json::json!({"list": [{"n": 1}], "name": null});
        let mut body = body;
        for number in 0..150 {
            body[format!("unknown_{number}")] = 1.into();
        }
        assert_eq!(faults_of(&body.to_string()).len(), 100);
    }

    #[test]
    fn faults_past_the_hundredth_are_counted_and_never_written() {
        let written = Cell::new(0);
        let problem = parse_now(b"{}", |object| {
            for _ in 0..3 {
                let faults = (0..).map(|number: usize| {
                    written.set(written.get() + 1);
                    (format!("x.{number}"), "is wrong".to_owned())
                });
                object.faults(1_000_000, faults);
            }
            Some(())
        });
        let problem = problem.unwrap_err();
        assert_eq!((problem.errors().len(), written.get()), (100, 100));
        assert_eq!(
            problem.details(),
            Some("3000000 faults, the first 100 are listed")
        );
    }

    #[tokio::test]
    async fn a_large_body_is_read_where_it_keeps_nobody_waiting() {
        let asking = thread::current().id();
        for (size, aside) in [(10, false), (LARGE, true)] {
            let body = format!(r#"{{"text": "{}"}}"#, "x".repeat(size));
            let read = parse(body.into_bytes(), |object| {
                object.required("text", |node| node.text(usize::MAX))?;
                Some(thread::current().id())
            });
            assert_eq!(read.await.unwrap() != asking, aside, "{size}");
        }
    }

    #[tokio::test]
    async fn no_more_large_bodies_are_read_at_once_than_there_are_processors() {
        static READING: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let processors = thread::available_parallelism().unwrap().get();
        let reads = (0..processors * 3).map(|_| {
            let body = format!(r#"{{"text": "{}"}}"#, "x".repeat(LARGE));
            parse(body.into_bytes(), move |object| {
                let reading = READING.fetch_add(1, Ordering::SeqCst) + 1;
                MOST.fetch_max(reading, Ordering::SeqCst);
                // Long enough for all that may start to have started.
                let begin = Instant::now();
                while reading <= processors && begin.elapsed() < Duration::from_millis(50) {
                    thread::yield_now();
                }
                READING.fetch_sub(1, Ordering::SeqCst);
                object.required("text", |node| node.text(usize::MAX))
            })
        });
        for read in futures_util::future::join_all(reads).await {
            assert!(read.is_ok());
        }
        assert!(MOST.load(Ordering::SeqCst) <= processors);
    }

    #[test]
    fn nul_is_refused_in_values() {
        assert_eq!(
            faults_of(r#"{"name": "\u0000", "list": [{"n": 1}]}"#),
            ["name: must not contain NUL"]
        );
    }
}
