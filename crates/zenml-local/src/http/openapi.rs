//! The OpenAPI documents of both planes, generated from the served endpoints and their types.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use zenml_api::{BodyKind, Method, Route};

use crate::authn::Access;
use crate::error::Plane;

/// Path of a document, below the root of its plane.
pub(super) const PATH: &str = "/openapi.json";
/// Placeholder for the address of a workspace in its document.
pub(super) const WORKSPACE: &str = "/w/{workspace}";

/// Error statuses of every operation, with their descriptions.
const REFUSALS: [(u16, &str); 14] = [
    (400, "The request is invalid."),
    (401, "The credential is missing or invalid."),
    (403, "Not allowed, or not possible for this object."),
    (404, "The object does not exist, or the caller has no access to it."),
    (405, "The method is not supported."),
    (408, "The request body did not arrive in time."),
    (409, "The object already exists or is in use."),
    (413, "The body is too large."),
    (414, "The query is too long."),
    (422, "The request is malformed."),
    (429, "Too many attempts. `Retry-After` says when to try again."),
    (501, "This is not possible on a local platform."),
    (503, "Temporarily unavailable."),
    (507, "The disk is full. Nothing was changed."),
];

/// The additional error status of a workspace, as on a real server.
const CRASH: (u16, &str) =
    (500, "A ZenML server fails here, and an embedded workspace returns the same error.");

/// A served endpoint.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    route: Route,
    access: Access,
    formats: &'static [Option<&'static str>],
    schemas: fn(&mut Generators) -> Schemas,
}

impl Operation {
    /// Describes an endpoint by the types of its query, its body and its response.
    pub(super) fn new<Q: JsonSchema, B: JsonSchema, A: JsonSchema>(
        route: Route,
        access: Access,
        formats: &'static [Option<&'static str>],
    ) -> Self {
        Self { route, access, formats, schemas: Schemas::of::<Q, B, A> }
    }
}

/// Some members are optional when read but always written, so each direction has its own schemas.
struct Generators {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

struct Schemas {
    query: Schema,
    body: Option<Schema>,
    answer: Schema,
}

impl Schemas {
    fn of<Q: JsonSchema, B: JsonSchema, A: JsonSchema>(generators: &mut Generators) -> Self {
        let nothing = <()>::schema_name();
        Self {
            query: Q::json_schema(&mut generators.read),
            body: (B::schema_name() != nothing).then(|| generators.read.subschema_for::<B>()),
            answer: generators.written.subschema_for::<A>(),
        }
    }
}

/// Builds the document of a plane.
pub(super) fn document(plane: Plane, operations: &[Operation]) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generators = Generators {
        read: settings.clone().for_deserialize().into_generator(),
        written: settings.for_serialize().into_generator(),
    };
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    // Two templates that differ only in names are one path.
    let mut templates: BTreeMap<String, String> = BTreeMap::new();
    for operation in operations {
        for (index, template) in operation.route.templates().enumerate() {
            let schemas = (operation.schemas)(&mut generators);
            let anonymous = segments(template).map(|(text, _)| text).collect::<Vec<_>>().join("/");
            let template = templates.entry(anonymous).or_insert_with(|| template.to_owned()).clone();
            let path = match plane {
                Plane::Control => template.clone(),
                Plane::Workspace => format!("{}{template}", zenml_api::workspace::BASE),
            };
            let described = describe(plane, operation, &template, index > 0, schemas);
            let method = operation.route.method.as_str().to_lowercase();
            paths.entry(path).or_default().insert(method, described);
        }
    }
    let mut components = generators.read.take_definitions(true);
    for (name, mut schema) in generators.written.take_definitions(true) {
        as_answer(&mut schema);
        components.insert(answer_name(&name), schema);
    }
    components.insert("Refusal".to_owned(), refusal(plane));
    let (title, server) = match plane {
        Plane::Control => ("ZenML Pro control plane", "/"),
        Plane::Workspace => ("ZenML workspace", WORKSPACE),
    };
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": server }],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
        },
    })
}

/// Returns the segments of a template, with `{}` for parameters, and the names of the parameters.
fn segments(template: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    template.split('/').map(|segment| {
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        (if name.is_some() { "{}" } else { segment }, name)
    })
}

