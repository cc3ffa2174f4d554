//! The connector types of ZenML 0.98. Servers may support more, so unknown values are warnings only.

use std::collections::BTreeSet;

use tfkit::{Diag, Dyn};

use crate::failure::meant;

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

/// Returns warnings for values that ZenML 0.98 does not know: those of the type that is set, or else of any type. They
/// may be misspelled, or belong to a newer or extended server.
pub(super) fn unfamiliar(arguments: &Dyn) -> Vec<Diag> {
    if arguments.attribute("type").is_unknown() {
        return Vec::new();
    }
    let text = |name: &str| arguments.attribute(name).as_str();
    let kind = text("type");
    let types: Vec<&Known> =
        TYPES.iter().filter(|known| kind.is_none_or(|kind| known.name == kind)).collect();
    if let (Some(kind), true) = (kind, types.is_empty()) {
        let names: Vec<&str> = TYPES.iter().map(|known| known.name).collect();
        return vec![unknown(&format!("service connector type {kind:?}"), kind, &names).at("type")];
    }
    let warn = |name: &'static str, noun: &str, words: fn(&Known) -> &'static [&'static str]| {
        let words: BTreeSet<&str> = types.iter().flat_map(|known| words(known)).copied().collect();
        let value = text(name).filter(|value| !words.contains(value))?;
        let of_type = kind.map_or(String::new(), |kind| format!(" of the type {kind:?}"));
        let words: Vec<&str> = words.into_iter().collect();
        Some(unknown(&format!("{noun} {value:?}{of_type}"), value, &words).at(name))
    };
    let method = warn("auth_method", "authentication method", |known| known.methods);
    let resource = warn("resource_type", "resource type", |known| known.resources);
    method.into_iter().chain(resource).collect()
}

fn unknown(what: &str, value: &str, words: &[&str]) -> Diag {
    let meant = meant(value, words);
    Diag::warning(format!("ZenML 0.98 does not know the {what}"))
        .why(format!("Known values: {}. The server may support more.", words.join(", ")))
        .fix(format!("{meant}Check the spelling, unless a newer or extended server supports it."))
}
