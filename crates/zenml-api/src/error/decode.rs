//! Decoding error responses. It never fails, and never keeps what the request submitted.

use serde_json::Value;

use super::python;
use super::{ErrorBody, ErrorForm, Problem};

impl ErrorBody {
    /// Decodes an error response. It never fails: an unknown format is kept as shortened text.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        Self::decode_without(bytes, &str::to_owned)
    }

    /// Decodes an error response. `hide` is applied to each text of the response before it is shortened.
    #[must_use]
    pub fn decode_without(bytes: &[u8], hide: &dyn Fn(&str) -> String) -> Self {
        error_body(bytes, hide)
    }
}

/// Maximum length of a message, in characters.
const LONGEST: usize = 2000;

pub(super) fn error_body(bytes: &[u8], hide: &dyn Fn(&str) -> String) -> ErrorBody {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    if text.is_empty() {
        return ErrorBody::default();
    }
    if text.starts_with('<') {
        return ErrorBody {
            form: ErrorForm::Html,
            message: html_title(&hide(beginning(text))),
            ..ErrorBody::default()
        };
    }
    match serde_json::from_str::<Value>(text) {
        Ok(mut value) => {
            hide_texts(&mut value, hide);
            json(&value).unwrap_or_else(|| plain("a response of unknown format"))
        }
        Err(_) => plain(&hide(beginning(text))),
    }
}

/// Returns the relevant beginning of unstructured text: far more than is shown, so that secrets in it are complete
/// and can be masked.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(64 << 10)]
}

fn hide_texts(value: &mut Value, hide: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = hide(text),
        Value::Array(items) => items.iter_mut().for_each(|item| hide_texts(item, hide)),
        Value::Object(members) => members.values_mut().for_each(|member| hide_texts(member, hide)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn json(value: &Value) -> Option<ErrorBody> {
    match value {
        Value::String(text) => Some(message(None, text)),
        Value::Array(items) => list(items),
        Value::Object(members) => {
            if let Some(detail) = members.get("detail") {
                return json(detail);
            }
            let error = members.get("error")?.as_str()?;
            let description = members.get("error_description").and_then(Value::as_str);
            Some(match description {
                Some(description) => message(Some(error), description),
                None => message(None, error),
            })
        }
        _ => None,
    }
}

/// `["Class", "message", …]`, or a list of problems.
fn list(items: &[Value]) -> Option<ErrorBody> {
    if items.iter().any(Value::is_object) {
        let problems = problems(items)?;
        return Some(ErrorBody { form: ErrorForm::Json, problems, ..ErrorBody::default() });
    }
    let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    match texts.as_slice() {
        [] => None,
        [text] => Some(message(None, text)),
        [class, rest @ ..] => Some(message(Some(class), &rest.join(" "))),
    }
}

fn message(class: Option<&str>, text: &str) -> ErrorBody {
    let class = class.map(str::to_owned);
    let form = ErrorForm::Json;
    if text.contains("validation error") {
        let problems =
            [listed_problems(text), python::problems(text)].into_iter().find(|found| !found.is_empty());
        if let Some(mut problems) = problems {
            for problem in &mut problems {
                problem.message = shortened(&problem.message);
            }
            return ErrorBody { form, class, message: String::new(), problems };
        }
        let message = "the request has an invalid value (details omitted, because they repeat the request)";
        return ErrorBody { form, class, message: message.to_owned(), problems: Vec::new() };
    }
    // A workspace that forwards a rejection of the control plane quotes it as a Python literal.
    if text.starts_with("{'detail'") {
        return match python::detail(text).as_deref() {
            Some([class, rest @ ..]) if !rest.is_empty() => message(Some(class), &rest.join(" ")),
            Some([text]) => message(None, text),
            _ => message(
                class.as_deref(),
                "the control plane rejected the request (details omitted, because they may repeat it)",
            ),
        };
    }
    let text = unquoted(text);
    ErrorBody { form, class, message: shortened(&text), problems: Vec::new() }
}

/// Python's `KeyError` quotes its message.
fn unquoted(text: &str) -> String {
    match python::string(text) {
        Some((inner, "")) => inner,
        _ => text.to_owned(),
    }
}

fn problems(items: &[Value]) -> Option<Vec<Problem>> {
    let problem = |item: &Value| {
        let location = item.get("loc")?.as_array()?;
        let name = |part: &Value| match part {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(Problem {
            location: location.iter().map(name).collect(),
            message: shortened(item.get("msg")?.as_str()?),
        })
    };
    let problems: Vec<Problem> = items.iter().filter_map(problem).collect();
    (!problems.is_empty()).then_some(problems)
}

/// Problems in pydantic's format: a line with the path, then an indented message that ends with the submitted input
/// in brackets.
fn listed_problems(text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut place = "";
    for line in text.lines().skip(1) {
        match line.strip_prefix("  ") {
            None => place = line.trim(),
            Some(detail) => {
                if let Some((message, _)) = detail.split_once(" [type=") {
                    let location =
                        place.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
                    problems.push(Problem { location, message: message.trim().to_owned() });
                }
            }
        }
    }
    problems
}

fn plain(text: &str) -> ErrorBody {
    ErrorBody { form: ErrorForm::Text, message: shortened(text), ..ErrorBody::default() }
}

fn html_title(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").zip(lower.find("</title>"));
    title
        .and_then(|(start, end)| text.get(start + 7..end))
        .map(|title| shortened(title.trim()))
        .unwrap_or_default()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
