//! Creating a plan from the state and the configuration.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::decided::Decided;
use super::mark::{changes_the_server, mark};
use super::pair::{continued_in_list, continued_in_set};
use super::same::means_the_same;
use super::separate::{may_unite, separate};
use crate::schema::{Attribute, Nesting, Shape, Who};
use crate::value::{Dyn, Path, Step};

/// Returns the plan before the author's hook. `prior` is null for a creation; `config` is null for a deletion, whose
/// plan is null.
///
/// The host's own proposal is merged from the same two values, but it does not tell where each element comes from. It
/// is therefore not used here.
///
/// - A configured value is planned as configured, or in the spelling of the state if both have the same meaning.
/// - An attribute with a default gets it if it is not configured. A write-only attribute is null.
/// - A value that is left to the server is kept unless something that it [depends](crate::Depends) on changes. A value
///   that an update cannot change (`stable`, `replace`) is always kept.
pub fn prepare(attributes: &[Attribute], prior: &Dyn, config: &Dyn) -> Dyn {
    whole(attributes, prior, config, None, false)
}

/// Repeats [`prepare`] after the author's hook, which turned a plan into `hooked`: values follow from what the hook has
/// set, and are kept where the hook has undone a change. `decided` holds the places that the hook has set,
/// including those that it kept; they stay as they are.
pub fn settle(
    attributes: &[Attribute],
    prior: &Dyn,
    config: &Dyn,
    hooked: &Dyn,
    decided: &BTreeSet<Path>,
) -> Dyn {
    if config.is_null() || hooked.is_null() {
        return hooked.clone();
    }
    whole(attributes, prior, config, Some(&Decided::new(hooked, decided)), false)
}

/// Returns the plan for the host, which requires that a planned set has as many elements as the configured one.
/// Elements that have become equal, such as those that differ only in a default, stay apart: an attribute that one of
/// them leaves to its default is unknown. [`merge`](super::merge) unites them for the apply. The arguments are those
/// of [`settle`], whose result is `settled`.
pub fn for_host(
    attributes: &[Attribute],
    prior: &Dyn,
    config: &Dyn,
    settled: Dyn,
    decided: &BTreeSet<Path>,
) -> Dyn {
    if config.is_null() || settled == *prior || !may_unite(attributes, config, &settled) {
        return settled;
    }
    whole(attributes, prior, config, Some(&Decided::new(&settled, decided)), true)
}

fn whole(
    attributes: &[Attribute],
    prior: &Dyn,
    config: &Dyn,
    decided: Option<&Decided<'_>>,
    apart: bool,
) -> Dyn {
    if config.is_null() {
        return Dyn::Null;
    }
    let pairs = Pairs::default();
    let build = |changes, apart| {
        object(attributes, Earlier::of(prior), config, decided, Pass { changes, apart, pairs: &pairs })
    };
    let calm = build(None, false);
    if calm == *prior {
        return calm;
    }
    let mut anything = prior.is_null() || changes_the_server(attributes, prior, &calm);
    loop {
        let marked = build(Some(anything), apart);
        // A value that follows from a local attribute is itself a change.
        if anything || !changes_the_server(attributes, prior, &marked) {
            return marked;
        }
        anything = true;
    }
}

/// How to build a plan.
#[derive(Clone, Copy)]
struct Pass<'a> {
    /// `None` to keep all values of the server. Otherwise whether anything changes on the server at all.
    changes: Option<bool>,
    /// Whether elements of sets that have become equal stay apart.
    apart: bool,
    pairs: &'a Pairs,
}

/// The pairs of elements, which are the same in each pass over the same state and configuration. Finding them is most
/// of the work of a plan with many elements.
#[derive(Default)]
struct Pairs(RefCell<HashMap<(*const Dyn, *const Dyn), Places>>);

/// For every configured element, the position of the one that it continues.
type Places = Rc<[Option<usize>]>;

