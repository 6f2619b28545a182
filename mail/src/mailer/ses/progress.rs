//! The progress of a call: without a connection, no mail can have been accepted.

use std::{
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_sesv2::config::{
    ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::{box_error::BoxError, client::connection::CaptureSmithyConnection};
use hyper_util::client::legacy;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Credentials and endpoint were still being resolved.
    Nothing,
    /// There was no connection yet.
    Connecting,
    /// Something may have been sent.
    Connected,
}

/// An interceptor that tracks one call.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<Stage>>);

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Preparing,
    Transmitting(Option<CaptureSmithyConnection>),
}

impl Intercept for Progress {
    fn name(&self) -> &'static str {
        "Progress"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let connection = config.load::<CaptureSmithyConnection>().cloned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Stage::Transmitting(connection);
        Ok(())
    }
}

impl Progress {
    /// Returns the furthest point that cannot be ruled out.
    pub fn reached(&self, error: &(dyn Error + 'static)) -> Reached {
        let stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*stage {
            Stage::Preparing => Reached::Nothing,
            Stage::Transmitting(_) if failed_to_connect(error) => Reached::Connecting,
            Stage::Transmitting(Some(connection)) if connection.get().is_none() => {
                Reached::Connecting
            }
            Stage::Transmitting(_) => Reached::Connected,
        }
    }
}

/// Returns whether no connection could be established, including the case that an idle connection was tried first and
/// turned out to be closed before anything was sent.
fn failed_to_connect(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref().is_some_and(legacy::Error::is_connect) {
            return true;
        }
        next = error.source();
    }
    false
}
