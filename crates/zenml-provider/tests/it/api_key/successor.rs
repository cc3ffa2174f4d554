//! A key that takes the place of another one, or whose name belongs to somebody else's key, under real hosts.

use tfkit_test::Scenario;
use zenml_api::IdOrName;
use zenml_api::control::service_account::{self as api, ApiKey, ApiKeyCreate, ApiKeyQuery};

use crate::world::{World, under_each_host};

const APPLY: [&str; 3] = ["apply", "-auto-approve", "-no-color"];

/// The first part of an identifier, as temporary names contain it.
fn short(key: &ApiKey) -> String {
    key.id.to_string()[..8].to_owned()
}

/// Writes a configuration with a key.
fn write(host: &Scenario, month: &str, name: &str, lifecycle: &str) {
    let main = format!(
        "resource \"zenml_service_account\" \"a\" {{\n  name = \"robot\"\n}}\n\n\
         resource \"zenml_api_key\" \"k\" {{\n  service_account_id = zenml_service_account.a.id\n  \
         name = \"{name}\"\n  keepers = {{ month = \"{month}\" }}\n{lifecycle}}}\n"
    );
    host.write("main.tf", &main).unwrap();
}

const FIRST: &str = "  lifecycle {\n    create_before_destroy = true\n  }\n";

fn robot(world: &World) -> (zenml_api::OrganizationId, IdOrName<zenml_api::ServiceAccountId>) {
    (world.organization(), IdOrName::Name("robot".to_owned()))
}

async fn names(world: &World) -> Vec<String> {
    let all = world.control().list_all(&api::API_KEYS, robot(world), ApiKeyQuery::default()).await.unwrap();
    all.into_iter().map(|key| key.name).collect()
}

/// Creates a key outside of Terraform.
async fn foreign(world: &World, name: &str) -> ApiKey {
    let new = ApiKeyCreate { name: name.to_owned(), ..ApiKeyCreate::default() };
    world.control().send(&api::CREATE_API_KEY, robot(world), (), new).await.unwrap()
}

/// Returns the warnings in an output, except for those about the tests themselves.
fn warnings(output: &str) -> Vec<&str> {
    let all = output.lines().filter_map(|line| line.trim_start_matches(['│', ' ']).strip_prefix("Warning: "));
    all.filter(|summary| !summary.contains("development overrides")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_created_before_the_old_one_is_deleted_warns_about_nothing() {
    under_each_host(async |world, host| {
        write(&host, "1", "ci", FIRST);
        host.run(&APPLY).await.unwrap();
        for month in ["2", "3"] {
            write(&host, month, "ci", FIRST);
            let output = host.run(&APPLY).await.unwrap();
            assert_eq!(warnings(&output.stdout), [""; 0], "{}", output.stdout);
            assert!(output.stdout.contains("1 added, 0 changed, 1 destroyed"), "{}", output.stdout);
            assert_eq!(names(&world).await, ["ci"]);
            host.run(&["plan", "-detailed-exitcode"]).await.unwrap();
        }
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_else_took_after_the_plan_is_reported_by_the_same_apply() {
    under_each_host(async |world, host| {
        write(&host, "1", "ci", FIRST);
        host.run(&APPLY).await.unwrap();
        let mut wanted = "ci";
        for (month, lifecycle) in [("2", FIRST), ("3", "")] {
            wanted = if wanted == "ci" { "deploy" } else { "build" };
            write(&host, month, wanted, lifecycle);
            let plan = host.run(&["plan", "-no-color", "-out=plan"]).await.unwrap();
            assert_eq!(warnings(&plan.stdout), [""; 0], "{}", plan.stdout);
            let other = foreign(&world, wanted).await;
            let waiting = format!("{wanted} (after {})", short(&other));
            let output = host.run(&["apply", "-no-color", "plan"]).await.unwrap();
            assert_eq!(warnings(&output.stdout), [format!("The new API key is named {waiting:?}")]);
            assert!(names(&world).await.contains(&waiting));
            // The next plan shows it, and its apply fails clearly.
            let plan = host.run(&["plan", "-no-color"]).await.unwrap();
            assert_eq!(warnings(&plan.stdout), [format!("The name {wanted:?} belongs to another API key")]);
            assert!(
                plan.stdout.contains(&format!("~ name               = {waiting:?} -> {wanted:?}")),
                "{}",
                plan.stdout
            );
            let failure = host.run(&APPLY).await.unwrap_err().to_string();
            assert!(failure.contains(&format!("API key {wanted:?} already exists")), "{failure}");
            // The key works all the time, and gets its name when the other one is gone.
            let path = (robot(&world).0, robot(&world).1, other.id);
            world.control().call(&api::DELETE_API_KEY, path).await.unwrap();
            host.run(&APPLY).await.unwrap();
            assert_eq!(names(&world).await, [wanted]);
            host.run(&["plan", "-detailed-exitcode"]).await.unwrap();
        }
        world.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_that_the_name_of_a_new_key_belongs_to_another_one() {
    under_each_host(async |world, host| {
        write(&host, "1", "ci", "");
        host.run(&APPLY).await.unwrap();
        foreign(&world, "deploy").await;
        write(&host, "2", "deploy", "");
        let plan = host.run(&["plan", "-no-color"]).await.unwrap();
        assert_eq!(
            warnings(&plan.stdout),
            ["The name \"deploy\" belongs to another API key"],
            "{}",
            plan.stdout
        );
        assert!(plan.stdout.contains("a new key gets a temporary name"), "{}", plan.stdout);
        world.stop().await;
    })
    .await;
}