impl Pairs {
    /// Returns the pairs of two collections, which are known by their places in the state and in the configuration.
    fn of(&self, prior: &[Dyn], config: &[Dyn], find: impl FnOnce() -> Vec<Option<usize>>) -> Places {
        let key = (prior.as_ptr(), config.as_ptr());
        if let Some(places) = self.0.borrow().get(&key) {
            return Rc::clone(places);
        }
        // An element that is paired may contain collections, whose pairs are found meanwhile.
        let places: Places = find().into();
        self.0.borrow_mut().insert(key, Rc::clone(&places));
        places
    }
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

fn object(
    attributes: &[Attribute],
    earlier: Earlier<'_>,
    config: &Dyn,
    decided: Option<&Decided<'_>>,
    pass: Pass<'_>,
) -> Dyn {
    let Dyn::Map(configured) = config else {
        return config.clone();
    };
    // A hook that sets a part of a value that is not configured has decided the whole value.
    let decided_whole = |attribute: &Attribute| {
        let decided = decided.and_then(|decided| decided.attribute(attribute.name));
        decided.filter(|decided| decided.is_whole || config.attribute(attribute.name).is_null())
    };
    let planned = attributes.iter().map(|attribute| {
        let value = decided_whole(attribute).map_or_else(
            || {
                let config = configured.get(attribute.name).unwrap_or(&Dyn::Null);
                let decided = decided.and_then(|decided| decided.attribute(attribute.name));
                value(attribute, earlier.attribute(attribute.name), config, decided, pass)
            },
            |decided| decided.value.clone(),
        );
        (attribute.name.to_owned(), value)
    });
    let mut planned: BTreeMap<String, Dyn> = planned.collect();
    if let Some(anything) = pass.changes {
        let is_open = |attribute: &Attribute| {
            config.attribute(attribute.name).is_null() && decided_whole(attribute).is_none()
        };
        mark(attributes, earlier.continued, anything, is_open, &mut planned);
    }
    Dyn::Map(planned)
}

fn value(
    attribute: &Attribute,
    earlier: Earlier<'_>,
    config: &Dyn,
    decided: Option<&Decided<'_>>,
    pass: Pass<'_>,
) -> Dyn {
    if attribute.write_only {
        return Dyn::Null;
    }
    if config.is_null() {
        return unconfigured(attribute, earlier.continued, config);
    }
    match &attribute.shape {
        Shape::Plain(ty) => {
            let keep =
                !earlier.compared.is_null() && means_the_same(attribute.same, ty, earlier.compared, config);
            if keep { earlier.compared.clone() } else { config.clone() }
        }
        Shape::Nested(nesting, attributes) => nested(*nesting, attributes, earlier, config, decided, pass),
    }
}

fn unconfigured(attribute: &Attribute, prior: &Dyn, config: &Dyn) -> Dyn {
    match &attribute.who {
        Who::Required | Who::Optional | Who::IfSet | Who::IfSetOrImported(_) => config.clone(),
        Who::Default(default) => {
            let keep =
                !prior.is_null() && means_the_same(attribute.same, &attribute.shape.ty(), prior, default);
            if keep { prior.clone() } else { default.clone() }
        }
        Who::Server | Who::Computed => prior.clone(),
    }
}

fn nested(
    nesting: Nesting,
    attributes: &[Attribute],
    earlier: Earlier<'_>,
    config: &Dyn,
    decided: Option<&Decided<'_>>,
    pass: Pass<'_>,
) -> Dyn {
    match (nesting, config) {
        (Nesting::Single, config) => object(attributes, earlier, config, decided, pass),
        (Nesting::Map, Dyn::Map(config)) => {
            let planned = config.iter().map(|(key, config)| {
                let decided = decided.and_then(|decided| decided.step(&Step::Key(key.clone())));
                (key.clone(), object(attributes, earlier.attribute(key), config, decided, pass))
            });
            Dyn::Map(planned.collect::<BTreeMap<_, _>>())
        }
        (Nesting::List, Dyn::List(config)) => {
            let (continued, compared) = (elements(earlier.continued), elements(earlier.compared));
            let find = || continued_in_list(attributes, continued, config);
            let places = pass.pairs.of(continued, config, find);
            let planned = config.iter().enumerate().map(|(index, config)| {
                let continued = places[index].map_or(&Dyn::Null, |place| &continued[place]);
                let compared = compared.get(index).unwrap_or(&Dyn::Null);
                let decided = decided.and_then(|decided| decided.step(&Step::Index(index as u64)));
                object(attributes, Earlier { continued, compared }, config, decided, pass)
            });
            Dyn::List(planned.collect())
        }
        (Nesting::Set, Dyn::List(config)) => {
            let continued = elements(earlier.continued);
            let find = || continued_in_set(attributes, continued, config);
            let places = pass.pairs.of(continued, config, find);
            let before = |index: usize| places[index].map_or(&Dyn::Null, |place: usize| &continued[place]);
            let united = Dyn::set(config.iter().enumerate().map(|(index, config)| {
                element(attributes, Earlier::of(before(index)), config, Pass { apart: false, ..pass })
            }));
            // The host accepts the state's value as a whole, however many elements are configured.
            if united == *earlier.compared {
                return united;
            }
            // Otherwise it compares each element with the configuration only.
            let planned = config.iter().enumerate().map(|(index, config)| {
                element(attributes, Earlier { continued: before(index), compared: &Dyn::Null }, config, pass)
            });
            if pass.apart { separate(attributes, config, planned.collect()) } else { Dyn::set(planned) }
        }
        (_, config) => config.clone(),
    }
}

/// Plans an element of a set, which has no address for a hook.
fn element(attributes: &[Attribute], earlier: Earlier<'_>, config: &Dyn, pass: Pass<'_>) -> Dyn {
    object(attributes, earlier, config, None, pass)
}

fn elements(value: &Dyn) -> &[Dyn] {
    value.as_list().unwrap_or_default()
}
