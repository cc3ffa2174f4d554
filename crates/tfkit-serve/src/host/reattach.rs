//! The variable with which hosts find a process that a person started.

use serde_json::{Map, Value, json};

use super::handshake::PROTOCOL;
use super::listen::Address;

/// Default hosts of source addresses. Terraform and OpenTofu complete a short address, such as `acme/cloud`, with
/// different ones.
const DEFAULT_HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// Returns the value of `TF_REATTACH_PROVIDERS` for a provider: how to reach it, by each form of its source address.
pub(super) fn variable(provider: &str, process: u32, address: &Address) -> String {
    let connection = json!({
        "Protocol": "grpc",
        "ProtocolVersion": PROTOCOL,
        "Pid": process,
        // The host must not end this process after a run.
        "Test": true,
        "Addr": { "Network": address.network(), "String": address.to_string() },
    });
    let all: Map<String, Value> =
        spellings(provider).into_iter().map(|spelling| (spelling, connection.clone())).collect();
    Value::Object(all).to_string()
}

fn spellings(provider: &str) -> Vec<String> {
    match provider.split_once('/') {
        Some((host, rest)) if DEFAULT_HOSTS.contains(&host) => {
            DEFAULT_HOSTS.iter().map(|host| format!("{host}/{rest}")).collect()
        }
        _ => vec![provider.to_owned()],
    }
}

/// Returns the command that sets the variable in the shell of a person.
pub(super) fn command(value: &str) -> String {
    if cfg!(windows) {
        format!("$env:TF_REATTACH_PROVIDERS = '{}'", value.replace('\'', "''"))
    } else {
        format!("export TF_REATTACH_PROVIDERS='{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_find_the_process_by_each_form_of_the_address() {
        let socket = Address::Unix("/tmp/it's".into());
        let value = variable("registry.terraform.io/acme/cloud", 7, &socket);
        let parsed: Value = serde_json::from_str(&value).unwrap();
        let expected = json!({
            "Protocol": "grpc", "ProtocolVersion": 6, "Pid": 7, "Test": true,
            "Addr": { "Network": "unix", "String": "/tmp/it's" },
        });
        for spelling in ["registry.terraform.io/acme/cloud", "registry.opentofu.org/acme/cloud"] {
            assert_eq!(parsed[spelling], expected, "{spelling}");
        }
        let port = Address::Tcp(([127, 0, 0, 1], 10_000).into());
        let value = variable("example.com/acme/cloud", 7, &port);
        let parsed: Value = serde_json::from_str(&value).unwrap();
        assert_eq!(parsed.as_object().unwrap().len(), 1);
        assert_eq!(
            parsed["example.com/acme/cloud"]["Addr"],
            json!({ "Network": "tcp", "String": "127.0.0.1:10000" })
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_command_survives_the_shell() {
        let value = r#"{"a":"it's $HOME `id` \\"}"#;
        let script = format!("{}; printf %s \"$TF_REATTACH_PROVIDERS\"", command(value));
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
    }
}
