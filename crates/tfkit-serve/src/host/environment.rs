//! Environment variables of the host. Nothing else in this crate reads the environment.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::log::Level;

/// Settings that the host passes to a plugin process.
#[derive(Debug)]
pub(crate) struct Environment {
    /// Shows that a host started the process, and not a person.
    pub(crate) cookie: Option<String>,
    /// Protocol versions that the host supports.
    pub(crate) protocols: Option<String>,
    /// PEM of the only certificate that may connect. Without it, the connection is not encrypted.
    pub(crate) client_certificate: Option<String>,
    /// Location of the socket, and who may use it.
    pub(crate) socket: SocketPlace,
    /// Ports to choose from if a socket file is not possible.
    pub(crate) ports: RangeInclusive<u16>,
    /// Whether the host asks for multiplexing, which the handshake must answer.
    pub(crate) asks_for_multiplexing: bool,
    /// The log level.
    pub(crate) log: Level,
}

/// Location of the socket file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct SocketPlace {
    /// Folder; by default the system's folder for temporary files.
    pub(crate) folder: PathBuf,
    /// Group, by name or number, that may connect in addition to the owner.
    pub(crate) group: Option<String>,
}

/// Default ports from the host's documentation.
const PORTS: RangeInclusive<u16> = 10_000..=25_000;

impl Environment {
    /// Reads the environment of this process. `provider` is the provider's short name, for its own log level.
    #[expect(clippy::disallowed_methods, reason = "this is the one module that reads the environment")]
    pub(crate) fn of_this_process(provider: &str) -> Self {
        Self::from(provider, &|name| std::env::var_os(name))
    }

    fn from(provider: &str, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| {
            variable(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
        };
        let port = |name: &str| text(name).and_then(|value| value.parse::<u16>().ok());
        let own_level = format!("TF_LOG_PROVIDER_{}", provider.to_ascii_uppercase().replace('-', "_"));
        let levels = [text(&own_level), text("TF_LOG_PROVIDER"), text("TF_LOG")];
        Self {
            cookie: text("TF_PLUGIN_MAGIC_COOKIE"),
            protocols: text("PLUGIN_PROTOCOL_VERSIONS"),
            client_certificate: text("PLUGIN_CLIENT_CERT"),
            socket: SocketPlace {
                folder: variable("PLUGIN_UNIX_SOCKET_DIR")
                    .filter(|folder| !folder.is_empty())
                    .map_or_else(std::env::temp_dir, PathBuf::from),
                group: text("PLUGIN_UNIX_SOCKET_GROUP"),
            },
            ports: match (port("PLUGIN_MIN_PORT"), port("PLUGIN_MAX_PORT")) {
                (Some(first), Some(last)) if first <= last => first..=last,
                _ => PORTS,
            },
            asks_for_multiplexing: text("PLUGIN_MULTIPLEX_GRPC").is_some_and(|value| value == "true"),
            log: Level::first(levels.iter().flatten().map(String::as_str)),
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::level_filters::LevelFilter;

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::from("my-cloud", &|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn ports_are_those_of_the_host_or_the_documented_defaults() {
        for (variables, expected) in [
            (&[][..], PORTS),
            (&[("PLUGIN_MIN_PORT", "11"), ("PLUGIN_MAX_PORT", "12")], 11..=12),
            (&[("PLUGIN_MIN_PORT", "12"), ("PLUGIN_MAX_PORT", "11")], PORTS),
            (&[("PLUGIN_MIN_PORT", "x"), ("PLUGIN_MAX_PORT", "11")], PORTS),
        ] {
            assert_eq!(environment(variables).ports, expected, "{variables:?}");
        }
    }

    #[test]
    fn the_providers_own_log_level_takes_precedence() {
        let all = [("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "INFO"), ("TF_LOG_PROVIDER_MY_CLOUD", "ERROR")];
        for (variables, expected) in [
            (&all[..0], None),
            (&all[..1], Some(LevelFilter::TRACE)),
            (&all[..2], Some(LevelFilter::INFO)),
            (&all[..], Some(LevelFilter::ERROR)),
        ] {
            assert_eq!(environment(variables).log.filter(), expected, "{variables:?}");
        }
    }

    #[test]
    fn empty_variables_count_as_unset() {
        let environment = environment(&[("PLUGIN_CLIENT_CERT", ""), ("PLUGIN_UNIX_SOCKET_DIR", "")]);
        assert_eq!(environment.client_certificate, None);
        assert_eq!(environment.socket, SocketPlace { folder: std::env::temp_dir(), group: None });
    }
}
