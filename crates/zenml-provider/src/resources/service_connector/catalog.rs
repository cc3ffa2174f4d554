//! The connector types of ZenML 0.98. Servers may support more, so unknown values are warnings only.

use tfkit::field::Field;
use tfkit::model::Token;
use tfkit::{Diag, Partial};

use super::ServiceConnector;

struct Known {
    name: &'static str,
    methods: &'static [&'static str],
    resources: &'static [&'static str],
}

const TYPES: &[Known] = &[
    Known {
        name: "aws",
        methods: &["implicit", "secret-key", "iam-role", "sts-token", "session-token", "federation-token"],
        resources: &["aws-generic", "s3-bucket", "kubernetes-cluster", "docker-registry"],
    },
    Known {
        name: "gcp",
        methods: &[
            "implicit",
            "user-account",
            "service-account",
            "external-account",
            "oauth2-token",
            "impersonation",
        ],
        resources: &["gcp-generic", "gcs-bucket", "kubernetes-cluster", "docker-registry"],
    },
    Known {
        name: "azure",
        methods: &["implicit", "service-principal", "access-token"],
        resources: &["azure-generic", "blob-container", "kubernetes-cluster", "docker-registry"],
    },
    Known { name: "kubernetes", methods: &["password", "token"], resources: &["kubernetes-cluster"] },
    Known { name: "docker", methods: &["password"], resources: &["docker-registry"] },
    Known {
        name: "hyperai",
        methods: &["rsa-key", "dsa-key", "ecdsa-key", "ed25519-key"],
        resources: &["hyperai-instance"],
    },
    Known {
        name: "oauth2",
        methods: &["client-credentials", "refresh-token", "token"],
        resources: &["oauth2-api"],
    },
];

/// Returns warnings for values that ZenML 0.98 does not know. They may be misspelled, or belong to a newer or
/// extended server.
pub(super) fn warnings(config: &Partial<ServiceConnector>) -> Vec<Diag> {
    let Some(kind) = config.get(ServiceConnector::TYPE).known() else { return Vec::new() };
    let Some(known) = TYPES.iter().find(|known| known.name == kind) else {
        let names: Vec<&str> = TYPES.iter().map(|known| known.name).collect();
        return vec![unknown(&format!("service connector type {kind:?}"), &names).at(ServiceConnector::TYPE)];
    };
    let method =
        word(config, ServiceConnector::AUTH_METHOD, "authentication method", known.name, known.methods);
    let resource =
        word(config, ServiceConnector::RESOURCE_TYPE, "resource type", known.name, known.resources);
    method.into_iter().chain(resource).collect()
}

fn word<F: Field<Value = String>>(
    config: &Partial<ServiceConnector>,
    token: Token<ServiceConnector, F>,
    noun: &str,
    kind: &str,
    words: &[&str],
) -> Option<Diag> {
    let value = config.get(token).known().filter(|value| !words.contains(&value.as_str()))?;
    Some(unknown(&format!("{noun} {value:?} of the type {kind:?}"), words).at(token))
}

fn unknown(what: &str, words: &[&str]) -> Diag {
    Diag::warning(format!("ZenML 0.98 does not know the {what}"))
        .why(format!("Known values: {}. The server may support more.", words.join(", ")))
        .fix("Check the spelling, unless a newer or extended server supports it.")
}
