//! Compares the indexed decisions with the plain ones, in random worlds: they must agree on every question.

use std::collections::BTreeSet;

use uuid::Uuid;
use zenml_api::{Identifier as _, OrganizationId, UserId};

use super::action::Action;
use super::holdings::Holdings;
use super::identity::{Actor, Credential, Identity};
use super::oracle::Visible;
use super::permission::Permission;
use super::policy::PREDEFINED;
use super::resource::{Kind, Level, Owner, Resource, Target, WorkspacePlace};
use super::rights::Rights;
use super::role::{Custom, to_text};
use crate::bootstrap::insert_organization_unchecked;
use crate::rbac::Tx;
use crate::store::{Database, Query, Sql, Store};
use crate::token::Root;

/// A small random number generator, so that a failing world can be rebuilt from its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn maybe<T>(&mut self, percent: usize, item: T) -> Option<T> {
        (self.below(100) < percent).then_some(item)
    }
}

const fn id(family: u128, number: u128) -> Uuid {
    Uuid::from_u128(family << 64 | number)
}

const ORGANIZATIONS: [Uuid; 2] = [id(1, 1), id(1, 2)];
/// Two of the first organization, one of the second.
const PLACES: [WorkspacePlace; 3] = [
    WorkspacePlace { organization: ORGANIZATIONS[0], workspace: id(2, 1) },
    WorkspacePlace { organization: ORGANIZATIONS[0], workspace: id(2, 2) },
    WorkspacePlace { organization: ORGANIZATIONS[1], workspace: id(2, 3) },
];
const PROJECTS: [Uuid; 3] = [id(3, 1), id(3, 2), id(3, 3)];
/// The first is a superuser, the second a service account of the first organization, the third is not active.
const ACCOUNTS: [Uuid; 5] = [id(4, 1), id(4, 2), id(4, 3), id(4, 4), id(4, 5)];
const TEAMS: [Uuid; 4] = [id(5, 1), id(5, 2), id(5, 3), id(5, 4)];
const OBJECTS: [Uuid; 3] = [id(6, 1), id(6, 2), id(6, 3)];
/// The kinds of objects in the tests' questions.
const KINDS: [Kind; 4] = [Kind::Stack, Kind::Secret, Kind::Project, Kind::CodeRepository];
/// Custom roles of each organization, in turn one for each level.
const CUSTOM: usize = 9;
const LEVELS: [Level; 3] = [Level::Organization, Level::Workspace, Level::Project];
const ACTIONS: [&str; 4] = ["read", "read update", "read_secret_value", "read update delete share"];

fn organization_of(team: Uuid) -> Uuid {
    ORGANIZATIONS[usize::from(team == TEAMS[3])]
}

async fn run(sql: &mut Sql, statement: &'static str, values: &[&str]) {
    let mut query = sqlx::query(statement);
    for value in values {
        query = query.bind(*value);
    }
    query.execute(sql).await.unwrap();
}

