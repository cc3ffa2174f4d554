//! Progress output of the demo: one line per step, with its result and duration.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Instant;

use crate::Failure;

/// Prints the steps to the terminal.
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

    /// Prints a step, runs it, and prints its result.
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

    /// Prints several lines, indented.
    pub fn show(&self, text: &str) {
        say("");
        for line in text.lines() {
            say(format_args!("    {line}").to_string().trim_end());
        }
        say("");
    }

    /// Prints the last line of the run.
    pub fn finish(&self, said: &str) {
        say(format_args!("\n{said} in {:.1} s.", self.started.elapsed().as_secs_f64()));
    }
}

/// Prints a line and flushes it, for readers of a pipe.
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
    // A closed terminal is not a reason to stop.
    let _ = io::stdout().flush();
}
