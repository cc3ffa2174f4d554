//! The time that the rules of planning take for a team with many members.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use tfkit::plan::{check_plan, for_host, prepare};
use tfkit::{Attribute, Dyn, Engine, Kind};
use zenml_provider::{Environment, Zenml};

use crate::Failure;

/// Number of members. A tenth of them leaves, as many join, and all others are spelled in another way.
pub(super) const MEMBERS: usize = 10_000;

/// Plans the change of a team, without the requests that the provider makes to check its new members.
pub(super) fn measure() -> Result<Duration, Failure> {
    let engine = Engine::new(Zenml::new(Environment::default()));
    let schema = engine
        .schema(Kind::Resource, "zenml_team")
        .ok_or_else(|| Failure::new("the provider has no resource zenml_team"))?;
    let members = |numbers: std::ops::Range<usize>, spell: fn(&str) -> String| {
        Dyn::set(numbers.map(|number| Dyn::string(spell(&format!("Person-{number}@example.com")))))
    };
    let state = team(&schema.attributes, &members(0..MEMBERS, str::to_owned));
    let config = team(&schema.attributes, &members(MEMBERS / 10..MEMBERS + MEMBERS / 10, str::to_lowercase));
    let started = Instant::now();
    let planned = prepare(&schema.attributes, &state, &config);
    let planned = for_host(&schema.attributes, &state, &config, planned, &BTreeSet::new());
    check_plan(&schema.attributes, &state, &config, &planned)
        .map_err(|violation| Failure::new(format!("the plan of a team is not valid: {violation}")))?;
    black_box(planned);
    Ok(started.elapsed())
}

/// Returns a team with these members and a name, and without anything else.
fn team(attributes: &[Attribute], members: &Dyn) -> Dyn {
    let value = |attribute: &Attribute| match attribute.name {
        "members" => members.clone(),
        "name" => Dyn::from("everybody"),
        _ => Dyn::Null,
    };
    Dyn::map(attributes.iter().map(|attribute| (attribute.name, value(attribute))))
}
