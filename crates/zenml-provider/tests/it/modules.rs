//! The module `team-environment`: its own tests, its page, and the example that uses it twice.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use tfkit_test::Scenario;
use zenml_api::control::workspace::{self, WorkspaceQuery};
use zenml_api::workspace::project;
use zenml_api::workspace::stack::{self, StackUpdate};
use zenml_api::{Patch, ProjectId, StackId, WorkspaceId};
use zenml_client::ApiError;

use crate::world::{World, hosts, lacks, scenario, under_each_host};

const MODULE: &str = "modules/team-environment";

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Copies the files of a folder with an extension, and returns how many there were.
fn copy(host: &Scenario, folder: &Path, to: &str, extension: &str) -> usize {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files.filter(|path| path.to_str().unwrap().ends_with(extension)).collect();
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(file).unwrap();
        host.write(&format!("{to}{name}"), &text.replace(&format!("../../{MODULE}"), &format!("./{MODULE}")))
            .unwrap();
    }
    files.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tests_of_the_module_pass_without_an_account() {
    for host in hosts().await.iter().filter(|host| !lacks(host, host.is_at_least(1, 8), "mocks")) {
        let host = scenario(host);
        host.remove("provider.tf").unwrap();
        assert!(copy(&host, &root(MODULE), "", ".tf") >= 4);
        assert_eq!(copy(&host, &root(MODULE).join("tests"), "tests/", ".tftest.hcl"), 1);
        let output = host.run(&["test", "-no-color"]).await.unwrap();
        assert!(output.stdout.contains("13 passed, 0 failed"), "{}", output.stdout);
    }
}

/// The blocks of one kind in a file, each with its name and its description.
fn described(file: &str, kind: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(root(MODULE).join(file)).unwrap();
    let (start, mut found) = (format!("{kind} \""), Vec::new());
    let mut name = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix(&start) {
            rest.trim_end_matches("\" {").clone_into(&mut name);
        } else if let Some(description) = line.strip_prefix("  description = \"") {
            found.push((name.clone(), description.trim_end_matches('"').to_owned()));
        }
    }
    found
}

#[test]
fn the_page_of_the_module_describes_each_variable_and_each_output() {
    let page = fs::read_to_string(root(MODULE).join("README.md")).unwrap();
    let rows: BTreeSet<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    for (file, kind, count) in [("variables.tf", "variable", 15), ("outputs.tf", "output", 9)] {
        let blocks = described(file, kind);
        assert_eq!(blocks.len(), count, "{blocks:?}");
        for (name, description) in blocks {
            let row = |row: &&&str| {
                row.starts_with(&format!("| `{name}` |")) && row.contains(&format!("| {description} |"))
            };
            assert!(rows.iter().any(|candidate| row(&candidate)), "| `{name}` | {description} |");
        }
    }
}

/// People of both teams, and one of neither.
const PEOPLE: [(&str, &str); 8] = [
    ("alpha", "alpha-developer-1@example.com"),
    ("alpha", "alpha-developer-2@example.com"),
    ("alpha", "alpha-engineer@example.com"),
    ("alpha", "alpha-ops@example.com"),
    ("beta", "beta-developer@example.com"),
    ("beta", "beta-engineer@example.com"),
    ("beta", "beta-ops@example.com"),
    ("neither", "visitor@example.com"),
];

/// What the example has created for one team.
struct Environment {
    team: &'static str,
    workspace: WorkspaceId,
    project: ProjectId,
    production: StackId,
}

fn environment(outputs: &Json, team: &'static str) -> Environment {
    let of = &outputs[team];
    let id = |value: &Json| value.as_str().unwrap().to_owned();
    Environment {
        team,
        workspace: id(&of["workspace_id"]).parse().unwrap(),
        project: id(&of["project_id"]).parse().unwrap(),
        production: id(&of["stack_ids"]["production"]).parse().unwrap(),
    }
}

