//! Logs for people, on stderr. Bodies and credentials are never logged anywhere, so there is nothing to hide here.

use std::fmt::{self, Write as _};

use printable::Name;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::terminal::complain;

/// Starts logging; `verbose` is how often `-v` was given.
pub(super) fn start(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // An error means that a program around us logs already.
    let _ = tracing_subscriber::registry().with(Lines.with_filter(level)).try_init();
    // A panic may quote what a caller sent, and is a line of the log like others.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}

struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        // Other crates' chatter helps nobody who runs a platform.
        if !metadata.target().starts_with("zenml_local") && *metadata.level() > tracing::Level::WARN {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        complain(&format!("{} {:5} {}{}", crate::store::now(), metadata.level(), line.message, line.fields));
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a text does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={}", Name(&format!("{value:?}"))),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value}"),
            name => write!(self.fields, " {name}={}", Name(value)),
        };
    }
}
