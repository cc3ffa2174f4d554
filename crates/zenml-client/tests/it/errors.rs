//! Error messages, and what they hide.

use serde_json::json;
use zenml_api::control::team;
use zenml_api::error::Refusal;
use zenml_api::workspace::connector;
use zenml_api::{IdOrName, workspace};
use zenml_client::{ApiError, Optional};

use crate::script::{ID, KEY, Script, both, client, lines, settings, team};

async fn answer(status: u16, body: &str) -> ApiError {
    let wire = Script::new().text(&format!("GET /teams/{ID}"), status, body).wire();
    let client = client(&settings(), &wire);
    client.control_plane().unwrap().call(&team::GET, ID.parse().unwrap()).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn every_error_contains_operation_status_and_request_id() {
    let error = answer(403, r#"{"detail": ["IllegalOperationError", "not yours"]}"#).await;
    let id = error.call().unwrap().request_id.clone();
    assert_eq!(
        error.to_string(),
        format!(
            "the control plane refused the request: not yours (GET /teams/{{team_id}}, status 403, request id {id})"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn each_status_has_its_variant() {
    let body = r#"{"detail": "x"}"#;
    assert!(matches!(answer(400, body).await, ApiError::Invalid(_)));
    assert!(matches!(answer(401, body).await, ApiError::Unauthorized(_)));
    assert!(matches!(answer(402, body).await, ApiError::PaymentRequired(_)));
    assert!(matches!(answer(403, body).await, ApiError::Forbidden(_)));
    assert!(matches!(answer(404, body).await, ApiError::NotFound(_)));
    assert!(matches!(answer(409, body).await, ApiError::Conflict(_)));
    assert!(matches!(answer(422, body).await, ApiError::Invalid(_)));
    assert!(matches!(answer(429, body).await, ApiError::RateLimited(_)));
    assert!(matches!(answer(500, body).await, ApiError::Server(_)));
    assert!(matches!(answer(418, body).await, ApiError::Server(_)));
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_refuses_access_does_not_blame_the_credential_of_the_caller() {
    let refused = json!({ "detail": ["AuthorizationException", "The token of the connector has expired"] });
    let expired = json!({ "detail": ["CredentialsNotValid", "Authentication error: the token has expired"] });
    for (body, is_of_connector, logins) in [(refused, true, 1), (expired, false, 2)] {
        let path = format!("GET /ws/api/v1/service_connectors/{ID}/client");
        let wire = Script::new().on(&path, 401, &body).wire();
        let client = client(&both(), &wire);
        let server = client.server().unwrap();
        let query = connector::ClientQuery::default();
        let error = server.send(&connector::CLIENT, ID.parse().unwrap(), query, ()).await.unwrap_err();
        assert_eq!(matches!(error, ApiError::ConnectorRefused(_)), is_of_connector, "{error}");
        let all = lines(&wire);
        assert_eq!(all.iter().filter(|line| line.contains("/login")).count(), logins, "{all:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_404_of_an_object_is_none_and_one_of_the_endpoint_is_an_error() {
    let gone = Err::<(), _>(answer(404, r#"{"detail": ["KeyError", "no such team"]}"#).await);
    assert!(gone.optional().unwrap().is_none());
    for (status, body) in [(404, r#"{"detail": "Not Found"}"#), (405, r#"{"detail": "Method Not Allowed"}"#)]
    {
        let error = Err::<(), _>(answer(status, body).await).optional().unwrap_err();
        assert!(matches!(error, ApiError::UnknownRoute(_)), "{error}");
        assert!(error.to_string().contains("http://plane.test does not have this endpoint"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_html_page_is_recognized_with_any_status() {
    let page = "\n<!DOCTYPE html><html><head><title>Sign in</title></head></html>";
    for status in [200, 404, 403] {
        let error = answer(status, page).await;
        assert!(matches!(error, ApiError::NotTheApi { .. }), "{error}");
        assert!(
            error.to_string().contains(
                "http://plane.test is not the address of a control plane API: it answers with the HTML page \"Sign \
                 in\""
            ),
            "{error}"
        );
    }
    assert!(matches!(answer(502, page).await, ApiError::Server(_)), "a gateway's page is an outage");
}

#[tokio::test(start_paused = true)]
async fn a_decoding_error_contains_the_path_and_not_the_value() {
    let mut broken = team();
    broken["created"] = json!({"hunter2": 1});
    let error = answer(200, &broken.to_string()).await;
    let text = error.to_string();
    assert!(
        text.starts_with("cannot read the response of the control plane: created: invalid type"),
        "{text}"
    );
    let mut broken = team();
    broken["id"] = json!("hunter2");
    let text = answer(200, &broken.to_string()).await.to_string();
    assert!(text.contains("id: invalid value") && !text.contains("hunter2"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_distinguishes_in_use_from_not_permitted() {
    let in_use = "Stack Component `x` of type `artifact_store cannot be deleted as it is part of 1 stacks.";
    for (text, expected) in [
        ("Insufficient permissions to READ resource 'stack/1'.", Refusal::Permission),
        (in_use, Refusal::InUse),
        ("The default stack cannot be deleted.", Refusal::Other),
    ] {
        let error = answer(403, &json!({"detail": ["IllegalOperationError", text]}).to_string()).await;
        assert_eq!(error.refusal(), Some(expected), "{text}");
        assert_eq!(error.is_in_use(), expected == Refusal::InUse);
    }
}

#[tokio::test(start_paused = true)]
async fn a_422_that_repeats_submitted_secrets_shows_none_of_them() {
    let python = "1 validation error:\n  {'type': 'string_too_long', 'loc': ('body', 'name'), 'msg': 'too long', \
     'input': {'password': 'hunter2'}}\n\n  File \"/x/utils.py\", line 112, in create";
    for (body, expected) in [
        (json!(["ValueError", python]), "body.name: too long"),
        (
            json!({"detail": [{"loc": ["body", "name"], "msg": "too long", "input": "hunter2"}]}),
            "body.name: too long",
        ),
        (
            json!({"detail": ["ValueError", "1 validation error for X\nname\n  too long [type=t, input_value='hunter2']"]}),
            "name: too long",
        ),
        (json!({"detail": ["ValueError", "2 validation errors hunter2"]}), "omitted"),
    ] {
        let text = answer(422, &body.to_string()).await.to_string();
        assert!(text.contains(expected) && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_allowed_in_a_path_is_not_sent() {
    let wire = Script::new().wire();
    let client = client(&both(), &wire);
    let error =
        client.server().unwrap().call(&workspace::project::GET, IdOrName::parse("..")).await.unwrap_err();
    assert!(matches!(error, ApiError::Unsendable { .. }), "{error}");
    assert!(wire.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_output_contains_the_key() {
    let wire = Script::default().on("POST /auth/login", 401, &json!({"detail": "bad key"})).wire();
    let settings = settings();
    let client = client(&settings, &wire);
    let error = client.control_plane().unwrap().log_in().await.unwrap_err();
    let request = &wire.seen()[0];
    for text in
        [format!("{settings:?}"), format!("{client:?}"), format!("{error:?} {error}"), format!("{request:?}")]
    {
        assert!(!text.contains(KEY), "{text}");
    }
}