/// Fills a database with a random world.
async fn fill(sql: &mut Sql, dice: &mut Dice) {
    for (index, account) in ACCOUNTS.iter().enumerate() {
        run(
            sql,
            "INSERT INTO account (id, username, is_superuser, is_active, is_service_account, organization_id, created, \
             updated) VALUES ($1, $1, CAST($2 AS INTEGER), CAST($3 AS INTEGER), CAST($4 AS INTEGER), NULLIF($5, ''), '', '')",
            &[
                &account.to_string(),
                if index == 0 { "1" } else { "0" },
                if index == 2 { "0" } else { "1" },
                if index == 1 { "1" } else { "0" },
                &if index == 1 { ORGANIZATIONS[0].to_string() } else { String::new() },
            ],
        )
        .await;
    }
    for organization in ORGANIZATIONS {
        let name = organization.to_string();
        insert_organization_unchecked(sql, OrganizationId::from_uuid(organization), &name, ACCOUNTS[0])
            .await
            .unwrap();
    }
    for organization in ORGANIZATIONS {
        for index in 0..CUSTOM {
            custom_role(sql, dice, organization, index).await;
        }
    }
    for team in TEAMS {
        let owner = dice.of(&ACCOUNTS);
        run(
            sql,
            "INSERT INTO team (id, organization_id, name, owner_id, created, updated) VALUES ($1, $2, $1, $3, '', '')",
            &[&team.to_string(), &organization_of(team).to_string(), &owner.to_string()],
        )
        .await;
    }
    for place in PLACES {
        let owner = dice.of(&ACCOUNTS);
        run(
            sql,
            "INSERT INTO workspace (id, organization_id, name, display_name, owner_id, is_managed, version, \
             desired_state, status, created, updated) VALUES ($1, $2, $1, '', $3, 1, '', '', '', '', '')",
            &[&place.workspace.to_string(), &place.organization.to_string(), &owner.to_string()],
        )
        .await;
        for object in OBJECTS {
            // Ids are unique within a table, so each workspace has its own objects.
            let (workspace, owner) = (place.workspace.to_string(), dice.of(&ACCOUNTS).to_string());
            let id = object_in(place, object).to_string();
            let owner = dice.maybe(30, owner).unwrap_or_default();
            run(
                sql,
                "INSERT INTO secret (id, workspace_id, owner_id, name, private_to, sealed_values, created, updated) \
                 VALUES ($1, $2, NULLIF($3, ''), $1, '', '', '', '')",
                &[&id, &workspace, &owner],
            )
            .await;
        }
        for project in PROJECTS {
            let id = object_in(place, project).to_string();
            run(
                sql,
                "INSERT INTO project (id, workspace_id, name, display_name, description, project_metadata, created, \
                 updated) VALUES ($1, $2, $1, '', '', '{}', '', '')",
                &[&id, &place.workspace.to_string()],
            )
            .await;
        }
    }
    for _ in 0..dice.below(8) {
        let (team, member) = (dice.of(&TEAMS).to_string(), dice.of(&ACCOUNTS).to_string());
        let statement = "INSERT INTO team_member (team_id, kind, member_id, created) VALUES ($1, 'user', $2, '') \
                         ON CONFLICT DO NOTHING";
        run(sql, statement, &[&team, &member]).await;
    }
    for _ in 0..dice.below(20) {
        assign(sql, dice).await;
    }
    for _ in 0..dice.below(30) {
        let (kind, principal) = principal(dice);
        let place = dice.of(&PLACES);
        let resource = resource(dice, place);
        let statement = "INSERT INTO share (workspace_id, resource, principal_kind, principal_id, actions, created) \
                         VALUES ($1, $2, $3, $4, $5, '') ON CONFLICT DO NOTHING";
        let (workspace, actions) = (place.workspace.to_string(), dice.of(&ACTIONS));
        run(sql, statement, &[&workspace, &resource.to_string(), kind, &principal, actions]).await;
    }
}

/// A custom role with random permissions, often few.
async fn custom_role(sql: &mut Sql, dice: &mut Dice, organization: Uuid, index: usize) {
    let level = LEVELS[index % 3];
    let percent = dice.of(&[0, 3, 10, 60]);
    let permissions: Vec<_> =
        Permission::all(level).filter_map(|permission| dice.maybe(percent, permission)).collect();
    run(
        sql,
        "INSERT INTO role (id, organization_id, level, name, system_managed, position, permissions, allows) \
         VALUES ($1, $2, $3, $4, 0, 100, $5, $6)",
        &[
            &Uuid::from_u128(organization.as_u128() << 8 | index as u128).to_string(),
            &organization.to_string(),
            level.as_str(),
            &format!("custom-{index}"),
            &to_text(permissions.iter().copied()),
            &Custom::new(level, permissions).to_text(),
        ],
    )
    .await;
}

/// An id that is the workspace's own.
fn object_in(place: WorkspacePlace, object: Uuid) -> Uuid {
    Uuid::from_u128(object.as_u128() ^ (place.workspace.as_u128() << 32))
}

fn principal(dice: &mut Dice) -> (&'static str, String) {
    match dice.below(3) {
        0 => ("team", dice.of(&TEAMS).to_string()),
        _ => ("user", dice.of(&ACCOUNTS).to_string()),
    }
}

fn resource(dice: &mut Dice, place: WorkspacePlace) -> Resource {
    let kind = dice.of(&KINDS);
    let ids = if kind == Kind::Project { &PROJECTS } else { &OBJECTS };
    let project = (kind.level() == Level::Project).then(|| object_in(place, dice.of(&PROJECTS)));
    Resource { kind, project, id: Some(object_in(place, dice.of(ids))) }
}

