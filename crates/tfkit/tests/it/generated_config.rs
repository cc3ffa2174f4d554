//! Configurations that are generated from a state.

use tfkit::check::Rule;
use tfkit::plan::{generate, same};
use tfkit::schema::About;
use tfkit::{Attribute, Dyn, Nesting, Schema, Shape, Type, Who};

fn plain(name: &'static str, who: Who) -> Attribute {
    Attribute::new(name, "Text.", Shape::Plain(Type::String), who)
}

fn schema(attributes: Vec<Attribute>, rules: Vec<Rule>) -> Schema {
    Schema {
        version: 0,
        description: "Text.".to_owned(),
        deprecated: None,
        attributes,
        rules,
        about: About::default(),
    }
}

#[test]
fn a_generated_configuration_has_only_what_the_user_has_to_write() {
    let given = || Dyn::string("given");
    for (name, attribute, state, expected) in [
        ("required", plain("a", Who::Required), given(), given()),
        ("required and empty", plain("a", Who::Required).same(same::empty_is_null), "".into(), "".into()),
        ("optional", plain("a", Who::Optional), given(), given()),
        ("optional and empty", plain("a", Who::Optional), "".into(), "".into()),
        (
            "optional and the same as null",
            plain("a", Who::Optional).same(same::empty_is_null),
            "".into(),
            Dyn::Null,
        ),
        ("hands off", plain("a", Who::IfSet), given(), given()),
        (
            "empty instead of hands off",
            plain("a", Who::IfSet).same(same::empty_is_null),
            "".into(),
            "".into(),
        ),
        ("filled by the server", plain("a", Who::Server), given(), given()),
        ("computed", plain("a", Who::Computed), given(), Dyn::Null),
        ("default", plain("a", Who::Default(given())), given(), Dyn::Null),
        (
            "default in another case",
            plain("a", Who::Default("GIVEN".into())).same(same::ignoring_case),
            given(),
            Dyn::Null,
        ),
        ("not the default", plain("a", Who::Default("other".into())), given(), given()),
        ("deprecated", plain("a", Who::Optional).deprecated("Use b."), given(), Dyn::Null),
        ("sensitive", plain("a", Who::Optional).sensitive(), given(), given()),
        ("write-only", Attribute { write_only: true, ..plain("a", Who::Optional) }, given(), Dyn::Null),
        ("timeouts", plain("timeouts", Who::Optional), given(), Dyn::Null),
    ] {
        let attribute_name = attribute.name;
        let config = generate(&schema(vec![attribute], Vec::new()), &Dyn::map([(attribute_name, state)]));
        assert_eq!(config.attribute(attribute_name), &expected, "{name}");
    }
}

#[test]
fn attributes_of_nested_objects_are_chosen_in_the_same_way() {
    let inner = || vec![plain("name", Who::Required), plain("serial", Who::Computed)];
    let state = |name: &str| Dyn::map([("name", Dyn::from(name)), ("serial", "1".into())]);
    let wanted = |name: &str| Dyn::map([("name", Dyn::from(name)), ("serial", Dyn::Null)]);
    for (nesting, state, expected) in [
        (Nesting::Single, state("a"), wanted("a")),
        (Nesting::List, Dyn::list([state("b"), state("a")]), Dyn::list([wanted("b"), wanted("a")])),
        (Nesting::Set, Dyn::set([state("a"), state("b")]), Dyn::set([wanted("a"), wanted("b")])),
        (Nesting::Map, Dyn::map([("k", state("a"))]), Dyn::map([("k", wanted("a"))])),
        (Nesting::List, Dyn::Null, Dyn::Null),
    ] {
        let nested = Attribute::new("parts", "Text.", Shape::Nested(nesting, inner()), Who::Optional);
        let config = generate(&schema(vec![nested], Vec::new()), &Dyn::map([("parts", state)]));
        assert_eq!(config.attribute("parts"), &expected, "{nesting:?}");
    }
}

const BOTH: &[&str] = &["role", "role_id"];
const OTHERS: &[&str] = &["note", "resource"];

#[test]
fn of_attributes_that_exclude_each_other_the_first_is_kept() {
    let attributes = || {
        vec![
            plain("role", Who::Server),
            plain("role_id", Who::Server),
            plain("note", Who::Optional),
            plain("resource", Who::Optional),
        ]
    };
    let state = |set: &[&'static str]| {
        let value = |name: &'static str| if set.contains(&name) { name.into() } else { Dyn::Null };
        Dyn::map(["role", "role_id", "note", "resource"].map(|name| (name, value(name))))
    };
    for (rule, set, kept) in [
        (Rule::AtLeastOneOf(BOTH), BOTH, &["role"][..]),
        (Rule::AtLeastOneOf(BOTH), &["role_id"], &["role_id"]),
        // The user has to write both: the server does not fill them.
        (Rule::AtLeastOneOf(OTHERS), OTHERS, OTHERS),
        (Rule::ExactlyOneOf(OTHERS), OTHERS, &["note"]),
        (Rule::AtMostOneOf(OTHERS), OTHERS, &["note"]),
        (Rule::AtMostOneOf(OTHERS), &[], &[]),
        (Rule::Requires("resource", &["note"]), OTHERS, OTHERS),
        (Rule::Requires("resource", &["note"]), &["resource"], &[]),
    ] {
        let config = generate(&schema(attributes(), vec![rule.clone()]), &state(set));
        assert_eq!(config, state(kept), "{rule:?}");
    }
}
