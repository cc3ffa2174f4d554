//! Panics as log lines of level `error`. The host would log the default text at level `debug`.

use std::any::Any;
use std::panic::PanicHookInfo;

use jiff::Timestamp;

use super::line::{Fields, line};

/// Logs every panic as one line from now on. The panic continues as usual.
pub(super) fn report_panics(write: fn(&[u8])) {
    std::panic::set_hook(Box::new(move |panic| write(&report(panic))));
}

fn report(panic: &PanicHookInfo<'_>) -> Vec<u8> {
    let mut fields = Fields::default();
    if let Some(location) = panic.location() {
        fields.set("panic_location", location.to_string().into());
    }
    if let Some(name) = std::thread::current().name() {
        fields.set("panic_thread", name.into());
    }
    let message = format!("The provider panicked: {}", message(panic.payload()));
    line(Timestamp::now(), "error", "provider", &message, &fields)
}

/// Returns the message of a panic, if it has one.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