async fn assign(sql: &mut Sql, dice: &mut Dice) {
    let index = dice.below(PREDEFINED.len() + CUSTOM);
    let custom = |index: usize| (LEVELS[index % 3], format!("custom-{index}"));
    let predefined = PREDEFINED.get(index).map(|role| (role.level, role.name.to_owned()));
    let (level, name) = predefined.unwrap_or_else(|| custom(index - PREDEFINED.len()));
    let (kind, principal) = principal(dice);
    let place = dice.of(&PLACES);
    let workspace = if level == Level::Organization { String::new() } else { place.workspace.to_string() };
    let project = match level {
        Level::Project => object_in(place, dice.of(&PROJECTS)).to_string(),
        _ => String::new(),
    };
    run(
        sql,
        "INSERT INTO assignment (role_id, organization_id, principal_kind, principal_id, workspace_id, project_id, \
         created) SELECT id, organization_id, $1, $2, $3, $4, '' FROM role WHERE organization_id = $5 AND level = $6 \
         AND name = $7 ON CONFLICT DO NOTHING",
        &[
            kind,
            &principal,
            &workspace,
            &project,
            &place.organization.to_string(),
            level.as_str(),
            &name,
        ],
    )
    .await;
}

/// All targets of questions: each kind of the control plane, objects, whole kinds, own objects.
fn targets() -> Vec<Target> {
    let mut targets = Vec::new();
    for organization in ORGANIZATIONS {
        for kind in Kind::ALL.iter().filter(|kind| kind.level() == Level::Organization) {
            let target = |id| Target::in_organization(organization, *kind, id);
            targets.extend([target(None), target(Some(OBJECTS[0]))]);
            targets.push(target(Some(ACCOUNTS[3])).owned_by(Owner::Account(ACCOUNTS[3])));
        }
        targets.push(Target::in_organization(organization, Kind::Organization, Some(organization)));
    }
    targets.extend(TEAMS.map(|team| Target::in_organization(organization_of(team), Kind::Team, Some(team))));
    for place in PLACES {
        targets.push(Target::in_workspace(place, Resource::one(Kind::Workspace, place.workspace)));
        for project in [None, Some(object_in(place, PROJECTS[0]))] {
            let organization = Target::in_organization(place.organization, Kind::Assignment, None);
            targets.push(Target { workspace: Some(place.workspace), project, ..organization });
        }
        targets.extend(resources(place).into_iter().map(|resource| Target::in_workspace(place, resource)));
    }
    targets
}

fn resources(place: WorkspacePlace) -> Vec<Resource> {
    let mut resources = Vec::new();
    for kind in KINDS {
        let projects: Vec<_> = match kind.level() {
            Level::Project => PROJECTS.iter().map(|project| Some(object_in(place, *project))).collect(),
            _ => vec![None],
        };
        let ids = if kind == Kind::Project { PROJECTS } else { OBJECTS };
        for project in projects {
            resources.push(Resource { kind, project, id: None });
            resources.extend(ids.map(|id| Resource { kind, project, id: Some(object_in(place, id)) }));
        }
    }
    resources
}

/// Returns the ids that a list shows, and the expected ones.
async fn lists(tx: &mut Tx, rights: &Rights, seed: u64) {
    for place in PLACES {
        for (kind, table, owner) in
            [(Kind::Secret, "secret", Some("t.owner_id")), (Kind::Project, "project", None)]
        {
            let target = Target::in_workspace(place, Resource::all(kind));
            let workspace = place.workspace;
            list(
                tx,
                rights,
                target,
                &format!("{table} t WHERE t.workspace_id = '{workspace}'"),
                "t.id",
                owner,
                seed,
            )
            .await;
        }
    }
    for organization in ORGANIZATIONS {
        for (kind, table, id, owner) in [
            (Kind::Workspace, "workspace w", "w.id", "w.owner_id"),
            (Kind::Team, "team t", "t.id", "t.owner_id"),
        ] {
            let target = Target::in_organization(organization, kind, None);
            let alias = &id[..1];
            let from = format!("{table} WHERE {alias}.organization_id = '{organization}'");
            list(tx, rights, target, &from, id, Some(owner), seed).await;
        }
    }
}

