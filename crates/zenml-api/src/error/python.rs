//! Problems that a workspace quotes as Python literals.

use super::Problem;

/// The problems of a request: a heading, then one dictionary per line, `{'type': …, 'loc': (…), 'msg': …, 'input':
/// …}`. Everything after the message repeats the submitted input.
pub(super) fn problems(text: &str) -> Vec<Problem> {
    text.lines().filter_map(problem).collect()
}

fn problem(line: &str) -> Option<Problem> {
    let (_, rest) = line.trim_start().strip_prefix("{'type': ")?.split_once(", 'loc': (")?;
    let (location, rest) = items(rest, ')')?;
    let (message, _) = string(rest.strip_prefix(", 'msg': ")?)?;
    Some(Problem { location, message })
}

/// The strings of `{'detail': 'text'}` and of `{'detail': ['Class', 'text']}`: a rejection that a workspace forwards.
pub(super) fn detail(text: &str) -> Option<Vec<String>> {
    let detail = text.strip_prefix("{'detail': ")?;
    match detail.strip_prefix('[') {
        Some(list) => items(list, ']').map(|(texts, _)| texts),
        None => string(detail).map(|(text, _)| vec![text]),
    }
}

/// Reads strings and numbers separated by commas, up to `end`. Also returns the rest.
fn items(mut text: &str, end: char) -> Option<(Vec<String>, &str)> {
    let mut items = Vec::new();
    loop {
        text = text.trim_start_matches([',', ' ']);
        if let Some(rest) = text.strip_prefix(end) {
            return Some((items, rest));
        }
        let number = text.find(|character: char| !character.is_ascii_digit())?;
        let (item, rest) =
            if number > 0 { (text[..number].to_owned(), &text[number..]) } else { string(text)? };
        items.push(item);
        text = rest;
    }
}

/// Reads a string at the start of a text. Also returns the rest.
pub(super) fn string(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let mut content = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((position, character)) = characters.next() {
        match character {
            '\\' => content.push(match characters.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            }),
            end if end == quote => return Some((content, &text[position + 1..])),
            other => content.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_lists_are_read_up_to_their_end() {
        assert_eq!(string(r#"'it\'s\n"é"' rest"#), Some(("it's\n\"é\"".to_owned(), " rest")));
        let texts = |texts: &[&str]| Some(texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        for (text, expected) in [
            ("{'detail': 'no'}", texts(&["no"])),
            ("{'detail': [\"Key)Error\", 'a]', 5]}", texts(&["Key)Error", "a]", "5"])),
            ("{'detail': [{'loc': ['body'], 'input': 'secret'}]}", None),
            ("{'detail': None}", None),
            ("{'detail': ['open", None),
            ("{'detail': [", None),
            ("{'detail': '\\", None),
            ("detail", None),
        ] {
            assert_eq!(detail(text), expected, "{text}");
        }
    }

    #[test]
    fn only_the_path_and_the_message_of_a_problem_are_kept() {
        let text = "2 validation errors:\n  {'type': 'x', 'loc': ('body', \"it's (\", 0), 'msg': 'No, \\'x\\'', \
         'input': {'loc': ('a',), 'msg': 'secret'}}\n  {'type': 'y', 'loc': (), 'msg': 'b'}\n  {'type': 'z'}\n    \
         PUT /x";
        let problem = |location: &[&str], message: &str| Problem {
            location: location.iter().map(ToString::to_string).collect(),
            message: message.to_owned(),
        };
        assert_eq!(problems(text), [problem(&["body", "it's (", "0"], "No, 'x'"), problem(&[], "b")]);
    }
}
