//! Planning of elements in lists and sets.

use std::collections::BTreeSet;

use tfkit::plan::{check_plan, check_result, for_host, keep_spelling, merge, prepare, proposed_new, same};
use tfkit::{Attribute, Depends, Dyn, Nesting, Shape, Type, Who};

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

/// Attributes of an element: an e-mail address whose case does not matter, a size with a default, and an id.
fn member(with_id: bool) -> Vec<Attribute> {
    let mut email = text("email", Who::Required);
    email.same = Some(same::ignoring_case);
    let size = Attribute::new("size", "", Shape::Plain(Type::Number), Who::Default(Dyn::from(3)));
    let id = with_id.then(|| stable(text("id", Who::Computed)));
    [email, size].into_iter().chain(id).collect()
}

fn element(attributes: &[Attribute], email: &str, size: Option<i64>) -> Dyn {
    Dyn::map(attributes.iter().map(|attribute| {
        let value = match attribute.name {
            "email" => Dyn::from(email),
            "size" => size.map_or(Dyn::Null, Dyn::from),
            _ => Dyn::Null,
        };
        (attribute.name, value)
    }))
}

/// What a server with this rule stores: one element for each meaning, under the last spelling, with an id.
fn stored(elements: &[Dyn]) -> Dyn {
    let mut known: Vec<(String, Dyn)> = Vec::new();
    for element in elements {
        let mut element = element.clone();
        let meaning = format!(
            "{} {:?}",
            element.attribute("email").as_str().unwrap().to_lowercase(),
            element.attribute("size")
        );
        if element.attribute("id").is_unknown() {
            element.set_at(&tfkit::Path::from("id"), format!("id of {meaning}").as_str().into());
        }
        known.retain(|(other, _)| *other != meaning);
        known.push((meaning, element));
    }
    Dyn::set(known.into_iter().map(|(_, element)| element))
}

