//! The rules of planning, one by one.

use std::collections::BTreeSet;

use tfkit::plan::{
    Same, check_compatible, check_plan, check_result, hide_write_only, keep_spelling, prepare, replaced,
    same, settle,
};
use tfkit::{Attribute, Depends, Dyn, Nesting, Path, Shape, Type, Who};

fn plain(name: &'static str, ty: Type, who: Who) -> Attribute {
    Attribute::new(name, "", Shape::Plain(ty), who)
}

pub(crate) fn text(name: &'static str, who: Who) -> Attribute {
    plain(name, Type::String, who)
}

pub(crate) fn nested(name: &'static str, nesting: Nesting, attributes: Vec<Attribute>) -> Attribute {
    Attribute::new(name, "", Shape::Nested(nesting, attributes), Who::Optional)
}

pub(crate) fn stable(mut attribute: Attribute) -> Attribute {
    attribute.depends = Depends::Only { attributes: Vec::new(), nullable: false };
    attribute
}

fn replacing(mut attribute: Attribute) -> Attribute {
    attribute.replace = true;
    attribute
}

fn alike(mut attribute: Attribute, same: Same) -> Attribute {
    attribute.same = Some(same);
    attribute
}

/// A team: a stable id, a name, a default, a value that the server may choose, and a number that changes by itself.
fn team() -> Vec<Attribute> {
    vec![
        stable(text("id", Who::Computed)),
        text("name", Who::Required),
        text("note", Who::Optional),
        text("color", Who::Default("blue".into())),
        text("title", Who::Server),
        replacing(text("home", Who::Server)),
        text("updated", Who::Computed),
    ]
}

pub(crate) fn object(members: &[(&str, &str)], names: &[&str]) -> Dyn {
    Dyn::map(names.iter().map(|name| {
        let value = members.iter().find(|(member, _)| member == name);
        (
            *name,
            value.map_or(Dyn::Null, |(_, text)| if *text == "?" { Dyn::Unknown } else { Dyn::from(*text) }),
        )
    }))
}

fn a_team(members: &[(&str, &str)]) -> Dyn {
    object(members, &["id", "name", "note", "color", "title", "home", "updated"])
}

#[test]
fn only_values_that_follow_from_a_change_are_unknown_in_a_plan() {
    let state = a_team(&[
        ("id", "1"),
        ("name", "a"),
        ("color", "blue"),
        ("title", "A"),
        ("home", "x"),
        ("updated", "9"),
    ]);
    let table = [
        (
            "a creation",
            Dyn::Null,
            a_team(&[("name", "a")]),
            a_team(&[
                ("id", "?"),
                ("name", "a"),
                ("color", "blue"),
                ("title", "?"),
                ("home", "?"),
                ("updated", "?"),
            ]),
        ),
        ("no change", state.clone(), a_team(&[("name", "a")]), state.clone()),
        (
            "no change, because the default is configured",
            state.clone(),
            a_team(&[("name", "a"), ("color", "blue")]),
            state.clone(),
        ),
        (
            "an update keeps stable values",
            state.clone(),
            a_team(&[("name", "b"), ("title", "mine")]),
            a_team(&[
                ("id", "1"),
                ("name", "b"),
                ("color", "blue"),
                ("title", "mine"),
                ("home", "x"),
                ("updated", "?"),
            ]),
        ),
        (
            "an update leaves the server's choice to the server",
            state.clone(),
            a_team(&[("name", "a"), ("note", "n")]),
            a_team(&[
                ("id", "1"),
                ("name", "a"),
                ("note", "n"),
                ("color", "blue"),
                ("title", "?"),
                ("home", "x"),
                ("updated", "?"),
            ]),
        ),
        (
            "an unknown value is a change",
            state.clone(),
            a_team(&[("name", "?")]),
            a_team(&[
                ("id", "1"),
                ("name", "?"),
                ("color", "blue"),
                ("title", "?"),
                ("home", "x"),
                ("updated", "?"),
            ]),
        ),
        ("a deletion", state, Dyn::Null, Dyn::Null),
    ];
    for (what, prior, config, expected) in table {
        let planned = prepare(&team(), &prior, &config);
        assert_eq!(planned, expected, "{what}");
        assert_eq!(check_plan(&team(), &prior, &config, &planned), Ok(()), "{what}");
    }
}

