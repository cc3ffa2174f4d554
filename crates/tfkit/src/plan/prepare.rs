//! Creating a plan from the state and the configuration.

use std::collections::{BTreeMap, BTreeSet};

use super::pair::{aligned, matching};
use super::same::means_the_same;
use crate::schema::{Attribute, Nesting, Shape, Who};
use crate::value::{Dyn, Path};

/// Returns the plan before the author's hook. `prior` is null for a creation; `config` is null for a deletion, whose
/// plan is null.
///
/// The host's own proposal is merged from the same two values, but it does not tell where each element comes from. It
/// is therefore not used here.
///
/// - A configured value is planned as configured, or in the spelling of the state if both have the same meaning.
/// - An attribute with a default gets it if it is not configured. A write-only attribute is null.
/// - A value that is left to the server is kept as long as nothing changes at all. If anything changes, it becomes
///   unknown, except for values that an update cannot change (`stable`, `replace`).
pub fn prepare(attributes: &[Attribute], prior: &Dyn, config: &Dyn) -> Dyn {
    if config.is_null() {
        return Dyn::Null;
    }
    let calm = object(attributes, Earlier::of(prior), config, Mark::Nothing);
    if calm == *prior { calm } else { object(attributes, Earlier::of(prior), config, Mark::Computed) }
}

/// Completes the plan after the author's hook, which turned `prepared` into `planned`. If it turned a no-op into an
/// update, values that are left to the server become unknown as in [`prepare`], except those that the hook has set.
/// `decided` names these, because a value that the hook keeps looks like one that it did not touch.
pub fn settle(
    attributes: &[Attribute],
    prior: &Dyn,
    config: &Dyn,
    prepared: &Dyn,
    planned: &mut Dyn,
    decided: &BTreeSet<Path>,
) {
    let became_update = prepared == prior && planned != prior;
    if became_update && !config.is_null() && !planned.is_null() {
        let mut marked = object(attributes, Earlier::of(prior), config, Mark::Computed);
        for path in decided {
            if let Some(value) = planned.get(path) {
                marked.set_at(path, value.clone());
            }
        }
        adopt(prepared, &marked, planned);
    }
}

/// Uses the marked value wherever the hook did not change the prepared one.
fn adopt(prepared: &Dyn, marked: &Dyn, planned: &mut Dyn) {
    if prepared == planned {
        planned.clone_from(marked);
    } else if let (Dyn::Map(prepared), Dyn::Map(marked), Dyn::Map(planned)) = (prepared, marked, planned) {
        for (name, planned) in planned {
            if let (Some(prepared), Some(marked)) = (prepared.get(name), marked.get(name)) {
                adopt(prepared, marked, planned);
            }
        }
    }
}

/// What becomes unknown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Nothing,
    Computed,
}

/// The earlier values.
#[derive(Clone, Copy)]
struct Earlier<'a> {
    /// The value that the planned one continues, which provides computed values.
    continued: &'a Dyn,
    /// The value that the host compares the planned one with. An earlier spelling may only come from here.
    compared: &'a Dyn,
}

impl<'a> Earlier<'a> {
    fn of(prior: &'a Dyn) -> Self {
        Self { continued: prior, compared: prior }
    }

    fn attribute(self, name: &str) -> Self {
        Self { continued: self.continued.attribute(name), compared: self.compared.attribute(name) }
    }
}

fn object(attributes: &[Attribute], earlier: Earlier<'_>, config: &Dyn, mark: Mark) -> Dyn {
    let Dyn::Map(configured) = config else {
        return config.clone();
    };
    let planned = attributes.iter().map(|attribute| {
        let config = configured.get(attribute.name).unwrap_or(&Dyn::Null);
        (attribute.name.to_owned(), value(attribute, earlier.attribute(attribute.name), config, mark))
    });
    Dyn::Map(planned.collect::<BTreeMap<_, _>>())
}

fn value(attribute: &Attribute, earlier: Earlier<'_>, config: &Dyn, mark: Mark) -> Dyn {
    if attribute.write_only {
        return Dyn::Null;
    }
    if config.is_null() {
        return unconfigured(attribute, earlier.continued, mark, config);
    }
    match &attribute.shape {
        Shape::Plain(ty) => {
            let keep =
                !earlier.compared.is_null() && means_the_same(attribute.same, ty, earlier.compared, config);
            if keep { earlier.compared.clone() } else { config.clone() }
        }
        Shape::Nested(nesting, attributes) => nested(*nesting, attributes, earlier, config, mark),
    }
}

fn unconfigured(attribute: &Attribute, prior: &Dyn, mark: Mark, config: &Dyn) -> Dyn {
    match &attribute.who {
        Who::Required | Who::Optional | Who::IfSet | Who::IfSetOrImported(_) => config.clone(),
        Who::Default(default) => {
            let keep =
                !prior.is_null() && means_the_same(attribute.same, &attribute.shape.ty(), prior, default);
            if keep { prior.clone() } else { default.clone() }
        }
        Who::Server | Who::Computed => {
            // A changed `replace` attribute would mean another object: an update keeps it.
            let fixed = (attribute.stable || attribute.replace) && !prior.is_null();
            if mark == Mark::Nothing || fixed { prior.clone() } else { Dyn::Unknown }
        }
    }
}

fn nested(nesting: Nesting, attributes: &[Attribute], earlier: Earlier<'_>, config: &Dyn, mark: Mark) -> Dyn {
    let elements = |value: &'_ Dyn| value.as_list().unwrap_or_default().to_vec();
    match (nesting, config) {
        (Nesting::Single, config) => object(attributes, earlier, config, mark),
        (Nesting::Map, Dyn::Map(config)) => {
            let planned = config
                .iter()
                .map(|(key, config)| (key.clone(), object(attributes, earlier.attribute(key), config, mark)));
            Dyn::Map(planned.collect::<BTreeMap<_, _>>())
        }
        (Nesting::List, Dyn::List(config)) => {
            let (continued, compared) = (elements(earlier.continued), elements(earlier.compared));
            let places = aligned(attributes, &continued, config);
            let planned = config.iter().enumerate().map(|(index, config)| {
                let continued = places[index].map_or(&Dyn::Null, |place| &continued[place]);
                let compared = compared.get(index).unwrap_or(&Dyn::Null);
                object(attributes, Earlier { continued, compared }, config, mark)
            });
            Dyn::List(planned.collect())
        }
        (Nesting::Set, Dyn::List(config)) => {
            let continued = elements(earlier.continued);
            let places = matching(attributes, &continued, config);
            // The host compares elements of sets only with the configuration.
            let planned = config.iter().zip(places).map(|(config, place)| {
                let continued = place.map_or(&Dyn::Null, |place| &continued[place]);
                object(attributes, Earlier { continued, compared: &Dyn::Null }, config, mark)
            });
            Dyn::set(planned)
        }
        (_, config) => config.clone(),
    }
}
