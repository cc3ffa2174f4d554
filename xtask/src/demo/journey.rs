//! The journey itself, step by step.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::census::Census;
use super::client::Client;
use super::matrix::{self, SUBJECTS};
use super::page;
use super::people;
use super::progress::Progress;
use super::stage::{Binaries, Stage};
use crate::Failure;

/// Options of `xtask demo`.
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// Leave the platform running with the environment applied, and print how to continue
    #[arg(long)]
    pub keep: bool,
    /// Let a real ZenML server run the workspace, with this Python interpreter, which has ZenML; a developer then logs
    /// in with the ZenML client and runs a pipeline
    #[arg(long, value_name = "PATH")]
    pub zenml_python: Option<PathBuf>,
}

/// Lines of the audit trail to show at the end.
const AUDIT_LINES: usize = 12;

/// Names of the example.
const WORKSPACE: &str = "alpha-workspace";
const PROJECT: &str = "recommendation-engine";

/// A component that joins the production stack later.
const EVIDENTLY: &str = r#"resource "zenml_stack_component" "evidently" {
  workspace_id = zenml_workspace.alpha.id
  name         = "evidently-prod"
  type         = "data_validator"
  flavor       = "evidently"
}
"#;

/// Last line of the production stack's components in the example.
const LAST_COMPONENT: &str = "    experiment_tracker = zenml_stack_component.mlflow_tracker.id\n";

/// Runs the journey from an empty platform back to an empty platform.
pub async fn make(binaries: &Binaries, arguments: &Arguments) -> Result<(), Failure> {
    let progress = Progress::start("Team Alpha, from nothing to production and back, on a local platform");
    let mut stage = set_up(&progress, binaries, arguments.zenml_python.as_deref()).await?;
    let before = stage.platform().census()?;
    create(&progress, &stage).await?;
    check_access(&progress, &stage).await?;
    if let Some(python) = &arguments.zenml_python {
        work(&progress, &mut stage, &Client::new(python)?).await?;
    }
    grow(&progress, &stage).await?;
    if arguments.keep {
        let instructions = instructions(&stage)?;
        stage.leave();
        progress.show(&instructions);
        progress.finish("Done and left running,");
        return Ok(());
    }
    // People who joined stay: the account, its role in the organization, and the accepted invitation.
    let mut expected = before.with_one_more(&["account", "assignment", "invitation"]);
    if arguments.zenml_python.is_some() {
        // The login of the developer, who can use it in other workspaces.
        expected = expected.with_one_more(&["device"]);
    }
    remove(&progress, &stage, &expected).await?;
    audit(&progress, &stage)?;
    progress.finish("Done");
    Ok(())
}

async fn set_up(
    progress: &Progress,
    binaries: &Binaries,
    zenml_python: Option<&Path>,
) -> Result<Stage, Failure> {
    let stage = progress
        .step("platform", async {
            let stage = Stage::set(binaries, zenml_python).await?;
            let ready = stage.platform().ready();
            let said = format!(
                "{} with organization {:?}, {} members and a visitor; {} has no account",
                ready.control_plane_url,
                ready.organization_name,
                people::MEMBERS.len() - 1,
                people::NEWCOMER
            );
            Ok((said, stage))
        })
        .await?;
    progress
        .step("init", async {
            let terraform = stage.terraform();
            terraform.succeed(&["init"]).await?;
            Ok((format!("{}, with the provider from its own mirror", terraform.host()), ()))
        })
        .await?;
    Ok(stage)
}

/// Plan, apply, outputs, and nothing left to do.
async fn create(progress: &Progress, stage: &Stage) -> Result<(), Failure> {
    let terraform = stage.terraform();
    progress
        .step("plan", async {
            let printed = terraform.succeed(&["plan", "-out=journey.plan"]).await?;
            let invites = format!("1 person will be invited to the organization: {:?}", people::NEWCOMER);
            let said = printed.split(['│', '╷', '╵', '\n', ' ']).filter(|word| !word.is_empty());
            if !said.collect::<Vec<_>>().join(" ").contains(&invites) {
                return Err(Failure::new(format!("the plan does not say: {invites}")));
            }
            Ok((format!("{}; {invites}", line(&printed, "Plan: ")), ()))
        })
        .await?;
    progress
        .step("apply", async {
            let printed = terraform.succeed(&["apply", "journey.plan"]).await?;
            Ok((line(&printed, "Apply complete! "), ()))
        })
        .await?;
    progress.show(&terraform.succeed(&["output"]).await?);
    progress
        .step("invitation", async {
            let organizations = stage.accept_invitation().await?;
            terraform.expect_empty_plan(&[]).await?;
            Ok((format!("{} joined {}; no changes", people::NEWCOMER, organizations.join(", ")), ()))
        })
        .await?;
    progress
        .step("refresh-only", async {
            terraform.expect_empty_plan(&["-refresh-only"]).await?;
            Ok(("no drift".to_owned(), ()))
        })
        .await
}

