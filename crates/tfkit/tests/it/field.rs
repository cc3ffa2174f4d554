//! Null, unknown and empty are different, for each type of field.

use tfkit::model::Object as _;
use tfkit::{Dyn, Model, Type};

use crate::shop::{Item, config};

/// Reads the value of an attribute into the model and writes it again. Returns the result or the error.
fn round_trip(name: &str, value: &Dyn) -> Result<Dyn, String> {
    let mut object = config([("name", "n".into()), ("size", Dyn::from(1_i64))]);
    assert!(object.set_at(&name.into(), value.clone()));
    let item = Item::from_object(&object).map_err(|misfit| format!("{} {}", misfit.path, misfit.what))?;
    Ok(item.to_object().attribute(name).clone())
}

#[test]
fn each_type_of_field_distinguishes_null_unknown_and_empty() {
    let empty_map = Dyn::map([] as [(&str, Dyn); 0]);
    let null_inside = Dyn::map([("a", Dyn::Null), ("b", Dyn::string(""))]);
    let part = |serial: Dyn| Dyn::list([Dyn::map([("name", Dyn::string("p")), ("serial", serial)])]);
    let any = Dyn::typed(Type::Bool, Dyn::from(true));
    let same: &[(&str, Dyn)] = &[
        ("name", Dyn::string("")),
        ("note", Dyn::Null),
        ("note", Dyn::string("")),
        ("labels", Dyn::Null),
        ("labels", Dyn::list([])),
        ("labels", Dyn::set([Dyn::string("b"), Dyn::string("a")])),
        ("colour", Dyn::Null),
        ("colour", Dyn::Unknown),
        ("colour", Dyn::string("")),
        ("url", Dyn::Null),
        ("url", Dyn::Unknown),
        ("seller", Dyn::Null),
        ("seller", Dyn::Unknown),
        ("seller", Dyn::string("s")),
        ("settings", Dyn::Null),
        ("settings", empty_map),
        ("settings", null_inside),
        ("parts", Dyn::Null),
        ("parts", Dyn::list([])),
        ("parts", part(Dyn::Unknown)),
        ("parts", part(Dyn::from(-4_i64))),
        ("extra", any),
        ("token", Dyn::string("t")),
        ("size", Dyn::from(0_i64)),
    ];
    for (name, value) in same {
        assert_eq!(round_trip(name, value).as_ref(), Ok(value), "{name}");
    }
    // A state from before the attribute existed.
    assert_eq!(round_trip("size", &Dyn::Null), Ok(Dyn::from(1_i64)));

    let refused: &[(&str, Dyn, &str)] = &[
        ("name", Dyn::Null, "name must have a value, but is not set"),
        ("name", Dyn::Unknown, "name must be known here"),
        ("name", Dyn::from(true), "name must be a string"),
        ("note", Dyn::Unknown, "note must be known here"),
        ("labels", Dyn::list([Dyn::Null]), "labels must have a value, but is not set"),
        ("size", Dyn::from(-1_i64), "size must be an integer from 0 to 18446744073709551615"),
        (
            "size",
            Dyn::Number("1.5".parse().unwrap()),
            "size must be an integer from 0 to 18446744073709551615",
        ),
        ("parts", Dyn::list([Dyn::Null]), "parts[0] must have a value, but is not set"),
        ("parts", part(Dyn::string("x")), "parts[0].serial must be a number"),
    ];
    for (name, value, message) in refused {
        assert_eq!(round_trip(name, value), Err((*message).to_owned()));
    }
}

#[test]
fn a_secret_is_not_shown() {
    let object = config([("name", "n".into()), ("size", Dyn::from(1_i64)), ("token", "hush".into())]);
    let item = Item::from_object(&object).unwrap();
    assert_eq!(item.token.as_ref().map(|token| token.expose().as_str()), Some("hush"));
    assert!(!format!("{item:?}").contains("hush"));
}

#[test]
fn tokens_convert_to_paths() {
    assert_eq!(Item::NAME.path().to_string(), "name");
    let nested = Item::PARTS.then(tfkit::Path::root().index(1).attr(crate::shop::Part::SERIAL.name()));
    assert_eq!(nested.to_string(), "parts[1].serial");
    assert_eq!(Item::SETTINGS.then("k").to_string(), "settings[\"k\"]");
}

/// Every kind of default.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "defaults", kind = data_source)]
struct Defaults {
    /// A text.
    #[attr(default = "text")]
    text: tfkit::OrDefault<String>,
    /// A flag.
    #[attr(default = true)]
    flag: tfkit::OrDefault<bool>,
    /// A list.
    #[attr(default = vec!["a".to_owned()])]
    list: tfkit::OrDefault<Vec<String>>,
    /// An attribute whose name is a Rust keyword.
    r#type: Option<String>,
    /// An attribute with another name.
    #[attr(name = "loop")]
    repeat: Option<bool>,
}

#[test]
fn defaults_and_names_are_as_declared() {
    let read = Defaults::from_object(&Dyn::map([("loop", Dyn::from(false)), ("type", "t".into())])).unwrap();
    let expected = Defaults {
        text: "text".to_owned().into(),
        flag: true.into(),
        list: vec!["a".to_owned()].into(),
        r#type: Some("t".to_owned()),
        repeat: Some(false),
    };
    assert_eq!(read, expected);
    assert_eq!(Defaults::LOOP.name(), "loop");
    assert_eq!(Defaults::TYPE.name(), "type");
}
