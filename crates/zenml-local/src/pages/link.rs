//! Addresses of ZenML's dashboard below a workspace, as clients print them.

use serde::Deserialize;

/// What a link refers to, in words, and the command that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Linked {
    pub(super) what: &'static str,
    pub(super) command: Vec<String>,
}

/// Maximum length of a part of an address that is shown.
const LONGEST: usize = 100;

impl Linked {
    /// Reads the address below a workspace, without the slash at its beginning: `stacks?id=ID`.
    pub(super) fn parse(address: &str) -> Option<Self> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Query {
            id: String,
        }
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let query: Query = serde_html_form::from_str(query).unwrap_or_default();
        let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (what, words): (_, Vec<&str>) = match parts.as_slice() {
            ["stacks"] if is_word(&query.id) => ("a stack", vec!["stack", "describe", &query.id]),
            ["stacks", ..] => ("the stacks", vec!["stack", "list"]),
            ["components", ..] => ("a stack component", vec!["stack", "list"]),
            ["projects", _, "runs", id] if is_word(id) => {
                ("a pipeline run", vec!["pipeline", "runs", "list", "--id", id])
            }
            ["projects", _, "runs", ..] => ("pipeline runs", vec!["pipeline", "runs", "list"]),
            ["projects", _, "model-versions", ..] => ("a model version", vec!["model", "version", "list"]),
            ["projects", ..] => ("a project", vec!["project", "list"]),
            [] => return None,
            _ => ("a page", vec!["status"]),
        };
        let command = ["zenml"].into_iter().chain(words).map(str::to_owned).collect();
        Some(Self { what, command })
    }
}

/// Whether a part of an address can be a word of a command as it is.
fn is_word(part: &str) -> bool {
    (1..=LONGEST).contains(&part.len())
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !part.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::Linked;

    #[test]
    fn links_of_the_dashboard_lead_to_commands_of_the_client() {
        let id = "11111111-2222-4333-8444-000000000040";
        for (address, expected) in [
            (format!("stacks?id={id}"), Some(format!("zenml stack describe {id}"))),
            ("stacks".to_owned(), Some("zenml stack list".to_owned())),
            ("stacks?id=$(reboot)".to_owned(), Some("zenml stack list".to_owned())),
            ("stacks?id=--help".to_owned(), Some("zenml stack list".to_owned())),
            (format!("components/{id}"), Some("zenml stack list".to_owned())),
            (format!("projects/default/runs/{id}"), Some(format!("zenml pipeline runs list --id {id}"))),
            ("projects/default/runs/;x".to_owned(), Some("zenml pipeline runs list".to_owned())),
            (format!("projects/p/model-versions/{id}"), Some("zenml model version list".to_owned())),
            ("projects/p".to_owned(), Some("zenml project list".to_owned())),
            ("settings/members".to_owned(), Some("zenml status".to_owned())),
            (String::new(), None),
            ("?x=y".to_owned(), None),
            ("//".to_owned(), None),
        ] {
            let command = Linked::parse(&address).map(|linked| linked.command.join(" "));
            assert_eq!(command, expected, "{address}");
        }
    }
}
