//! The complete reference journey, and a journey with a missing role assignment.

use xtask::demo::stage::Stage;
use xtask::demo::{self, Arguments};

use crate::engine::python;
use crate::{binaries, shown};

#[tokio::test]
async fn the_whole_journey_passes() {
    for binaries in binaries().await {
        shown(demo::make(&binaries, &Arguments::default()).await);
    }
}

#[tokio::test]
async fn the_whole_journey_passes_on_a_real_server_on_which_a_developer_runs_a_pipeline() {
    let Some(python) = python() else { return };
    for binaries in binaries().await {
        let arguments = Arguments { keep: false, zenml_python: Some(python.clone()) };
        shown(demo::make(&binaries, &arguments).await);
    }
}

#[tokio::test]
async fn without_a_role_assignment_the_matrix_lists_what_its_team_cannot_do() {
    let Some(binaries) = binaries().await.into_iter().next() else { return };
    let stage = shown(Stage::set(&binaries, None).await);
    let all = "resource \"zenml_stack_role_assignment\" \"prod\" {\n  for_each = local.teams\n";
    let all_but_one = all.replace(
        "local.teams",
        "{ for team, roles in local.teams : team => roles if team != \"developers\" }",
    );
    shown(stage.edit("main.tf", all, &all_but_one));
    shown(stage.terraform().succeed(&["init"]).await);
    shown(stage.terraform().succeed(&["apply", "-auto-approve"]).await);
    shown(stage.accept_invitation().await);

    let matrix = shown(stage.matrix().await);
    let differences = matrix.differences();
    let named: Vec<&str> = differences
        .iter()
        .map(|difference| difference.split(": the roles ").next().unwrap_or_default())
        .collect();
    assert_eq!(
        named,
        [
            "developer (developer-1@example.com): list alpha-prod-stack",
            "developer (developer-1@example.com): read alpha-prod-stack",
            "developer (developer-1@example.com): see the components of alpha-prod-stack",
        ],
        "{matrix}"
    );
}
