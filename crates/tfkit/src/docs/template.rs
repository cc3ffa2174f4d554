//! Templates: hand-written text about a type, in addition to its schema.

use super::files::Files;

const IMPORT: &str = "## Import";
const EXAMPLE: &str = "<!-- example -->";

/// The parts of a template, each of which may be empty.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Template<'a> {
    /// Heading of the page, if it is not the default.
    pub(super) title: Option<&'a str>,
    /// Text after the description.
    pub(super) before: &'a str,
    /// Text after the example, if the template contains the marker.
    pub(super) after: &'a str,
    /// Text at the beginning of the import section.
    pub(super) import: &'a str,
}

impl<'a> Template<'a> {
    /// Returns the template of a page; an empty one if there is no file.
    pub(super) fn of(sources: &'a Files, path: &str) -> Self {
        sources.get(path).map_or_else(Self::default, |text| Self::parse(text))
    }

    fn parse(text: &'a str) -> Self {
        let (body, import) = split(text, IMPORT);
        let (before, after) = split(body, EXAMPLE);
        let (first, rest) = before.split_once('\n').unwrap_or((before, ""));
        match first.strip_prefix("# ") {
            Some(title) => Self { title: Some(title.trim()), before: rest.trim(), after, import },
            None => Self { title: None, before, after, import },
        }
    }
}

/// Returns the text before and after a line, without the white space around it.
fn split<'a>(text: &'a str, line: &str) -> (&'a str, &'a str) {
    let mut start = 0;
    for found in text.split_inclusive('\n') {
        if found.trim_end() == line {
            return (text[..start].trim(), text[start + found.len()..].trim());
        }
        start += found.len();
    }
    (text.trim(), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_a_title_parts_around_the_example_and_one_for_imports() {
        let cases = [
            ("", ["", "", ""]),
            ("One.\n\nTwo.\n", ["One.\n\nTwo.", "", ""]),
            ("One.\n\n## Import\n\nBy id.\n", ["One.", "", "By id."]),
            ("One.\n\n<!-- example -->\n\n## More\n\nText.\n", ["One.", "## More\n\nText.", ""]),
            ("A line ## Import is text.\n", ["A line ## Import is text.", "", ""]),
            ("## Imports\n\n## Import\nLast.", ["## Imports", "", "Last."]),
        ];
        for (text, [before, after, import]) in cases {
            assert_eq!(Template::parse(text), Template { title: None, before, after, import }, "{text:?}");
        }
        let titled = Template { title: Some("Store"), before: "Text.", ..Template::default() };
        assert_eq!(Template::parse("# Store\n\nText.\n"), titled);
    }
}
