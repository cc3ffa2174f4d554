//! Validates the body of a creation that an embedded workspace rejects, so that a client learns first what is wrong
//! with its request, as on a server.

use serde_json::Value;
use uuid::Uuid;
use zenml_api::workspace::execution::member::{Form, Member, Shape};

use crate::error::{Issue, Result};
use crate::workspace::name::{self, settle};

/// Most characters of a [`Shape::Name`].
const LONGEST_NAME: usize = 255;

/// Checks the members of a body.
///
/// # Errors
/// 422 with all problems.
pub(super) fn check(form: Form, body: &Value) -> Result<()> {
    let mut issues = Vec::new();
    collect(form, body, &["body"], &mut issues);
    settle(issues)
}

/// Checks each body of a list; see [`check`].
pub(super) fn check_each(form: Form, bodies: &[Value]) -> Result<()> {
    let mut issues = Vec::new();
    for (position, body) in bodies.iter().enumerate() {
        collect(form, body, &["body", &position.to_string()], &mut issues);
    }
    settle(issues)
}

/// Checks a date and time.
///
/// # Errors
/// 422.
pub(super) fn check_moment(member: &str, text: &str) -> Result<()> {
    let issue = (!is_moment(text)).then(|| Issue::of_kind(&["body", member], "datetime_from_date_parsing"));
    settle(issue.into_iter().collect())
}

fn collect(form: Form, body: &Value, place: &[&str], issues: &mut Vec<Issue>) {
    if form.members.is_empty() && form.either.is_empty() {
        return;
    }
    let Value::Object(members) = body else {
        let kind = if body.is_null() && place.len() == 1 { "missing" } else { "model_attributes_type" };
        issues.push(Issue::of_kind(place, kind));
        return;
    };
    // The other members depend on a tag, so they are not read before it is right.
    for Member { name, shape } in form.members {
        let Shape::Tag(known) = shape else { continue };
        let kind = match members.get(*name) {
            None => "union_tag_not_found",
            Some(value) if value.as_str().is_none_or(|text| !known.contains(&text)) => "union_tag_invalid",
            Some(_) => continue,
        };
        let message = format!("The member {name} must be one of {}", known.join(", "));
        return issues.push(Issue::new(place, kind, message));
    }
    let before = issues.len();
    for Member { name, shape } in form.members {
        let place: Vec<&str> = place.iter().copied().chain([*name]).collect();
        let Some(value) = members.get(*name) else {
            issues.push(Issue::of_kind(&place, "missing"));
            continue;
        };
        match (shape, wrong(*shape, value)) {
            (_, None) => {}
            (Shape::OneOf(known), Some(_)) => issues.push(Issue::not_one_of(&place, known)),
            (Shape::Name, Some("string_too_long")) => issues.push(Issue::too_long(&place, LONGEST_NAME)),
            (_, Some(kind)) => issues.push(Issue::of_kind(&place, kind)),
        }
    }
    // A server checks this last, and only if the members are right.
    let is_one = form.either.iter().any(|name| members.get(*name).is_some_and(|value| !value.is_null()));
    if !form.either.is_empty() && !is_one && issues.len() == before {
        let message = format!("One of {} is required", form.either.join(", "));
        issues.push(Issue::new(place, "value_error", message));
    }
}

/// Returns the kind of the problem with a value.
fn wrong(shape: Shape, value: &Value) -> Option<&'static str> {
    let text = value.as_str();
    match shape {
        Shape::Text => text.is_none().then_some("string_type"),
        Shape::Name => match text {
            None => Some("string_type"),
            Some(text) => name::is_longer(text, LONGEST_NAME).then_some("string_too_long"),
        },
        Shape::Id => match text {
            None => Some("uuid_type"),
            Some(text) => Uuid::try_parse(text).is_err().then_some("uuid_parsing"),
        },
        Shape::Moment => match text {
            // A number counts the seconds since 1970.
            None => (!value.is_number()).then_some("datetime_type"),
            Some(text) => (!is_moment(text)).then_some("datetime_from_date_parsing"),
        },
        Shape::Flag => match value {
            Value::Bool(_) => None,
            Value::Number(number) => {
                (![Some(0.0), Some(1.0)].contains(&number.as_f64())).then_some("bool_parsing")
            }
            Value::String(text) => {
                const KNOWN: [&str; 12] =
                    ["0", "off", "f", "false", "n", "no", "1", "on", "t", "true", "y", "yes"];
                (!KNOWN.contains(&text.to_ascii_lowercase().as_str())).then_some("bool_parsing")
            }
            _ => Some("bool_type"),
        },
        Shape::List => (!value.is_array()).then_some("list_type"),
        Shape::Map => (!value.is_object()).then_some("dict_type"),
        Shape::Object => (!value.is_object()).then_some("model_attributes_type"),
        Shape::Any | Shape::Tag(_) => None,
        Shape::OneOf(known) => text.is_none_or(|text| !known.contains(&text)).then_some("enum"),
    }
}