/// Checks the access matrix, and that the attempts left nothing to plan.
async fn check_access(progress: &Progress, stage: &Stage) -> Result<(), Failure> {
    let matrix = progress
        .step("access", async {
            let matrix = stage.matrix().await?;
            Ok((format!("{} people tried {} operations each", SUBJECTS.len(), matrix.operations()), matrix))
        })
        .await?;
    progress.show(&matrix.to_string());
    let differences = matrix.differences();
    if !differences.is_empty() {
        return Err(Failure::new(format!(
            "the roles do not work as documented:\n  {}",
            differences.join("\n  ")
        )));
    }
    progress
        .step("second plan", async {
            stage.terraform().expect_empty_plan(&[]).await?;
            Ok(("no changes".to_owned(), ()))
        })
        .await
}

/// Lets a developer work with the ZenML client, on a development stack that needs no cloud.
async fn work(progress: &Progress, stage: &mut Stage, client: &Client) -> Result<(), Failure> {
    let (developer, stack) = (SUBJECTS[0].username, matrix::Stack::Development.name());
    let control_plane = &stage.platform().ready().control_plane_url.clone();
    progress
        .step("run locally", async {
            stage.set_variable("run_locally", "true");
            let printed = stage.terraform().succeed(&["apply", "-auto-approve"]).await?;
            Ok((line(&printed, "Apply complete! "), ()))
        })
        .await?;
    let printed = progress
        .step("zenml login", async {
            let command = ["login", WORKSPACE, "--pro-api-url", control_plane];
            let login = client.log_in(&command).await?;
            let said = format!("{developer} confirmed it at {}", login.link);
            page::confirm(&login.link, developer, people::PASSWORD).await?;
            Ok((said, format!("$ zenml {}\n{}", command.join(" "), login.connected().await?)))
        })
        .await?;
    progress.show(&printed);
    let printed = progress
        .step("zenml stack", async {
            let project = client.zenml(&["project", "set", PROJECT]).await?;
            let printed = client.zenml(&["stack", "set", stack]).await?;
            let printed =
                format!("$ zenml project set {PROJECT}\n{project}$ zenml stack set {stack}\n{printed}");
            Ok((format!("{stack} is active"), printed))
        })
        .await?;
    progress.show(&printed);
    let printed = progress
        .step("pipeline", async {
            let printed = client.pipeline().await?;
            let has = |beginning: &str| printed.lines().any(|line| line.starts_with(beginning));
            if !has(&format!("RUN {stack} completed ['numbers', 'total'] 6")) {
                return Err(Failure::new(format!("the pipeline did not run: {printed}")));
            }
            if !has("REFUSED IllegalOperationError Insufficient permissions to UPDATE resource") {
                return Err(Failure::new(format!(
                    "{developer} was not refused the production stack: {printed}"
                )));
            }
            let said = format!("completed; {developer} cannot change the production stack");
            Ok((said, format!("$ python pipeline.py\n{printed}")))
        })
        .await?;
    progress.show(&printed);
    // The next step applies it.
    stage.set_variable("run_locally", "false");
    Ok(())
}

/// Adds one component to the production stack in one apply, including grants.
async fn grow(progress: &Progress, stage: &Stage) -> Result<(), Failure> {
    let terraform = stage.terraform();
    let developer = SUBJECTS[0];
    progress
        .step("new component", async {
            terraform.write("evidently.tf", EVIDENTLY)?;
            let more =
                format!("{LAST_COMPONENT}    data_validator     = zenml_stack_component.evidently.id\n");
            stage.edit("main.tf", LAST_COMPONENT, &more)?;
            let printed = terraform.succeed(&["apply", "-auto-approve"]).await?;
            Ok((line(&printed, "Apply complete! "), ()))
        })
        .await?;
    progress
        .step("access", async {
            let seen = stage.components_seen_by(developer.username).await?;
            if !seen.iter().any(|name| name == "evidently-prod") {
                return Err(Failure::new(format!(
                    "{} cannot see evidently-prod in the production stack, only: {}",
                    developer.username,
                    seen.join(", ")
                )));
            }
            let differences = stage.matrix().await?.differences();
            if !differences.is_empty() {
                return Err(Failure::new(format!(
                    "with an additional component, the roles do not work as documented:\n  {}",
                    differences.join("\n  ")
                )));
            }
            Ok((format!("a developer sees {}; otherwise unchanged", seen.join(", ")), ()))
        })
        .await?;
    progress
        .step("third plan", async {
            terraform.expect_empty_plan(&[]).await?;
            Ok(("no changes".to_owned(), ()))
        })
        .await
}

