//! The policy as one golden table, identity × action. To review a change of the policy, read this file.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use uuid::Uuid;

use super::action::{Action, Actions};
use super::oracle::Visible;
use super::policy::{PREDEFINED, Predefined};
use super::resource::{Kind, Level, Owner, Resource, Target, WorkspacePlace};
use super::rights::{Held, Rights, Shared};
use super::role::{Custom, Role};

const fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

const ME: Uuid = id(1);
const ORGANIZATION: Uuid = id(10);
const PLACE: WorkspacePlace = WorkspacePlace { organization: ORGANIZATION, workspace: id(20) };
const ELSEWHERE: WorkspacePlace = WorkspacePlace { organization: ORGANIZATION, workspace: id(21) };
const PROJECT: Uuid = id(30);
const OTHER_PROJECT: Uuid = id(31);
const OBJECT: Uuid = id(40);

/// The rights of an organization member with a role, in its scope.
fn holder(role: &'static Predefined) -> Rights {
    held_in(role.into(), role.level)
}

fn held_in(role: Role, level: Level) -> Rights {
    let held = Held {
        role,
        organization: ORGANIZATION,
        workspace: (level != Level::Organization).then_some(PLACE.workspace),
        project: (level == Level::Project).then_some(PROJECT),
    };
    let member = Held {
        role: super::policy::ORGANIZATION_MEMBER.into(),
        workspace: None,
        project: None,
        ..held.clone()
    };
    let held = if level == Level::Organization { vec![held] } else { vec![member, held] };
    Rights { account: ME, held, ..Rights::default() }
}

fn member() -> Rights {
    holder(super::policy::ORGANIZATION_MEMBER)
}

fn identities() -> Vec<(String, Rights)> {
    let mut all: Vec<_> = PREDEFINED.iter().map(|role| (role.name.to_owned(), holder(role))).collect();
    let owner = Rights { owned: vec![PLACE], ..member() };
    let share = Shared {
        place: PLACE,
        resource: Resource::one(Kind::Stack, OBJECT),
        actions: Actions::of(&[Action::Read]),
    };
    let receiver = Rights { shares: vec![share], ..member() };
    all.push(("(owner of the workspace)".to_owned(), owner));
    all.push(("(a stack is shared, read)".to_owned(), receiver));
    all.push((
        "(service account, no role)".to_owned(),
        Rights { account: ME, home: Some(ORGANIZATION), ..Rights::default() },
    ));
    all.push((
        "(superuser, no role)".to_owned(),
        Rights { account: ME, superuser: true, ..Rights::default() },
    ));
    all.push(("(outsider)".to_owned(), Rights { account: ME, ..Rights::default() }));
    all
}

/// The target of a column: an object of another owner, in the scope of the roles.
fn target(kind: Kind) -> Target {
    match kind.level() {
        Level::Organization => match kind {
            Kind::Workspace => Target::in_workspace(PLACE, Resource::one(Kind::Workspace, PLACE.workspace))
                .owned_by(Owner::Account(id(2))),
            Kind::Account | Kind::Profile => Target::in_organization(Uuid::nil(), kind, Some(id(2))),
            _ => Target::in_organization(ORGANIZATION, kind, Some(OBJECT)),
        },
        Level::Workspace if kind == Kind::Project => {
            Target::in_workspace(PLACE, Resource::one(kind, PROJECT))
        }
        Level::Workspace => Target::in_workspace(PLACE, Resource::one(kind, OBJECT)),
        Level::Project => {
            Target::in_workspace(PLACE, Resource { kind, project: Some(PROJECT), id: Some(OBJECT) })
        }
    }
}

/// One letter for each action, in their fixed order, or a dot.
fn letters(rights: &Rights, target: &Target) -> String {
    const LETTERS: [char; 11] = ['c', 'r', 'u', 'd', 's', 'v', 'k', 'p', 'n', 'b', 'E'];
    let mark = |(action, letter): (Action, char)| if rights.allow(action, target) { letter } else { '.' };
    let text: String = Action::ALL.into_iter().zip(LETTERS).map(mark).collect();
    if text.chars().all(|letter| letter == '.') { "-".to_owned() } else { text }
}

