//! Retries: which requests, and how often.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use zenml_api::control::{service_account, team};
use zenml_api::workspace::project;
use zenml_api::{IdOrName, Patch};
use zenml_client::transport::{Fault, TransportErrorKind as Kind};
use zenml_client::{ApiError, Client};

use crate::script::{ID, Script, both, client, header, lines, settings, team};

const GET: &str = "GET http://plane.test/teams/";
const CREATE: &str = "POST http://plane.test/teams";
const ROTATE: &str = "PUT http://plane.test/organizations/";
const CREATE_IN_WORKSPACE: &str = "POST http://plane.test/ws/api/v1/projects";

async fn get(client: &Client) -> Result<team::Team, ApiError> {
    client.control_plane()?.call(&team::GET, ID.parse().unwrap()).await
}

async fn create(client: &Client) -> Result<team::Team, ApiError> {
    let new =
        team::TeamCreate { organization_id: ID.parse().unwrap(), name: "alpha".into(), description: None };
    client.control_plane()?.send(&team::CREATE, (), (), new).await
}

async fn rotate(client: &Client) -> Result<service_account::ApiKey, ApiError> {
    let path = (ID.parse().unwrap(), IdOrName::Name("robot".to_owned()), ID.parse().unwrap());
    let how = service_account::ApiKeyRotate { retain_period_minutes: 60 };
    client.control_plane()?.send(&service_account::ROTATE_API_KEY, path, (), how).await
}

async fn create_in_workspace(client: &Client) -> Result<project::Project, ApiError> {
    let new = project::ProjectCreate { name: Patch::Set("p".into()), ..project::ProjectCreate::default() };
    client.server()?.send(&project::CREATE, (), (), new).await
}

fn script() -> Script {
    let rotate = format!("PUT /organizations/{ID}/service_accounts/robot/api_keys/{ID}/rotate");
    let key = json!({ "id": ID, "name": "ci", "active": true, "key": "k" });
    let script = Script::new().on(&format!("GET /teams/{ID}"), 200, &team()).on(&rotate, 200, &key);
    script.on("POST /teams", 200, &team()).on(
        "POST /ws/api/v1/projects",
        200,
        &json!({"id": ID, "name": "p"}),
    )
}

fn status(status: u16) -> Fault {
    Fault::Answered { status, headers: Vec::new(), body: "" }
}

fn failed(body: &'static str) -> Fault {
    Fault::Answered { status: 500, headers: Vec::new(), body }
}

