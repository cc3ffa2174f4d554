//! Masking secrets in texts: logs, messages, and server responses, which may repeat what was sent, in any form.
//!
//! The length of a secret decides how it is masked, because masking a word damages every text that contains it, and so
//! reveals it:
//!
//! | characters | masked |
//! |---|---|
//! | up to 3 | never; see [`is_too_short`] |
//! | 4 or 5 | as a whole token: neither a letter nor a digit precedes or follows it |
//! | 6 and more | everywhere, also inside words, encoded, and truncated |

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::Value as Json;

/// The replacement of a secret.
pub const HIDDEN: &str = "(hidden)";

/// Minimum length in characters. Shorter values are words or numbers that occur in any text: masking them would damage
/// every message and reveal the values.
pub const SHORTEST: usize = 4;

/// From this length on, a value is also masked inside words; a shorter one only as a whole token.
const LONG: usize = 6;

/// Parts of a long value, such as the lines of a key, are masked from this length on.
const LONG_PART: usize = 8;

/// A truncated value is masked if at least this many bytes of its beginning or end are present.
const RECOGNIZED: usize = 12;

/// Returns whether a secret has too few characters to be masked, so that its user should be warned.
pub fn is_too_short(secret: &str) -> bool {
    let length = secret.trim().chars().count();
    length > 0 && length < SHORTEST
}

/// Values to mask in texts.
#[derive(Clone, Default)]
pub struct Secrets {
    values: BTreeSet<String>,
    /// The values in all their forms, created for the first text.
    forms: OnceLock<BTreeSet<String>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secrets(***)")
    }
}

impl Secrets {
    /// Creates it from values, their lines, and the strings of JSON documents in them.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut secrets = Self::default();
        for value in values {
            secrets.add(value);
        }
        secrets
    }

    /// Adds a value.
    pub fn add(&mut self, value: &str) {
        // A file may begin with a byte-order mark, which is not part of the secret.
        let value =
            value.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
        // A reference to a secret does not contain it.
        let is_reference = value.starts_with("{{") && value.ends_with("}}");
        if is_reference || matches!(value, "true" | "false" | "True" | "False" | "null" | "None") {
            return;
        }
        let mut new = BTreeSet::new();
        if value.chars().count() >= SHORTEST {
            new.insert(value.to_owned());
        }
        parts(value, &mut new);
        let document = decoded(value);
        if let Some(text) = &document {
            parts(text, &mut new);
        }
        if let Ok(document @ (Json::Object(_) | Json::Array(_))) =
            serde_json::from_str(document.as_deref().unwrap_or(value))
        {
            leaves(&document, &mut new);
        }
        if let Some(known) = self.forms.get_mut() {
            known.extend(
                new.iter().filter(|value| !self.values.contains(*value)).flat_map(|value| forms(value)),
            );
        }
        self.values.append(&mut new);
    }

    /// Returns whether exactly this value is masked.
    pub fn has(&self, value: &str) -> bool {
        self.values.contains(value.trim())
    }

    /// Masks the values in a text, in any form: plain, escaped for JSON, Python, HTML or a URL, in Base64 or
    /// hexadecimal digits, or truncated.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        hide([self], text)
    }
}

/// Masks the values of all these in a text.
pub fn hide<'a>(all: impl IntoIterator<Item = &'a Secrets>, text: &str) -> String {
    let text = Text::new(text);
    let mut places = Vec::new();
    for secrets in all {
        let forms =
            secrets.forms.get_or_init(|| secrets.values.iter().flat_map(|value| forms(value)).collect());
        for form in forms {
            text.find(form, &mut places);
        }
    }
    without(text.text, places)
}

/// Returns the lines of a value, including escaped line breaks.
fn parts(value: &str, all: &mut BTreeSet<String>) {
    let lines = value.split(['\n', '\r']).flat_map(|line| line.split("\\n"));
    all.extend(lines.map(str::trim).filter(|line| line.len() >= LONG_PART).map(str::to_owned));
}

