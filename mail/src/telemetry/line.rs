//! Log lines in JSON, which on Lambda begin with the id of their invocation.

use std::fmt;

use serde_json::Value;
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Json, Writer},
        time::FormatTime,
    },
    registry::LookupSpan,
};

use super::invocation;

pub struct Line<T>(Format<Json, T>);

impl<T> Line<T> {
    pub fn of(format: Format<Json, T>) -> Self {
        // The spans are those of Lambda's runtime, which repeat the id.
        Self(
            format
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false),
        )
    }
}

impl<S, N, T> FormatEvent<S, N> for Line<T>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'writer> FormatFields<'writer> + 'static,
    T: FormatTime,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(id) = invocation::request_id() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        let fields = line.strip_prefix('{').ok_or(fmt::Error)?;
        write!(
            writer,
            "{{\"function.request_id\":{},{fields}",
            Value::from(id)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::prelude::*;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_of_an_invocation_is_flat_json_with_its_id() {
        let written = Written::default();
        let writer = written.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .json()
            .map_event_format(Line::of);
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            invocation::begin("mmms-worker", "id-1");
            let _span = tracing::info_span!("Lambda runtime invoke", requestId = "id-1").entered();
            tracing::info!(mail.id = "m", recipients = 2, "said");
        });
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1);
        let line: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(line["function.request_id"], "id-1");
        assert_eq!(line["mail.id"], "m");
        assert_eq!(line["recipients"], 2);
        assert_eq!(line["message"], "said");
        assert!(line.get("span").is_none() && line.get("spans").is_none());
    }
}
