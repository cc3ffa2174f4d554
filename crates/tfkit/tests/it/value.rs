//! Values, paths and both codecs.

use proptest::collection::vec;
use proptest::prelude::*;
use tfkit::value::{Objects, conform, json, msgpack};
use tfkit::{Dyn, Number, Path, Type};

use crate::generate::{self, PLAN, STATE};

fn number(text: &str) -> Dyn {
    Dyn::Number(text.parse().unwrap())
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn person() -> Type {
    Type::object([("name", Type::String), ("age", Type::Number), ("tags", Type::String.set())])
}

#[test]
fn values_are_encoded_as_the_host_reads_them() {
    let pair = Type::Tuple(vec![Type::String, Type::Bool]);
    let table = [
        (Type::String, Dyn::Null, "c0"),
        (Type::String, Dyn::Unknown, "d4 00 00"),
        (Type::Bool, Dyn::Bool(true), "c3"),
        (Type::Bool, Dyn::Bool(false), "c2"),
        (Type::String, Dyn::from("hi"), "a2 68 69"),
        (Type::Number, number("0"), "a1 30"),
        (Type::Number, number("-129"), "a4 2d313239"),
        (Type::Number, number("0.5"), "a3 302e35"),
        (Type::Number, number("9223372036854775808"), "b3 39323233333732303336383534373735383038"),
        (Type::Number, Dyn::Number(Number::from_f64(f64::INFINITY).unwrap()), "cb 7ff0000000000000"),
        (Type::Number.list(), Dyn::list([number("2"), number("1")]), "92 a132 a131"),
        (Type::Number.set(), Dyn::set([number("2"), number("1"), number("2")]), "92 a131 a132"),
        (Type::Bool.map(), Dyn::map([("b", true.into()), ("a", Dyn::Null)]), "82 a1 61 c0 a1 62 c3"),
        (pair, Dyn::list([Dyn::from("x"), Dyn::Unknown]), "92 a1 78 d4 00 00"),
        (
            person(),
            Dyn::map([("name", "a".into()), ("age", Dyn::Null), ("tags", Dyn::Unknown)]),
            "83 a3 616765 c0 a4 6e616d65 a1 61 a4 74616773 d4 00 00",
        ),
        (Type::Dynamic, Dyn::Null, "c0"),
        (Type::Dynamic, Dyn::Unknown, "d4 00 00"),
        (Type::Dynamic, Dyn::typed(Type::Bool, true.into()), "92 c4 06 22626f6f6c22 c3"),
        (Type::Dynamic, Dyn::typed(Type::Bool, Dyn::Null), "92 c4 06 22626f6f6c22 c0"),
    ];
    for (ty, value, hex) in table {
        assert_eq!(msgpack::encode(&value, &ty), Ok(bytes(hex)), "{value:?}");
        assert_eq!(msgpack::decode(&bytes(hex), &ty), Ok(value), "{hex}");
    }
}

#[test]
fn numbers_are_read_in_each_encoding_of_the_host() {
    let table = [
        ("00", number("0")),
        ("7f", number("127")),
        ("cc 80", number("128")),
        ("cd 0100", number("256")),
        ("ce 00010000", number("65536")),
        ("cf 0000000100000000", number("4294967296")),
        ("cf 7fffffffffffffff", number("9223372036854775807")),
        ("ff", number("-1")),
        ("e0", number("-32")),
        ("d0 df", number("-33")),
        ("d1 ff7f", number("-129")),
        ("d2 ffff7fff", number("-32769")),
        ("d3 ffffffff7fffffff", number("-2147483649")),
        ("cb 3fe0000000000000", number("0.5")),
    ];
    for (hex, value) in table {
        assert_eq!(msgpack::decode(&bytes(hex), &Type::Number), Ok(value), "{hex}");
    }
}

#[test]
fn other_encodings_of_the_same_value_are_read_as_well() {
    let table = [
        ("nothing at all is null", Type::String, "", Dyn::Null),
        ("a refined unknown", Type::String, "c7 03 0c 81 01 c2", Dyn::Unknown),
        ("an unknown of another extension", Type::Number, "d6 7f 00000000", Dyn::Unknown),
        ("a long extension", person(), "c8 0002 05 0000", Dyn::Unknown),
        ("a signed small number", Type::Number, "d0 05", number("5")),
        ("a wide unsigned number", Type::Number, "cf ffffffffffffffff", number("18446744073709551615")),
        ("a short float", Type::Number, "ca 3fc00000", number("1.5")),
        (
            "a float with an integer in it",
            Type::Number,
            "cb 4450000000000000",
            number("1180591620717411303424"),
        ),
        ("a number in text with exponent", Type::Number, "a3 316533", number("1000")),
        ("a set with duplicates", Type::Number.set(), "93 02 01 02", Dyn::list([number("1"), number("2")])),
        (
            "two unknown elements are kept",
            Type::Bool.set(),
            "92 d40000 d40000",
            Dyn::list([Dyn::Unknown, Dyn::Unknown]),
        ),
        ("text that is not normalized", Type::String, "a3 65cc81", Dyn::String("\u{e9}".to_owned())),
        ("a type in text", Type::Dynamic, "92 a6 22626f6f6c22 c3", Dyn::typed(Type::Bool, true.into())),
        (
            "a type within a type",
            Type::Dynamic,
            "92 c4 09 2264796e616d696322 92 c4 06 22626f6f6c22 c3",
            Dyn::typed(Type::Bool, true.into()),
        ),
        ("a wide text", Type::String, "da 0001 61", "a".into()),
        ("a wide list", Type::Bool.list(), "dd 00000001 c3", Dyn::list([true.into()])),
    ];
    for (what, ty, hex, value) in table {
        assert_eq!(msgpack::decode(&bytes(hex), &ty), Ok(value), "{what}");
    }
}

#[test]
fn bytes_of_another_type_are_rejected_with_their_path() {
    let people = Type::object([("people", person().list())]);
    let table = [
        (Type::String, "a5 6869", "the data ends too early"),
        (Type::String, "a1 61 00", "1 more bytes follow the value"),
        (Type::String, "a1 ff", "a string is not UTF-8"),
        (Type::String, "01", "expected a string, found a number"),
        (Type::String, "c4 01 61", "expected a string, found bytes"),
        (Type::Bool, "c1", "expected a value, found a byte that MessagePack does not use"),
        (Type::Number, "a3 6e6f6e", "expected a number, found not a decimal number"),
        (Type::Number, "cb 7ff8000000000000", "expected a number, found not a number (NaN)"),
        (Type::Number.list(), "92 01 c3", "[1]: expected a number, found a bool"),
        (Type::Number.set(), "92 01 c3", "expected a number, found a bool"),
        (Type::Number.map(), "81 a1 78 c3", "[\"x\"]: expected a number, found a bool"),
        (Type::Number.map(), "81 01 c3", "expected a string as key, found a number"),
        (Type::Tuple(vec![Type::Bool]), "90", "expected 1 elements, found 0"),
        (person(), "81 a3 616765 01", "attribute \"name\" is missing"),
        (person(), "81 a3 66616b 01", "unknown attribute \"fak\""),
        (Type::Bool.list(), "dd ffffffff", "[0]: the data ends too early"),
        (Type::Dynamic, "93 c0 c0 c0", "expected 2 elements, found 3"),
        (Type::Dynamic, "92 c0 c0", "expected the type of a value, found null"),
        (
            Type::Dynamic,
            "92 a3 22785d c0",
            "cannot read a value of dynamic type: the type constraint is not JSON",
        ),
        (people, "81 a6 70656f706c65 91 81 a4 74616773 c3", "people[0].tags: expected a set, found a bool"),
    ];
    for (ty, hex, message) in table {
        let error = msgpack::decode(&bytes(hex), &ty).unwrap_err();
        assert_eq!(error.to_string(), message, "{hex}");
    }
}

#[test]
fn hostile_depth_is_rejected_before_the_stack_overflows() {
    let level = bytes("92 c4 09 2264796e616d696322");
    let deep = level.repeat(100_000);
    let error = msgpack::decode(&deep, &Type::Dynamic).unwrap_err();
    assert_eq!(error.to_string(), "values nest more than 128 deep");
    let error = json::parse("[".repeat(100_000).as_bytes()).unwrap_err();
    assert!(error.to_string().ends_with("values nest more than 128 deep"), "{error}");
}

#[test]
fn values_of_another_type_are_not_encoded() {
    let alone = Dyn::map([("name", "a".into())]);
    let table = [
        (Type::String, Dyn::Bool(true), "expected a string, found a bool"),
        (Type::Dynamic, Dyn::from("x"), "expected a value of any type, found a string"),
        (person(), alone, "attribute \"age\" is missing"),
        (
            Type::object([("a", Type::Bool)]),
            Dyn::map([("a", Dyn::Null), ("b", Dyn::Null)]),
            "unknown attribute \"b\"",
        ),
        (Type::Bool.map(), Dyn::map([("k", 1.into())]), "[\"k\"]: expected a bool, found a number"),
        (Type::Tuple(vec![Type::Bool]), Dyn::list([]), "expected 1 elements, found 0"),
    ];
    for (ty, value, message) in table {
        assert_eq!(msgpack::encode(&value, &ty).unwrap_err().to_string(), message);
        assert_eq!(json::encode(&value, &ty).unwrap_err().to_string(), message);
    }
    let error = json::encode(&Dyn::list([Dyn::Unknown]), &Type::Bool.list()).unwrap_err();
    assert_eq!(error.to_string(), "[0]: the value is unknown, which JSON cannot express");
    let infinite = Dyn::Number(Number::from_f64(f64::INFINITY).unwrap());
    let error = json::encode(&infinite, &Type::Number).unwrap_err();
    assert_eq!(error.to_string(), "the number is infinite, which JSON cannot express");
}

#[test]
fn state_is_read_and_written_with_exact_numbers() {
    let mixed = Type::Tuple(vec![Type::String, Type::Number]);
    let table = [
        (Type::Number, number("0.1000000000000000000000001"), "0.1000000000000000000000001"),
        (Type::Number, number("1180591620717411303424"), "1180591620717411303424"),
        (Type::String, Dyn::from("a\"\n\u{e9}"), "\"a\\\"\\n\u{e9}\""),
        (Type::Bool.map(), Dyn::map([("k", Dyn::Null)]), r#"{"k":null}"#),
        (Type::String.set(), Dyn::set(["b".into(), "a".into()]), r#"["a","b"]"#),
        (
            Type::Dynamic,
            Dyn::typed(mixed, Dyn::list(["x".into(), 1.into()])),
            r#"{"value":["x",1],"type":["tuple",["string","number"]]}"#,
        ),
    ];
    for (ty, value, text) in table {
        assert_eq!(json::encode(&value, &ty), Ok(text.to_owned()));
        assert_eq!(json::decode(text.as_bytes(), &ty, Objects::Exact), Ok(value));
    }
    let quoted = json::decode(b" [ \"1e2\" , 1.50, -0 ] ", &Type::Number.list(), Objects::Exact);
    assert_eq!(quoted, Ok(Dyn::list([number("100"), number("1.5"), number("0")])));
}

#[test]
fn state_of_another_version_is_read_as_far_as_it_fits() {
    let stored = br#"{"name":"a","gone":{"x":[1]},"tags":["b","a","b"]}"#;
    let read = json::decode(stored, &person(), Objects::Lenient).unwrap();
    let tags = Dyn::list(["a".into(), "b".into()]);
    assert_eq!(read, Dyn::map([("age", Dyn::Null), ("name", "a".into()), ("tags", tags)]));
    let error = json::decode(stored, &person(), Objects::Exact).unwrap_err();
    assert_eq!(error.to_string(), "attribute \"age\" is missing");
}

#[test]
fn text_that_is_not_json_is_rejected() {
    let table = [
        "",
        "nul",
        "[1,]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a:1}",
        "\"open",
        "\"\\",
        "\"\\x\"",
        "\"\t\"",
        "01",
        "1.",
        "-",
        ".5",
        "1e",
        "+1",
        "1 1",
        "[\"\\ud800\"]",
        "\u{feff}1",
        "\"\\\u{e9}",
    ];
    for text in table {
        assert!(json::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(json::parse(b"\"\xff\"").is_err());
}

#[test]
fn paths_read_like_the_configuration_and_lead_to_values() {
    let path = Path::root().attr("people").index(1).attr("tags").key("a \"b\"");
    assert_eq!(path.to_string(), "people[1].tags[\"a \\\"b\\\"\"]");
    assert!(path.starts_with(&Path::from("people")));

    let mut value = Dyn::map([("people", Dyn::list([Dyn::Null, Dyn::map([("age", 7.into())])]))]);
    let age = Path::root().attr("people").index(1).attr("age");
    assert_eq!(value.get(&age), Some(&Dyn::from(7)));
    assert_eq!(value.get(&Path::root().attr("people").index(0).attr("age")), None);
    assert_eq!(value.get(&Path::root().attr("people").index(2)), None);
    assert!(value.set_at(&age, Dyn::Unknown));
    assert!(value.set_at(&Path::root().attr("people").index(1).attr("new"), true.into()));
    assert!(!value.set_at(&Path::root().attr("people").index(0).attr("age"), Dyn::Unknown));
    assert_eq!(value.get(&age), Some(&Dyn::Unknown));
    assert!(!value.wholly_known());
    let mut seen = 0;
    value.walk(&mut |_| seen += 1);
    assert_eq!(seen, 6, "the object, the list, the null, the person, the age and what was added");
}

proptest! {
    #[test]
    fn every_value_survives_the_wire_encoding(
        (ty, value) in generate::ty().prop_flat_map(|ty| { let value = generate::value(&ty, PLAN); (Just(ty), value) })
    ) {
        let encoded = msgpack::encode(&value, &ty).unwrap();
        prop_assert_eq!(msgpack::decode(&encoded, &ty), Ok(value.clone()));
        prop_assert_eq!(conform(value.clone(), &ty, Objects::Exact), Ok(value));
        prop_assert_eq!(Type::from_json(&ty.to_json()), Ok(ty));
    }

    #[test]
    fn every_known_value_survives_the_state_encoding(
        (ty, value) in generate::ty().prop_flat_map(|ty| { let value = generate::value(&ty, STATE); (Just(ty), value) })
    ) {
        let text = json::encode(&value, &ty).unwrap();
        prop_assert_eq!(json::decode(text.as_bytes(), &ty, Objects::Exact), Ok(value));
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(ty in generate::ty(), bytes in vec(any::<u8>(), 0..200)) {
        let _ = msgpack::decode(&bytes, &ty);
        let _ = json::decode(&bytes, &ty, Objects::Lenient);
        let _ = Type::from_json(&bytes);
    }

    #[test]
    fn no_damage_to_a_value_makes_a_decoder_panic(
        (ty, value) in generate::ty().prop_flat_map(|ty| { let value = generate::value(&ty, PLAN); (Just(ty), value) }),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut encoded = msgpack::encode(&value, &ty).unwrap();
        let place = place.index(encoded.len());
        encoded[place] = byte;
        if let Ok(read) = msgpack::decode(&encoded, &ty) {
            prop_assert!(msgpack::encode(&read, &ty).is_ok());
        }
        let _ = msgpack::decode(&encoded[..place], &ty);
    }

    #[test]
    fn json_is_read_exactly_when_a_reference_parser_reads_it(text in "[\\[\\]{},:\"a0-9.eE+\\-\\\\ nultrfs]{0,12}") {
        let judged = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        // The reference parser rejects numbers beyond a float.
        let huge = json::parse(text.as_bytes()).is_ok() && text.contains(['e', 'E']);
        prop_assert!(json::parse(text.as_bytes()).is_ok() == judged || huge, "{}", text);
    }
}