/// Returns the ids that a statement with a condition selects.
async fn ids(tx: &mut Tx, from: &str, condition: impl FnOnce(&mut Query)) -> BTreeSet<String> {
    let mut query = Query::new(format!("SELECT {from} AND "));
    condition(&mut query);
    query.build_query_scalar::<String>().fetch_all(tx.sql()).await.unwrap().into_iter().collect()
}

/// Conditions that are evaluated for each row, in any scope.
async fn rows(tx: &mut Tx, rights: &Rights, seed: u64) {
    let (account, caller) = (rights.account.to_string(), tx.caller().await.unwrap().unwrap());
    let statement = "SELECT id, owner_id FROM workspace ORDER BY id";
    let workspaces: Vec<(String, String)> = sqlx::query_as(statement).fetch_all(tx.sql()).await.unwrap();
    let (mut entered, mut visible) = (BTreeSet::new(), BTreeSet::new());
    for (place, (id, owner)) in PLACES.into_iter().zip(workspaces) {
        let target = Target::in_workspace(place, Resource::one(Kind::Workspace, place.workspace))
            .owned_by(Owner::Account(owner.parse().unwrap()));
        let list = Target::in_organization(place.organization, Kind::Workspace, None);
        let shown = match rights.visible(Action::Read, &list) {
            Visible::All => true,
            Visible::Own => false,
            Visible::Ids(ids) => ids.contains(&place.workspace),
        };
        if rights.allow(Action::Enter, &target) {
            entered.insert(id.clone());
        }
        if owner == account || shown {
            visible.insert(id);
        }
    }
    let enters = ids(tx, "w.id FROM workspace w WHERE 1 = 1", |query| caller.push_enters(query)).await;
    assert_eq!(enters, entered, "seed {seed}: {account} enters");
    let everywhere = |kind| Target::in_organization(Uuid::nil(), kind, None);
    let listed = tx.list(everywhere(Kind::Workspace)).await.unwrap();
    let shown = ids(tx, "w.id FROM workspace w WHERE 1 = 1", |query| {
        query.push("1 = 1");
        listed.restrict(query, "w.id", Some("w.owner_id"), false);
    });
    assert_eq!(shown.await, visible, "seed {seed}: {account} sees workspaces");
    let listed = tx.list(everywhere(Kind::Organization)).await.unwrap();
    let shown = ids(tx, "o.id FROM organization o WHERE 1 = 1", |query| {
        query.push("1 = 1");
        listed.restrict(query, "o.id", None, false);
    });
    let organization = |id: &Uuid| Target::in_organization(*id, Kind::Organization, Some(*id));
    let visible = ORGANIZATIONS.iter().filter(|id| rights.allow(Action::Read, &organization(id)));
    assert_eq!(
        shown.await,
        visible.map(Uuid::to_string).collect(),
        "seed {seed}: {account} sees organizations"
    );
    let mut fellows = BTreeSet::from([account.clone()]);
    for organization in rights.organizations() {
        if rights.allow(Action::Read, &Target::in_organization(organization, Kind::Member, None)) {
            let from = format!(
                "a.id FROM account a WHERE (a.organization_id = '{organization}' OR a.id IN (SELECT principal_id \
                 FROM assignment WHERE principal_kind = 'user' AND workspace_id = '' \
                 AND organization_id = '{organization}') OR a.id IN (SELECT m.member_id FROM team_member m \
                 JOIN assignment s ON s.principal_kind = 'team' AND s.principal_id = m.team_id \
                 WHERE s.workspace_id = '' AND s.organization_id = '{organization}'))"
            );
            fellows.extend(
                ids(tx, &from, |query| {
                    query.push("1 = 1");
                })
                .await,
            );
        }
    }
    let found = ids(tx, "a.id FROM account a WHERE 1 = 1", |query| caller.push_visible_account(query)).await;
    assert_eq!(found, fellows, "seed {seed}: {account} finds people");
    let name = "s.role_id || s.principal_id || s.workspace_id || s.project_id";
    let statement =
        format!("SELECT {name}, s.organization_id, s.workspace_id, s.project_id FROM assignment s");
    let assignments: Vec<(String, String, String, String)> =
        sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_all(tx.sql()).await.unwrap();
    let visible = assignments.into_iter().filter(|(_, organization, workspace, project)| {
        let target = Target::in_organization(organization.parse().unwrap(), Kind::Assignment, None);
        let target = Target { workspace: workspace.parse().ok(), project: project.parse().ok(), ..target };
        rights.allow(Action::Read, &target)
    });
    let visible: BTreeSet<_> = visible.map(|(name, ..)| name).collect();
    let from = format!("{name} FROM assignment s WHERE 1 = 1");
    let found = ids(tx, &from, |query| {
        caller.push_assignment_of_others(query);
    });
    assert_eq!(found.await, visible, "seed {seed}: {account} sees assignments");
}

