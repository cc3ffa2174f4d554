//! The first words between host and plugin: who started us, in which protocol, and where we listen.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::environment::Environment;
use super::listen::Address;

/// The only protocol of this framework.
pub(crate) const PROTOCOL: u32 = 6;

/// What every host of Terraform plugins puts into the environment of a plugin.
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// Why we do not serve whoever started us.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Started by a person or by a program that is no host.
    #[error(
        "This program is a provider plugin. Terraform and OpenTofu start it themselves; it does nothing when it \
         is started by hand.\nName the provider in a configuration and run:\n  terraform init\n  terraform plan"
    )]
    NotAPlugin,
    /// The host is too old.
    #[error(
        "This provider speaks plugin protocol 6, but the program that started it offers only {offered:?}.\n\
         Use Terraform 1.0 or newer, or OpenTofu 1.6 or newer."
    )]
    Protocol {
        /// What it offers.
        offered: String,
    },
}

/// Checks that a host started us that speaks our protocol.
pub(crate) fn check(environment: &Environment) -> Result<(), Refusal> {
    if environment.cookie.as_deref() != Some(COOKIE) {
        return Err(Refusal::NotAPlugin);
    }
    let offered = environment.protocols.as_deref().unwrap_or_default();
    if offered.split(',').any(|version| version.trim().parse() == Ok(PROTOCOL)) {
        Ok(())
    } else {
        Err(Refusal::Protocol { offered: offered.to_owned() })
    }
}

/// The line that tells the host where we listen. `certificate` is the DER of our own certificate; without one
/// the connection is in the clear.
pub(crate) fn line(address: &Address, certificate: Option<&[u8]>, multiplexing: Option<bool>) -> String {
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    let mut line = format!("1|{PROTOCOL}|{}|{address}|grpc|{certificate}", address.network());
    if let Some(served) = multiplexing {
        let _ = write!(line, "|{served}");
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_address_and_certificate() {
        let unix = Address::Unix("/run/plugin-1".into());
        let tcp = Address::Tcp(([127, 0, 0, 1], 10_001).into());
        for (address, certificate, multiplexing, expected) in [
            (&unix, None, None, "1|6|unix|/run/plugin-1|grpc|\n"),
            (&tcp, None, None, "1|6|tcp|127.0.0.1:10001|grpc|\n"),
            // Standard alphabet, and no padding: the host refuses both alternatives.
            (&unix, Some(&[0xfb, 0xff, 0xfe, 0xff][..]), None, "1|6|unix|/run/plugin-1|grpc|+//+/w\n"),
            (&unix, None, Some(false), "1|6|unix|/run/plugin-1|grpc||false\n"),
        ] {
            assert_eq!(line(address, certificate, multiplexing), expected);
        }
    }
}
