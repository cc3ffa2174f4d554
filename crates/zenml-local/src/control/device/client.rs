//! What a client says about itself.

use crate::http::RequestInfo;

/// Maximum length of a part, in characters.
const LONGEST: usize = 100;

/// The client of a device, as its `User-Agent` header describes it: `Host/vm ZenML/0.98.0 Python/3.11.7 OS/Linux`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) hostname: Option<String>,
    pub(super) os: Option<String>,
    pub(super) python: Option<String>,
    pub(super) zenml: Option<String>,
    /// Address of the request, without its port.
    pub(super) address: Option<String>,
}

impl Client {
    /// Reads the headers of a request.
    pub(super) fn of(request: &RequestInfo) -> Self {
        let remote = request.remote.as_deref().and_then(|text| text.parse::<std::net::SocketAddr>().ok());
        let mut client =
            Self { address: remote.map(|remote| remote.ip().to_canonical().to_string()), ..Self::default() };
        let Some(agent) = &request.user_agent else { return client };
        for part in agent.split(' ') {
            let Some((name, value)) = part.split_once('/') else { continue };
            let place = match name {
                "Host" => &mut client.hostname,
                "OS" => &mut client.os,
                "Python" => &mut client.python,
                "ZenML" => &mut client.zenml,
                _ => continue,
            };
            let value: String = value.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
            *place = Some(value).filter(|value| !value.is_empty());
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_described_by_its_headers() {
        let of = |agent: &str| {
            Client::of(&RequestInfo {
                user_agent: Some(agent.to_owned()),
                remote: Some("[::ffff:10.0.0.1]:80".to_owned()),
                ..RequestInfo::default()
            })
        };
        let client = of("Host/vm ZenML/0.98.0 Python/3.11.7 OS/Linux");
        let parts = [&client.hostname, &client.zenml, &client.python, &client.os, &client.address];
        assert_eq!(
            parts.map(|part| part.as_deref().unwrap()),
            ["vm", "0.98.0", "3.11.7", "Linux", "10.0.0.1"]
        );
        for other in ["", "curl/8.0", "Host/", "Host", "/", "Host/ OS"] {
            let address = client.address.clone();
            assert_eq!(of(other), Client { address, ..Client::default() }, "{other}");
        }
        assert_eq!(of(&format!("Host/{}", "x".repeat(500))).hostname.unwrap().len(), LONGEST);
    }
}