/// c create, r read, u update, d delete, s share, v read secret value, k client, p promote, n prune, b back up,
/// E enter.
#[test]
fn policy() {
    let organization = [
        ("org.", target(Kind::Organization)),
        ("member", target(Kind::Member)),
        ("invitation", target(Kind::Invitation)),
        ("team", target(Kind::Team)),
        ("role", target(Kind::Role)),
        ("assignment", target(Kind::Assignment)),
        ("workspace", target(Kind::Workspace)),
        ("robot", target(Kind::OrganizationServiceAccount)),
        ("billing", target(Kind::Billing)),
        ("account", target(Kind::Account)),
    ];
    let assignment = |project| Target { project, kind: Kind::Assignment, id: None, ..target(Kind::Stack) };
    let workspace = [
        ("assignment", assignment(None)),
        ("project", target(Kind::Project)),
        ("stack", target(Kind::Stack)),
        ("component", target(Kind::StackComponent)),
        ("connector", target(Kind::ServiceConnector)),
        ("secret", target(Kind::Secret)),
        ("flavor", target(Kind::Flavor)),
        ("in project:", assignment(Some(PROJECT))),
        ("pipeline", target(Kind::Pipeline)),
    ];
    let mut table = String::new();
    for columns in [organization.as_slice(), workspace.as_slice()] {
        let _ = write!(table, "{:28}", "");
        for (name, _) in columns {
            let _ = write!(table, "{name:12}");
        }
        table = format!("{}\n", table.trim_end());
        for (name, rights) in identities() {
            let mut line = format!("{name:28}");
            for (_, target) in columns {
                let _ = write!(line, "{:12}", letters(&rights, target));
            }
            table.push_str(line.trim_end());
            table.push('\n');
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table, @"
                                org.        member      invitation  team        role        assignment  workspace   robot       billing     account
    Organization Admin          crudsvkpnbE crudsvkpnbE crudsvkpnbE crudsvkpnbE crudsvkpnbE crudsvkpnbE crudsvkpnbE crudsvkpnbE crudsvkpnbE -
    Organization Manager        .r......... cr......... cr......... cr......... .r......... .r......... cr......... cr......... -           -
    Organization Viewer         .r......... .r......... .r......... .r......... .r......... .r......... .r......... .r......... -           -
    Billing Admin               .r......... .r......... -           -           -           -           -           -           crudsvkpnb. -
    Organization Member         .r......... .r......... -           -           -           -           -           -           -           -
    Workspace Admin             .r......... .r......... -           .r......... .r......... -           .ru.s.....E -           -           -
    Workspace Developer         .r......... .r......... -           -           -           -           .r........E -           -           -
    Workspace Contributor       .r......... .r......... -           -           -           -           .r........E -           -           -
    Workspace Viewer            .r......... .r......... -           -           -           -           .r........E -           -           -
    Stack Admin                 .r......... .r......... -           -           -           -           .r........E -           -           -
    Project Admin               .r......... .r......... -           .r......... .r......... -           .r........E -           -           -
    Project Developer           .r......... .r......... -           -           -           -           .r........E -           -           -
    Project Contributor         .r......... .r......... -           -           -           -           .r........E -           -           -
    Project Viewer              .r......... .r......... -           -           -           -           .r........E -           -           -
    (owner of the workspace)    .r......... .r......... -           .r......... .r......... -           .ru.s.....E -           -           -
    (a stack is shared, read)   .r......... .r......... -           -           -           -           .r........E -           -           -
    (service account, no role)  .r......... .r......... -           -           -           -           -           -           -           -
    (superuser, no role)        crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb.
    (outsider)                  -           -           -           -           -           -           -           -           -           -

                                assignment  project     stack       component   connector   secret      flavor      in project: pipeline
    Organization Admin          crudsvkpnbE crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnbE crudsvkpnb.
    Organization Manager        .r......... -           -           -           -           -           -           .r......... -
    Organization Viewer         .r......... -           -           -           -           -           -           .r......... -
    Billing Admin               -           -           -           -           -           -           -           -           -
    Organization Member         -           -           -           -           -           -           -           -           -
    Workspace Admin             crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb.
    Workspace Developer         -           cr......... cr......... cr......... cr......... cr......... cr......... -           cr.........
    Workspace Contributor       -           -           c.......... c.......... c.......... c.......... cr......... -           -
    Workspace Viewer            -           .r......... .r......... .r......... .r......... .r......... .r......... -           .r.........
    Stack Admin                 -           -           cruds.kpnb. cruds.kpnb. cruds.kpnb. -           .r......... -           -
    Project Admin               -           .rudsvkpnb. -           -           -           -           -           crudsvkpnb. crudsvkpnb.
    Project Developer           -           .r......... -           -           -           -           -           -           cr.........
    Project Contributor         -           .r......... -           -           -           -           -           -           c..........
    Project Viewer              -           .r......... -           -           -           -           -           -           .r.........
    (owner of the workspace)    crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb. crudsvkpnb.
    (a stack is shared, read)   -           -           .r......... -           -           -           -           -           -
    (service account, no role)  -           -           -           -           -           -           -           -           -
    (superuser, no role)        crudsvkpnb. -           -           -           -           -           -           crudsvkpnb. -
    (outsider)                  -           -           -           -           -           -           -           -           -
    ");
}

#[test]
fn a_role_applies_to_its_scope_and_below_and_never_to_siblings() {
    let beside = [
        Target::in_workspace(ELSEWHERE, Resource::one(Kind::Stack, OBJECT)),
        Target::in_workspace(ELSEWHERE, Resource::one(Kind::Workspace, ELSEWHERE.workspace)),
        Target::in_workspace(PLACE, Resource::one(Kind::Project, OTHER_PROJECT)),
        Target::in_workspace(
            PLACE,
            Resource { kind: Kind::Pipeline, project: Some(OTHER_PROJECT), id: Some(OBJECT) },
        ),
        Target::in_organization(id(11), Kind::Organization, Some(id(11))),
    ];
    for role in PREDEFINED {
        let rights = holder(role);
        for target in &beside {
            let inside = match role.level {
                Level::Organization => target.organization == ORGANIZATION,
                Level::Workspace => target.workspace == Some(PLACE.workspace),
                Level::Project => false,
            };
            if !inside {
                for action in Action::ALL {
                    assert!(!rights.allow(action, target), "{} may {action} {target:?}", role.name);
                }
            }
        }
    }
}

#[test]
fn an_owner_may_do_everything_with_an_object_and_server_objects_belong_to_everyone() {
    let stack = Target::in_workspace(PLACE, Resource::one(Kind::Stack, OBJECT));
    let contributor = holder(Predefined::find("workspace", "Workspace Contributor").unwrap());
    for action in [Action::Read, Action::Update, Action::Delete, Action::Share] {
        assert!(!contributor.allow(action, &stack));
        assert!(contributor.allow(action, &stack.owned_by(Owner::Account(ME))));
        assert!(!contributor.allow(action, &stack.owned_by(Owner::Account(id(2)))));
        assert!(contributor.allow(action, &stack.owned_by(Owner::Everyone)));
    }
    // A project has no owner, and ownership does not include permission to create more.
    let project = Target::in_workspace(PLACE, Resource::all(Kind::Project)).owned_by(Owner::Account(ME));
    assert!(!contributor.allow(Action::Create, &project));
}

#[test]
fn an_invitee_can_only_see_an_invitation_and_reply_to_it() {
    let outsider = Rights { account: ME, ..Rights::default() };
    for rights in [outsider, member()] {
        let own = target(Kind::Invitation).owned_by(Owner::Account(ME));
        assert_eq!(letters(&rights, &own), ".ru........");
        assert_eq!(letters(&rights, &own.owned_by(Owner::Account(id(2)))), "-");
    }
}

#[test]
fn permissions_in_an_organization_end_with_the_membership() {
    let mut rights = holder(Predefined::find("workspace", "Workspace Admin").unwrap());
    rights.shares.push(Shared {
        place: PLACE,
        resource: Resource::one(Kind::Secret, OBJECT),
        actions: Actions::ALL,
    });
    rights.owned.push(PLACE);
    let targets = [target(Kind::Stack), target(Kind::Secret), target(Kind::Workspace)];
    assert!(targets.iter().all(|target| rights.allow(Action::Read, target)));
    rights.held.retain(|held| held.workspace.is_some());
    assert!(targets.iter().all(|target| !rights.allow(Action::Read, target)));
}

#[test]
fn a_list_shows_all_objects_or_shared_ones_or_own_ones() {
    let stacks = Target::in_workspace(PLACE, Resource::all(Kind::Stack));
    let viewer = holder(Predefined::find("workspace", "Workspace Viewer").unwrap());
    assert_eq!(viewer.visible(Action::Read, &stacks), Visible::All);
    let mut contributor = holder(Predefined::find("workspace", "Workspace Contributor").unwrap());
    assert_eq!(contributor.visible(Action::Read, &stacks), Visible::Own);
    let share =
        |place, kind, object, actions| Shared { place, resource: Resource::one(kind, object), actions };
    contributor.shares = vec![
        share(PLACE, Kind::Stack, OBJECT, Actions::of(&[Action::Read])),
        share(PLACE, Kind::Stack, id(41), Actions::of(&[Action::Update])),
        share(PLACE, Kind::Secret, id(42), Actions::ALL),
        share(ELSEWHERE, Kind::Stack, id(43), Actions::ALL),
    ];
    assert_eq!(contributor.visible(Action::Read, &stacks), Visible::Ids(BTreeSet::from([OBJECT])));
    let workspaces = Target::in_organization(ORGANIZATION, Kind::Workspace, None);
    let both = BTreeSet::from([PLACE.workspace, ELSEWHERE.workspace]);
    assert_eq!(contributor.visible(Action::Read, &workspaces), Visible::Ids(both));
    let project = holder(Predefined::find("project", "Project Viewer").unwrap());
    let projects = Target::in_workspace(PLACE, Resource::all(Kind::Project));
    assert_eq!(project.visible(Action::Read, &projects), Visible::Ids(BTreeSet::from([PROJECT])));
}

/// The columns: organization, member, team, role, assignment, workspace, project, stack, secret, pipeline.
#[test]
fn a_custom_role_allows_its_permissions_and_what_they_imply() {
    let columns = [
        target(Kind::Organization),
        target(Kind::Member),
        target(Kind::Team),
        target(Kind::Role),
        Target { project: Some(PROJECT), kind: Kind::Assignment, id: None, ..target(Kind::Stack) },
        target(Kind::Workspace),
        target(Kind::Project),
        target(Kind::Stack),
        target(Kind::Secret),
        target(Kind::Pipeline),
    ];
    let mut table = String::new();
    for (level, text) in [
        (Level::Organization, ""),
        (Level::Organization, "team:update"),
        (Level::Organization, "stack:read stack:update"),
        (Level::Organization, "role_assignment:create"),
        (Level::Workspace, ""),
        (Level::Workspace, "secret:read_secret_value"),
        (Level::Workspace, "project:read pipeline:create"),
        (Level::Workspace, "role_assignment:read workspace:update"),
        (Level::Project, ""),
        (Level::Project, "pipeline:read pipeline:delete"),
    ] {
        let role = Custom::new(level, super::role::from_text(text));
        let mut rights = held_in(Role::Custom(std::sync::Arc::new(role)), level);
        // Membership comes with an organization's role.
        if level == Level::Organization {
            rights.held.retain(|held| matches!(held.role, Role::Custom(_)));
        }
        let _ = write!(table, "{:13}{text:40}", level.as_str());
        for target in &columns {
            let _ = write!(table, "{:12}", letters(&rights, target));
        }
        table = format!("{}\n", table.trim_end());
    }
    insta::assert_snapshot!(table, @"
    organization                                         .r......... .r......... -           -           -           -           -           -           -           -
    organization team:update                             .r......... .r......... ..u........ -           -           -           -           -           -           -
    organization stack:read stack:update                 .r......... .r......... -           -           -           .r........E -           .ru........ -           -
    organization role_assignment:create                  .r......... .r......... .r......... .r......... c.......... -           -           -           -           -
    workspace                                            .r......... .r......... -           -           -           .r........E -           -           -           -
    workspace    secret:read_secret_value                .r......... .r......... -           -           -           .r........E -           -           .....v..... -
    workspace    project:read pipeline:create            .r......... .r......... -           -           -           .r........E .r......... -           -           c..........
    workspace    role_assignment:read workspace:update   .r......... .r......... .r......... .r......... .r......... .ru.......E -           -           -           -
    project                                              .r......... .r......... -           -           -           .r........E .r......... -           -           -
    project      pipeline:read pipeline:delete           .r......... .r......... -           -           -           .r........E .r......... -           -           .r.d.......
    ");
}