fn leaves(document: &Json, all: &mut BTreeSet<String>) {
    match document {
        Json::String(text) => parts(text, all),
        Json::Array(elements) => elements.iter().for_each(|element| leaves(element, all)),
        Json::Object(members) => members.values().for_each(|member| leaves(member, all)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Decodes a value that is Base64, as account keys often are.
fn decoded(value: &str) -> Option<String> {
    let plain = value.len() >= 2 * LONG_PART;
    let bytes = plain.then(|| STANDARD.decode(value).or_else(|_| URL_SAFE_NO_PAD.decode(value)).ok())??;
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains(|character: char| character.is_control() && !character.is_whitespace()))
}

/// Returns a value in all the forms that a server may use.
fn forms(value: &str) -> BTreeSet<String> {
    let json = json_inside(value);
    let mut forms = BTreeSet::from([value.to_owned(), json_inside(&json), ascii(&json), json]);
    forms.insert(python_inside(value));
    forms.insert(html(value));
    if value.len() >= LONG {
        for upper in [true, false] {
            let percent = percent(value, upper);
            forms.insert(percent.replace("%20", "+"));
            forms.insert(percent);
        }
        forms.insert(value.bytes().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        }));
    }
    if value.len() >= LONG_PART {
        forms.insert(STANDARD.encode(value));
        forms.insert(URL_SAFE.encode(value));
        // Inside a longer Base64 text, the value begins at one of three positions of a group.
        for before in 0..3_usize {
            let shifted = [&[0; 3][..before], value.as_bytes()].concat();
            let whole = (shifted.len() * 4) / 3;
            let encoded = STANDARD_NO_PAD.encode(&shifted);
            let inside = &encoded[(before * 4).div_ceil(3)..whole];
            forms.insert(inside.to_owned());
            forms.insert(inside.replace('+', "-").replace('/', "_"));
        }
    }
    forms.retain(|form| !form.is_empty());
    forms
}

/// Returns the content of a JSON string.
fn json_inside(value: &str) -> String {
    let quoted = Json::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Escapes non-ASCII characters like Python's JSON.
fn ascii(json: &str) -> String {
    json.chars().fold(String::new(), |mut text, character| {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
        text
    })
}

/// Returns the content of a Python string literal.
fn python_inside(value: &str) -> String {
    let mut text = value.replace('\\', "\\\\");
    for (character, escape) in [('\'', "\\'"), ('\n', "\\n"), ('\r', "\\r"), ('\t', "\\t")] {
        text = text.replace(character, escape);
    }
    text
}

fn html(value: &str) -> String {
    let mut text = value.replace('&', "&amp;");
    for (character, entity) in [('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#x27;")] {
        text = text.replace(character, entity);
    }
    text
}

fn percent(value: &str, upper: bool) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = match byte {
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => {
                write!(text, "{}", char::from(byte))
            }
            byte if upper => write!(text, "%{byte:02X}"),
            byte => write!(text, "%{byte:02x}"),
        };
        text
    })
}

/// A text to search for many forms.
struct Text<'a> {
    text: &'a str,
    /// Positions of each piece of the recognized length, so that a missing form costs almost nothing.
    pieces: HashMap<&'a [u8], Vec<usize>>,
}

impl<'a> Text<'a> {
    fn new(text: &'a str) -> Self {
        let mut pieces: HashMap<_, Vec<_>> = HashMap::new();
        for (start, piece) in text.as_bytes().windows(RECOGNIZED).enumerate() {
            pieces.entry(piece).or_default().push(start);
        }
        Self { text, pieces }
    }

    fn starts(&self, piece: &[u8]) -> &[usize] {
        self.pieces.get(piece).map_or(&[], Vec::as_slice)
    }

    /// Finds a form, as pairs of offsets. Also finds its truncated beginning or end.
    fn find(&self, form: &str, places: &mut Vec<(usize, usize)>) {
        let text = self.text;
        let is_long = form.len() >= RECOGNIZED;
        if !is_long || !self.starts(&form.as_bytes()[..RECOGNIZED]).is_empty() {
            let anywhere = form.chars().count() >= LONG;
            let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
            for (start, found) in text.match_indices(form) {
                let end = start + found.len();
                let alone =
                    !is_word(text[..start].chars().next_back()) && !is_word(text[end..].chars().next());
                if anywhere || alone {
                    places.push((start, end));
                }
            }
        }
        if form.len() < 2 * RECOGNIZED {
            return;
        }
        let (text, form) = (text.as_bytes(), form.as_bytes());
        for start in self.starts(&form[..RECOGNIZED]).iter().copied() {
            let more = text[start..].iter().zip(form).take_while(|(one, other)| one == other).count();
            places.push((start, start + more));
        }
        for start in self.starts(&form[form.len() - RECOGNIZED..]) {
            let end = start + RECOGNIZED;
            let more =
                text[..end].iter().rev().zip(form.iter().rev()).take_while(|(one, other)| one == other);
            places.push((end - more.count(), end));
        }
    }
}