#[test]
fn a_hook_that_turns_a_no_op_into_an_update_makes_the_rest_unknown() {
    let state = a_team(&[
        ("id", "1"),
        ("name", "a"),
        ("color", "blue"),
        ("title", "A"),
        ("home", "x"),
        ("updated", "9"),
    ]);
    let config = a_team(&[("name", "a")]);
    let settled = |changes: &[(&str, Dyn)]| {
        let mut hooked = prepare(&team(), &state, &config);
        let mut decided = BTreeSet::new();
        for (name, value) in changes {
            hooked.set_at(&Path::from(*name), value.clone());
            decided.insert(Path::from(*name));
        }
        settle(&team(), &state, &config, &hooked, &decided)
    };
    let expected = a_team(&[
        ("id", "1"),
        ("name", "a"),
        ("color", "blue"),
        ("title", "B"),
        ("home", "x"),
        ("updated", "?"),
    ]);
    assert_eq!(settled(&[("title", "B".into())]), expected);
    // A value that the hook keeps is also decided.
    let kept = settled(&[("title", "B".into()), ("updated", "9".into())]);
    assert_eq!(kept.attribute("updated"), &Dyn::string("9"));
    assert_eq!(settled(&[]), state);
}

#[test]
fn write_only_values_are_neither_in_plans_nor_in_states() {
    let mut secret = text("secret", Who::Optional);
    secret.write_only = true;
    let attributes =
        vec![secret.clone(), nested("login", Nesting::Map, vec![secret, text("user", Who::Required)])];
    let login = Dyn::map([("a", Dyn::map([("secret", "s".into()), ("user", "u".into())]))]);
    let mut config = Dyn::map([("secret", "s".into()), ("login", login)]);
    let planned = prepare(&attributes, &Dyn::Null, &config);
    assert_eq!(check_plan(&attributes, &Dyn::Null, &config, &planned), Ok(()));
    let violation = check_plan(&attributes, &Dyn::Null, &config, &config).unwrap_err();
    assert_eq!(violation.to_string(), "secret: is write-only but would be stored");
    let violation = check_result(&attributes, &planned, &config).unwrap_err();
    assert_eq!(violation.to_string(), "secret: is write-only but would be stored");
    hide_write_only(&attributes, &mut config);
    assert_eq!(planned, config);
}

#[test]
fn the_earlier_spelling_is_kept_if_both_have_the_same_meaning() {
    let attributes = vec![
        alike(plain("members", Type::String.set(), Who::IfSet), same::ignoring_case),
        alike(text("note", Who::Optional), same::empty_is_null),
        alike(plain("settings", Type::String.map(), Who::Optional), same::scalar_text),
    ];
    let all = |members: &[&str], note: Dyn, setting: &str| {
        let members = Dyn::set(members.iter().map(|member| Dyn::from(*member)));
        Dyn::map([("members", members), ("note", note), ("settings", Dyn::map([("k", Dyn::from(setting))]))])
    };
    let state = all(&["A@x", "b@x"], "n".into(), "true");
    let config = all(&["a@x", "B@x"], "n".into(), "True");
    assert_eq!(prepare(&attributes, &state, &config), state, "a plan keeps the state's");

    let mut read = all(&["a@x", "c@x"], "".into(), "TRUE");
    let earlier = all(&["A@x", "b@x"], Dyn::Null, "true");
    keep_spelling(&attributes, &earlier, &mut read);
    assert_eq!(read, all(&["A@x", "c@x"], Dyn::Null, "true"), "a read keeps the user's, element by element");

    // For the host, null and an empty string differ, so a plan must contain the configured one.
    let state = all(&["a@x"], "".into(), "1");
    let config = all(&["a@x"], Dyn::Null, "1");
    assert_eq!(prepare(&attributes, &state, &config), config);
}

