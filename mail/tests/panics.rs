//! In a program of its own, because there is one panic hook for all threads.

use std::{
    io::Write,
    panic::{catch_unwind, panic_any},
    sync::{Arc, Mutex},
};

use tracing_subscriber::fmt;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_panic_is_logged_with_its_location_and_nothing_of_what_it_says() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = fmt().with_writer(move || writer.clone()).finish();
    mail::telemetry::log_panics();
    tracing::subscriber::with_default(subscriber, || {
        let address = "ann@example.org";
        let _ = catch_unwind(|| panic!("no {address}"));
        let _ = catch_unwind(|| panic_any(address.to_owned()));
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.matches("panics.rs:").count(), 2, "{log}");
    assert!(!log.contains("ann@example.org"), "{log}");
}