fn without(text: &str, mut places: Vec<(usize, usize)>) -> String {
    places.sort_unstable();
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    let mut places = places.into_iter().peekable();
    while let Some((start, mut end)) = places.next() {
        // Overlapping and adjacent ranges are merged.
        while let Some((_, further)) = places.next_if(|(next, _)| *next <= end) {
            end = end.max(further);
        }
        // A truncated form may end within a character.
        let (start, end) = (text.floor_char_boundary(start).max(at), text.ceil_char_boundary(end));
        shown.push_str(&text[at..start]);
        shown.push_str(HIDDEN);
        at = end;
    }
    shown.push_str(&text[at..]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_however_a_server_repeats_it() {
        let key = "-----BEGIN-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END-----";
        let json = r#"{"client_email":"robot@example.com","private_key":"MIIEabcdefgh\nijklmnopqrst"}"#;
        let cases = [
            ("AKIA1234567890", "InvalidClientTokenId: AKIA1234567890.", "InvalidClientTokenId: (hidden)."),
            ("AKIA1234567890", "xAKIA1234567890x", "x(hidden)x"),
            ("abcd", "abcd is not in abcdef", "(hidden) is not in abcdef"),
            ("abcd", "'abcd'", "'(hidden)'"),
            ("terr", "terraform apply -target", "terraform apply -target"),
            ("t", "terraform apply -target=t", "terraform apply -target=t"),
            ("\u{feff}with-a-mark\r\n", "key=with-a-mark.", "key=(hidden)."),
            ("4711", "the PIN 4711, of 47110 tries", "the PIN (hidden), of 47110 tries"),
            ("true", "must be true", "must be true"),
            ("1", "referenced by 1 component", "referenced by 1 component"),
            ("{{mlflow.password}}", "no secret for {{mlflow.password}}", "no secret for {{mlflow.password}}"),
            (key, "bad line MIIEvQIBADANBg", "bad line (hidden)"),
            (json, "no account robot@example.com", "no account (hidden)"),
            (json, "cannot read ijklmnopqrst", "cannot read (hidden)"),
            ("it's\nhidden", "got 'it\\'s\\nhidden'", "got '(hidden)'"),
            ("a long secret that is cut off", "got 'a long secret th…'", "got '(hidden)…'"),
            ("a long secret that is cut off", "got '…that is cut off'", "got '…(hidden)'"),
            ("", "nothing", "nothing"),
        ];
        for (secret, text, shown) in cases {
            assert_eq!(Secrets::of([secret]).hide(text), shown, "{secret:?}");
        }
    }

    #[test]
    fn a_secret_is_masked_in_every_form() {
        let secret = "Zoë's \"s3cr&t\" <key>/+%\\ \u{1f511}\nof-many-characters";
        let json = Json::from(secret).to_string();
        let twice = Json::from(json.as_str()).to_string();
        let shown = [
            ("as it is", secret.to_owned()),
            ("JSON", json.clone()),
            ("JSON in JSON", twice),
            ("JSON of Python", ascii(&json)),
            ("Python", format!("'{}'", python_inside(secret))),
            ("HTML", html(secret)),
            ("URL", percent(secret, true)),
            ("URL in lower case", percent(secret, false)),
            ("form", percent(secret, true).replace("%20", "+")),
            ("Base64", STANDARD.encode(secret)),
            ("Base64 for URLs", URL_SAFE_NO_PAD.encode(secret)),
            ("Base64 inside more", STANDARD.encode(format!("user:{secret}@host"))),
            ("Base64 elsewhere inside more", STANDARD.encode(format!("u:{secret}@host"))),
            ("Base64 at the third position", STANDARD.encode(format!("us:{secret}@host"))),
            (
                "hexadecimal",
                secret.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).map(char::from).collect(),
            ),
        ];
        for (form, text) in shown {
            let hidden = Secrets::of([secret]).hide(&format!("before {text} after"));
            assert!(hidden.starts_with("before ") && hidden.ends_with(" after"), "{form}: {hidden}");
            let rest = hidden.trim_start_matches("before ").trim_end_matches(" after").replace(HIDDEN, "");
            assert!(rest.len() <= 16, "{form}: {rest}");
        }
    }

    #[test]
    fn a_secret_of_a_few_characters_never_damages_a_text() {
        let text = "Run terraform apply -target=a, as user 12 of team dev: \"t\" is 1 of 11.";
        for secret in ["t", "a", "1", "12", "dev", "of", " t ", "", "\n", "\u{1f511}", "ü"] {
            assert_eq!(Secrets::of([secret]).hide(text), text, "{secret:?}");
            assert_eq!(is_too_short(secret), !secret.trim().is_empty(), "{secret:?}");
        }
        assert!(!is_too_short("four"));
    }

    #[test]
    fn a_base64_value_is_also_masked_when_decoded() {
        let inside = r#"{"private_key": "-----BEGIN-----\nMIIEabcdefgh"}"#;
        let secrets = Secrets::of([STANDARD.encode(inside).as_str()]);
        assert_eq!(secrets.hide("cannot read MIIEabcdefgh"), "cannot read (hidden)");
    }

    #[test]
    fn a_secret_inside_another_one_leaves_no_rest() {
        assert_eq!(Secrets::of(["pass", "password1"]).hide("it is password1"), "it is (hidden)");
        assert_eq!(Secrets::of(["abcdef", "defghi"]).hide("abcdefghi"), "(hidden)");
    }
}
