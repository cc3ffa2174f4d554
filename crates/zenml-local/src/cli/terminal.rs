//! Standard output and standard error; nothing else writes to them. Names come from anybody who may call the platform,
//! so what is hidden in a text is shown instead of being sent to the terminal.

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

    /// Prints one line, whatever the text holds.
    pub(super) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.0, "{}", printable::line(&text.to_string()))
    }

    /// Prints one line of JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        writeln!(self.0, "{}", printable::json(&serde_json::to_string(value)?))
    }

    /// Hands over what is still buffered.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Prints a line to standard error. When nobody reads it there is nobody to tell.
#[expect(clippy::disallowed_methods, reason = "this module owns standard error")]
pub(super) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable::line(text));
}

/// Prints what the parser of the command line has to say: help and the version to standard output, mistakes to
/// standard error.
#[expect(clippy::disallowed_methods, reason = "this module owns both")]
pub(super) fn usage(error: &clap::Error) {
    let text = error.render().to_string();
    let text = printable::lines(&text);
    // A closed pipe is no matter.
    let _ = if error.use_stderr() {
        io::stderr().lock().write_all(text.as_bytes())
    } else {
        io::stdout().lock().write_all(text.as_bytes())
    };
}