#[test]
fn elements_of_a_set_that_become_equal_do_not_show_a_change_in_every_plan() {
    type Elements<'a> = &'a [(&'a str, Option<i64>)];
    let table: [(&str, Elements<'_>); 9] = [
        ("a default, and the same value", &[("a", Some(3)), ("a", None)]),
        ("a default, and another value", &[("a", Some(4)), ("a", None)]),
        ("in another order", &[("a", None), ("a", Some(3)), ("b", None)]),
        ("another spelling", &[("a", Some(1)), ("A", Some(1))]),
        ("another spelling of three", &[("ab", None), ("Ab", None), ("AB", None)]),
        ("both", &[("a", Some(3)), ("A", None)]),
        ("both, with the default spelled otherwise", &[("A", Some(3)), ("a", None), ("c", None)]),
        ("composed and decomposed letters", &[("\u{e9}", Some(3)), ("e\u{301}", None)]),
        ("one element", &[("a", None)]),
    ];
    for (what, elements) in table {
        for with_id in [false, true] {
            for depth in [Nesting::Set, Nesting::Single, Nesting::List, Nesting::Map] {
                let what = format!("{what}, with id: {with_id}, in a {depth:?}");
                let member = member(with_id);
                let set = Dyn::set(elements.iter().map(|(email, size)| element(&member, email, *size)));
                // The set itself, or the set in another nested value.
                let inner = vec![nested("members", Nesting::Set, member.clone())];
                let one = Dyn::map([("members", set)]);
                let (attributes, config) = match depth {
                    Nesting::Set => (inner, one),
                    Nesting::Single => (vec![nested("outer", depth, inner)], Dyn::map([("outer", one)])),
                    Nesting::List => {
                        (vec![nested("outer", depth, inner)], Dyn::map([("outer", Dyn::list([one]))]))
                    }
                    Nesting::Map => {
                        (vec![nested("outer", depth, inner)], Dyn::map([("outer", Dyn::map([("k", one)]))]))
                    }
                };
                let plan = |prior: &Dyn, config: &Dyn| {
                    let planned = for_host(
                        &attributes,
                        prior,
                        config,
                        prepare(&attributes, prior, config),
                        &BTreeSet::new(),
                    );
                    assert_eq!(check_plan(&attributes, prior, config, &planned), Ok(()), "{what}");
                    planned
                };
                let apply = |planned: &Dyn| {
                    let mut target = planned.clone();
                    merge(&attributes, &mut target);
                    let mut result = target.clone();
                    each_set(&mut result, &mut |set| *set = stored(set.as_list().unwrap()));
                    keep_spelling(&attributes, &target, &mut result);
                    // The host compares with the plan that it has seen.
                    assert_eq!(check_result(&attributes, planned, &result), Ok(()), "{what}");
                    result
                };
                let state = apply(&plan(&Dyn::Null, &config));
                assert_eq!(plan(&state, &config), state, "{what}: after the creation");
                // A refresh, and an import, which knows no spelling of the user.
                for earlier in [&state, &Dyn::Null] {
                    let mut read = state.clone();
                    each_set(&mut read, &mut |set| *set = stored(set.as_list().unwrap()));
                    keep_spelling(&attributes, earlier, &mut read);
                    assert_eq!(plan(&read, &config), read, "{what}: after a read");
                }
                // Another element changes the set: it is still a valid plan, and settles.
                let mut more = config.clone();
                each_set(&mut more, &mut |set| {
                    let elements = set.as_list().unwrap().iter().cloned();
                    *set = Dyn::set(elements.chain([element(&member, "new", None)]));
                });
                let state = apply(&plan(&state, &more));
                assert_eq!(plan(&state, &more), state, "{what}: after an update");
            }
        }
    }
}

fn each_set(value: &mut Dyn, change: &mut dyn FnMut(&mut Dyn)) {
    match value {
        Dyn::Map(members) => {
            for (name, member) in members {
                if name == "members" { change(member) } else { each_set(member, change) }
            }
        }
        Dyn::List(elements) => elements.iter_mut().for_each(|element| each_set(element, change)),
        _ => {}
    }
}

#[test]
fn a_changed_element_with_the_same_key_keeps_what_does_not_follow_from_the_change() {
    let mut name = text("name", Who::Required);
    name.key = true;
    name.same = Some(same::ignoring_case);
    let mut address = text("address", Who::Computed);
    address.depends = Depends::Only { attributes: vec!["port"], nullable: false };
    let all = vec![
        stable(text("id", Who::Computed)),
        name,
        text("port", Who::Required),
        text("note", Who::Optional),
        address,
    ];
    let names = ["id", "name", "port", "note", "address"];
    let state = [("1", "a"), ("2", "b")]
        .map(|(id, name)| object(&[("id", id), ("name", name), ("port", "80"), ("address", "x")], &names));
    let wanted = |name: &str, port: &str, note: &str| {
        object(&[("name", name), ("port", port), ("note", note)], &names)
    };
    // Reordered; one gets a note, which nothing follows from, the other one another port; and a new one.
    let config = [wanted("b", "80", "n"), wanted("A", "81", "n"), wanted("c", "80", "n")];
    let expected = [
        object(&[("id", "2"), ("name", "b"), ("port", "80"), ("note", "n"), ("address", "x")], &names),
        object(&[("id", "1"), ("name", "A"), ("port", "81"), ("note", "n"), ("address", "?")], &names),
        object(&[("id", "?"), ("name", "c"), ("port", "80"), ("note", "n"), ("address", "?")], &names),
    ];
    let attributes = vec![nested("rules", Nesting::List, all.clone())];
    let planned = prepare(&attributes, &ordered(state.clone()), &ordered(config.clone()));
    assert_eq!(planned, ordered(expected.clone()));
    let attributes = vec![nested("rules", Nesting::Set, all)];
    let planned = prepare(&attributes, &holding(state.clone()), &holding(config.clone()));
    let planned = for_host(&attributes, &holding(state), &holding(config), planned, &BTreeSet::new());
    assert_eq!(planned, holding(expected));
}
