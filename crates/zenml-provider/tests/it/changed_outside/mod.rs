//! Plans whose object is changed or deleted outside of Terraform before the apply.
//!
//! Each type has one row: its attributes that can be changed in place, each with the current value, the planned one,
//! and one from outside.

mod types;

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::control::role::{self, AssignmentQuery};
use zenml_api::control::team::{self, MemberQuery, TeamMember};
use zenml_api::control::workspace::{self, UpdateQuery, WorkspaceUpdate};
use zenml_api::{Endpoint, IdOrName, Patch, ProjectId, RoleId, SecretId, TeamId, UserId, WorkspaceId};
use zenml_client::Api;
use zenml_client::transport::HttpRequest;

use self::types::{Attribute, Type, on_a_server, on_the_control_plane};
use crate::many::counted;
use crate::same_object::one_of_each;
use crate::server::in_process_on_each_server;
use crate::world::{World, engine, types_without, under_each_host};

/// The id of an object of any type.
type AnyId = IdOrName<SecretId>;

fn id_of(harness: &Harness, address: &str) -> String {
    harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned()
}

/// How the configuration treats the attribute that changes outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// It sets the attribute, and the plan does not change it.
    Managed,
    /// It omits the attribute.
    LeftOut,
    /// It sets another value, which `ignore_changes` hides.
    Ignored,
}

struct Run<'a> {
    api: &'a Api,
    harness: &'a mut Harness,
    cases: usize,
}

impl Run<'_> {
    /// Changes each attribute of each type outside, while the plan changes the same attribute or another one.
    async fn all(&mut self, types: &[Type]) {
        for object in types {
            let count = object.attributes.len();
            for (place, moved) in object.attributes.iter().enumerate() {
                let other = &object.attributes[(place + 1) % count];
                self.case(object, moved, moved, Kept::Managed).await;
                self.case(object, other, moved, Kept::Managed).await;
                self.case(object, other, moved, Kept::Ignored).await;
                if !moved.is_required {
                    self.case(object, other, moved, Kept::LeftOut).await;
                }
            }
            self.deleted(object).await;
        }
    }

    /// The plan changes one attribute, and somebody else changes the same or another one.
    async fn case(&mut self, object: &Type, changed: &Attribute, moved: &Attribute, kept: Kept) {
        // An attribute with only two values changes to the planned one.
        if changed.ours == changed.next || kept == Kept::Ignored && moved.ours == moved.next {
            return;
        }
        let Type { address, update, .. } = object;
        let what = format!("{address}: {} planned, {} moved, {kept:?}", changed.name, moved.name);
        let config = |changed_to: &Json, moved_to: &Json| {
            let mut config = merged(&object.base, &json!({}));
            for attribute in &object.attributes {
                config[attribute.name] = attribute.ours.clone();
            }
            config[moved.name] = moved_to.clone();
            config[changed.name] = changed_to.clone();
            config
        };
        let nothing = Json::Null;
        let (before, ignored) = match kept {
            Kept::Managed => (&moved.ours, &[][..]),
            Kept::LeftOut => (&nothing, &[][..]),
            Kept::Ignored => (&moved.ours, &[moved.name][..]),
        };
        let after = if kept == Kept::Ignored { &moved.next } else { before };
        let (before, after) = (config(&changed.ours, before), config(&changed.next, after));
        self.harness.apply(address, before.clone()).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let id = IdOrName::parse(&id_of(self.harness, address));
        let planned = self.harness.plan_ignoring(address, after.clone(), ignored).await.unwrap();
        assert_eq!(planned.action, Action::Update, "{what}");
        let outside = merged(&object.always, &moved.outside);
        self.api.send(update, id.clone(), (), outside).await.unwrap();
        let applied = self.harness.apply_planned(address, planned, after.clone(), ignored).await;
        applied.unwrap_or_else(|error| panic!("{what}: {error}"));
        let get: Endpoint<AnyId, (), (), Json> = Endpoint::get(update.route().template);
        let now = self.api.call(&get, id).await.unwrap();
        let is_theirs = now.pointer(moved.seen) == Some(&moved.theirs);
        assert_eq!(is_theirs, kept != Kept::Managed, "{what}: {:?} in {now}", now.pointer(moved.seen));
        if kept == Kept::Managed {
            let again = self.harness.plan(address, after).await.unwrap();
            assert_eq!(again.action, Action::NoOp, "{what}: {:?}", again.changes());
        }
        self.harness.destroy(address).await.unwrap();
        self.cases += 1;
    }

    /// The plan changes an object that was deleted outside.
    async fn deleted(&mut self, object: &Type) {
        let Type { address, update, .. } = object;
        let config = |of: fn(&Attribute) -> &Json| {
            let mut config = merged(&object.base, &json!({}));
            for attribute in &object.attributes {
                config[attribute.name] = of(attribute).clone();
            }
            config
        };
        self.harness.apply(address, config(|attribute| &attribute.ours)).await.unwrap();
        let after = config(|attribute| &attribute.next);
        let planned = self.harness.plan(address, after.clone()).await.unwrap();
        let delete: Endpoint<AnyId, (), (), Json> = Endpoint::delete(update.route().template);
        let id: AnyId = IdOrName::parse(&id_of(self.harness, address));
        self.api.call(&delete, id.clone()).await.unwrap();
        let get: Endpoint<AnyId, (), (), Json> = Endpoint::get(update.route().template);
        while self.api.call(&get, id.clone()).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let failure = self.harness.apply_planned(address, planned, after.clone(), &[]).await.unwrap_err();
        let noun = address.split_once('.').unwrap().0.trim_start_matches("zenml_").replace('_', " ");
        assert_eq!(failure.summaries(), [format!("The {noun} no longer exists")], "{address}");
        assert!(failure.to_string().contains("terraform plan"), "{failure}");
        let again = self.harness.plan(address, after).await.unwrap();
        assert_eq!(again.action, Action::Create, "{address}");
        self.harness.forget(address);
        self.cases += 1;
    }
}