fn describe(plane: Plane, operation: &Operation, template: &str, alias: bool, schemas: Schemas) -> Value {
    let Operation { route, access, formats, .. } = operation;
    let names = segments(template).filter_map(|(_, name)| name);
    let mut parameters: Vec<Value> = names
        .zip(formats.iter())
        .map(|(name, format)| {
            let mut schema = json!({ "type": "string", "minLength": 1 });
            if let Some(format) = format {
                schema["format"] = json!(format);
            }
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    parameters.extend(in_query(&schemas.query));
    if plane == Plane::Workspace && route.method == Method::Post {
        let key = json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "format": "uuid" },
        });
        parameters.push(key);
    }
    let mut answer = schemas.answer.to_value();
    as_answer(&mut answer);
    let mut responses = Map::new();
    responses.insert(
        "200".to_owned(),
        json!({ "description": "Success.", "content": { "application/json": { "schema": answer } } }),
    );
    let crash = (plane == Plane::Workspace).then_some(CRASH);
    for (status, description) in REFUSALS.into_iter().chain(crash) {
        let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Refusal" } } });
        let mut response = json!({ "description": description, "content": content });
        if matches!(status, 429 | 503) {
            let seconds = json!({ "schema": { "type": "integer", "minimum": 0 } });
            response["headers"] = json!({ "Retry-After": seconds });
        }
        responses.insert(status.to_string(), response);
    }
    let security = if *access == Access::Open { json!([]) } else { json!([{ "bearer": [] }]) };
    let mut described = json!({
        "operationId": format!("{} {template}", route.method),
        "parameters": parameters,
        "responses": responses,
        "security": security,
    });
    if alias {
        described["deprecated"] = json!(true);
    }
    if let Some(schema) = schemas.body {
        // A form and its members are optional; a JSON body is required where it is described.
        let required = route.body == BodyKind::Json;
        let content = Map::from_iter([(route.body.media_type().to_owned(), json!({ "schema": schema }))]);
        described["requestBody"] = json!({ "required": required, "content": content });
    }
    described
}

/// Returns the members of a query as parameters. A list repeats its key; nullable members are optional.
fn in_query(query: &Schema) -> Vec<Value> {
    let query = query.clone().to_value();
    let required: Vec<&str> =
        query["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(members) = query["properties"].as_object() else { return Vec::new() };
    members
        .iter()
        .map(|(name, schema)| {
            let mut schema = schema.clone();
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            let mut parameter = json!({
                "name": name, "in": "query", "required": required.contains(&name.as_str()),
                "schema": without_null(schema),
            });
            if let Some(description) = description {
                parameter["description"] = description;
            }
            parameter
        })
        .collect()
}

/// Removes null from a schema, because a query has no null.
fn without_null(mut schema: Value) -> Value {
    if let Some(kinds) = schema["type"].as_array() {
        let kinds: Vec<_> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
        schema["type"] = if let [one] = kinds.as_slice() { one.clone() } else { json!(kinds) };
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let choices: Vec<_> = choices.iter().filter(|choice| choice["type"] != "null").cloned().collect();
        schema["anyOf"] = json!(choices);
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.retain(|name, value| !value.is_null() || name == "const");
    }
    schema
}

fn answer_name(name: &str) -> String {
    format!("{name}.answer")
}

/// Redirects the references of a schema to the schemas for writing.
fn as_answer(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref") {
                *target = answer_name(target);
            }
            members.values_mut().for_each(as_answer);
        }
        Value::Array(items) => items.iter_mut().for_each(as_answer),
        _ => {}
    }
}

/// The schema of error bodies.
fn refusal(plane: Plane) -> Value {
    let text = json!({ "type": "string" });
    let class_and_text = json!({ "type": "array", "items": text, "minItems": 2, "maxItems": 2 });
    let issues = json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": { "loc": { "type": "array" }, "msg": text, "type": text },
            "required": ["loc", "msg", "type"],
        },
    });
    let detail = json!({
        "type": "object",
        "properties": { "detail": { "anyOf": [text, class_and_text, issues] } },
        "required": ["detail"],
    });
    match plane {
        Plane::Control => detail,
        Plane::Workspace => {
            let grant = json!({ "type": "object", "properties": { "error": text }, "required": ["error"] });
            json!({ "anyOf": [detail, class_and_text, grant] })
        }
    }
}