/// What a person reaches of an environment, in words.
async fn reach(world: &World, person: &str, environment: &Environment) -> String {
    let person = world.acting_as(person);
    let control = person.control_plane().unwrap();
    let listed = control.list_all(&workspace::LIST, (), WorkspaceQuery::default()).await.unwrap();
    let is_listed = listed.iter().any(|workspace| workspace.id == environment.workspace);
    let server = match person.workspace(environment.workspace).await {
        Ok(server) => server,
        Err(ApiError::NotFound(_) | ApiError::Forbidden(_)) if !is_listed => return "nothing".to_owned(),
        Err(error) => panic!("{error}"),
    };
    let sees_project = server.call(&project::GET, environment.project.into()).await;
    if matches!(sees_project, Err(ApiError::Forbidden(_) | ApiError::Unauthorized { .. })) && !is_listed {
        return "nothing".to_owned();
    }
    sees_project.unwrap();
    server.call(&stack::GET, environment.production).await.unwrap();
    let change = StackUpdate {
        name: Patch::Set(format!("{}-prod-stack", environment.team)),
        ..StackUpdate::default()
    };
    match server.send(&stack::UPDATE, environment.production, (), change).await {
        Ok(_) => "changes production".to_owned(),
        Err(ApiError::Forbidden(_)) => "reads production".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_teams_get_an_environment_each_and_reach_nothing_of_the_other() {
    under_each_host(async |world, mut host| {
        for (_, person) in PEOPLE {
            world.person(person).await;
        }
        let before = world.platform.census().await.unwrap();
        host.remove("provider.tf").unwrap();
        assert_eq!(copy(&host, &root("examples/two-teams"), "", ".tf"), 3);
        copy(&host, &root(MODULE), &format!("{MODULE}/"), ".tf");
        host.set_variable("zenml_control_plane_url", &json!(world.platform.url()));
        host.set_variable("zenml_service_account_key", &json!(world.key()));
        host.set_variable("verify_connectors", &json!("false"));
        let key = |team: &str| json!({ "id": "NOT-A-KEY-ID", "secret": format!("not-a-secret-of-{team}") });
        host.set_variable("aws_access_keys", &json!({ "alpha": key("alpha"), "beta": key("beta") }));
        let login = |team: &str| json!({ "username": team, "password": format!("not-a-password-of-{team}") });
        host.set_variable("mlflow_logins", &json!({ "alpha": login("alpha"), "beta": login("beta") }));
        host.run(&["get"]).await.unwrap();
        host.apply().await.unwrap();
        assert!(host.plan().await.unwrap().is_empty());

        let outputs = host.output("environments").await.unwrap();
        let mut table = Vec::new();
        for environment in [environment(&outputs, "alpha"), environment(&outputs, "beta")] {
            for (team, person) in PEOPLE {
                let reached = reach(&world, person, &environment).await;
                if reached != "nothing" {
                    table.push(format!("{}: {person} {reached}", environment.team));
                }
                assert_eq!(reached == "nothing", team != environment.team, "{person} of {team}: {reached}");
            }
        }
        assert_eq!(
            table,
            [
                "alpha: alpha-developer-1@example.com reads production",
                "alpha: alpha-developer-2@example.com reads production",
                "alpha: alpha-engineer@example.com reads production",
                "alpha: alpha-ops@example.com changes production",
                "beta: beta-developer@example.com reads production",
                "beta: beta-engineer@example.com changes production",
                "beta: beta-ops@example.com changes production",
            ]
        );
        let told = host.output("who_changes_production").await.unwrap();
        assert_eq!(
            told,
            json!({
                "alpha": [
                    "admin: Organization Admin",
                    "alpha-ops@example.com: Workspace Admin of alpha-ml-ops",
                    "alpha-ops@example.com: share of alpha-ml-ops",
                ],
                "beta": [
                    "admin: Organization Admin",
                    "beta-engineer@example.com: share of beta-ml-engineers",
                    "beta-ops@example.com: Workspace Admin of beta-ml-ops",
                    "beta-ops@example.com: share of beta-ml-ops",
                ],
            })
        );
        assert!(host.plan().await.unwrap().is_empty());
        host.destroy().await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    })
    .await;
}
