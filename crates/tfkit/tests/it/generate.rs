//! Random types, values, schemas and configurations.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::Union;
use tfkit::plan::same;
use tfkit::{Attribute, Depends, Dyn, Nesting, Number, Shape, Type, Who};

/// Names of attributes and keys.
pub(crate) const NAMES: [&str; 5] = ["alpha", "beta", "gamma", "delta", "epsilon"];

/// Percentages of unset and unknown values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holes {
    pub(crate) nulls: u32,
    pub(crate) unknowns: u32,
}

/// Nulls and no unknowns, as in a state.
pub(crate) const STATE: Holes = Holes { nulls: 20, unknowns: 0 };
/// Nulls and unknowns, as in a plan.
pub(crate) const PLAN: Holes = Holes { nulls: 20, unknowns: 15 };

pub(crate) fn ty() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::String), Just(Type::Number), Just(Type::Bool), Just(Type::Dynamic)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            btree_map(name(), inner.clone(), 0..4).prop_map(Type::object),
            vec(inner, 0..4).prop_map(Type::Tuple),
        ]
    })
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<f64>()
            .prop_filter_map("NaN", |float| Number::from_f64(float).ok())
            .prop_filter("finite", Number::is_finite),
        "-?[0-9]{1,40}(\\.[0-9]{1,30})?(e-?[0-9]{1,4})?".prop_map(|text| text.parse().unwrap()),
    ]
}

/// A value of a type.
pub(crate) fn value(ty: &Type, holes: Holes) -> BoxedStrategy<Dyn> {
    with_holes(known(ty, holes), holes)
}

fn with_holes(known: BoxedStrategy<Dyn>, holes: Holes) -> BoxedStrategy<Dyn> {
    let choices = [
        (100 - holes.nulls - holes.unknowns, known),
        (holes.nulls, Just(Dyn::Null).boxed()),
        (holes.unknowns, Just(Dyn::Unknown).boxed()),
    ];
    Union::new_weighted(choices.into_iter().filter(|(weight, _)| *weight > 0).collect()).boxed()
}

fn known(ty: &Type, holes: Holes) -> BoxedStrategy<Dyn> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Dyn::Bool).boxed(),
        Type::Number => number().prop_map(Dyn::Number).boxed(),
        Type::String => prop_oneof![
            prop::sample::select(&["", "a", "A", "b", "\u{e9}", "e\u{301}"][..]),
            Just("longer than 32 bytes, so that its head takes two")
        ]
        .prop_map(Dyn::from)
        .boxed(),
        Type::Dynamic => {
            let ty = prop_oneof![
                Just(Type::String),
                Just(Type::Number.list()),
                Just(Type::object([("alpha", Type::Bool)]))
            ];
            ty.prop_flat_map(move |ty| value(&ty, holes).prop_map(move |value| Dyn::typed(ty.clone(), value)))
                .boxed()
        }
        Type::List(element) => vec(value(element, holes), 0..4).prop_map(Dyn::List).boxed(),
        Type::Set(element) => vec(value(element, holes), 0..4).prop_map(Dyn::set).boxed(),
        Type::Map(element) => btree_map(name(), value(element, holes), 0..4).prop_map(Dyn::map).boxed(),
        Type::Object(types) => {
            let names: Vec<String> = types.keys().cloned().collect();
            let values: Vec<_> = types.values().map(|ty| value(ty, holes)).collect();
            values.prop_map(move |values| Dyn::map(names.iter().cloned().zip(values))).boxed()
        }
        Type::Tuple(types) => {
            types.iter().map(|ty| value(ty, holes)).collect::<Vec<_>>().prop_map(Dyn::List).boxed()
        }
    }
}

/// Attributes of a block: plain and nested ones of every kind.
pub(crate) fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    attributes_at(2, false)
}

fn attributes_at(depth: u32, in_set: bool) -> BoxedStrategy<Vec<Attribute>> {
    (prop::sample::subsequence(&NAMES[..], 1..=4))
        .prop_flat_map(move |names| {
            let among = names.clone();
            let dependent = move |name| {
                let among = among.clone();
                let depends =
                    (any::<bool>(), prop::sample::subsequence(among.clone(), 0..=among.len().min(2)));
                (attribute(name, depth, in_set), depends, any::<bool>()).prop_map(
                    move |(mut attribute, (is_declared, on), nullable)| {
                        let attributes = on.into_iter().filter(|on| *on != name).collect();
                        if is_declared && matches!(attribute.who, Who::Server | Who::Computed) {
                            attribute.depends = Depends::Only { attributes, nullable };
                        }
                        attribute
                    },
                )
            };
            names.into_iter().map(dependent).collect::<Vec<_>>()
        })
        .boxed()
}

fn attribute(name: &'static str, depth: u32, in_set: bool) -> BoxedStrategy<Attribute> {
    let plain = plain_attribute(name, in_set);
    if depth == 0 {
        return plain;
    }
    prop_oneof![3 => plain, 2 => nested_attribute(name, depth, in_set)].boxed()
}