async fn list(
    tx: &mut Tx,
    rights: &Rights,
    target: Target,
    from: &str,
    id: &str,
    owner: Option<&str>,
    seed: u64,
) {
    let columns = format!("SELECT {id}, {} FROM {from}", owner.unwrap_or("NULL"));
    let all: Vec<(String, Option<String>)> =
        sqlx::query_as(sqlx::AssertSqlSafe(columns.clone())).fetch_all(tx.sql()).await.unwrap();
    let visible = rights.visible(Action::Read, &target);
    let account = rights.account.to_string();
    let expected: BTreeSet<String> = all
        .into_iter()
        .filter(|(id, owner)| {
            owner.as_ref() == Some(&account)
                || match &visible {
                    Visible::All => true,
                    Visible::Own => false,
                    Visible::Ids(ids) => ids.contains(&id.parse().unwrap()),
                }
        })
        .map(|(id, _)| id)
        .collect();
    let listed = tx.list(target).await.unwrap();
    let mut query = Query::new(columns);
    listed.restrict(&mut query, id, owner, false);
    let shown: Vec<(String, Option<String>)> = query.build_query_as().fetch_all(tx.sql()).await.unwrap();
    let shown: BTreeSet<String> = shown.into_iter().map(|(id, _)| id).collect();
    assert_eq!(shown, expected, "seed {seed}, {account}, {target:?}");
}

#[tokio::test]
async fn indexed_decisions_agree_with_plain_ones() {
    let mut yes = 0;
    for seed in 0..16_u64 {
        let store = Store::open(&Database::Ephemeral).await.unwrap();
        let mut sql = store.begin().await.unwrap();
        fill(&mut sql, &mut Dice(seed)).await;
        sql.commit().await.unwrap();
        for account in ACCOUNTS {
            let identity = Identity {
                account: UserId::from_uuid(account),
                username: account.to_string(),
                is_service_account: false,
                is_superuser: false,
                credential: Credential::Session,
                root: Root::begin(account, 0, None),
            };
            let mut tx = Tx::new(store.begin_read().await.unwrap(), Actor::Account(identity));
            let rights = Rights::load(tx.sql(), account).await.unwrap();
            let mut holdings = Holdings::of(account);
            for target in targets() {
                for action in Action::ALL {
                    let expected = rights.allow(action, &target);
                    let allowed = holdings.allow(tx.sql(), action, &target).await.unwrap();
                    assert_eq!(allowed, expected, "seed {seed}: {account} {action} {target:?}");
                    yes += usize::from(allowed);
                }
            }
            for place in PLACES {
                let resources = resources(place);
                for action in [Action::Read, Action::Update, Action::ReadSecretValue] {
                    let decisions =
                        super::share::check(tx.sql(), place, account, action, &resources).await.unwrap();
                    for (resource, allowed) in decisions {
                        let target = Target::in_workspace(place, resource);
                        assert_eq!(
                            allowed,
                            rights.allow(action, &target),
                            "seed {seed}: {account} {resource}"
                        );
                    }
                    for whole in resources.iter().filter(|resource| resource.id.is_none()) {
                        let found = super::share::allowed_ids(tx.sql(), place, account, action, *whole)
                            .await
                            .unwrap();
                        let expected = match rights.visible(action, &Target::in_workspace(place, *whole)) {
                            Visible::All => (true, BTreeSet::new()),
                            Visible::Ids(ids) => (false, ids),
                            Visible::Own => (false, BTreeSet::new()),
                        };
                        assert_eq!(
                            (found.full_access, found.ids),
                            expected,
                            "seed {seed}: {account} {whole}"
                        );
                    }
                }
            }
            if account != ACCOUNTS[2] {
                lists(&mut tx, &rights, seed).await;
                rows(&mut tx, &rights, seed).await;
            }
            tx.rollback().await;
        }
        store.close().await;
    }
    // Worlds in which nobody may do anything would also agree.
    assert!(yes > 4_000, "{yes}");
}
