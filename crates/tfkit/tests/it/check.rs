//! Checks of values and of configurations.

use tfkit::check::{
    Check, Rule, Stage, custom, each, each_key, in_plan, length, non_empty, number, one_of, pattern, url,
    uuid, validate, within,
};
use tfkit::schema::About;
use tfkit::{Attribute, Dyn, Nesting, Path, Schema, Severity, Shape, Type, Who};

#[test]
fn checks_match_their_description_and_ignore_unknown_values() {
    let lowercase =
        pattern("consist of lower-case letters", |text| text.bytes().all(|byte| byte.is_ascii_lowercase()));
    let sorted = custom("be sorted", |value| value.as_list().is_some_and(<[Dyn]>::is_sorted));
    let id = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
    let list = |texts: &[&str]| Dyn::list(texts.iter().map(|text| Dyn::from(*text)));
    let decimal = |text: &str| Dyn::Number(text.parse().unwrap());
    let table: [(Check, &str, Vec<Dyn>, Vec<Dyn>); 16] = [
        (
            within(0.1..=0.9),
            "be 0.1 to 0.9",
            vec![decimal("0.1"), decimal("0.9")],
            vec![decimal("0.0999999"), decimal("0.91")],
        ),
        (
            within(0.0..1.0),
            "be at least 0 and less than 1",
            vec![decimal("0"), decimal("0.99999999999999999999")],
            vec![decimal("1"), decimal("-1e-30")],
        ),
        (within(..=0.5), "be at most 0.5", vec![decimal("0.5")], vec![decimal("0.500000000000000000001")]),
        (within(1e3..), "be at least 1000", vec![1000.into()], vec![999.into()]),
        (
            length(1..=3),
            "have a length of 1 to 3",
            vec!["äöü".into(), list(&["a"])],
            vec!["".into(), "abcd".into(), list(&[])],
        ),
        (length(..3), "have a length of at most 2", vec!["".into()], vec!["abc".into()]),
        (length(2..=2), "have a length of 2", vec!["ab".into()], vec!["a".into()]),
        (non_empty(), "not be empty", vec!["a".into()], vec!["".into(), Dyn::map::<&str>([])]),
        (number(1..), "be at least 1", vec![1.into()], vec![0.into(), Dyn::Number("0.9".parse().unwrap())]),
        (one_of(&["a", "b"]), "be one of \"a\", \"b\"", vec!["a".into()], vec!["A".into()]),
        (lowercase.clone(), "consist of lower-case letters", vec!["ab".into()], vec!["aB".into()]),
        (
            uuid(),
            "be a UUID, such as 0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11",
            vec![id.into()],
            vec![id.replace('-', "").into(), "x".into()],
        ),
        (
            url(),
            "be a URL that begins with http:// or https://",
            vec!["https://a.example/x".into(), "HTTP://127.0.0.1:80".into()],
            vec![
                "a.example".into(),
                "ftp://a".into(),
                "https://".into(),
                "https:///x".into(),
                "http://:80".into(),
                "http://a b".into(),
            ],
        ),
        (
            each(lowercase.clone()),
            "contain elements, each of which must consist of lower-case letters",
            vec![list(&["a", "b"])],
            vec![list(&["a", "B"])],
        ),
        (
            each_key(lowercase),
            "contain keys, each of which must consist of lower-case letters",
            vec![Dyn::map([("a", Dyn::from("X"))])],
            vec![Dyn::map([("A", Dyn::from("x"))])],
        ),
        (
            sorted,
            "be sorted",
            vec![list(&["a", "b"]), Dyn::list(["b".into(), Dyn::Unknown])],
            vec![list(&["b", "a"])],
        ),
    ];
    for (check, must, good, bad) in table {
        assert_eq!(check.must(), must);
        for value in good.iter().chain([&Dyn::Null, &Dyn::Unknown]) {
            assert!(check.holds(value), "{must}: {value:?}");
        }
        for value in &bad {
            assert!(!check.holds(value), "{must}: {value:?}");
        }
    }
}