#[test]
fn a_read_ignores_unmanaged_values() {
    let attributes = vec![plain("members", Type::String.set(), Who::IfSet), text("name", Who::Required)];
    let found = Dyn::map([("members", Dyn::set(["a".into()])), ("name", "n".into())]);
    let mut read = found.clone();
    keep_spelling(&attributes, &Dyn::map([("members", Dyn::Null), ("name", "n".into())]), &mut read);
    assert_eq!(read.attribute("members"), &Dyn::Null);
    let mut imported = found.clone();
    keep_spelling(&attributes, &Dyn::Null, &mut imported);
    assert_eq!(imported, found);
}

#[test]
fn rules_of_sameness_recognize_values_with_the_same_meaning() {
    let object = "{\"a\": 1.0, \"b\": [true]}";
    let table: [(&str, Same, Dyn, Dyn, bool); 21] = [
        ("final slashes", same::ignoring_trailing_slash, "https://a/b//".into(), "https://a/b".into(), true),
        ("another path", same::ignoring_trailing_slash, "https://a/b".into(), "https://a/".into(), false),
        ("white space around", same::ignoring_white_space_around, " a b\n".into(), "a b".into(), true),
        ("white space inside", same::ignoring_white_space_around, "a b".into(), "a  b".into(), false),
        ("durations", same::duration_text, "90s".into(), "1m30s".into(), true),
        ("other durations", same::duration_text, "90s".into(), "90m".into(), false),
        ("text that is no duration", same::duration_text, "soon".into(), "later".into(), false),
        ("null and empty text", same::empty_is_null, Dyn::Null, "".into(), true),
        ("null and an empty list", same::empty_is_null, Dyn::Null, Dyn::list([]), true),
        ("null and text", same::empty_is_null, Dyn::Null, "a".into(), false),
        ("case", same::ignoring_case, "Ä@X".into(), "ä@x".into(), true),
        ("other text", same::ignoring_case, "a".into(), "b".into(), false),
        ("order in JSON", same::json_text, object.into(), "{\"b\":[true],\"a\":1}".into(), true),
        ("other JSON", same::json_text, object.into(), "{\"a\":1}".into(), false),
        ("text that is not JSON", same::json_text, "{".into(), "{ ".into(), false),
        ("bools in text", same::scalar_text, "True".into(), "true".into(), true),
        ("numbers in text", same::scalar_text, "1.0".into(), "1".into(), true),
        ("words in text", same::scalar_text, "Abc".into(), "abc".into(), false),
        ("a bool and a number", same::scalar_text, "1".into(), "true".into(), false),
        ("null and text", same::json_text, "null".into(), Dyn::Null, false),
        ("text and quoted text", same::scalar_text, "\"a\"".into(), "a".into(), false),
    ];
    for (what, same, one, other, expected) in table {
        assert_eq!(same(&one) == same(&other), expected, "{what}");
        for value in [one, other] {
            let canonical = same(&value).into_owned();
            assert_eq!(*same(&canonical), canonical, "{what}: a canonical form is its own form");
        }
    }
}

