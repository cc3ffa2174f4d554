//! What the user sees while the demo works: one line per step, with what came of it and how long it took.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Instant;

use crate::Failure;

/// Writes the steps to the terminal.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
}

impl Progress {
    /// Starts the clock of the whole run.
    pub fn start(title: &str) -> Self {
        say(format_args!("{title}\n"));
        Self { started: Instant::now() }
    }

    /// Announces a step, does it, and says what came of it.
    pub async fn step<T>(
        &self,
        name: &str,
        work: impl Future<Output = Result<(String, T), Failure>>,
    ) -> Result<T, Failure> {
        let began = Instant::now();
        print(format_args!("  {name:14}"));
        match work.await {
            Ok((said, value)) => {
                say(format_args!("{said}  ({:.1} s)", began.elapsed().as_secs_f64()));
                Ok(value)
            }
            Err(failure) => {
                say("failed");
                Err(failure)
            }
        }
    }

    /// Shows a text of several lines, indented.
    pub fn show(&self, text: &str) {
        say("");
        for line in text.lines() {
            say(format_args!("    {line}").to_string().trim_end());
        }
        say("");
    }

    /// Ends the run with a last line.
    pub fn finish(&self, said: &str) {
        say(format_args!("\n{said} in {:.1} s.", self.started.elapsed().as_secs_f64()));
    }
}

/// Prints a line at once, so that a reader of a pipe sees it too.
#[expect(clippy::print_stdout, reason = "the output of this command is for its user")]
fn say(line: impl Display) {
    println!("{}", printable::lines(&line.to_string()));
}

/// Prints without ending the line.
#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the output of this command is for its user"
)]
fn print(text: impl Display) {
    print!("{}", printable::lines(&text.to_string()));
    // A terminal that is gone is no reason to stop.
    let _ = io::stdout().flush();
}