fn text(name: &'static str, who: Who) -> Attribute {
    Attribute::new(name, "", Shape::Plain(Type::String), who)
}

fn schema() -> Schema {
    let mut old = text("old", Who::Optional);
    old.deprecated = Some("Use `name` instead.");
    let mut secret = text("secret", Who::Optional).check(length(3..));
    secret.sensitive = true;
    let mut written = text("written", Who::Optional);
    written.write_only = true;
    let port = text("port", Who::Required).check(one_of(&["80", "443"]));
    let tags =
        Attribute::new("tags", "", Shape::Plain(Type::String.list()), Who::Optional).check(each(non_empty()));
    let nested =
        |name, nesting| Attribute::new(name, "", Shape::Nested(nesting, vec![port.clone()]), Who::Optional);
    Schema {
        version: 0,
        description: String::new(),
        deprecated: None,
        attributes: vec![
            text("id", Who::Computed),
            text("name", Who::Required),
            old,
            secret,
            written,
            tags,
            nested("list", Nesting::List),
            nested("set", Nesting::Set),
        ],
        rules: vec![Rule::Requires("tags", &["secret"])],
        about: About::default(),
    }
}

#[test]
fn the_documentation_states_each_condition_as_a_sentence() {
    let (text, texts, map) = (Type::String, Type::String.set(), Type::Number.map());
    let kind = || pattern("be a kind", |_| true).suggesting(&["a", "b"]);
    let cases = [
        (length(1..=50), &text, "Must have 1 to 50 characters."),
        (length(..=3), &texts, "Must have at most 3 elements."),
        (non_empty(), &text, "Must not be empty."),
        (number(1..), &Type::Number, "Must be at least 1."),
        (in_plan(one_of(&["a", "b"])), &text, "Must be one of `a`, `b`."),
        (pattern("be sorted", |_| true), &text, "Must be sorted."),
        (kind(), &text, "Must be a kind. Known values: `a`, `b`."),
        (each(length(2..)), &texts, "Each element must have at least 2 characters."),
        (each_key(kind()), &map, "Each key must be a kind. Known keys: `a`, `b`."),
    ];
    for (check, ty, sentence) in cases {
        assert_eq!(check.sentence(ty), sentence);
    }
}

#[test]
fn values_that_mocks_get_wrong_are_checked_in_the_plan() {
    let cases = [
        (in_plan(one_of(&["red"])), Dyn::from("k3x94t9d"), true),
        (each(in_plan(one_of(&["red"]))), Dyn::list(["k3x94t9d".into()]), true),
        (each_key(in_plan(one_of(&["red"]))), Dyn::map([("k3x94t9d", Dyn::Null)]), true),
        (uuid(), "k3x94t9d".into(), true),
        (url(), "k3x94t9d".into(), true),
        (one_of(&["red"]), "k3x94t9d".into(), false),
        (each(one_of(&["red"])), Dyn::list(["k3x94t9d".into()]), false),
    ];
    for (check, value, waits) in cases {
        let what = format!("{check:?}");
        let attributes =
            vec![Attribute::new("a", "", Shape::Plain(Type::Dynamic), Who::Required).check(check)];
        let schema = Schema {
            version: 0,
            description: String::new(),
            deprecated: None,
            attributes,
            rules: Vec::new(),
            about: About::default(),
        };
        let config = Dyn::map([("a", value)]);
        let said = |stage| validate(&schema, &config, true, stage).len();
        assert_eq!((said(Stage::Validation), said(Stage::Plan)), (usize::from(!waits), 1), "{what}");
        let missing = Dyn::map([("a", Dyn::Null)]);
        let said = |stage| validate(&schema, &missing, true, stage).len();
        assert_eq!((said(Stage::Validation), said(Stage::Plan)), (0, 1), "{what}");
    }
}

