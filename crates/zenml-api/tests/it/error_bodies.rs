//! Error responses of both APIs.

use serde::Deserialize;
use serde_json::Value;
use zenml_api::error::{ErrorAnswer, ErrorBody, ErrorForm, Refusal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "plane")]
    _plane: String,
    status: u16,
    #[serde(default, rename = "note")]
    _note: Option<String>,
    answer: Value,
    class: Option<String>,
    message: String,
}

#[test]
fn every_format_of_an_error_is_decoded_and_repeats_nothing_that_was_submitted() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../contract/errors.json")).unwrap();
    for case in cases {
        let body = ErrorBody::decode(case.answer.to_string().as_bytes());
        assert_eq!(
            (&body.class, &body.summary()),
            (&case.class, &case.message),
            "{} {}",
            case.status,
            case.answer
        );
        assert_eq!(body.form, ErrorForm::Json);
        assert!(!format!("{body:?}").contains("CANARY"), "{body:?}");
    }
}

#[test]
fn text_that_is_not_json_is_kept_and_of_a_page_its_title() {
    let table = [
        ("", ErrorForm::Empty, ""),
        ("  \n", ErrorForm::Empty, ""),
        ("upstream failed", ErrorForm::Text, "upstream failed"),
        ("<html><head><TITLE> 502 Bad Gateway </TITLE></head></html>", ErrorForm::Html, "502 Bad Gateway"),
        ("<!DOCTYPE html><p>x", ErrorForm::Html, ""),
        ("\"text\"", ErrorForm::Json, "text"),
        ("[]", ErrorForm::Text, "a response of unknown format"),
        ("{\"error\": {\"code\": 1}}", ErrorForm::Text, "a response of unknown format"),
        ("17", ErrorForm::Text, "a response of unknown format"),
    ];
    for (text, form, message) in table {
        let body = ErrorBody::decode(text.as_bytes());
        assert_eq!((body.form, body.message.as_str()), (form, message), "{text}");
    }
    assert_eq!(ErrorBody::decode(b"\xff\xfe").form, ErrorForm::Text);
    assert!(
        ErrorBody::decode("x".repeat(100_000).as_bytes()).message.len() < 3000,
        "a long text is shortened"
    );
}

#[test]
fn a_client_reads_what_a_server_writes() {
    for answer in [ErrorAnswer::class("KeyError", "no such team"), ErrorAnswer::text("no such team")] {
        let body = ErrorBody::decode(&serde_json::to_vec(&answer).unwrap());
        assert_eq!(body.message, "no such team");
    }
    assert_eq!(
        serde_json::to_string(&ErrorAnswer::class("KeyError", "x")).unwrap(),
        r#"{"detail":["KeyError","x"]}"#
    );
}

#[test]
fn the_text_of_a_refusal_determines_its_reason() {
    let table = [
        ("Insufficient permissions to SHARE resource 'stack/1'.", Refusal::Permission),
        ("Stack Component `x` cannot be deleted as it is part of 1 stacks.", Refusal::InUse),
        (
            "Service connector with ID .. cannot be deleted as it is still referenced by 1 stack components.",
            Refusal::InUse,
        ),
        (
            "The resource ID of a service connector that is already actively used cannot be changed.",
            Refusal::InUse,
        ),
        ("The default stack cannot be deleted.", Refusal::Other),
    ];
    for (text, expected) in table {
        let answer = ErrorAnswer::class("IllegalOperationError", text);
        assert_eq!(ErrorBody::decode(&serde_json::to_vec(&answer).unwrap()).refusal(), expected, "{text}");
    }
}