/// A date with or without a time and an offset, or seconds since 1970.
fn is_moment(text: &str) -> bool {
    text.parse::<f64>().is_ok()
        || text.parse::<jiff::Timestamp>().is_ok()
        || text.parse::<jiff::civil::DateTime>().is_ok()
        || text.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FORM: Form = Form {
        members: &[
            Member { name: "id", shape: Shape::Id },
            Member { name: "name", shape: Shape::Name },
            Member { name: "at", shape: Shape::Moment },
            Member { name: "on", shape: Shape::Flag },
            Member { name: "list", shape: Shape::List },
            Member { name: "map", shape: Shape::Map },
            Member { name: "kind", shape: Shape::OneOf(&["a", "b"]) },
        ],
        either: &["x", "y"],
    };
    const TAGGED: Form = Form { members: &[Member { name: "type", shape: Shape::Tag(&["a"]) }], either: &[] };

    fn problems(form: Form, body: &Value) -> Vec<String> {
        let mut issues = Vec::new();
        collect(form, body, &["body"], &mut issues);
        issues.iter().map(|issue| format!("{}: {}", issue.place.join("."), issue.kind)).collect()
    }

    fn whole() -> Value {
        json!({
            "id": "0d9f8a51-9a53-4b6e-8d1c-5fd1f4a4a001", "name": "n", "at": "2030-01-01T00:00:00", "on": "yes",
            "list": [], "map": {}, "kind": "b", "x": 1,
        })
    }

    #[test]
    fn a_body_with_all_members_is_accepted() {
        assert_eq!(problems(FORM, &whole()), Vec::<String>::new());
        for (member, value) in [
            ("at", json!("2030-01-01")),
            ("at", json!("2030-01-01T00:00:00.5+02:00")),
            ("at", json!("2030-01-01 00:00:00Z")),
            ("at", json!(0)),
            ("on", json!(1)),
            ("on", json!(false)),
            ("y", json!("either")),
        ] {
            let mut body = whole();
            body[member] = value;
            assert_eq!(problems(FORM, &body), Vec::<String>::new(), "{body}");
        }
    }

    #[test]
    fn each_wrong_member_is_named_with_the_kind_of_the_problem() {
        for (member, value, expected) in [
            ("id", json!("x"), "body.id: uuid_parsing"),
            ("id", json!(1), "body.id: uuid_type"),
            ("name", json!(null), "body.name: string_type"),
            ("name", json!("x".repeat(256)), "body.name: string_too_long"),
            ("at", json!("soon"), "body.at: datetime_from_date_parsing"),
            ("at", json!([]), "body.at: datetime_type"),
            ("on", json!("perhaps"), "body.on: bool_parsing"),
            ("on", json!(2), "body.on: bool_parsing"),
            ("on", json!([]), "body.on: bool_type"),
            ("list", json!({}), "body.list: list_type"),
            ("map", json!([]), "body.map: dict_type"),
            ("kind", json!("c"), "body.kind: enum"),
            ("kind", json!(1), "body.kind: enum"),
            ("x", json!(null), "body: value_error"),
        ] {
            let mut body = whole();
            body[member] = value;
            assert_eq!(problems(FORM, &body), [expected], "{body}");
        }
        assert_eq!(problems(FORM, &json!({})).len(), FORM.members.len());
        assert_eq!(problems(FORM, &json!(null)), ["body: missing"]);
        assert_eq!(problems(FORM, &json!([])), ["body: model_attributes_type"]);
        assert_eq!(problems(TAGGED, &json!({})), ["body: union_tag_not_found"]);
        assert_eq!(problems(TAGGED, &json!({ "type": "c" })), ["body: union_tag_invalid"]);
    }
}
