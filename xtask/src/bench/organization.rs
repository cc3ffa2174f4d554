//! A whole organization in one state: workspaces, teams, and a role of a team in each workspace.

use super::cost::{Costs, costs};
use super::memory::Watch;
use super::workspace::PROVIDER;
use crate::Failure;
use crate::demo::stage::{Binaries, Stage};

/// Number of workspaces, each with one role of a team.
pub(super) const WORKSPACES: u32 = 50;
/// Number of teams.
pub(super) const TEAMS: u32 = 20;
/// Number of objects in the state.
pub(super) const OBJECTS: u32 = 2 * WORKSPACES + TEAMS;

/// Configuration besides the provider block; `WORKSPACES` and `TEAMS` are replaced.
const ORGANIZATION: &str = r#"
resource "zenml_workspace" "bench" {
  count = WORKSPACES
  name  = "bench-${count.index}"
}

resource "zenml_team" "bench" {
  count   = TEAMS
  name    = "team-${count.index}"
  members = []
}

resource "zenml_workspace_role_assignment" "bench" {
  count        = WORKSPACES
  workspace_id = zenml_workspace.bench[count.index].id
  team_id      = zenml_team.bench[count.index % TEAMS].id
  role         = "member"
}
"#;

/// Measures the organization on a new platform, and the peak memory of any provider process.
pub(super) async fn measure(binaries: &Binaries) -> Result<(Costs, Option<u64>), Failure> {
    let stage = Stage::bare(binaries).await?;
    let terraform = stage.terraform();
    let organization = ORGANIZATION.replace("WORKSPACES", &WORKSPACES.to_string());
    terraform.write("provider.tf", PROVIDER)?;
    terraform.write("main.tf", &organization.replace("TEAMS", &TEAMS.to_string()))?;
    let watch = Watch::start(terraform.mirror());
    let costs = costs(terraform, || stage.platform().answered()).await?;
    Ok((costs, watch.stop()))
}