#[test]
fn a_change_replaces_only_if_the_state_is_set() {
    let attributes = vec![
        replacing(text("home", Who::Server)),
        text("name", Who::Required),
        nested("inner", Nesting::Single, vec![replacing(text("zone", Who::Optional))]),
        nested(
            "list",
            Nesting::List,
            vec![replacing(text("zone", Who::Optional)), text("name", Who::Optional)],
        ),
        nested(
            "set",
            Nesting::Set,
            vec![replacing(text("zone", Who::Optional)), text("name", Who::Optional)],
        ),
    ];
    let zone = |zone: &str| Dyn::map([("zone", Dyn::from(zone))]);
    let both = |zone: &str, name: &str| object(&[("zone", zone), ("name", name)], &["zone", "name"]);
    let all = |home: Dyn, inner: Dyn, list: Vec<Dyn>, set: Vec<Dyn>| {
        let (list, set) = (Dyn::list(list), Dyn::set(set));
        Dyn::map([("home", home), ("name", "n".into()), ("inner", inner), ("list", list), ("set", set)])
    };
    let state = || all("x".into(), zone("1"), vec![both("1", "a")], vec![both("1", "a")]);
    let mut renamed = state();
    renamed.set_at(&Path::from("name"), "m".into());
    let table = [
        ("the same", state(), state(), ""),
        ("another attribute", state(), renamed, ""),
        ("a creation", Dyn::Null, state(), ""),
        ("a deletion", state(), Dyn::Null, ""),
        (
            "another value",
            state(),
            all("y".into(), zone("1"), vec![both("1", "a")], vec![both("1", "a")]),
            "home",
        ),
        (
            "an unknown value",
            state(),
            all(Dyn::Unknown, zone("1"), vec![both("1", "a")], vec![both("1", "a")]),
            "home",
        ),
        ("no value", state(), all(Dyn::Null, zone("1"), vec![both("1", "a")], vec![both("1", "a")]), "home"),
        ("a first value", all(Dyn::Null, Dyn::Null, vec![], vec![]), state(), "set"),
        (
            "inside",
            state(),
            all("x".into(), zone("2"), vec![both("1", "a")], vec![both("1", "a")]),
            "inner.zone",
        ),
        (
            "inside a list, and one more",
            state(),
            all("x".into(), zone("1"), vec![both("2", "a"), both("3", "b")], vec![both("1", "a")]),
            "list[0].zone",
        ),
        (
            "inside a set, by name",
            state(),
            all("x".into(), zone("1"), vec![both("1", "a")], vec![both("1", "b")]),
            "",
        ),
        (
            "inside a set",
            state(),
            all("x".into(), zone("1"), vec![both("1", "a")], vec![both("2", "a")]),
            "set",
        ),
    ];
    for (what, prior, planned, expected) in table {
        let paths: Vec<String> =
            replaced(&attributes, &prior, &planned).iter().map(Path::to_string).collect();
        assert_eq!(paths.join(" "), expected, "{what}");
    }
}

#[test]
fn plans_that_the_host_would_reject_are_reported_without_secrets() {
    let mut key = text("key", Who::Optional);
    key.sensitive = true;
    let attributes = vec![
        text("name", Who::Required),
        text("note", Who::Optional),
        key,
        nested("rules", Nesting::List, vec![text("port", Who::Required)]),
    ];
    let port = |port: &str| Dyn::map([("port", Dyn::from(port))]);
    let all = |name: &str, note: Dyn, key: &str, ports: &[&str]| {
        let rules = Dyn::list(ports.iter().map(|text| port(text)));
        Dyn::map([("name", name.into()), ("note", note), ("key", key.into()), ("rules", rules)])
    };
    let config = all("a", Dyn::Null, "k", &["1"]);
    let table = [
        (
            all("b", Dyn::Null, "k", &["1"]),
            "name: is planned as \"b\" but configured as \"a\" (prior value: \"z\")",
        ),
        (all("a", "x".into(), "k", &["1"]), "note: is planned as \"x\", but only the user can set it"),
        (
            all("a", Dyn::Null, "l", &["1"]),
            "key: is planned as (sensitive value) but configured as (sensitive value) (prior value: (sensitive value))",
        ),
        (
            all("a", Dyn::Null, "k", &["2"]),
            "rules[0].port: is planned as \"2\" but configured as \"1\" (prior value: \"3\")",
        ),
        (all("a", Dyn::Null, "k", &["1", "2"]), "rules: 1 elements are configured but 2 are planned"),
        (Dyn::Null, "is configured but planned as null"),
        (Dyn::Unknown, "is configured but planned as unknown"),
    ];
    let prior = all("z", "y".into(), "j", &["3"]);
    for (planned, message) in table {
        assert_eq!(check_plan(&attributes, &prior, &config, &planned).unwrap_err().to_string(), message);
    }
    assert_eq!(check_plan(&attributes, &prior, &config, &config), Ok(()));
    assert_eq!(
        check_plan(&attributes, &prior, &config, &all("z", Dyn::Null, "j", &["3"])),
        Ok(()),
        "the state's values"
    );
}

