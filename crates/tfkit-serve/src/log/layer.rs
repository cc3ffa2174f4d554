//! The tracing layer that writes log lines for the host.

use std::fmt::Debug;

use jiff::Timestamp;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::line::{Fields, line};

/// Libraries whose records contain header values and bodies. They are never logged, at any level.
const SILENT: [&str; 9] =
    ["h2", "hyper", "hyper_util", "tonic", "tower", "rustls", "tokio_rustls", "tokio", "reqwest"];

/// Writes each event as one line, with the fields of its spans.
pub(crate) struct HostLayer<W> {
    level: LevelFilter,
    write: W,
}

impl<W: Fn(&[u8]) + 'static> HostLayer<W> {
    /// Creates a layer that passes each line of the `level` to `write`.
    pub(crate) fn new(level: LevelFilter, write: W) -> Self {
        Self { level, write }
    }
}

impl<S, W> Layer<S> for HostLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&[u8]) + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let library = metadata.target().split("::").next().unwrap_or_default();
        *metadata.level() <= self.level && !SILENT.contains(&library)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        if let Some(span) = cx.span(id) {
            let mut collected = Collect::default();
            attributes.record(&mut collected);
            span.extensions_mut().insert(collected.fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        if let Some(span) = cx.span(id) {
            let mut collected = Collect::default();
            values.record(&mut collected);
            if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
                fields.extend(&collected.fields);
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in cx.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(known) = span.extensions().get::<Fields>() {
                fields.extend(known);
            }
        }
        let mut collected = Collect::default();
        event.record(&mut collected);
        fields.extend(&collected.fields);
        let metadata = event.metadata();
        let level = metadata.level().as_str().to_ascii_lowercase();
        let module = format!("provider.{}", metadata.target().replace("::", "."));
        (self.write)(&line(Timestamp::now(), &level, &module, &collected.message, &fields));
    }
}

/// Collects the fields of one record.
#[derive(Default)]
struct Collect {
    message: String,
    fields: Fields,
}

impl Collect {
    fn take(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => self.fields.set(name, value),
        }
    }
}

impl Visit for Collect {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.take(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.take(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.take(field, printable::Chain(value).to_string().into());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use std::fmt;

    use super::*;

    /// Returns what `act` logs at `level`, line by line.
    fn lines(level: LevelFilter, act: impl FnOnce()) -> Vec<Value> {
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&written);
        let layer = HostLayer::new(level, move |line: &[u8]| sink.lock().unwrap().extend_from_slice(line));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), act);
        let bytes = written.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn events_carry_the_fields_of_their_spans() {
        let lines = lines(LevelFilter::DEBUG, || {
            let outer = tracing::error_span!("rpc", tf_rpc = "ReadResource", status = tracing::field::Empty);
            outer.record("status", 200);
            outer.in_scope(|| {
                tracing::error_span!("call", attempt = 1).in_scope(|| {
                    tracing::warn!(attempt = 2, ok = false, name = ?"x", "Waited");
                });
            });
        });
        let line = &lines[0];
        assert_eq!(line["@level"], "warn");
        assert_eq!(line["@message"], "Waited");
        assert_eq!(line["@module"], "provider.tfkit_serve.log.layer.tests");
        assert_eq!(line["tf_rpc"], "ReadResource");
        assert_eq!(line["status"], 200);
        assert_eq!(line["attempt"], 2);
        assert_eq!(line["ok"], false);
        assert_eq!(line["name"], "\"x\"");
    }

    #[test]
    fn the_level_and_silent_libraries_are_filtered() {
        let lines = lines(LevelFilter::INFO, || {
            tracing::debug!("too detailed");
            tracing::error!(target: "h2::codec", "authorization: secret");
            tracing::info!("kept");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["@message"].clone()).collect();
        assert_eq!(messages, ["kept"]);
    }

    #[test]
    fn errors_are_logged_with_their_causes() {
        let lines = lines(LevelFilter::INFO, || {
            let cause = fmt::Error;
            let error = std::io::Error::other(cause);
            tracing::error!(error = &error as &dyn std::error::Error, "Failed");
        });
        let text = lines[0]["error"].as_str().unwrap();
        assert!(text.starts_with("an error occurred when formatting"), "{text}");
    }
}
