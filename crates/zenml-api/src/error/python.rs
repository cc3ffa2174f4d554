//! Just enough of Python's literals to read what a server quotes from them.

use serde_json::{Map, Value};

/// Reads one literal. What is no literal (`datetime(…)`, `SecretStr(…)`) reads as null.
pub(super) fn parse(text: &str) -> Option<Value> {
    Reader { rest: text, depth: 0 }.value()
}

/// Reads literals until something else comes.
pub(super) fn parse_sequence(text: &str) -> Vec<Value> {
    let mut reader = Reader { rest: text, depth: 0 };
    let mut values = Vec::new();
    loop {
        reader.space();
        if !reader.rest.starts_with(['{', '[', '(']) {
            return values;
        }
        match reader.value() {
            Some(value) => values.push(value),
            None => return values,
        }
        reader.skip(',');
    }
}

/// Deepest nesting that is read, so that no text can exhaust the stack.
const DEEPEST: usize = 64;

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn skip(&mut self, expected: char) -> bool {
        self.space();
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.space();
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let value = match self.rest.chars().next()? {
            '{' => self.dictionary(),
            '[' => self.items('[', ']'),
            '(' => self.items('(', ')'),
            '\'' | '"' => self.string().map(Value::String),
            _ => self.word(),
        };
        self.depth -= 1;
        value
    }

    fn items(&mut self, open: char, close: char) -> Option<Value> {
        self.skip(open);
        let mut items = Vec::new();
        while !self.skip(close) {
            items.push(self.value()?);
            if !self.skip(',') && !self.rest.trim_start().starts_with(close) {
                return None;
            }
        }
        Some(Value::Array(items))
    }

    fn dictionary(&mut self) -> Option<Value> {
        self.skip('{');
        let mut members = Map::new();
        while !self.skip('}') {
            let key = match self.value()? {
                Value::String(text) => text,
                other => other.to_string(),
            };
            // Without a colon it is a set, whose items are of no interest.
            let value = if self.skip(':') { self.value()? } else { Value::Null };
            members.insert(key, value);
            if !self.skip(',') && !self.rest.trim_start().starts_with('}') {
                return None;
            }
        }
        Some(Value::Object(members))
    }

    fn string(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((position, character)) = characters.next() {
            match character {
                '\\' => match characters.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    other => text.push(other),
                },
                end if end == quote => {
                    self.rest = &self.rest[position + end.len_utf8()..];
                    return Some(text);
                }
                other => text.push(other),
            }
        }
        None
    }

    /// A number, `True`, `False`, `None`, or a call whose arguments are skipped.
    fn word(&mut self) -> Option<Value> {
        let end = self.rest.find([',', ':', ')', ']', '}', '(', '\'', '"', '<']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if rest.starts_with('(') {
            return self.items('(', ')').map(|_| Value::Null);
        }
        if let Some(inside) = rest.strip_prefix('<') {
            self.rest = inside.split_once('>')?.1;
            return Some(Value::Null);
        }
        let word = word.trim();
        if word.is_empty() {
            return None;
        }
        Some(match word {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            number => number.parse::<i64>().map_or(Value::Null, Value::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn literals_read_as_json() {
        let cases = [
            ("{'a': ('body', 1), \"b\": [True, None]}", json!({"a": ["body", 1], "b": [true, null]})),
            (r"'it\'s\n'", json!("it's\n")),
            (
                "{'when': datetime.datetime(2025, 1, 2), 'x': <Enum: 'a'>, 'y': 2}",
                json!({"when": null, "x": null, "y": 2}),
            ),
            ("{'s': SecretStr('**'), 'set': {'a', 'b'}}", json!({"s": null, "set": {"a": null, "b": null}})),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn broken_literals_are_refused_and_never_panic() {
        let deep = "[".repeat(100_000);
        for text in [&deep, "", "{", "{'a'", "[1", "'open", "{'a': ", "(", "[,]", "<", "é{'"] {
            assert_eq!(parse(text).filter(|value| !value.is_null()), None, "{text:.20}");
        }
    }
}
