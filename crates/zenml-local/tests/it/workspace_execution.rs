//! The routes of pipelines and what they create, for the table of routes and callers: lists are empty, nothing is
//! found, and nothing can be created.

use serde_json::{Map, Value, json};
use zenml_api::Route;
use zenml_api::workspace::execution::member::{Form, Member, Shape};
use zenml_api::workspace::execution::part::{
    self as part, CURATE, LINK_ARTIFACT, LINK_RUN, LINKS, PARTS, TAG, UNTAG,
};
use zenml_api::workspace::execution::{Fold, Noun, fold};

/// Route, request, body, and the status for each of the cast.
pub(crate) type Row = (String, String, String, [u16; 6]);

const NOWHERE: &str = "00000000-0000-4000-8000-000000000001";

/// For everyone with access to the workspace, without further permissions.
const IN: [u16; 6] = [401, 200, 200, 200, 200, 200];
const MISSING: [u16; 6] = [401, 404, 404, 404, 404, 404];
const NOT_HERE: [u16; 6] = [401, 501, 501, 501, 501, 501];
/// For roles that create objects in a project.
const NOT_HERE_IN_PROJECT: [u16; 6] = [401, 403, 403, 403, 501, 501];
/// For the administrator: roles of a project do not delete many objects at once.
const PRUNE: [u16; 6] = [401, 403, 403, 403, 403, 200];
/// A token that nobody has; a login is not required.
const UNAUTHORIZED: [u16; 6] = [401; 6];

/// Rows of one kind after the other.
struct Rows(Vec<Row>);

impl Fold for Rows {
    fn noun<N: Noun>(mut self) -> Self {
        self.add(N::LIST.route(), "?project={project}", &Value::Null, IN);
        if let Some(endpoint) = N::GET {
            self.add(endpoint.route(), "", &Value::Null, MISSING);
        }
        if let Some(endpoint) = N::CREATE {
            let statuses = if N::RESOURCE.is_empty() { NOT_HERE } else { NOT_HERE_IN_PROJECT };
            self.add(endpoint.route(), "", &body(N::NEW), statuses);
        }
        if let Some(endpoint) = N::UPDATE {
            self.add(endpoint.route(), "", &body(N::CHANGE), MISSING);
        }
        if let Some(endpoint) = N::DELETE {
            self.add(endpoint.route(), "", &Value::Null, MISSING);
        }
        self
    }
}

impl Rows {
    fn add(&mut self, route: Route, query: &str, body: &Value, statuses: [u16; 6]) {
        let parts = route.template.split('/').map(|part| if part.starts_with('{') { NOWHERE } else { part });
        let call = format!("{} {}{query}", route.method, parts.collect::<Vec<_>>().join("/"));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.0.push((route.to_string(), call, body, statuses));
    }
}

/// All rows.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = fold(Rows(Vec::new()));
    for part in PARTS {
        rows.add(part.endpoint.route(), "", &body(part.body), MISSING);
    }
    for part in LINKS {
        rows.add(part.endpoint.route(), "", &body(part.body), MISSING);
    }
    for reference in [LINK_ARTIFACT, LINK_RUN, CURATE, TAG, UNTAG] {
        rows.add(reference.endpoint.route(), "", &body(reference.body), MISSING);
    }
    let version = body(zenml_api::workspace::execution::ArtifactVersion::NEW);
    let snapshots = json!({ "project": "{project}", "older_than": "2030-01-01T00:00:00" });
    let runs = json!({ "filter": { "project": "{project}" } });
    let tags = json!([body(part::TAGGED)]);
    let mut metadata = body(part::RUN_METADATA);
    metadata["resources"] = json!([{ "id": NOWHERE, "type": "pipeline_run" }]);
    for (route, query, body, statuses) in [
        (part::TAG_MANY.route(), "", tags.clone(), MISSING),
        (part::UNTAG_MANY.route(), "", tags, MISSING),
        (part::CREATE_ARTIFACT_VERSIONS.route(), "", json!([version]), NOT_HERE_IN_PROJECT),
        (part::CREATE_LOGS.route(), "", body(part::LOGS), NOT_HERE),
        (part::CREATE_RUN_METADATA.route(), "", metadata, NOT_HERE_IN_PROJECT),
        (part::RESOURCE_REQUESTS.route(), "", Value::Null, NOT_HERE),
        (part::STEPS.route(), "", Value::Null, MISSING),
        (part::VERSIONS.route(), "?project={project}", Value::Null, IN),
        (part::DELETE_SCHEDULE.route(), "?soft=true", Value::Null, MISSING),
        (part::LOG.route(), "", Value::Null, MISSING),
        (part::VISUALIZATION.route(), "", Value::Null, MISSING),
        (part::RUN_LOGS.route(), "?source=client", Value::Null, MISSING),
        (part::STEP_LOGS.route(), "?source=step", Value::Null, MISSING),
        (part::DATA.route(), "?token=x", Value::Null, UNAUTHORIZED),
        (part::CODE.route(), "?token=x", Value::Null, UNAUTHORIZED),
        (part::WEBHOOK_EVENT.route(), "?delivery_id=x", Value::Null, MISSING),
        (part::PRUNE_ARTIFACTS.route(), "?project_name_or_id={project}", Value::Null, PRUNE),
        (part::PRUNE_SNAPSHOTS.route(), "", snapshots, PRUNE),
        (part::RUN_STATISTICS.route(), "", runs, IN),
    ] {
        rows.add(route, query, &body, statuses);
    }
    rows.0
}

/// A body with all members, in a project of the cast.
pub(crate) fn body(form: Form) -> Value {
    let mut members = Map::new();
    for Member { name, shape } in form.members {
        let value = match shape {
            Shape::Id if *name == "project" => json!("{project}"),
            Shape::Text | Shape::Name => json!("x"),
            Shape::Id => json!(NOWHERE),
            Shape::Moment => json!("2030-01-01T00:00:00"),
            Shape::Flag => json!(true),
            Shape::List => json!([]),
            Shape::Map | Shape::Object | Shape::Any => json!({}),
            Shape::OneOf(known) | Shape::Tag(known) => json!(known[0]),
        };
        members.insert((*name).to_owned(), value);
    }
    if let Some(one) = form.either.first() {
        members.insert((*one).to_owned(), json!(NOWHERE));
    }
    Value::Object(members)
}
