//! The command line of a provider program.

use std::ffi::OsString;
use std::fmt::Write as _;

/// What a provider program says about itself.
///
/// The source address alone, as in `serve("registry.terraform.io/acme/cloud", Cloud)`, is a program without a version
/// and without commands of its own.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Source address, such as `registry.terraform.io/acme/cloud`. Its last part names the variable for the log level
    /// of this provider (`TF_LOG_PROVIDER_CLOUD`).
    pub address: &'static str,
    /// Version, such as `1.2.3`; usually `env!("CARGO_PKG_VERSION")`. Empty if it has none.
    pub version: &'static str,
    /// Commands that the program runs by itself, before it calls [`serve`](crate::serve), for the help: their usage,
    /// such as `export --out DIR`, and what they do, in one line.
    pub commands: &'static [(&'static str, &'static str)],
}

impl From<&'static str> for Program {
    /// Creates a program from its source address.
    fn from(address: &'static str) -> Self {
        Self { address, version: "", commands: &[] }
    }
}

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Serve the host that started this process.
    Plugin,
    /// Serve hosts that a person starts.
    Debug,
    /// Print this text.
    Print(String),
    /// Reject the command line with this text.
    Reject(String),
}

impl Program {
    /// Returns the last part of the address.
    pub(crate) fn name(&self) -> &'static str {
        self.address.rsplit('/').next().unwrap_or(self.address)
    }

    /// Returns what the arguments ask for. Hosts give none. Options may have one hyphen, as is usual for providers, or
    /// two.
    pub(crate) fn command(&self, arguments: impl IntoIterator<Item = OsString>) -> Command {
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        let words: Vec<&str> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
        match words.as_slice() {
            [] => Command::Plugin,
            ["--debug" | "-debug"] => Command::Debug,
            ["--version" | "-version" | "-V" | "version"] => Command::Print(self.title()),
            ["--help" | "-help" | "-h" | "help"] => Command::Print(self.help()),
            _ => {
                let given: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
                Command::Reject(format!(
                    "Unknown arguments: {}\n\n{}",
                    printable::line(&given.join(" ")),
                    self.help()
                ))
            }
        }
    }

    fn title(&self) -> String {
        format!("terraform-provider-{} {}", self.name(), self.version).trim_end().to_owned()
    }

    /// Returns what the program is and how it is used.
    pub(crate) fn help(&self) -> String {
        let Self { address, commands, .. } = self;
        let program = format!("terraform-provider-{}", self.name());
        let mut help = format!(
            "{title}\n\nThis program is the provider {address} for Terraform and OpenTofu, which install and start it \
             themselves. Add it to a configuration, and run:\n  terraform init\n\nUsage:\n",
            title = self.title(),
        );
        let options = [
            ("--debug", "serve hosts that you start, until you press Ctrl-C"),
            ("--version", "print the version"),
            ("--help", "print this text"),
        ];
        let rows = commands.iter().chain(&options);
        let width = rows.clone().map(|(usage, _)| usage.len()).max().unwrap_or_default();
        for (usage, meaning) in rows {
            let _ = writeln!(help, "  {program} {usage:width$}  {meaning}");
        }
        help.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOUD: Program = Program {
        address: "registry.terraform.io/acme/cloud",
        version: "1.2.3",
        commands: &[("export --out DIR", "write the configuration of what exists")],
    };

    fn command(arguments: &[&str]) -> Command {
        CLOUD.command(arguments.iter().map(OsString::from))
    }

    #[test]
    fn arguments_have_one_or_two_hyphens() {
        let version = || Command::Print("terraform-provider-cloud 1.2.3".to_owned());
        let help = || Command::Print(CLOUD.help());
        for (arguments, expected) in [
            (&[][..], Command::Plugin),
            (&["--debug"], Command::Debug),
            (&["-debug"], Command::Debug),
            (&["--version"], version()),
            (&["-version"], version()),
            (&["--help"], help()),
            (&["-help"], help()),
            (&["-h"], help()),
        ] {
            assert_eq!(command(arguments), expected, "{arguments:?}");
        }
        let bare = Program::from("example.com/acme/bare").command(["--version".into()]);
        assert_eq!(bare, Command::Print("terraform-provider-bare".to_owned()));
    }

    #[test]
    fn other_arguments_are_rejected_with_the_usage() {
        for arguments in [&["plan"][..], &["--debug", "--debug"], &["\u{1b}[2J"], &[""]] {
            let Command::Reject(text) = command(arguments) else { panic!("{arguments:?} are accepted") };
            assert!(text.starts_with("Unknown arguments:") && text.ends_with(&CLOUD.help()), "{text}");
            assert!(!text.contains('\u{1b}'), "{text}");
        }
    }

    #[test]
    fn the_help_says_what_the_program_is_and_lists_its_commands() {
        assert_eq!(
            CLOUD.help(),
            "terraform-provider-cloud 1.2.3\n\nThis program is the provider registry.terraform.io/acme/cloud for \
             Terraform and OpenTofu, which install and start it themselves. Add it to a configuration, and run:\n  \
             terraform init\n\nUsage:\n  terraform-provider-cloud export --out DIR  write the configuration of what \
             exists\n  terraform-provider-cloud --debug           serve hosts that you start, until you press \
             Ctrl-C\n  terraform-provider-cloud --version         print the version\n  terraform-provider-cloud --help            \
             print this text"
        );
    }
}