/// Attributes that are set.
type Members = Vec<(&'static str, Dyn)>;

fn config(members: &[(&str, Dyn)]) -> Dyn {
    let all = ["id", "name", "old", "secret", "written", "tags", "list", "set"];
    Dyn::map(all.map(|name| {
        let value = members.iter().find(|(member, _)| *member == name);
        (name, value.map_or(Dyn::Null, |(_, value)| value.clone()))
    }))
}

/// Returns the messages as `place: summary; why`.
fn said(members: &[(&str, Dyn)], write_only_allowed: bool) -> Vec<String> {
    let diags = validate(&schema(), &config(members), write_only_allowed, Stage::Plan);
    let line = |diag: &tfkit::Diag| {
        let place = diag.path.as_ref().map(ToString::to_string).unwrap_or_default();
        let kind = if diag.severity == Severity::Error { "" } else { "warning: " };
        format!("{place}: {kind}{}; {}", diag.summary, diag.why.as_deref().unwrap_or_default())
    };
    diags.iter().map(line).collect()
}

#[test]
fn all_errors_of_a_configuration_are_reported() {
    let port = |port: Dyn| Dyn::map([("port", port)]);
    let name = ("name", Dyn::from("n"));
    let table: [(Members, Vec<&str>); 10] = [
        (vec![name.clone()], vec![]),
        (
            vec![
                ("name", Dyn::Unknown),
                ("secret", Dyn::Unknown),
                ("tags", Dyn::Unknown),
                ("list", Dyn::Unknown),
            ],
            vec![],
        ),
        (vec![], vec!["name: Attribute \"name\" is required; It is not set, or it is null."]),
        (
            vec![name.clone(), ("id", "x".into())],
            vec!["id: Attribute \"id\" is read-only; Only the provider sets it."],
        ),
        (
            vec![name.clone(), ("old", "x".into())],
            vec!["old: warning: Attribute \"old\" is deprecated; Use `name` instead."],
        ),
        (
            vec![name.clone(), ("secret", "ab".into())],
            vec![
                "secret: Attribute \"secret\" has an invalid value; The value must have a length of at least 3.",
            ],
        ),
        (
            vec![name.clone(), ("tags", Dyn::list(["a".into(), "".into()]))],
            vec![
                "tags: Attribute \"tags\" requires \"secret\"; \"tags\" is set, but \"secret\" is not. It has no \
                 effect on its own.",
                "tags[1]: Attribute \"tags[1]\" has an invalid value; The value must not be empty; found \"\".",
            ],
        ),
        (
            vec![name.clone(), ("list", Dyn::list([port("80".into()), port("81".into()), port(Dyn::Null)]))],
            vec![
                "list[1].port: Attribute \"list[1].port\" has an invalid value; The value must be one of \"80\", \"443\"; found \"81\".",
                "list[2].port: Attribute \"list[2].port\" is required; It is not set, or it is null.",
            ],
        ),
        (
            vec![name.clone(), ("set", Dyn::set([port("81".into())]))],
            vec![
                "set: Attribute \"set.port\" has an invalid value; The value must be one of \"80\", \"443\"; found \"81\".",
            ],
        ),
        (vec![name.clone(), ("written", "x".into())], vec![]),
    ];
    for (members, expected) in table {
        assert_eq!(said(&members, true), expected);
    }
    let refused = said(&[name, ("written", "x".into())], false);
    assert_eq!(
        refused,
        [
            "written: Attribute \"written\" is write-only, which this version of the host does not support; The \
             host would store the value in the state, where it must never be."
        ]
    );
}

#[test]
fn rules_report_only_what_is_certainly_broken() {
    let set = |a: Dyn, b: Dyn| Dyn::map([("a", a), ("b", b)]);
    let (null, unknown) = (|| Dyn::Null, || Dyn::Unknown);
    let table = [
        (Rule::ExactlyOneOf(&["a", "b"]), set("x".into(), null()), ""),
        (Rule::ExactlyOneOf(&["a", "b"]), set("x".into(), unknown()), ""),
        (Rule::ExactlyOneOf(&["a", "b"]), set(unknown(), null()), ""),
        (Rule::ExactlyOneOf(&["a", "b"]), set(null(), null()), "None of `a`, `b` is set"),
        (
            Rule::ExactlyOneOf(&["a", "b"]),
            set("x".into(), "y".into()),
            "Attributes \"a\" and \"b\" cannot be set together",
        ),
        (Rule::AtMostOneOf(&["a", "b"]), set(null(), null()), ""),
        (
            Rule::AtMostOneOf(&["a", "b"]),
            set("x".into(), "y".into()),
            "Attributes \"a\" and \"b\" cannot be set together",
        ),
        (Rule::AtLeastOneOf(&["a", "b"]), set("x".into(), "y".into()), ""),
        (Rule::AtLeastOneOf(&["a", "b"]), set(null(), null()), "None of `a`, `b` is set"),
        (Rule::Requires("a", &["b"]), set("x".into(), null()), "Attribute \"a\" requires \"b\""),
        (Rule::Requires("a", &["b"]), set("x".into(), unknown()), ""),
        (Rule::Requires("a", &["b"]), set(unknown(), null()), ""),
        (Rule::Requires("a", &["b"]), set(null(), null()), ""),
    ];
    for (rule, config, expected) in table {
        let summary =
            |stage| rule.check(&config, stage, &Path::root()).map(|diag| diag.summary).unwrap_or_default();
        assert_eq!(summary(Stage::Plan), expected, "{rule:?} {config:?}");
        // A null may come from a mock; two values cannot.
        let early = if expected.starts_with("None") { "" } else { expected };
        assert_eq!(summary(Stage::Validation), early, "{rule:?} {config:?}");
        assert!(rule.sentence().ends_with('.'));
    }
}

#[test]
fn a_set_with_elements_of_the_same_meaning_is_rejected() {
    let attribute = |who| {
        Attribute::new("members", "Who.", Shape::Plain(Type::Set(Box::new(Type::String))), who)
            .same(tfkit::plan::same::ignoring_case)
    };
    let schema = |attribute| Schema { attributes: vec![attribute], ..schema() };
    let config = |elements: &[Dyn]| Dyn::map([("members", Dyn::set(elements.iter().cloned()))]);
    let cases: [(&[Dyn], usize); 4] = [
        (&["a".into(), "b".into()], 0),
        (&["a".into(), "A".into()], 1),
        (&["a".into(), "A".into(), "B".into(), "b".into()], 2),
        (&["a".into(), Dyn::Unknown, Dyn::Null], 0),
    ];
    for (elements, expected) in cases {
        let diags = validate(&schema(attribute(Who::Optional)), &config(elements), true, Stage::Plan);
        assert_eq!(diags.len(), expected, "{diags:?}");
        for diag in diags {
            assert_eq!(diag.summary, "Attribute \"members\" contains a duplicate");
            assert_eq!(diag.path, Some("members".into()));
            assert!(diag.why.unwrap().contains("\"A\" and \"a\"") || elements.len() == 4);
        }
    }
}

#[test]
fn the_message_about_a_misspelled_word_suggests_the_nearest_one() {
    let kinds = || pattern("be a kind", |text| text.bytes().all(|byte| byte.is_ascii_lowercase()));
    let check = kinds().suggesting(&["orchestrator", "alerter"]);
    assert_eq!(check.must(), "be a kind (orchestrator, alerter)");
    assert!(check.holds(&"newer".into()));
    assert!(!check.holds(&"Alerter".into()));
    assert_eq!(check.nearest("Alerter"), Some("alerter"));
    assert_eq!(each(one_of(&["read", "write"])).nearest("writes"), Some("write"));
    assert_eq!(kinds().nearest("Alerter"), None);
}
