//! Sets with many elements: the work grows with the number of elements, not with its square.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;

use tfkit::plan::{check_plan, check_result, for_host, keep_spelling, prepare};
use tfkit::{Attribute, Dyn, Nesting, Shape, Type, Who};

thread_local! {
    /// How often a value was brought into its canonical form.
    static COMPARED: Cell<usize> = const { Cell::new(0) };
}

/// Ignores case, and counts.
fn counting(value: &Dyn) -> Cow<'_, Dyn> {
    COMPARED.set(COMPARED.get() + 1);
    tfkit::plan::same::ignoring_case(value)
}

fn attribute(name: &'static str, who: Who) -> Attribute {
    Attribute::new(name, "", Shape::Plain(Type::String), who)
}

fn members() -> Vec<Attribute> {
    vec![Attribute::new("members", "", Shape::Plain(Type::String.set()), Who::Required).same(counting)]
}

fn rules() -> Vec<Attribute> {
    let element = vec![
        attribute("name", Who::Required).same(counting),
        attribute("size", Who::Default("1".into())),
        attribute("id", Who::Computed),
    ];
    vec![Attribute::new("rules", "", Shape::Nested(Nesting::Set, element), Who::Required)]
}

/// Rules whose names are in an object of their own.
fn deep_rules() -> Vec<Attribute> {
    let name = vec![attribute("name", Who::Required).same(counting)];
    let element = vec![
        Attribute::new("inner", "", Shape::Nested(Nesting::Single, name), Who::Required),
        attribute("id", Who::Computed),
    ];
    vec![Attribute::new("rules", "", Shape::Nested(Nesting::Set, element), Who::Required)]
}

fn set(name: &str, elements: impl Iterator<Item = Dyn>) -> Dyn {
    Dyn::map([(name, Dyn::set(elements))])
}

fn of_members(numbers: impl Iterator<Item = usize>, spell: fn(&str) -> String) -> Dyn {
    set("members", numbers.map(|number| Dyn::string(spell(&format!("Person-{number}@Example.com")))))
}

fn of_rules(
    numbers: impl Iterator<Item = usize>,
    spell: fn(&str) -> String,
    size: &Dyn,
    id: Option<&str>,
) -> Dyn {
    set(
        "rules",
        numbers.map(|number| {
            let id = id.map_or(Dyn::Null, |id| Dyn::string(format!("{id}-{number}")));
            let name = Dyn::string(spell(&format!("Rule-{number}")));
            Dyn::map([("name", name), ("size", size.clone()), ("id", id)])
        }),
    )
}

fn of_deep_rules(numbers: impl Iterator<Item = usize>, spell: fn(&str) -> String, id: Option<&str>) -> Dyn {
    set(
        "rules",
        numbers.map(|number| {
            let id = id.map_or(Dyn::Null, |id| Dyn::string(format!("{id}-{number}")));
            let inner = Dyn::map([("name", Dyn::string(spell(&format!("Rule-{number}"))))]);
            Dyn::map([("inner", inner), ("id", id)])
        }),
    )
}

fn same(text: &str) -> String {
    text.to_owned()
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// One state, and the configuration of the next plan.
struct Case {
    what: &'static str,
    attributes: Vec<Attribute>,
    state: Dyn,
    config: Dyn,
}

fn cases(count: usize) -> Vec<Case> {
    let unset = Dyn::Null;
    let one = Dyn::from("1");
    // A tenth of the elements leaves, and as many join.
    let moved = || count / 10..count + count / 10;
    let case = |what, attributes, state, config| Case { what, attributes, state, config };
    vec![
        case("unchanged members", members(), of_members(0..count, same), of_members(0..count, same)),
        case("changed members", members(), of_members(0..count, same), of_members(moved(), same)),
        case("members in lower case", members(), of_members(0..count, same), of_members(moved(), lower)),
        case("other members", members(), of_members(0..count, same), of_members(count..2 * count, same)),
        case(
            "unchanged rules",
            rules(),
            of_rules(0..count, same, &one, Some("id")),
            of_rules(0..count, same, &unset, None),
        ),
        case(
            "changed rules",
            rules(),
            of_rules(0..count, same, &one, Some("id")),
            of_rules(moved(), same, &unset, None),
        ),
        case(
            "rules of another size",
            rules(),
            of_rules(0..count, same, &one, Some("id")),
            of_rules(moved(), lower, &"2".into(), None),
        ),
        case(
            "deep rules",
            deep_rules(),
            of_deep_rules(0..count, same, Some("id")),
            of_deep_rules(moved(), same, None),
        ),
        case(
            "deep rules in lower case",
            deep_rules(),
            of_deep_rules(0..count, same, Some("id")),
            of_deep_rules(moved(), lower, None),
        ),
    ]
}

/// Plans, and then pretends to apply and to read the result.
fn go_through(Case { what, attributes, state, config }: Case) {
    let planned = prepare(&attributes, &state, &config);
    let planned = for_host(&attributes, &state, &config, planned, &BTreeSet::new());
    check_plan(&attributes, &state, &config, &planned).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut result = known(&planned);
    check_result(&attributes, &planned, &result).unwrap_or_else(|error| panic!("{what}: {error}"));
    keep_spelling(&attributes, &planned, &mut result);
    keep_spelling(&attributes, &state, &mut result);
}

/// Fills in what is unknown.
fn known(value: &Dyn) -> Dyn {
    match value {
        Dyn::Unknown => "new".into(),
        Dyn::List(elements) => Dyn::set(elements.iter().map(known)),
        Dyn::Map(members) => Dyn::map(members.iter().map(|(name, value)| (name.as_str(), known(value)))),
        other => other.clone(),
    }
}

#[test]
fn comparisons_of_elements_grow_with_their_number() {
    const COUNT: usize = 250;
    let compared = |case: Case| {
        COMPARED.set(0);
        go_through(case);
        COMPARED.get()
    };
    for (few, many) in cases(COUNT).into_iter().zip(cases(2 * COUNT)) {
        let what = few.what;
        let (few, many) = (compared(few), compared(many));
        assert!(many <= 3 * few, "{what}: {few} comparisons of {COUNT} elements, {many} of twice as many");
        // A plan pairs the elements once, and not in each of its passes.
        assert!(many <= 34 * COUNT, "{what}: {many} comparisons of {} elements", 2 * COUNT);
    }
}
