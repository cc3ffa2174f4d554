//! The control plane.

use std::collections::BTreeSet;

use zenml_api::control;

use crate::exchange::{Exchange, Source, check, read};

macro_rules! checks {
    ($exchange:ident; $($module:ident: $($endpoint:ident)+;)+) => {
        match $exchange.endpoint.as_str() {
            $($(concat!(stringify!($module), "::", stringify!($endpoint)) => {
                check(&control::$module::$endpoint, $exchange);
            })+)+
            other => panic!("no endpoint is named {other}"),
        }
    };
}

fn check_one(exchange: &Exchange) {
    checks! { exchange;
        auth: LOGIN API_TOKEN DEVICE_AUTHORIZATION LOGOUT;
        device: LIST GET UPDATE DELETE VERIFY;
        entitlement: CHECK;
        invitation: LIST CREATE DELETE MINE GET ANSWER;
        member: LIST REMOVE LIST_OF_WORKSPACE LIST_OF_PROJECT;
        organization: LIST CREATE GET UPDATE DELETE WORKSPACES NAME_IS_FREE;
        rbac: CHECK_PERMISSIONS CHECK_PERMISSIONS_OLD ALLOWED_RESOURCE_IDS USER_TEAM_IDS RESOURCE_MEMBERS SHARE
            FORGET;
        role: LIST CREATE GET UPDATE DELETE ASSIGNMENTS ASSIGN REVOKE PERMISSIONS;
        server: HEALTH INFO;
        service_account: LIST CREATE GET UPDATE DELETE API_KEYS CREATE_API_KEY API_KEY UPDATE_API_KEY
            ROTATE_API_KEY DELETE_API_KEY;
        team: LIST CREATE GET UPDATE DELETE MEMBERS ADD_MEMBER REMOVE_MEMBER;
        usage_event: REPORT;
        user: LIST CREATE GET UPDATE DELETE ME UPDATE_ME MY_API_KEYS CREATE_MY_API_KEY DELETE_MY_API_KEY
            AUTHORIZE_SERVER;
        workspace: LIST CREATE GET UPDATE DELETE DEPLOY DEACTIVATE;
        workspace_status: REPORT;
    }
}

#[test]
fn every_endpoint_agrees_with_the_documentation_of_the_control_plane() {
    let mut failed = Vec::new();
    for exchange in read("control") {
        // One report about all of them is more useful than the first panic.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check_one(&exchange)));
        if result.is_err() {
            failed
                .push(format!("{} {} {}", exchange.endpoint, exchange.request.method, exchange.request.path));
        }
    }
    assert!(failed.is_empty(), "these exchanges do not fit: {failed:#?}");
}

#[test]
fn every_endpoint_has_an_exchange() {
    let written: BTreeSet<String> = read("control").into_iter().map(|exchange| exchange.endpoint).collect();
    let known: BTreeSet<String> = control::ALL.iter().map(|entry| entry.name.to_owned()).collect();
    assert_eq!(written, known);
}

#[test]
fn every_endpoint_is_in_the_table() {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src/control");
    let mut declared = BTreeSet::new();
    for file in std::fs::read_dir(sources).unwrap().map(|entry| entry.unwrap().path()) {
        let module = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines().filter_map(|line| line.strip_prefix("pub const ")) {
            if let Some((name, _)) = line.split_once(": Endpoint<") {
                declared.insert(format!("{module}::{name}"));
            }
        }
    }
    let table: BTreeSet<String> = control::ALL.iter().map(|entry| entry.name.to_owned()).collect();
    assert_eq!(declared, table);
}

/// Assumptions must be easy to find if the real API turns out to be different.
#[test]
fn inferred_exchanges_are_listed_by_name() {
    let exchanges = read("control");
    let certain: BTreeSet<&str> = exchanges
        .iter()
        .filter(|exchange| exchange.source != Source::Inferred)
        .map(|exchange| exchange.endpoint.as_str())
        .collect();
    let inferred: Vec<&str> =
        control::ALL.iter().map(|entry| entry.name).filter(|name| !certain.contains(name)).collect();
    assert_eq!(
        inferred,
        [
            "device::LIST",
            "device::GET",
            "device::UPDATE",
            "device::DELETE",
            "invitation::GET",
            "invitation::ANSWER",
            "role::CREATE",
            "role::UPDATE",
            "role::PERMISSIONS",
            "server::HEALTH",
            "server::INFO",
            "service_account::GET",
            "service_account::UPDATE",
            "service_account::DELETE",
            "service_account::API_KEY",
            "service_account::UPDATE_API_KEY",
            "service_account::ROTATE_API_KEY",
            "service_account::DELETE_API_KEY",
            "user::UPDATE_ME",
            "user::DELETE_MY_API_KEY",
            "workspace::DEACTIVATE",
        ]
    );
}

#[test]
fn templates_have_as_many_parameters_as_their_types() {
    for entry in control::ALL {
        for template in entry.route.templates() {
            assert!(template.starts_with('/') && !template.ends_with('/'), "{template}");
            assert_eq!(template.matches('{').count(), entry.parameters, "{} {template}", entry.name);
        }
    }
}

#[test]
fn no_two_endpoints_share_a_route() {
    let mut seen = BTreeSet::new();
    for entry in control::ALL {
        for template in entry.route.templates() {
            assert!(seen.insert((entry.route.method, template)), "{} {template}", entry.name);
        }
    }
}
