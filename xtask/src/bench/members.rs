//! The plan of a change of a team with many members: the rules of planning alone, and the whole provider.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tfkit::plan::{check_plan, for_host, prepare};
use tfkit::schema::Schema;
use tfkit::{Attribute, Dyn, Kind};

use super::process::{Process, engine};
use super::rpc::Connection;
use super::rpc::messages::{self, Plan, Planned, Value};
use crate::Failure;
use crate::demo::http::{Body, Session};
use crate::demo::people;
use crate::demo::stage::{Binaries, Stage};

/// Number of members. A tenth of them leaves, as many join, and all others are spelled in another way.
pub(super) const MEMBERS: usize = 10_000;

/// Members before and after the change.
const BEFORE: Range<usize> = 0..MEMBERS;
const AFTER: Range<usize> = MEMBERS / 10..MEMBERS + MEMBERS / 10;

/// Time between two pings.
const PAUSE: Duration = Duration::from_millis(5);

/// Pings without other work.
const IDLE_PINGS: u32 = 200;

/// Plans the change of a team, without the requests that the provider makes to check its new members.
pub(super) fn rules() -> Result<Duration, Failure> {
    let schema = schema()?;
    let Change { state, config, .. } = Change::of(&schema, "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11");
    let started = Instant::now();
    let planned = prepare(&schema.attributes, &state, &config);
    let planned = for_host(&schema.attributes, &state, &config, planned, &BTreeSet::new());
    check_plan(&schema.attributes, &state, &config, &planned)
        .map_err(|violation| Failure::new(format!("the plan of a team is not valid: {violation}")))?;
    black_box(planned);
    Ok(started.elapsed())
}

/// The cost of a plan by a provider process, with all its requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) time: Duration,
    /// Time that the threads of the provider computed; `None` where it cannot be measured.
    pub(super) computed: Option<Duration>,
    pub(super) requests: usize,
    /// Longest time until the response to another call during the plan.
    pub(super) ping: Duration,
    /// The same without a plan.
    pub(super) idle_ping: Duration,
    /// Number of other calls during the plan.
    pub(super) pings: u32,
}

/// Plans the change of a team whose members all exist, by a provider process, and makes other calls meanwhile.
pub(super) async fn plan(binaries: &Binaries) -> Result<Cost, Failure> {
    let stage = Stage::bare(binaries).await?;
    let platform = stage.platform();
    enroll(&stage).await?;
    let schema = schema()?;
    let Change { state, config, proposed } = Change::of(&schema, &platform.ready().organization_id);
    let value = |value| Value::msgpack(value, &schema.ty()).map(Some);
    let request = Plan {
        type_name: "zenml_team".to_owned(),
        prior_state: value(&state)?,
        proposed_new_state: value(&proposed)?,
        config: value(&config)?,
    };
    let (process, connection) = Process::configured(&binaries.provider, platform.ready()).await?;
    let idle_ping = pings(&connection, |pings| pings < IDLE_PINGS).await?.0;
    let (before, computed) = (platform.answered()?, process.computed());
    let began = Instant::now();
    let is_planned = std::cell::Cell::new(false);
    let planned = async {
        let planned: Planned = connection.call("PlanResourceChange", &request).await?;
        is_planned.set(true);
        Ok((planned, began.elapsed()))
    };
    let ((planned, time), (ping, pings)) =
        tokio::try_join!(planned, pings(&connection, |_| !is_planned.get()))?;
    let computed = process.computed().zip(computed).map(|(after, before)| after.saturating_sub(before));
    messages::succeed(&planned.diagnostics)?;
    if planned.planned_state.is_none() {
        return Err(Failure::new("the provider returned no plan"));
    }
    Ok(Cost { time, computed, requests: platform.answered()? - before, ping, idle_ping, pings })
}

/// Makes one call after the other while it is wanted. Returns the longest time until a response, and their number.
async fn pings(connection: &Connection, wanted: impl Fn(u32) -> bool) -> Result<(Duration, u32), Failure> {
    let (mut longest, mut pings) = (Duration::ZERO, 0);
    while wanted(pings) {
        let began = Instant::now();
        // Its fields are not needed.
        connection.call::<()>("GetMetadata", &()).await?;
        longest = longest.max(began.elapsed());
        pings += 1;
        tokio::time::sleep(PAUSE).await;
    }
    Ok((longest, pings))
}

/// Adds everybody to the organization, as service accounts: the passwords of users would take minutes.
async fn enroll(stage: &Stage) -> Result<(), Failure> {
    let platform = stage.platform().ready();
    let admin =
        Session::log_in(&platform.control_plane_url, &platform.admin.username, &platform.admin.password)
            .await?;
    let organization = &platform.organization_id;
    let role = people::role(&admin, organization, "Organization Member").await?;
    for number in BEFORE.start..AFTER.end {
        let path = format!("/organizations/{organization}/service_accounts");
        let account = json!({ "username": person(number) });
        let account = admin.expect("POST", &path, Body::Json(account)).await?;
        let id = account["id"].as_str().unwrap_or_default();
        let path = format!("/roles/{role}/assignments?user_id={id}");
        let _: Json = admin.expect("POST", &path, Body::Empty).await?;
    }
    Ok(())
}

fn schema() -> Result<Schema, Failure> {
    let schema = engine().schema(Kind::Resource, "zenml_team").cloned();
    schema.ok_or_else(|| Failure::new("the provider has no resource zenml_team"))
}

/// The name of a member.
fn person(number: usize) -> String {
    format!("Person-{number}@example.com")
}

/// A change of the members of a team.
struct Change {
    state: Dyn,
    config: Dyn,
    /// The configuration with what it omits from the state.
    proposed: Dyn,
}

impl Change {
    /// Creates the change of a team of an organization.
    fn of(schema: &Schema, organization: &str) -> Self {
        let members = |numbers: Range<usize>, spell: fn(&str) -> String| {
            Dyn::set(numbers.map(|number| Dyn::string(spell(&person(number)))))
        };
        let (before, after) = (members(BEFORE, str::to_owned), members(AFTER, str::to_lowercase));
        let team = |members: &Dyn, is_stored: bool| {
            let value = |attribute: &Attribute| match attribute.name {
                "members" => members.clone(),
                "name" => Dyn::from("everybody"),
                _ if !is_stored => Dyn::Null,
                "id" | "organization_id" => Dyn::from(organization),
                "invite_unknown" => Dyn::Bool(true),
                "invite_role" => Dyn::from("Organization Member"),
                "created" | "updated" => Dyn::from("2026-01-02T03:04:05Z"),
                _ => Dyn::Null,
            };
            Dyn::map(schema.attributes.iter().map(|attribute| (attribute.name, value(attribute))))
        };
        Self { state: team(&before, true), config: team(&after, false), proposed: team(&after, true) }
    }
}
