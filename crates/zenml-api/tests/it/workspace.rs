//! A workspace.

use std::collections::BTreeSet;

use zenml_api::workspace;
use zenml_api::workspace::execution::{self, Fold, Noun};

use crate::exchange::{Exchange, check, read};

macro_rules! checks {
    ($exchange:ident; $($module:ident: $($endpoint:ident)+;)+) => {
        match $exchange.endpoint.as_str() {
            $($(concat!(stringify!($module), "::", stringify!($endpoint)) => {
                check(&workspace::$module::$endpoint, $exchange);
            })+)+
            other => {
                let Checked(found, _) = execution::fold(Checked(false, $exchange));
                assert!(found, "no endpoint is named {other}");
            }
        }
    };
}

/// Whether an exchange is that of one of the lists of [`execution`], and the exchange.
struct Checked<'a>(bool, &'a Exchange);

impl Fold for Checked<'_> {
    fn noun<N: Noun>(self) -> Self {
        let is_list = self.1.request.path == N::LIST.route().template;
        if is_list {
            check(&N::LIST, self.1);
        }
        Self(self.0 || is_list, self.1)
    }
}

fn check_one(exchange: &Exchange) {
    checks! { exchange;
        login: LOGIN LOGOUT API_TOKEN DEVICE_AUTHORIZATION;
        info: INFO VERSION STATISTICS LOAD ONBOARDING SUPPORTED_EVENTS;
        current_user: GET;
        user: LIST GET UPDATE;
        service_account: CREATE LIST GET UPDATE DELETE API_KEYS CREATE_API_KEY API_KEY UPDATE_API_KEY
            DELETE_API_KEY ROTATE_API_KEY;
        membership: SHARE;
        project: CREATE LIST GET UPDATE DELETE STATISTICS;
        stack: CREATE LIST GET UPDATE DELETE;
        component: TYPES CREATE LIST GET UPDATE DELETE;
        connector: CREATE LIST RESOURCES GET UPDATE DELETE VERIFY_NEW VERIFY CLIENT;
        connector_type: LIST GET;
        secret: CREATE LIST GET UPDATE DELETE BACKUP RESTORE;
        flavor: CREATE LIST GET UPDATE DELETE SYNC;
        tag: CREATE LIST GET UPDATE DELETE;
        code_repository: CREATE LIST GET UPDATE DELETE;
    }
}

#[test]
fn every_endpoint_agrees_with_the_responses_of_a_workspace() {
    let mut failed = Vec::new();
    for exchange in read("workspace") {
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
    let written: BTreeSet<String> = read("workspace").into_iter().map(|exchange| exchange.endpoint).collect();
    // Of what pipelines create, only the lists are known: without pipelines, there is nothing else.
    let is_known = |name: &str| !name.starts_with("execution::") || name.ends_with("::LIST");
    let names = workspace::ALL.iter().map(|entry| entry.name);
    let known: BTreeSet<String> = names.filter(|name| is_known(name)).map(str::to_owned).collect();
    assert_eq!(written, known);
}

#[test]
fn every_endpoint_has_as_many_parameters_as_its_template() {
    for entry in workspace::ALL {
        for template in entry.route.templates() {
            assert_eq!(template.matches('{').count(), entry.parameters, "{} {template}", entry.name);
        }
    }
}

/// A server removes a value if its member is omitted in these updates.
#[test]
fn updates_of_components_and_connectors_always_send_what_a_server_would_remove() {
    let component = serde_json::to_value(workspace::component::ComponentUpdate::default()).unwrap();
    assert_eq!(component, serde_json::json!({ "connector": null, "connector_resource_id": null }));
    let connector = serde_json::to_value(workspace::connector::ConnectorUpdate::default()).unwrap();
    for member in ["resource_types", "resource_id", "expiration_seconds", "configuration", "labels"] {
        assert!(connector.get(member).is_some(), "{member}");
    }
}
