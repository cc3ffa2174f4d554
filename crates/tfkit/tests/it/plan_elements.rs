//! Planning of elements in lists and sets.

use tfkit::plan::{check_plan, prepare, proposed_new};
use tfkit::{Attribute, Dyn, Nesting, Who};

use crate::plan::{nested, object, stable, text};

fn rule(id: &str, port: &str, comment: &str) -> Dyn {
    object(&[("id", id), ("port", port), ("comment", comment)], &["id", "port", "comment"])
}

fn unset(port: &str) -> Dyn {
    object(&[("port", port)], &["id", "port", "comment"])
}

fn rules(nesting: Nesting) -> Vec<Attribute> {
    let attributes = vec![
        stable(text("id", Who::Computed)),
        text("port", Who::Required),
        text("comment", Who::Default("none".into())),
    ];
    vec![nested("rules", nesting, attributes)]
}

fn holding(elements: impl IntoIterator<Item = Dyn>) -> Dyn {
    Dyn::map([("rules", Dyn::set(elements))])
}

fn ordered(elements: impl IntoIterator<Item = Dyn>) -> Dyn {
    Dyn::map([("rules", Dyn::list(elements))])
}

#[test]
fn elements_of_sets_keep_their_computed_values_when_others_change() {
    let state = holding([rule("1", "80", "none"), rule("2", "443", "none")]);
    let config = holding([unset("443"), unset("8080")]);
    let planned = prepare(&rules(Nesting::Set), &state, &config);
    assert_eq!(planned, holding([rule("2", "443", "none"), rule("?", "8080", "none")]));
    assert_eq!(check_plan(&rules(Nesting::Set), &state, &config, &planned), Ok(()));
    let same = holding([unset("80"), unset("443")]);
    assert_eq!(prepare(&rules(Nesting::Set), &state, &same), state);
}

#[test]
fn a_completely_specified_set_element_keeps_its_counterpart() {
    let element = |name: &str, size: &str| object(&[("name", name), ("size", size)], &["name", "size"]);
    let bare = object(&[("name", "a")], &["name", "size"]);
    let attributes =
        vec![nested("rules", Nesting::Set, vec![text("name", Who::Required), text("size", Who::Server)])];
    let state = holding([element("a", "m")]);
    let config = holding([bare, element("a", "m")]);
    let planned = prepare(&attributes, &state, &config);
    assert_eq!(planned, holding([element("a", "?"), element("a", "m")]));
}

#[test]
fn elements_of_lists_keep_their_computed_values_when_they_move() {
    let state = ordered([rule("1", "80", "none"), rule("2", "443", "none")]);
    let config = ordered([unset("22"), unset("80"), unset("443")]);
    let planned = prepare(&rules(Nesting::List), &state, &config);
    assert_eq!(
        planned,
        ordered([rule("?", "22", "none"), rule("1", "80", "none"), rule("2", "443", "none")])
    );
    assert_eq!(check_plan(&rules(Nesting::List), &state, &config, &planned), Ok(()));
}

#[test]
fn the_hosts_proposal_takes_computed_values_from_the_state() {
    let state = holding([rule("1", "80", "none")]);
    assert_eq!(proposed_new(&rules(Nesting::Set), &state, &holding([unset("80")])), state);
    let changed = holding([unset("81")]);
    assert_eq!(proposed_new(&rules(Nesting::Set), &state, &changed), changed);
    assert_eq!(proposed_new(&rules(Nesting::Set), &state, &Dyn::Null), Dyn::Null);
    let by_place =
        proposed_new(&rules(Nesting::List), &ordered([rule("1", "80", "x")]), &ordered([unset("81")]));
    assert_eq!(by_place, ordered([rule("1", "81", "x")]));

    // A value that the user set and removed again is not kept, although the attribute is computed.
    let mut both = rules(Nesting::Single);
    both[0].who = Who::Server;
    let set = Dyn::map([("rules", rule("1", "80", "x"))]);
    assert_eq!(
        proposed_new(&both, &set, &Dyn::map([("rules", Dyn::Null)])),
        Dyn::map([("rules", Dyn::Null)])
    );
    assert_eq!(
        prepare(&both, &set, &Dyn::map([("rules", Dyn::Null)])),
        set,
        "it is kept, or no plan would be empty"
    );
}
