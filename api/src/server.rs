//! The HTTP server and, with a local queue, the worker in the same process.

use std::{convert::Infallible, io::Write, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use mail::{Service, mailer::Mailer, queue::Queue};
use poem::{
    EndpointExt, Server,
    listener::{Acceptor, Listener, TcpListener},
};

use crate::{
    app::App,
    connection_limits::{Bounded, Limits},
    router,
};

/// Longest time that open requests may take when the process stops.
const GRACE: Duration = Duration::from_secs(30);
/// Requests at a time on one HTTP/2 connection: each may hold a body of 4 MiB and an answer.
const MAX_STREAMS: u32 = 32;
/// All fields of a request head with HTTP/2, in bytes.
const MAX_HEADERS: u32 = 16 * 1024;

/// Serves until SIGTERM or SIGINT.
pub async fn serve(service: Arc<Service>) -> anyhow::Result<()> {
    service.stop_on_signal()?;
    let wanted = SocketAddr::new(service.config.host, service.config.port);
    let acceptor = TcpListener::bind(wanted)
        .into_acceptor()
        .await
        .with_context(|| format!("cannot listen on {wanted}"))?;
    let address = acceptor
        .local_addr()
        .first()
        .and_then(|local| local.as_socket_addr().copied())
        .unwrap_or(wanted);
    let app = App::new(service.clone(), Some(address));
    announce(&app, address)?;
    // A local queue is drained by this process. An SQS queue has workers.
    if let Queue::Local(_) = service.queue {
        service.start_draining();
    }
    let stop = service.stop.clone();
    let acceptor = Bounded::new(acceptor, Limits::SERVICE);
    let endpoint = router::endpoint(app).with(acceptor.requests());
    http(acceptor)
        .run_with_graceful_shutdown(endpoint, stop.cancelled_owned(), Some(GRACE))
        .await?;
    service.finish().await;
    Ok(())
}

/// HTTP/1.1 and HTTP/2, by what a connection begins with.
pub fn http<A: Acceptor + 'static>(acceptor: A) -> Server<Infallible, A> {
    Server::new_with_acceptor(acceptor)
        .http2_max_concurrent_streams(MAX_STREAMS)
        .http2_max_header_list_size(MAX_HEADERS)
}

/// Prints the addresses of the pages and the most important settings.
fn announce(app: &App, address: SocketAddr) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "MMMS is listening on http://{address}")?;
    writeln!(out, "Console      http://{address}/console")?;
    writeln!(out, "Swagger UI   http://{address}/docs")?;
    if let Mailer::Mailbox(_) = *app.service.mailer {
        writeln!(out, "Mailbox      http://{address}/mailbox")?;
    }
    writeln!(
        out,
        "Mail         {}",
        app.service.config.transport.destination()
    )?;
    if app.management_is_open() {
        writeln!(out, "Management   open on loopback: no ADMIN_TOKEN is set")?;
    }
    out.flush()
}