/// Destroys everything and proves that nothing is left.
async fn remove(progress: &Progress, stage: &Stage, expected: &Census) -> Result<(), Failure> {
    progress
        .step("destroy", async {
            let printed = stage.terraform().succeed(&["destroy", "-auto-approve"]).await?;
            Ok((line(&printed, "Destroy complete! "), ()))
        })
        .await?;
    progress
        .step("nothing left", async {
            let after = stage.platform().census()?;
            let mut differences = expected.differences(&after);
            differences.extend(stage.platform().folders().iter().map(|folder| folder.display().to_string()));
            if !differences.is_empty() {
                return Err(Failure::new(format!(
                    "destroy did not restore the initial state of the platform, with {} as a member:\n  {}",
                    people::NEWCOMER,
                    differences.join("\n  ")
                )));
            }
            Ok((format!("as before the apply, with {} as a member: {after}", people::NEWCOMER), ()))
        })
        .await
}

/// Shows the last lines of the audit trail.
fn audit(progress: &Progress, stage: &Stage) -> Result<(), Failure> {
    let trail = stage.platform().command(&["audit"])?;
    let lines: Vec<&str> = trail.lines().collect();
    let last = lines[lines.len().saturating_sub(AUDIT_LINES)..].join("\n");
    progress.show(&format!("The end of the audit trail ({} lines):\n{last}", lines.len()));
    Ok(())
}

/// Returns instructions for a platform that is left running.
fn instructions(stage: &Stage) -> Result<String, Failure> {
    let ready = stage.platform().ready();
    let terraform = stage.terraform();
    let mut text = format!(
        "The platform runs on:  {}\nService-account key:   {}\n\nContinue in a shell:\n",
        ready.control_plane_url, ready.service_account_key
    );
    let failure = |_| Failure::new("cannot write the instructions");
    writeln!(text, "  cd {}", quote(&terraform.directory().display().to_string())).map_err(failure)?;
    for (name, value) in terraform.exports() {
        writeln!(text, "  export {name}={}", quote(value)).map_err(failure)?;
    }
    let program = quote(&terraform.host().binary().display().to_string());
    writeln!(text, "  {program} plan\n  {program} destroy\n").map_err(failure)?;
    let url = &ready.control_plane_url;
    writeln!(
        text,
        "Log in as one of the users (password {}), for example {}:",
        people::PASSWORD,
        people::MEMBERS[0]
    )
    .map_err(failure)?;
    writeln!(text, "  zenml login {WORKSPACE} --pro-api-url {url}").map_err(failure)?;
    writeln!(
        text,
        "  curl -d username={} -d password={} {url}/auth/login",
        people::MEMBERS[0],
        people::PASSWORD
    )
    .map_err(failure)?;
    writeln!(text, "\nRead the audit trail, and stop the platform:").map_err(failure)?;
    let binary = stage.platform().binary().display().to_string();
    writeln!(text, "  {} audit --database {}", quote(&binary), quote(&stage.platform().database()))
        .map_err(failure)?;
    write!(text, "  kill {}", ready.pid).map_err(failure)?;
    Ok(text)
}

/// Quotes a word for a shell.
fn quote(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@=+,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Returns the line of an output that starts with a string, without the trailing period.
fn line(printed: &str, beginning: &str) -> String {
    let found = printed.lines().find(|line| line.starts_with(beginning)).unwrap_or("no summary was printed");
    found.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_line_of_a_command_is_found() {
        let printed = "\nPlan: 30 to add, 0 to change, 0 to destroy.\n\nSaved the plan.\n";
        assert_eq!(line(printed, "Plan: "), "Plan: 30 to add, 0 to change, 0 to destroy");
        assert_eq!(line("nothing", "Plan: "), "no summary was printed");
    }

    #[test]
    fn a_quoted_word_can_be_pasted_into_a_shell() {
        for (word, quoted) in [
            ("http://127.0.0.1:1/api", "http://127.0.0.1:1/api"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's $HOME", r"'it'\''s $HOME'"),
        ] {
            assert_eq!(quote(word), quoted);
        }
    }
}
