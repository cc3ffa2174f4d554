//! The handshake between host and plugin: the cookie, the protocol version, and the address.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::environment::Environment;
use super::listen::Address;

/// The only protocol of this framework.
pub(crate) const PROTOCOL: u32 = 6;

/// The cookie that every Terraform host sets in the environment of a plugin.
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// Why the process does not serve the program that started it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Started by a person or by a program that is not a host.
    #[error("This program is a provider plugin. Terraform and OpenTofu start it.")]
    NotAPlugin,
    /// The host is too old.
    #[error(
        "This provider supports plugin protocol 6, but the program that started it offers only {offered:?}.\nUse \
         Terraform 1.0 or newer, or OpenTofu 1.6 or newer."
    )]
    Protocol {
        /// What it offers.
        offered: String,
    },
}

/// Checks that a host with the right protocol version started the process.
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

/// Returns the handshake line with the address. `certificate` is the DER of the provider's certificate; without one,
/// the connection is not encrypted.
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
    fn the_handshake_line_contains_address_and_certificate() {
        let unix = Address::Unix("/run/plugin-1".into());
        let tcp = Address::Tcp(([127, 0, 0, 1], 10_001).into());
        for (address, certificate, multiplexing, expected) in [
            (&unix, None, None, "1|6|unix|/run/plugin-1|grpc|\n"),
            (&tcp, None, None, "1|6|tcp|127.0.0.1:10001|grpc|\n"),
            // Standard alphabet without padding: the host rejects both alternatives.
            (&unix, Some(&[0xfb, 0xff, 0xfe, 0xff][..]), None, "1|6|unix|/run/plugin-1|grpc|+//+/w\n"),
            (&unix, None, Some(false), "1|6|unix|/run/plugin-1|grpc||false\n"),
        ] {
            assert_eq!(line(address, certificate, multiplexing), expected);
        }
    }
}