/// Faults, and whether a read, a create on the control plane, a create on a workspace, and a rotation of a key recover from
/// them.
#[tokio::test(start_paused = true)]
async fn calls_recover_from_faults_that_allow_a_retry() {
    let table = [
        (Fault::Lost(Kind::Connect), [true, true, true, true]),
        (Fault::Lost(Kind::ConnectTimeout), [true, true, true, true]),
        (Fault::Lost(Kind::Dns), [true, true, true, true]),
        (Fault::Lost(Kind::Tls), [false, false, false, false]),
        (Fault::Lost(Kind::Timeout), [true, false, true, false]),
        (Fault::Lost(Kind::Interrupted), [true, false, true, false]),
        (Fault::AnswerLost, [true, false, true, false]),
        (status(429), [true, true, true, true]),
        (status(503), [true, true, true, false]),
        (status(408), [true, false, true, false]),
        (status(502), [true, false, true, false]),
        (status(504), [true, false, true, false]),
        (status(500), [false, false, false, false]),
        (
            failed(
                r#"{"detail": ["RuntimeError", "DELETE statement on table 'secret_resource' expected to delete 1 row(s); Only 0 were matched."]}"#,
            ),
            [true, false, true, false],
        ),
        (
            failed(
                r#"{"detail": ["RuntimeError", "(pymysql.err.OperationalError) (1213, 'Deadlock found when trying to get lock; try restarting transaction')"]}"#,
            ),
            [true, false, true, false],
        ),
        (
            failed(
                r#"{"detail": ["RuntimeError", "(pymysql.err.OperationalError) (1205, 'Lock wait timeout exceeded; try restarting transaction')"]}"#,
            ),
            [true, false, true, false],
        ),
        (
            failed(r#"{"detail": ["RuntimeError", "(sqlite3.OperationalError) database is locked"]}"#),
            [true, false, true, false],
        ),
        (failed(r#"{"detail": ["RuntimeError", "the disk is full"]}"#), [false, false, false, false]),
        (status(400), [false, false, false, false]),
        (status(403), [false, false, false, false]),
        (status(404), [false, false, false, false]),
        (status(409), [false, false, false, false]),
    ];
    for (fault, expected) in table {
        let wire = script()
            .wire()
            .fail(GET, fault.clone())
            .fail(CREATE_IN_WORKSPACE, fault.clone())
            .fail(CREATE, fault.clone())
            .fail(ROTATE, fault.clone());
        let client = client(&both(), &wire);
        let got = [
            get(&client).await.is_ok(),
            create(&client).await.is_ok(),
            create_in_workspace(&client).await.is_ok(),
            rotate(&client).await.is_ok(),
        ];
        assert_eq!(got, expected, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_fails_after_the_last_attempt() {
    let mut wire = script().wire();
    for _ in 0..20 {
        wire = wire.fail(GET, status(503));
    }
    let error = get(&client(&settings(), &wire)).await.unwrap_err();
    assert!(matches!(error, ApiError::Server(_)), "{error}");
    assert_eq!((error.call().unwrap().attempts, wire.seen().len()), (5, 6));
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_a_server_requests_is_kept() {
    let asks = |seconds| Fault::Answered { status: 429, headers: vec![("retry-after", seconds)], body: "" };
    let wire = script().wire().fail(GET, asks("20")).fail(GET, asks("30"));
    let client = client(&settings(), &wire);
    let started = Instant::now();
    get(&client).await.unwrap();
    assert!((50..55).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());

    let wire = script().wire().fail(GET, asks("3600"));
    let client = crate::script::client(&settings(), &wire);
    let error = get(&client).await.unwrap_err();
    let ApiError::RateLimited(refused) = &error else { panic!("{error}") };
    assert_eq!(refused.retry_after, Some(Duration::from_hours(1)));
}

#[tokio::test(start_paused = true)]
async fn a_workspace_post_keeps_its_idempotency_key_and_the_next_one_has_another() {
    let wire =
        script().wire().fail(CREATE_IN_WORKSPACE, Fault::AnswerLost).fail(CREATE_IN_WORKSPACE, status(502));
    let client = client(&both(), &wire);
    create_in_workspace(&client).await.unwrap();
    create_in_workspace(&client).await.unwrap();
    create(&client).await.unwrap();
    let keys = |part: &str| -> Vec<String> {
        let seen = wire.seen().into_iter().filter(|request| request.url.ends_with(part));
        seen.map(|request| header(&request, "idempotency-key").to_owned()).collect()
    };
    let creates = keys("/projects");
    assert_eq!(creates.len(), 4);
    assert!(creates[0].len() == 36 && creates[0] == creates[1] && creates[1] == creates[2]);
    assert_ne!(creates[2], creates[3]);
    assert!(keys("/login").iter().chain(&keys("/teams")).all(String::is_empty));
}

#[tokio::test(start_paused = true)]
async fn all_attempts_of_a_call_have_one_request_id() {
    let wire = script().wire().fail(GET, status(503));
    get(&client(&settings(), &wire)).await.unwrap();
    let ids: Vec<_> = wire.seen().iter().map(|request| header(request, "x-request-id").to_owned()).collect();
    assert!(ids[1] == ids[2] && ids[0] != ids[1] && ids[1].len() == 36, "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn an_error_reports_whether_the_change_may_have_happened() {
    let table = [
        (Fault::Lost(Kind::Tls), false),
        (Fault::AnswerLost, true),
        (Fault::Lost(Kind::Timeout), true),
        (status(500), true),
        (status(502), true),
        (status(501), true),
        (status(504), true),
        (Fault::Answered { status: 200, headers: Vec::new(), body: "<html>a proxy</html>" }, true),
        (Fault::Answered { status: 302, headers: Vec::new(), body: "" }, true),
        (status(400), false),
        (status(403), false),
        (status(409), false),
        (Fault::Answered { status: 200, headers: Vec::new(), body: "{}" }, true),
    ];
    for (fault, unknown) in table {
        let wire = script().wire().fail(CREATE, fault.clone()).fail(GET, fault.clone());
        let client = client(&settings(), &wire);
        assert_eq!(create(&client).await.unwrap_err().outcome_unknown(), unknown, "{fault:?}");
        if let Err(error) = get(&client).await {
            assert!(!error.outcome_unknown(), "a read changes nothing: {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_retried_change_may_conflict_with_its_own_first_attempt() {
    // Fault of the first attempt, response to the second one, and whether the first one may have succeeded.
    let table = [
        (status(503), status(409), true),
        (status(503), status(400), true),
        (status(429), status(409), false),
        (Fault::Lost(Kind::Connect), status(409), false),
    ];
    for (first, second, unknown) in table {
        let wire = script().wire().fail(CREATE, first.clone()).fail(CREATE, second);
        let error = create(&client(&settings(), &wire)).await.unwrap_err();
        assert_eq!(error.call().unwrap().attempts, 2, "{first:?}");
        assert_eq!(error.outcome_unknown(), unknown, "{first:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_client_ends_its_waits_and_starts_nothing() {
    let asks = Fault::Answered { status: 503, headers: vec![("retry-after", "50")], body: "" };
    let wire = script().wire().fail(GET, asks);
    let client = client(&settings(), &wire);
    let started = Instant::now();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        client.stop();
    };
    let (result, ()) = tokio::join!(get(&client), stop);
    let error = result.unwrap_err();
    assert!(matches!(&error, ApiError::Cancelled { after: Some(_), .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2));
    let before = lines(&wire).len();
    assert!(matches!(create(&client).await, Err(ApiError::Cancelled { after: None, .. })));
    assert_eq!(lines(&wire).len(), before);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_client_still_reads_once_because_a_response_may_have_been_lost() {
    let wire = script().wire().fail(GET, Fault::AnswerLost).fail(GET, Fault::AnswerLost);
    let client = client(&settings(), &wire);
    client.control_plane().unwrap().log_in().await.unwrap();
    client.stop();
    for _ in 0..2 {
        assert!(matches!(get(&client).await, Err(ApiError::Cancelled { after: Some(_), .. })));
    }
    get(&client).await.unwrap();
}