fn merged(one: &Json, other: &Json) -> Json {
    let mut all = one.clone();
    if let (Json::Object(all), Json::Object(other)) = (&mut all, other) {
        all.extend(other.clone());
    }
    all
}

#[tokio::test]
async fn an_apply_reaches_the_plan_despite_changes_since_then() {
    in_process_on_each_server(async |server, harness| {
        let types = on_a_server(harness, server.prefix()).await;
        let mut run = Run { api: &server.api, harness, cases: 0 };
        run.all(&types).await;
        assert!(run.cases > 100, "{} cases", run.cases);
        let left: Vec<String> = harness.addresses().into_iter().map(str::to_owned).collect();
        for address in left {
            harness.destroy(&address).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_update_in_a_workspace_that_was_deleted_meanwhile_reports_that_the_object_no_longer_exists() {
    let world = World::start().await;
    let home = world.workspace("home").await;
    let mut block = world.block();
    block["workspace_id"] = home.to_string().into();
    let mut harness = world.harness_with(block.clone()).await;
    let types = on_a_server(&mut harness, "t").await;
    let mut plans = Vec::new();
    for object in &types {
        let config = |of: fn(&Attribute) -> &Json| {
            let mut config = object.base.clone();
            for attribute in &object.attributes {
                config[attribute.name] = of(attribute).clone();
            }
            config
        };
        // Both rows of tags would have the same name.
        if object.address != "zenml_tag.y" {
            harness.apply(object.address, config(|attribute| &attribute.ours)).await.unwrap();
            let after = config(|attribute| &attribute.next);
            let planned = harness.plan(object.address, after.clone()).await.unwrap();
            plans.push((object.address, planned, after));
        }
    }
    world.remove_workspace(home).await;
    // The plan is applied by another process.
    harness.restart(engine(), block).await.unwrap();
    for (address, planned, config) in plans {
        let failure = harness.apply_planned(address, planned, config, &[]).await.unwrap_err();
        assert!(failure.summaries()[0].ends_with("no longer exists"), "{address}: {failure}");
    }
    world.stop().await;
}

#[tokio::test]
async fn an_update_reads_its_object_once() {
    let world = World::start().await;
    let home = world.workspace("home").await;
    let mut block = world.block();
    block["workspace_id"] = home.to_string().into();
    let (engine, requests) = counted();
    let mut harness = Harness::start(engine, block).await.unwrap();
    let mut types = on_a_server(&mut harness, "t").await;
    types.extend(on_the_control_plane(&world).await);
    // Roles, shares and people have no other attributes to change in place. Tests below, and their own, change their
    // roles, permissions and places.
    let roles = [
        "organization_member",
        "organization_role_assignment",
        "project_role_assignment",
        "resource_share",
        "stack_role_assignment",
        "team_membership",
        "workspace_role_assignment",
    ];
    let roles = roles.map(|noun| format!("zenml_{noun}"));
    assert_eq!(types_without(types.iter().map(|object| object.address)), roles);
    for object in &types {
        let address = object.address;
        let mut config = object.base.clone();
        for attribute in &object.attributes {
            config[attribute.name] = attribute.ours.clone();
        }
        harness.apply(address, config.clone()).await.unwrap();
        for attribute in object.attributes.iter().filter(|attribute| attribute.name != "version") {
            config[attribute.name] = attribute.next.clone();
        }
        let planned = harness.plan(address, config.clone()).await.unwrap();
        let id = id_of(&harness, address);
        let before = requests.seen().len();
        if planned.action == Action::Update {
            harness.apply_planned(address, planned, config, &[]).await.unwrap();
        }
        let seen = requests.seen().split_off(before);
        let own = |seen: &&HttpRequest| {
            let path = seen.url.split('?').next().unwrap_or_default();
            seen.method.as_str() == "GET" && path.ends_with(&id)
        };
        // A stack is read once more, under a lock within the run.
        let allowed = if address == "zenml_stack.x" { 2 } else { 1 };
        let reads = seen.iter().filter(own).count();
        assert!(reads <= allowed, "{address}: {reads} reads of {} requests", seen.len());
        harness.destroy(address).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn an_apply_to_the_control_plane_reaches_the_plan_despite_changes_since_then() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let mut run = Run { api: world.control(), harness: &mut harness, cases: 0 };
    run.all(&on_the_control_plane(&world).await).await;
    assert!(run.cases > 20, "{} cases", run.cases);
    world.stop().await;
}

#[tokio::test]
async fn members_that_were_added_or_removed_meanwhile_are_corrected_unless_they_are_managed_elsewhere() {
    let world = World::start().await;
    let mut people = Vec::new();
    for email in ["ann@example.com", "bob@example.com", "eve@example.com"] {
        people.push(world.person(email).await.id);
    }
    let [ann, bob, eve] = people[..] else { panic!("three people") };
    let address = "zenml_team.x";
    let config = |name: &str, members: Json| json!({ "name": name, "members": members });
    let ours = || json!(["ann@example.com", "bob@example.com"]);
    // The planned name and members, and the members in the end, after Bob was removed and Eve was added outside.
    let table = [
        ("next", ours(), vec![ann, bob]),
        ("ours", json!(["ann@example.com"]), vec![ann]),
        ("next", json!(["eve@example.com"]), vec![eve]),
        ("next", json!([]), vec![]),
        ("next", Json::Null, vec![ann, eve]),
    ];
    for (name, planned, mut expected) in table {
        let mut harness = world.harness().await;
        let what = format!("{name}, {planned}");
        // A configuration that omits the members did so before.
        let before = if planned.is_null() { Json::Null } else { ours() };
        if planned.is_null() {
            harness.apply(address, config("ours", ours())).await.unwrap();
        }
        harness.apply(address, config("ours", before)).await.unwrap();
        let team: TeamId = id_of(&harness, address).parse().unwrap();
        let plan = harness.plan(address, config(name, planned.clone())).await.unwrap();
        let control = world.control();
        control.send(&team::REMOVE_MEMBER, team, MemberQuery::user(bob), ()).await.unwrap();
        control.send(&team::ADD_MEMBER, team, MemberQuery::user(eve), ()).await.unwrap();
        harness.apply_planned(address, plan, config(name, planned.clone()), &[]).await.unwrap();
        let mut members: Vec<UserId> = Vec::new();
        for member in control.call(&team::MEMBERS, team).await.unwrap() {
            let TeamMember::User(user) = member else { panic!("{what}: unexpected invitation") };
            members.push(user.id);
        }
        members.sort();
        expected.sort();
        assert_eq!(members, expected, "{what}");
        let again = harness.plan(address, config(name, planned)).await.unwrap();
        assert_eq!(again.action, Action::NoOp, "{what}: {:?}", again.changes());
        harness.destroy(address).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn a_role_that_was_revoked_meanwhile_is_a_conflict_and_one_that_was_granted_is_not() {
    let world = World::start().await;
    let home: WorkspaceId = world.workspace("home").await;
    let project: ProjectId = world.project(home, "around").await;
    let (team, other) = (world.team("readers").await, world.team("writers").await);
    let organization = || json!({ "team_id": team.to_string() });
    let place = |project: Option<ProjectId>| match project {
        Some(project) => {
            json!({ "workspace_id": home.to_string(), "project_id": project.to_string(), "team_id": team.to_string() })
        }
        None => json!({ "workspace_id": home.to_string(), "team_id": team.to_string() }),
    };
    for (noun, home, project) in [
        ("organization", None, None),
        ("workspace", Some(home), None),
        ("project", Some(home), Some(project)),
    ] {
        let address = format!("zenml_{noun}_role_assignment.x");
        let address = address.as_str();
        let place = || if home.is_some() { place(project) } else { organization() };
        // The organization has other roles than workspaces and projects.
        let named = |role: &str| match role {
            "developer" if home.is_none() => "manager".to_owned(),
            role => role.to_owned(),
        };
        let config = |role: &str| merged(&place(), &json!({ "role": named(role) }));
        let query = || AssignmentQuery {
            team_id: Some(team),
            workspace_id: home,
            project_id: project,
            ..AssignmentQuery::default()
        };
        let role_of = |harness: &Harness| -> RoleId {
            harness.state(address).unwrap().attribute("role_id").as_str().unwrap().parse().unwrap()
        };
        let mut harness = world.harness().await;
        let of_other = merged(&config("developer"), &json!({ "team_id": other.to_string() }));
        harness.apply(address, of_other).await.unwrap();
        let developer = role_of(&harness);
        harness.destroy(address).await.unwrap();

        harness.apply(address, config("viewer")).await.unwrap();
        let viewer = role_of(&harness);
        let plan = harness.plan(address, config("developer")).await.unwrap();
        world.control().send(&role::ASSIGN, developer, query(), ()).await.unwrap();
        harness.apply_planned(address, plan, config("developer"), &[]).await.unwrap();
        assert_eq!(harness.plan(address, config("developer")).await.unwrap().action, Action::NoOp);
        harness.destroy(address).await.unwrap();

        harness.apply(address, config("viewer")).await.unwrap();
        let plan = harness.plan(address, config("developer")).await.unwrap();
        world.control().send(&role::REVOKE, viewer, query(), ()).await.unwrap();
        let failure = harness.apply_planned(address, plan, config("developer"), &[]).await.unwrap_err();
        assert_eq!(failure.summaries(), [format!("The {noun} role assignment no longer exists")]);
        assert_eq!(harness.plan(address, config("developer")).await.unwrap().action, Action::Create);
        harness.apply(address, config("developer")).await.unwrap();
        harness.destroy(address).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn what_another_run_deleted_is_created_again_or_stays_deleted_for_every_type() {
    let (world, rows) = one_of_each().await;
    for (address, config) in &rows {
        let before = world.platform.census().await.unwrap();
        let (mut ours, mut theirs) = (world.harness().await, world.harness().await);
        ours.apply(address, config.clone()).await.unwrap();
        let with_one = world.platform.census().await.unwrap();
        for is_destroyed in [false, true] {
            let identity = ours.identity(address).unwrap().clone();
            theirs.restart(engine(), world.block()).await.unwrap();
            theirs.import(address, ImportBy::Identity(identity)).await.unwrap();
            // The import of a share takes over everything that the team has, and so does its destroy.
            theirs.destroy(address).await.unwrap();
            assert_eq!(world.platform.census().await.unwrap(), before, "{address}");
            if is_destroyed {
                break;
            }
            ours.restart(engine(), world.block()).await.unwrap();
            let planned = ours.plan(address, config.clone()).await.unwrap();
            assert_eq!(planned.action, Action::Create, "{address}: {:?}", planned.changes());
            ours.apply(address, config.clone()).await.unwrap();
            assert_eq!(world.platform.census().await.unwrap(), with_one, "{address}");
        }
        // This run has read the object before.
        ours.destroy(address).await.unwrap();
        assert!(ours.state(address).is_none(), "{address}");
        assert_eq!(world.platform.census().await.unwrap(), before, "{address}");
    }
    world.stop().await;
}

#[tokio::test]
async fn real_hosts_apply_a_saved_plan_exactly() {
    under_each_host(async |world, host| {
        let main = |name: &str| {
            format!(
                r#"
resource "zenml_workspace" "w" {{
  name         = "alpha"
  display_name = "{name}"
  description  = "ours"
}}

resource "zenml_project" "p" {{
  workspace_id = zenml_workspace.w.id
  name         = "vision"
  display_name = "{name}"
  description  = "ours"
}}

resource "zenml_tag" "t" {{
  workspace_id = zenml_workspace.w.id
  name         = "{name}"
  color        = "red"

  lifecycle {{
    ignore_changes = [color]
  }}
}}

resource "zenml_team" "t" {{
  name        = "{name}"
  description = "ours"
}}
"#
            )
        };
        host.write("main.tf", &main("before")).unwrap();
        host.apply().await.unwrap();
        let mut ids = std::collections::BTreeMap::new();
        for address in ["zenml_workspace.w", "zenml_project.p", "zenml_tag.t", "zenml_team.t"] {
            ids.insert(address, host.attributes(address).await.unwrap()["id"].as_str().unwrap().to_owned());
        }
        let home: WorkspaceId = ids["zenml_workspace.w"].parse().unwrap();
        let server = world.server(home).await;
        let control = world.control();
        let put = async |api: &Api, update: Endpoint<AnyId, (), Json, Json>, address: &str, body: Json| {
            api.send(&update, IdOrName::parse(&ids[address]), (), body).await.unwrap();
        };
        // The color has already changed when the plan is created.
        put(&server, Endpoint::put("/tags/{id}"), "zenml_tag.t", json!({ "color": "blue" })).await;
        host.write("main.tf", &main("after")).unwrap();
        let plan = host.plan().await.unwrap();

        let theirs = json!({ "description": "theirs" });
        put(&server, Endpoint::put("/projects/{id}"), "zenml_project.p", theirs.clone()).await;
        put(&server, Endpoint::put("/tags/{id}"), "zenml_tag.t", json!({ "color": "lime" })).await;
        put(control, Endpoint::patch("/teams/{id}"), "zenml_team.t", theirs).await;
        let change =
            WorkspaceUpdate { description: Patch::Set("theirs".to_owned()), ..WorkspaceUpdate::default() };
        control.send(&workspace::UPDATE, home, UpdateQuery::default(), change).await.unwrap();
        let applied = host.apply_saved(&plan).await.unwrap();
        assert!(applied.words().contains("4 changed"), "{}", applied.words());
        let again = host.plan().await.unwrap();
        assert!(again.is_empty(), "{}", again.summary());
        for address in ["zenml_workspace.w", "zenml_project.p", "zenml_team.t"] {
            assert_eq!(host.attributes(address).await.unwrap()["description"], "ours", "{address}");
        }
        let tag: Json = server
            .call(
                &Endpoint::<_, (), _, _>::get("/tags/{id}"),
                IdOrName::<SecretId>::parse(&ids["zenml_tag.t"]),
            )
            .await
            .unwrap();
        assert_eq!(tag["body"]["color"], "lime");

        host.write("main.tf", &main("later")).unwrap();
        let plan = host.plan().await.unwrap();
        let delete: Endpoint<AnyId, (), (), Json> = Endpoint::delete("/teams/{id}");
        control.call(&delete, IdOrName::parse(&ids["zenml_team.t"])).await.unwrap();
        let failed = host.apply_saved(&plan).await.unwrap_err();
        for words in [
            "The team no longer exists",
            "somebody deleted the team after the plan was created",
            "terraform plan",
        ] {
            assert!(failed.says(words), "{words}: {failed}");
        }
        assert!(!failed.says("bug in the provider"), "{failed}");
        host.apply().await.unwrap();
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}
