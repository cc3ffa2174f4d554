//! One log line as the host reads it: a JSON object with `@level`, `@message`, `@module` and `@timestamp`.

use jiff::Timestamp;
use serde_json::Value;

use super::mask::masked;

/// Maximum length of a line in bytes, including the newline. The host splits lines at 64 KiB, and then parses neither
/// half as JSON.
pub(crate) const LONGEST: usize = 60 * 1024;
/// Maximum length of a message in a line, in bytes before escaping. An escape has at most six bytes per byte.
const LONGEST_MESSAGE: usize = LONGEST / 8;

/// Fields of one line, in the order in which they were recorded. A later one replaces an earlier one.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// Adds a field. Names that start with `@` are reserved for the host, which crashes if the value is not a string,
    /// so the sign is removed.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        let name = name.trim_start_matches('@');
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Adds all fields of another set.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (name, value) in &other.0 {
            self.set(name, value.clone());
        }
    }
}

/// Formats one line with its newline. Secrets are masked. What does not fit is omitted, and the omission is marked.
pub(crate) fn line(now: Timestamp, level: &str, module: &str, message: &str, fields: &Fields) -> Vec<u8> {
    let mut line = format!(
        r#"{{"@level":"{level}","@message":{},"@module":{},"@timestamp":"{now:.6}""#,
        string(shorten(&masked(message), LONGEST_MESSAGE)),
        string(shorten(module, 200)),
    );
    let mut cut = false;
    for (name, value) in &fields.0 {
        let value = match value {
            Value::String(text) => string(masked(text)),
            other => printable::json(&other.to_string()).into_owned(),
        };
        let field = format!(",{}:{value}", string(name.as_str()));
        if line.len() + field.len() + CUT.len() > LONGEST {
            cut = true;
        } else {
            line.push_str(&field);
        }
    }
    line.push_str(if cut { CUT } else { END });
    line.into_bytes()
}

const END: &str = "}\n";
const CUT: &str = ",\"fields_left_out\":true}\n";

/// Returns a string as JSON without hidden characters: the host prints log lines as they are, including C1 control
/// characters.
fn string(text: impl Into<Value>) -> String {
    printable::json(&text.into().to_string()).into_owned()
}

/// Returns at most `longest` bytes of a string, in whole characters.
fn shorten(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(longest);
    format!("{} […]", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(fields: &Fields, message: &str) -> String {
        let now: Timestamp = "2026-02-03T04:05:06.7Z".parse().unwrap();
        String::from_utf8(line(now, "info", "provider", message, fields)).unwrap()
    }

    #[test]
    fn a_line_has_the_format_that_the_host_reads() {
        let mut fields = Fields::default();
        fields.set("team.id", "a\"b".into());
        fields.set("attempt", 2.into());
        fields.set("@level", 7.into());
        assert_eq!(
            text(&fields, "Read a team\nof two"),
            concat!(
                r#"{"@level":"info","@message":"Read a team\nof two","@module":"provider","#,
                r#""@timestamp":"2026-02-03T04:05:06.700000Z","team.id":"a\"b","attempt":2,"level":7}"#,
                "\n"
            )
        );
    }

    #[test]
    fn hidden_characters_are_escaped_and_survive_json_parsing() {
        let hostile = "\u{1b}[2J\u{9b}31m\u{7f}\u{2028}\u{202e}\n";
        let mut fields = Fields::default();
        fields.set("name", hostile.into());
        fields.set(hostile, serde_json::json!([hostile]));
        let line = text(&fields, hostile);
        assert_eq!(printable::line(line.trim_end()), line.trim_end());
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["@message"], &value["name"]), (&hostile.into(), &hostile.into()));
        assert_eq!(value[hostile], serde_json::json!([hostile]));
    }

    #[test]
    fn timestamps_always_have_six_fractional_digits() {
        for (now, expected) in [
            ("2026-02-03T04:05:06Z", "2026-02-03T04:05:06.000000Z"),
            ("2026-02-03T04:05:06.123456789Z", "2026-02-03T04:05:06.123456Z"),
            ("2026-02-03T04:05:06.999999999+02:00", "2026-02-03T02:05:06.999999Z"),
        ] {
            let bytes = line(now.parse().unwrap(), "info", "provider", "", &Fields::default());
            let value: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(value["@timestamp"], expected);
        }
    }

    #[test]
    fn a_line_is_never_longer_than_the_host_accepts() {
        let mut fields = Fields::default();
        fields.set("small", 1.into());
        fields.set("long", "x".repeat(LONGEST).into());
        fields.set("last", 2.into());
        let long = text(&fields, &"\u{1}\u{e4}".repeat(LONGEST));
        assert!(long.len() <= LONGEST, "{} bytes", long.len());
        let value: Value = serde_json::from_str(&long).unwrap();
        assert_eq!(value["fields_left_out"], true);
        assert_eq!((&value["small"], &value["last"]), (&1.into(), &2.into()));
        assert_eq!(value.get("long"), None);
    }

    #[test]
    fn secrets_are_masked_in_messages_and_fields() {
        super::super::mask("line-test-secret");
        let mut fields = Fields::default();
        fields.set("url", "https://line-test-secret@host".into());
        let line = text(&fields, "with line-test-secret");
        assert!(!line.contains("line-test-secret"), "{line}");
        assert!(line.contains("https://(hidden)@host") && line.contains("with (hidden)"), "{line}");
    }
}