fn plain_attribute(name: &'static str, in_set: bool) -> BoxedStrategy<Attribute> {
    let ty = prop::sample::select(vec![
        Type::String,
        Type::Number,
        // A bool that the server chooses may merge two elements.
        if in_set { Type::String } else { Type::Bool },
        Type::String.list(),
        Type::String.set(),
        Type::String.map(),
    ]);
    let flags = (0..6_u8, any::<bool>(), any::<bool>(), any::<bool>(), 0..8_u8);
    (ty, flags)
        .prop_flat_map(move |(ty, (who, local, replace, ignores_case, write_only))| {
            known(&ty, STATE).prop_map(move |default| {
                let who = match who {
                    0 => Who::Required,
                    1 => Who::Optional,
                    2 => Who::IfSet,
                    3 => Who::Default(default),
                    4 => Who::Server,
                    _ => Who::Computed,
                };
                let configurable_only = !who.is_computed();
                let mut attribute = Attribute::new(name, "", Shape::Plain(ty.clone()), who);
                attribute.local = local && configurable_only;
                attribute.replace = replace;
                attribute.same = ignores_case.then_some(same::ignoring_case as tfkit::plan::Same);
                attribute.write_only = write_only == 0 && configurable_only && !in_set;
                attribute
            })
        })
        .boxed()
}

fn nested_attribute(name: &'static str, depth: u32, in_set: bool) -> BoxedStrategy<Attribute> {
    let nesting = prop::sample::select(vec![Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map]);
    let who = prop::sample::select(vec![Who::Required, Who::Optional, Who::Server, Who::Computed]);
    (nesting, who)
        .prop_flat_map(move |(nesting, who)| {
            let in_set = in_set || nesting == Nesting::Set;
            attributes_at(depth - 1, in_set).prop_map(move |attributes| {
                Attribute::new(name, "", Shape::Nested(nesting, attributes), who.clone())
            })
        })
        .boxed()
}

/// Configurations that a user may write for these attributes.
pub(crate) fn config(attributes: &[Attribute], holes: Holes) -> BoxedStrategy<Dyn> {
    let names: Vec<&'static str> = attributes.iter().map(|attribute| attribute.name).collect();
    let values: Vec<_> = attributes.iter().map(|attribute| configured(attribute, holes)).collect();
    values.prop_map(move |values| Dyn::map(names.iter().copied().zip(values))).boxed()
}

fn configured(attribute: &Attribute, holes: Holes) -> BoxedStrategy<Dyn> {
    let nulls = if attribute.who.is_required() { 0 } else { 40 };
    if !attribute.who.is_configurable() {
        return Just(Dyn::Null).boxed();
    }
    let set = match &attribute.shape {
        Shape::Plain(ty) => known(ty, holes),
        Shape::Nested(Nesting::Single, attributes) => config(attributes, holes),
        Shape::Nested(Nesting::List, attributes) => {
            vec(config(attributes, holes), 0..4).prop_map(Dyn::List).boxed()
        }
        Shape::Nested(Nesting::Set, attributes) => {
            vec(config(attributes, holes), 0..4).prop_map(Dyn::set).boxed()
        }
        Shape::Nested(Nesting::Map, attributes) => {
            btree_map(name(), config(attributes, holes), 0..4).prop_map(Dyn::map).boxed()
        }
    };
    with_holes(set, Holes { nulls, ..holes })
}

/// States with these attributes, or null.
pub(crate) fn prior(attributes: &[Attribute]) -> BoxedStrategy<Dyn> {
    let attributes = attributes.to_vec();
    let state = known(&tfkit::schema::object_type(&attributes), STATE).prop_map(move |mut state| {
        tfkit::plan::hide_write_only(&attributes, &mut state);
        state
    });
    prop_oneof![1 => Just(Dyn::Null), 4 => state].boxed()
}

/// Returns a possible result of a plan: unknown values become known.
pub(crate) fn applied(ty: &Type, planned: &Dyn, seed: &mut u32) -> Dyn {
    match (planned, ty) {
        (Dyn::Unknown, ty) => fresh(ty, seed),
        (Dyn::List(elements), Type::List(ty)) => {
            Dyn::list(elements.iter().map(|element| applied(ty, element, seed)))
        }
        (Dyn::List(elements), Type::Set(ty)) => {
            Dyn::set(elements.iter().map(|element| applied(ty, element, seed)))
        }
        (Dyn::Map(elements), Type::Map(ty)) => {
            Dyn::map(elements.iter().map(|(key, element)| (key.clone(), applied(ty, element, seed))))
        }
        (Dyn::Map(attributes), Type::Object(types)) => Dyn::map(
            attributes.iter().map(|(name, value)| (name.clone(), applied(&types[name], value, seed))),
        ),
        (planned, _) => planned.clone(),
    }
}

/// Returns a value that occurs nowhere else.
fn fresh(ty: &Type, seed: &mut u32) -> Dyn {
    *seed += 1;
    match ty {
        Type::String => Dyn::string(format!("server {seed}")),
        Type::Number => Dyn::from(i64::from(*seed)),
        Type::Bool => Dyn::Bool(seed.is_multiple_of(2)),
        Type::List(ty) | Type::Set(ty) => Dyn::list([fresh(ty, seed)]),
        Type::Map(ty) => Dyn::map([("key", fresh(ty, seed))]),
        Type::Object(types) => Dyn::map(types.iter().map(|(name, ty)| (name.clone(), fresh(ty, seed)))),
        Type::Tuple(types) => Dyn::list(types.iter().map(|ty| fresh(ty, seed))),
        Type::Dynamic => Dyn::typed(Type::String, fresh(&Type::String, seed)),
    }
}
