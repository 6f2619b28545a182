//! One process: the HTTP server, and the worker's job beside it.

use std::{io::Write, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use mail::{Service, mailer::Mailer, queue::Queue};
use poem::{
    Server,
    listener::{Acceptor, Listener, TcpListener},
};

use crate::{
    app::App,
    connection::{MAX_CONNECTIONS, PATIENCE, Patient},
};

/// How long answers that were begun may take when the process is to end.
const GRACE: Duration = Duration::from_secs(30);

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
    // A queue of its own nobody else would drain; another has workers.
    if let Queue::Local(_) = service.queue {
        service.start_draining();
    }
    let stop = service.stop.clone();
    let acceptor = Patient::new(acceptor, PATIENCE, MAX_CONNECTIONS);
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(app.endpoint(), stop.cancelled_owned(), Some(GRACE))
        .await?;
    service.finish().await;
    Ok(())
}

/// What a person who started it wants to open.
fn announce(app: &App, address: SocketAddr) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "MMMS is listening on http://{address}")?;
    writeln!(out, "Console      http://{address}/console")?;
    writeln!(out, "Swagger UI   http://{address}/docs")?;
    if let Mailer::Mailbox(_) = app.service.mailer {
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
