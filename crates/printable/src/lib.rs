//! Makes untrusted text safe for terminals and logs.
//!
//! A name can contain a line break and forge a log line, or an escape sequence that moves the cursor, changes
//! colors, or writes to the clipboard (CWE-117, CWE-150). All output for people passes through here.

#![warn(missing_docs)]

mod article;
pub mod mask;

pub use article::A;

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write};

/// Returns whether a character is invisible, or controls the terminal or the order of the text: C0 and C1 controls
/// with DEL, line and paragraph separators, marks and overrides of the writing direction (Unicode Standard Annex 9,
/// <https://trojansource.codes>), and invisible characters. Joiners of emoji and of scripts do not count.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns a text as one line: every hidden character becomes a visible escape, such as `\n` or `\u{1b}`.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden, escape)
}

/// Returns a text of several lines: line feeds and tabs are kept, and every other hidden character becomes a visible
/// escape.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| is_hidden(character) && !matches!(character, '\n' | '\t'), escape)
}

/// Returns an equivalent JSON document without hidden characters in its strings. JSON itself allows most of them.
pub fn json(document: &str) -> Cow<'_, str> {
    let hidden = |character| is_hidden(character) && !matches!(character, '\n' | '\r' | '\t');
    escaped(document, hidden, |character, out| {
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        Ok(())
    })
}

/// A name or another short value inside a line. It is shown unchanged if it cannot be confused with its surroundings,
/// and in double quotes otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a>(pub &'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |character: char| character.is_alphanumeric() || "._-@/+:#*{}".contains(character);
        if !self.0.is_empty() && self.0.chars().all(plain) {
            return f.write_str(self.0);
        }
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                character if is_hidden(character) => escape(character, f)?,
                character => f.write_char(character)?,
            }
        }
        f.write_char('"')
    }
}

/// An error and its causes as one sentence, each after a colon. The errors of our libraries say their own part only and
/// leave the rest to [`Error::source`], so this is for the one place that shows them.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        std::iter::successors(self.0.source(), |&cause| cause.source())
            .try_for_each(|cause| write!(f, ": {cause}"))
    }
}

fn escape(character: char, out: &mut dyn Write) -> fmt::Result {
    write!(out, "{}", character.escape_default())
}

fn escaped(
    text: &str,
    hidden: impl Fn(char) -> bool,
    write: impl Fn(char, &mut dyn Write) -> fmt::Result,
) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if hidden(character) {
            // Writing to a string does not fail.
            let _ = write(character, &mut safe);
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hidden characters that are useful to an attacker, with their escapes.
    const HOSTILE: [(&str, &str); 14] = [
        ("a\nb", "a\\nb"),
        ("a\r\nb", "a\\r\\nb"),
        ("a\tb", "a\\tb"),
        ("\u{0}", "\\u{0}"),
        ("\u{7}\u{8}", "\\u{7}\\u{8}"),
        ("\u{1b}[2J\u{1b}]0;x\u{7}", "\\u{1b}[2J\\u{1b}]0;x\\u{7}"),
        ("\u{7f}", "\\u{7f}"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("\u{85}", "\\u{85}"),
        ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
        ("\u{202e}gpj.exe\u{2066}", "\\u{202e}gpj.exe\\u{2066}"),
        ("\u{200b}\u{feff}", "\\u{200b}\\u{feff}"),
        ("\u{e0041}", "\\u{e0041}"),
        ("José 👩\u{200d}👧 日本 \\n", "José 👩\u{200d}👧 日本 \\n"),
    ];

    #[test]
    fn a_line_shows_hidden_characters() {
        for (text, expected) in HOSTILE {
            assert_eq!(line(text), expected);
        }
    }

    #[test]
    fn lines_keep_only_their_breaks_and_tabs() {
        assert_eq!(lines("a\n  b\tc\u{1b}[0m\rd"), "a\n  b\tc\\u{1b}[0m\\rd");
    }

    #[test]
    fn json_keeps_its_meaning_without_hidden_characters() {
        assert_eq!(
            json("{\n\t\"a\": \"\u{9b}\u{7f}\u{2028}\u{e0041}é\"}"),
            "{\n\t\"a\": \"\\u009b\\u007f\\u2028\\udb40\\udc41é\"}"
        );
    }

    #[test]
    fn a_chain_names_each_cause_once() {
        #[derive(Debug)]
        struct Outer(std::num::ParseIntError);
        impl fmt::Display for Outer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the port cannot be read")
            }
        }
        impl Error for Outer {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        let error = "x".parse::<u16>().unwrap_err();
        assert_eq!(Chain(&error).to_string(), "invalid digit found in string");
        assert_eq!(
            Chain(&Outer(error)).to_string(),
            "the port cannot be read: invalid digit found in string"
        );
    }

    #[test]
    fn a_name_cannot_be_confused_with_its_surroundings() {
        for (name, expected) in [
            ("ada@example.org", "ada@example.org"),
            ("José_1", "José_1"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("x  from 1.2.3.4", "\"x  from 1.2.3.4\""),
            ("a=\"b\"", "\"a=\\\"b\\\"\""),
            ("a\\n", "\"a\\\\n\""),
            ("a\n2026 200 admin", "\"a\\n2026 200 admin\""),
        ] {
            assert_eq!(Name(name).to_string(), expected);
        }
    }
}
