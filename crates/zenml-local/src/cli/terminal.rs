//! Standard output and standard error; nothing else writes to them. Names come from any caller of the platform, so
//! control characters are escaped before they reach the terminal.

use std::fmt::Display;
use std::io::{self, BufWriter, Write as _};

use serde::Serialize;

/// Standard output of one command.
pub(super) struct Output(BufWriter<io::StdoutLock<'static>>);

impl Output {
    #[expect(clippy::disallowed_methods, reason = "this module owns standard output")]
    pub(super) fn new() -> Self {
        Self(BufWriter::new(io::stdout().lock()))
    }

    /// Prints one line; control characters are escaped.
    pub(super) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.0, "{}", printable::line(&text.to_string()))
    }

    /// Prints one line of JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        writeln!(self.0, "{}", printable::json(&serde_json::to_string(value)?))
    }

    /// Flushes the buffer.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Prints a line to standard error. Errors are ignored, because there is nowhere left to report them.
#[expect(clippy::disallowed_methods, reason = "this module owns standard error")]
pub(super) fn print_error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable::line(text));
}

/// Prints the output of the argument parser: help and version to standard output, errors to standard error.
#[expect(clippy::disallowed_methods, reason = "this module owns both")]
pub(super) fn usage(error: &clap::Error) {
    let text = error.render().to_string();
    let text = printable::lines(&text);
    // A closed pipe is not an error.
    let _ = if error.use_stderr() {
        io::stderr().lock().write_all(text.as_bytes())
    } else {
        io::stdout().lock().write_all(text.as_bytes())
    };
}