#[test]
fn a_result_must_keep_what_the_plan_promised() {
    let attributes = vec![
        text("name", Who::Required),
        plain("tags", Type::String.set(), Who::Server),
        plain("ports", Type::Number.list(), Who::Server),
        nested("rules", Nesting::Set, vec![text("id", Who::Computed), text("port", Who::Required)]),
    ];
    let rule = |id: &str, port: &str| object(&[("id", id), ("port", port)], &["id", "port"]);
    let all = |name: &str, tags: Dyn, ports: Dyn, rules: Vec<Dyn>| {
        Dyn::map([("name", name.into()), ("tags", tags), ("ports", ports), ("rules", Dyn::set(rules))])
    };
    let tags = || Dyn::set(["a".into(), Dyn::Unknown]);
    let ports = || Dyn::list([Dyn::from(1), Dyn::Unknown]);
    let planned = all("n", tags(), ports(), vec![rule("?", "80"), rule("?", "443")]);
    let full = || vec![rule("1", "80"), rule("2", "443")];
    let known_tags = || Dyn::set(["a".into(), "b".into()]);
    let known_ports = || Dyn::list([Dyn::from(1), Dyn::from(2)]);
    let table = [
        ("all known", all("n", known_tags(), known_ports(), full()), ""),
        ("a set may shrink", all("n", Dyn::set(["a".into()]), known_ports(), full()), ""),
        (
            "a set may not grow",
            all("n", Dyn::set(["a".into(), "b".into(), "c".into()]), known_ports(), full()),
            "tags: was planned as [(known after apply), \"a\"] but is now [\"a\", \"b\", \"c\"]",
        ),
        (
            "a set keeps what is known",
            all("n", Dyn::set(["b".into()]), known_ports(), full()),
            "tags: was planned as [(known after apply), \"a\"] but is now [\"b\"]",
        ),
        (
            "a list keeps its length",
            all("n", known_tags(), Dyn::list([Dyn::from(1)]), full()),
            "ports: was planned as [1, (known after apply)] but is now [1]",
        ),
        (
            "another value",
            all("m", known_tags(), known_ports(), full()),
            "name: was planned as \"n\" but is now \"m\"",
        ),
        (
            "another element",
            all("n", known_tags(), known_ports(), vec![rule("1", "80"), rule("2", "22")]),
            "rules: returned elements do not match the planned elements",
        ),
        (
            "an unknown value",
            all("n", Dyn::Unknown, known_ports(), full()),
            "tags: was planned as [(known after apply), \"a\"] but is now (known after apply)",
        ),
        ("no object", Dyn::Null, "was planned with a value but is now null"),
    ];
    for (what, actual, message) in table {
        let result = check_result(&attributes, &planned, &actual);
        assert_eq!(
            result.err().map(|violation| violation.to_string()).unwrap_or_default(),
            message,
            "{what}"
        );
    }
    let open = all("n", Dyn::Unknown, Dyn::Unknown, vec![]);
    assert_eq!(check_compatible(&attributes, &open, &open), Ok(()));
    let violation = check_result(&attributes, &open, &open).unwrap_err();
    assert_eq!(violation.to_string(), "tags: is still unknown after the apply");
}

/// What each value of a workspace follows from.
fn workspace() -> Vec<Attribute> {
    let on = |mut attribute: Attribute, attributes: &[&'static str]| {
        attribute.depends = Depends::Only { attributes: attributes.to_vec(), nullable: true };
        attribute
    };
    let mut protected = text("protected", Who::Optional);
    protected.local = true;
    vec![
        text("name", Who::Required),
        text("version", Who::Required),
        on(text("url", Who::Computed), &["server"]),
        on(text("server", Who::Computed), &["version"]),
        on(text("title", Who::Server), &[]),
        on(text("checked", Who::Computed), &["protected"]),
        text("updated", Who::Computed),
        protected,
    ]
}

