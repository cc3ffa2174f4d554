//! Acting as a subject: the requests of each operation, and the interpretation of the responses.

use serde_json::{Value, json};

use super::{Connector, Kind, Matrix, Operation, Outcome, Stack, Subject};
use crate::Failure;
use crate::demo::http::{Answer, Body, Session};

/// The objects that the subjects act on.
#[derive(Clone, Debug)]
pub struct Scene {
    pub control_plane: String,
    /// Address of the workspace's server.
    pub workspace: String,
    pub development_stack: String,
    pub production_stack: String,
    pub shared_connector: String,
    pub production_connector: String,
    pub secret: String,
    pub project: String,
    /// Description of the project, sent back unchanged in an update.
    pub project_description: String,
    /// Bucket of the shared connector, as `s3://NAME`.
    pub bucket: String,
}

/// Acts as each subject, with its password, and returns the outcome of every operation.
pub async fn observe(scene: &Scene, subjects: &[Subject], password: &str) -> Result<Matrix, Failure> {
    let mut rows: Vec<(Operation, Vec<Outcome>)> =
        Operation::ALL.into_iter().map(|operation| (operation, Vec::new())).collect();
    for subject in subjects {
        let outcomes = act(scene, subject, password).await?;
        for ((_, row), outcome) in rows.iter_mut().zip(outcomes) {
            row.push(outcome);
        }
    }
    Ok(Matrix { subjects: subjects.to_vec(), rows })
}

/// Runs all operations of one subject.
async fn act(scene: &Scene, subject: &Subject, password: &str) -> Result<Vec<Outcome>, Failure> {
    let control_plane = Session::log_in(&scene.control_plane, subject.username, password).await?;
    let (login, session) = log_in(&scene.workspace, &control_plane).await?;
    let mut outcomes = Vec::new();
    for operation in Operation::ALL {
        outcomes.push(perform(&session, scene, login, operation).await?);
    }
    Ok(outcomes)
}

/// Exchanges the session of the control plane for one of the workspace. The response can be a 200 without a token,
/// which means no access.
///
/// A subject that cannot log in continues with the credential of the control plane, like an intruder.
async fn log_in(workspace: &str, control_plane: &Session) -> Result<(Outcome, Session), Failure> {
    let intruder = control_plane.at(format!("{workspace}/api/v1"));
    let answer = intruder.send("POST", "/login", Body::Form(&[("grant_type", "zenml-external")])).await?;
    let session = answer.body["access_token"].as_str().map(|token| intruder.with(token));
    Ok((outcome(&answer, session.is_some()), session.unwrap_or(intruder)))
}

/// Runs one operation, after a login with the given outcome.
async fn perform(
    session: &Session,
    scene: &Scene,
    login: Outcome,
    operation: Operation,
) -> Result<Outcome, Failure> {
    let stack_id = |stack| match stack {
        Stack::Development => &scene.development_stack,
        Stack::Production => &scene.production_stack,
    };
    Ok(match operation {
        Operation::LogIn => login,
        Operation::ListStack(stack) => {
            let answer = session.send("GET", &format!("/stacks?name={}", stack.name()), Body::Empty).await?;
            let listed =
                items(&answer).iter().any(|item| item["id"] == stack_id(stack).as_str() && visible(item));
            outcome(&answer, listed)
        }
        Operation::ReadStack(stack) => {
            let answer = session.send("GET", &format!("/stacks/{}", stack_id(stack)), Body::Empty).await?;
            outcome(&answer, visible(&answer.body))
        }
        Operation::SeeComponents(stack) => {
            let answer = session.send("GET", &format!("/stacks/{}", stack_id(stack)), Body::Empty).await?;
            let components = components(&answer.body);
            outcome(&answer, !components.is_empty() && components.into_iter().all(visible))
        }
        Operation::ChangeStack(stack) => {
            let unchanged = json!({ "name": stack.name() });
            let answer =
                session.send("PUT", &format!("/stacks/{}", stack_id(stack)), Body::Json(unchanged)).await?;
            outcome(&answer, true)
        }
        Operation::UseConnector(connector) => {
            let (id, query) = match connector {
                Connector::Shared => {
                    (&scene.shared_connector, format!("resource_type=s3-bucket&resource_id={}", scene.bucket))
                }
                Connector::Production => {
                    (&scene.production_connector, "resource_type=aws-generic".to_owned())
                }
            };
            let answer =
                session.send("GET", &format!("/service_connectors/{id}/client?{query}"), Body::Empty).await?;
            if answer.status == 401
                && answer.body["detail"][0] == "AuthorizationException"
                && login.kind == Kind::Done
            {
                // A real server has asked the cloud, which does not know the demo's credentials. It does so only for a
                // caller who may use the connector: to others it answers 403, and to no session `CredentialsNotValid`.
                return Ok(Outcome { status: answer.status, kind: Kind::Done });
            }
            let configuration = &answer.body["metadata"]["configuration"];
            outcome(&answer, configuration.as_object().is_some_and(|keys| !keys.is_empty()))
        }
        Operation::ReadSecret => {
            let answer = session.send("GET", &format!("/secrets/{}", scene.secret), Body::Empty).await?;
            let values = &answer.body["body"]["values"];
            outcome(&answer, values["password"].as_str().is_some_and(|value| !value.is_empty()))
        }
        Operation::ChangeProject => {
            let unchanged = json!({ "description": scene.project_description });
            let answer =
                session.send("PUT", &format!("/projects/{}", scene.project), Body::Json(unchanged)).await?;
            outcome(&answer, true)
        }
    })
}

/// Interprets a response: a success counts only if it contains what was requested.
fn outcome(answer: &Answer, complete: bool) -> Outcome {
    let kind = match answer.status {
        200 if complete => Kind::Done,
        200 | 401 | 403 | 404 => Kind::Refused,
        _ => Kind::Broken,
    };
    Outcome { status: answer.status, kind }
}

/// Whether an object is more than a stub.
fn visible(object: &Value) -> bool {
    object["permission_denied"] == false && object["body"].is_object()
}

fn items(answer: &Answer) -> &[Value] {
    answer.body["items"].as_array().map_or(&[], Vec::as_slice)
}

/// Returns all components of a stack, of all types.
fn components(stack: &Value) -> Vec<&Value> {
    let by_type = stack["metadata"]["components"].as_object();
    by_type.into_iter().flat_map(|types| types.values()).filter_map(Value::as_array).flatten().collect()
}

/// Returns the names of the components of the production stack that a user sees, in order.
pub async fn components_seen_by(
    scene: &Scene,
    username: &str,
    password: &str,
) -> Result<Vec<String>, Failure> {
    let control_plane = Session::log_in(&scene.control_plane, username, password).await?;
    let (_, session) = log_in(&scene.workspace, &control_plane).await?;
    let stack = session.expect("GET", &format!("/stacks/{}", scene.production_stack), Body::Empty).await?;
    let mut names: Vec<String> = components(&stack)
        .into_iter()
        .filter(|component| visible(component))
        .filter_map(|component| component["name"].as_str().map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
}
