//! Human-readable logs, on stderr. Bodies and credentials are never logged, so nothing has to be masked here.

use std::fmt::{self, Write as _};

use printable::Name;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::terminal::print_error;

/// Starts logging; `verbose` is the number of `-v` flags.
pub(super) fn start(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // An error means that the surrounding program has already set up logging.
    let _ = tracing_subscriber::registry().with(Lines.with_filter(level)).try_init();
    // A panic may quote input of a caller, so it is logged like any other line.
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}

struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        // Details of other crates do not help an operator of the platform.
        if !metadata.target().starts_with("zenml_local") && *metadata.level() > tracing::Level::WARN {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        print_error(&format!(
            "{} {:5} {}{}",
            crate::store::now(),
            metadata.level(),
            line.message,
            line.fields
        ));
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
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