#[test]
fn a_value_becomes_unknown_only_if_something_that_it_follows_from_changes() {
    let names = ["name", "version", "url", "server", "title", "checked", "updated", "protected"];
    let before = [
        ("name", "a"),
        ("version", "1"),
        ("url", "u"),
        ("server", "s"),
        ("title", "t"),
        ("checked", "c"),
        ("updated", "9"),
    ];
    let state = object(&before, &names);
    let with = |changes: &[(&'static str, &'static str)]| {
        let mut all: Vec<(&str, &str)> = changes.to_vec();
        all.extend(before.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)));
        object(&all, &names)
    };
    let config = |changes: &[(&'static str, &'static str)]| {
        let mut all = vec![("name", "a"), ("version", "1")];
        all.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        all.extend(changes);
        object(&all, &names)
    };
    let table = [
        ("nothing", config(&[]), state.clone()),
        ("a cosmetic change", config(&[("name", "b")]), with(&[("name", "b"), ("updated", "?")])),
        (
            "a change with consequences, one through another",
            config(&[("version", "2")]),
            with(&[("version", "2"), ("url", "?"), ("server", "?"), ("updated", "?")]),
        ),
        (
            "a change that is not known yet",
            config(&[("version", "?")]),
            with(&[("version", "?"), ("url", "?"), ("server", "?"), ("updated", "?")]),
        ),
        ("an optional value", config(&[("title", "mine")]), with(&[("title", "mine"), ("updated", "?")])),
        (
            "a local change with a consequence, which changes the object",
            config(&[("protected", "p")]),
            with(&[("protected", "p"), ("checked", "?"), ("updated", "?")]),
        ),
    ];
    for (what, config, expected) in table {
        let planned = prepare(&workspace(), &state, &config);
        assert_eq!(planned, expected, "{what}");
        assert_eq!(check_plan(&workspace(), &state, &config, &planned), Ok(()), "{what}");
    }
    // Only local changes leave everything as it is.
    let mut attributes = workspace();
    attributes.retain(|attribute| attribute.name != "checked");
    let without = |mut object: Dyn| {
        if let Dyn::Map(members) = &mut object {
            members.remove("checked");
        }
        object
    };
    let planned = prepare(&attributes, &without(state.clone()), &without(config(&[("protected", "p")])));
    assert_eq!(planned, without(with(&[("protected", "p")])), "a local change");

    // Null is a value of the server, unless an earlier version did not have the attribute.
    let mut incomplete = state.clone();
    incomplete.set_at(&Path::from("server"), Dyn::Null);
    let planned = prepare(&workspace(), &incomplete, &config(&[("name", "b")]));
    assert_eq!(planned.attribute("server"), &Dyn::Null);
    let mut attributes = workspace();
    attributes[3].depends = Depends::Only { attributes: vec!["version"], nullable: false };
    let planned = prepare(&attributes, &incomplete, &config(&[("name", "b")]));
    assert_eq!((planned.attribute("server"), planned.attribute("url")), (&Dyn::Unknown, &Dyn::Unknown));
}

#[test]
fn a_value_follows_from_what_the_hook_changes_and_undoes() {
    let names = ["name", "version", "url", "server", "title", "checked", "updated", "protected"];
    let state = object(
        &[("name", "a"), ("version", "1"), ("url", "u"), ("server", "s"), ("title", "t"), ("updated", "9")],
        &names,
    );
    let settled = |config: &[(&str, &str)], decided: &[(&str, Dyn)]| {
        let config = object(config, &names);
        let mut hooked = prepare(&workspace(), &state, &config);
        let mut places = BTreeSet::new();
        for (name, value) in decided {
            hooked.set_at(&Path::from(*name), value.clone());
            places.insert(Path::from(*name));
        }
        settle(&workspace(), &state, &config, &hooked, &places)
    };
    let of = |planned: &Dyn, name: &str| planned.attribute(name).clone();
    // A changed value of the server, in an update that would not change it.
    let planned = settled(&[("name", "b"), ("version", "1")], &[("server", "s2".into())]);
    assert_eq!((of(&planned, "server"), of(&planned, "url")), ("s2".into(), Dyn::Unknown));
    // An undone change: nothing is left.
    let planned = settled(&[("name", "a"), ("version", "1.0")], &[("version", "1".into())]);
    assert_eq!(planned, state);
    // A promise ends the chain.
    let planned = settled(&[("name", "a"), ("version", "2")], &[("server", "s".into())]);
    assert_eq!(
        (of(&planned, "server"), of(&planned, "url"), of(&planned, "updated")),
        ("s".into(), "u".into(), Dyn::Unknown)
    );
}
