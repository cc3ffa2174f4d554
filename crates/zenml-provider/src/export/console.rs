//! What the export prints: progress and messages on stderr, and the help on standard output.

use std::io::Write as _;

use tfkit::{Diag, Severity};

/// The terminal of the user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Console;

impl Console {
    /// Prints a line. A name in it cannot forge another line.
    pub(super) fn say(self, line: &str) {
        self.print(&printable::line(line));
    }

    /// Prints a message with its reason and its advice.
    pub(super) fn diagnostic(self, diag: &Diag) {
        let kind = match diag.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
        };
        self.print(&printable::line(&format!("{kind}: {}", diag.summary)));
        for line in diag.detail().lines() {
            let indent = if line.is_empty() { "" } else { "  " };
            self.print(&printable::line(&format!("{indent}{line}")));
        }
    }

    /// Prints to standard output what a person asked for.
    #[expect(clippy::disallowed_methods, reason = "a person started this process, not a host")]
    #[expect(clippy::unused_self, reason = "whoever has no console cannot print")]
    pub(super) fn help(self, text: &str) {
        // Whoever reads it may have closed the pipe.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    #[expect(clippy::disallowed_methods, reason = "nothing else of the export prints")]
    #[expect(clippy::unused_self, reason = "whoever has no console cannot print")]
    fn print(self, line: &str) {
        // A closed stderr does not stop the export.
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}
