//! A pipeline on a workspace that Terraform created, with the client and the server of ZenML.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use xtask::demo::http::{Body, Session};
use xtask::demo::matrix::SUBJECTS;
use xtask::demo::people;
use xtask::demo::stage::Stage;

use crate::engine::python;
use crate::{binaries, shown};

/// Runs two steps on the development stack, and tries to change the production stack.
const PROGRAM: &str = r#"
from zenml import pipeline, step
from zenml.client import Client

client = Client()
client.set_active_project("recommendation-engine")
client.activate_stack("alpha-dev-stack")


@step
def numbers() -> list[int]:
    return [1, 2, 3]


@step
def total(values: list[int]) -> int:
    return sum(values)


@pipeline(enable_cache=False)
def training():
    total(numbers())


run = training()
run = client.get_pipeline_run(run.id)
print("RUN", run.status.value, sorted(run.steps), run.steps["total"].output.load())
try:
    client.update_stack("alpha-prod-stack", description="mine")
    print("CHANGED")
except Exception as error:
    print("REFUSED", type(error).__name__, error)
"#;

#[tokio::test]
async fn a_developer_runs_a_pipeline_on_the_development_stack_and_cannot_change_production() {
    let (Some(python), Some(binaries)) = (python(), binaries().await.into_iter().next()) else { return };
    let mut stage = shown(Stage::set(&binaries, Some(&python)).await);
    stage.set_variable("run_locally", "true");
    shown(stage.terraform().succeed(&["init"]).await);
    shown(stage.terraform().succeed(&["apply", "-auto-approve"]).await);
    shown(stage.accept_invitation().await);
    shown(stage.terraform().expect_empty_plan(&[]).await);

    let control_plane = stage.platform().ready().control_plane_url.clone();
    let developer = SUBJECTS[0].username;
    let session = shown(Session::log_in(&control_plane, developer, people::PASSWORD).await);
    let new = json!({ "name": "laptop" });
    let key = shown(session.expect("POST", "/users/me/api_keys", Body::Json(new)).await);
    let key = key["key"].as_str().or_else(|| key["body"]["key"].as_str()).unwrap().to_owned();
    let outputs = shown(stage.terraform().outputs().await);
    let server = outputs["workspace_server_url"].as_str().unwrap().to_owned();

    let home = tempfile::tempdir().unwrap();
    let said = run(&python, home.path(), [&control_plane, &server, &key]);
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with(['R', 'C'])).collect();
    assert!(lines.contains(&"RUN completed ['numbers', 'total'] 6"), "{said}");
    let refused = lines.iter().find(|line| line.starts_with("REFUSED")).unwrap_or_else(|| panic!("{said}"));
    assert!(refused.contains("IllegalOperationError Insufficient permissions to UPDATE resource"), "{said}");

    shown(stage.terraform().expect_empty_plan(&[]).await);
    shown(stage.terraform().succeed(&["destroy", "-auto-approve"]).await);
    assert_eq!(stage.platform().folders(), Vec::<std::path::PathBuf>::new());
}

/// Runs the program as a person with a key would, and returns what it prints.
fn run(python: &Path, home: &Path, [control_plane, server, key]: [&str; 3]) -> String {
    let program = home.join("pipeline.py");
    std::fs::write(&program, PROGRAM).unwrap();
    let output = Command::new(python)
        .arg(&program)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("ZENML_CONFIG_PATH", home.join("configuration"))
        .env("ZENML_STORE_URL", server)
        .env("ZENML_STORE_API_KEY", key)
        .env("ZENML_PRO_API_URL", control_plane)
        .env("ZENML_ANALYTICS_OPT_IN", "false")
        .env("ZENML_LOGGING_COLORS_DISABLED", "true")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
