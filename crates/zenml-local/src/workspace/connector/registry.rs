//! Connectors to Docker registries.
//!
//! A server has no container engine, so it does not try their credentials: it only compares the names of registries.

use serde_json::Value;
use zenml_api::workspace::JsonMap;

/// The connector type.
pub(super) const TYPE: &str = "docker";

/// The registry of a connector that does not name one.
const DOCKER_HUB: &str = "docker.io";

/// Returns the registry that a connector gives access to.
///
/// # Errors
/// The requested one is another, or is not a registry.
pub(super) fn verify(plain: &JsonMap, requested: Option<String>) -> Result<String, String> {
    let own = plain.get("registry").and_then(Value::as_str).unwrap_or(DOCKER_HUB);
    let own = name(own).ok_or_else(|| invalid(own))?;
    let Some(requested) = requested else { return Ok(own) };
    match name(&requested) {
        None => Err(invalid(&requested)),
        Some(other) if other != own => Err(format!(
            "authorization failure: the connector gives access to the registry '{own}', not to '{other}'."
        )),
        Some(_) => Ok(own),
    }
}

fn invalid(text: &str) -> String {
    format!(
        "'{text}' is not the address of a registry, such as docker.io or https://registry.example.com:5000."
    )
}

/// Returns the host and port of a registry, from its address or that of a repository in it.
fn name(address: &str) -> Option<String> {
    let rest =
        address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(address);
    let place = rest.split('/').next().unwrap_or_default();
    let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
    };
    let is_port = |port: &str| !port.is_empty() && port.chars().all(|character| character.is_ascii_digit());
    if !host.split('.').all(is_label) || !port.is_none_or(is_port) {
        return None;
    }
    Some(if place == "index.docker.io" { DOCKER_HUB.to_owned() } else { place.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_connector_gives_access_to_its_own_registry() {
        for (registry, requested, expected) in [
            (None, None, Some("docker.io")),
            (None, Some("https://index.docker.io/v1/"), Some("docker.io")),
            (None, Some("docker.io/team/image"), Some("docker.io")),
            (Some("https://ghcr.io/team"), None, Some("ghcr.io")),
            (Some("localhost:5000"), Some("http://localhost:5000/x"), Some("localhost:5000")),
            (None, Some("ghcr.io"), None),
            (Some("localhost:5000"), Some("localhost:5001"), None),
            (None, Some("no address"), None),
            (Some("a..b"), None, None),
            (Some("host:port"), None, None),
        ] {
            let plain = registry.map(|text| ("registry".to_owned(), json!(text))).into_iter().collect();
            let found = verify(&plain, requested.map(str::to_owned));
            assert_eq!(found.as_deref().ok(), expected, "{registry:?} {requested:?}: {found:?}");
        }
    }
}
