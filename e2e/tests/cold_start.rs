//! The start of a function does nothing that a request does not need.

use std::time::Duration;

use e2e::Caller;
use e2e::gateway::{Format, Gateway};
use e2e::runtime::{Function, Settings};
use tempfile::TempDir;
use tokio::net::TcpListener;

#[tokio::test]
async fn a_function_connects_to_nothing_before_a_request_needs_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let aws = format!("http://{address}");
    let queue = format!("{aws}/000000000001/wake-ups");
    let folder = TempDir::new().expect("a temporary folder");
    let function = Function::new(Settings {
        program: "api",
        environment: [
            ("AWS_ENDPOINT_URL", aws.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "000000000001"),
            ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
            ("SECRET_NAME", "mmms/database"),
            ("DB_NAME", "mmms"),
            ("DB_HOST", "127.0.0.1"),
            ("DB_PORT", &address.port().to_string()),
            ("ADMIN_SECRET_NAME", "mmms/admin"),
            ("MAIL_QUEUE_URL", &queue),
            ("MAIL_RESULT_QUEUE_URL", &queue),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        folder: folder.path().to_owned(),
        time_limit: Duration::from_secs(30),
        instances: 1,
        doomed: Vec::new(),
    });
    let gateway = Gateway::before(function, Format::Http).await;
    let caller = Caller::new(&gateway.url());
    for path in ["/v1/health", "/openapi.json", "/docs"] {
        assert_eq!(caller.get(path).await.status, 200, "{path}");
    }
    let connected = listener.accept().map(|(_, from)| from);
    let waits = |error: &std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
    assert!(connected.as_ref().is_err_and(waits), "{connected:?}");

    // The first request that needs the database reads its password.
    let listener = TcpListener::from_std(listener).expect("a listener");
    tokio::select! {
        connected = listener.accept() => assert!(connected.is_ok(), "{connected:?}"),
        answer = caller.get("/v1/ready") => panic!("{} without the database", answer.status),
    }
}
