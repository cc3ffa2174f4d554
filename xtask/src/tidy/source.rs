//! What source files may contain, by folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;

/// Maximum number of lines of a source file that is not generated.
const LONGEST: usize = 600;

/// Folders without text of the project.
const FOREIGN: [&str; 5] = [".git", ".cache", ".terraform", "target", "node_modules"];

/// Words that Rust code may contain only in some places.
struct Rule {
    words: &'static [&'static str],
    /// Where the rule applies: path prefixes.
    within: &'static [&'static str],
    /// Exceptions: path prefixes.
    except: &'static [&'static str],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        words: &["reqwest::"],
        within: &["crates/"],
        except: &["crates/zenml-client/"],
        why: "types of the HTTP client stay in zenml-client, behind its transport",
    },
    Rule {
        words: &["sqlx::"],
        within: &["crates/"],
        except: &["crates/zenml-local/"],
        why: "SQL stays in zenml-local",
    },
    Rule {
        words: &["prost::", "tonic::", "tonic_prost::"],
        within: &["crates/"],
        except: &["crates/tfkit-serve/src/wire/", "crates/tfkit-serve/tests/"],
        why: "generated protobuf types stay in tfkit-serve::wire",
    },
    Rule {
        words: &["std::fs", "std::net", "std::env", "std::process", "tokio::"],
        within: &["crates/zenml-api/src/"],
        except: &[],
        why: "zenml-api describes requests and performs no I/O",
    },
];

/// Returns every violation in the files of a folder, one line each.
pub(super) fn violations(root: &Path) -> Result<Vec<String>, Failure> {
    let mut found = stale(root, RULES);
    let mut reads_environment = BTreeMap::<String, Vec<String>>::new();
    for path in files(root)? {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string().replace('\\', "/");
        // Binary files are ignored.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        found.extend(in_text(&name, &text));
        if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(in_source(&name, &text));
            if let Some(package) = reader_of_environment(&name, &text) {
                reads_environment.entry(package).or_default().push(name);
            }
        }
    }
    for (package, files) in reads_environment.into_iter().filter(|(_, files)| files.len() > 1) {
        found.push(format!(
            "{package}: environment variables must be read in one module, not in {}",
            files.join(", ")
        ));
    }
    Ok(found)
}

/// Returns the folders of rules that no longer exist.
fn stale(root: &Path, rules: &[Rule]) -> Vec<String> {
    let folders = rules.iter().flat_map(|rule| rule.within.iter().chain(rule.except));
    let gone = folders.filter(|folder| !root.join(folder).exists());
    gone.map(|folder| format!("a rule of tidy/source.rs names {folder}, which does not exist")).collect()
}

/// Returns the violations that any text file can contain.
fn in_text(name: &str, text: &str) -> Vec<String> {
    // Concatenated, so that this file does not contain them.
    let machine = [["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"]].map(|halves| halves.concat());
    let holds = machine.iter().filter(|path| text.contains(path.as_str()));
    holds.map(|path| format!("{name}: {path} is a path of one machine")).collect()
}

/// Returns the violations in one Rust file.
fn in_source(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if name.starts_with("crates/tfkit") && text.to_lowercase().contains("zenml") {
        found.push(format!("{name}: the framework must not mention ZenML"));
    }
    let lines = text.lines().count();
    if lines > LONGEST && !is_generated(name) {
        found.push(format!("{name}: {lines} lines; split it: the limit is {LONGEST}"));
    }
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| name.starts_with(beginning));
    for rule in RULES.iter().filter(|rule| begins(rule.within) && !begins(rule.except)) {
        for word in rule.words.iter().filter(|word| in_code(text, word)) {
            found.push(format!("{name}: {word} does not belong here: {}", rule.why));
        }
    }
    found
}

/// Whether code, not a comment, contains a word.
fn in_code(text: &str, word: &str) -> bool {
    text.lines().any(|line| !line.trim_start().starts_with("//") && says(line, word))
}

/// Whether a line contains a word that is not the end of a longer one.
fn says(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|character| !character.is_alphanumeric() && character != '_' && character != '"')
    })
}

fn is_generated(name: &str) -> bool {
    name.contains("/gen/") && !name.ends_with("/mod.rs")
}

/// Returns the package of a file that reads the environment outside tests.
fn reader_of_environment(name: &str, text: &str) -> Option<String> {
    let (package, rest) = name.strip_prefix("crates/")?.split_once("/src/")?;
    let reads = ["env::var(", "env::var_os(", "env::vars(", "env::vars_os("];
    let shipped = !rest.contains("/tests/") && reads.iter().any(|word| in_code(text, word));
    shipped.then(|| package.to_owned())
}

/// Returns all files of the project in a folder, in order.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failure = |error| Failure::new(format!("cannot read {}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        let foreign = path.file_name().is_some_and(|name| FOREIGN.iter().any(|foreign| name == *foreign));
        if path.is_dir() {
            if !foreign {
                found.extend(files(&path)?);
            }
        } else if !foreign {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_violation_is_found() {
        let long = "\n".repeat(LONGEST + 1);
        for (name, text, expected) in [
            ("crates/tfkit/src/a.rs", "// as ZenML does", 1),
            ("crates/zenml-api/src/a.rs", "// as ZenML does", 0),
            ("crates/tfkit/src/a.rs", long.as_str(), 1),
            ("crates/tfkit/src/gen/a.rs", long.as_str(), 0),
            ("crates/zenml-provider/src/a.rs", "use reqwest::Client;", 1),
            ("crates/zenml-client/src/a.rs", "use reqwest::Client;", 0),
            ("crates/zenml-provider/src/a.rs", "// as reqwest::Client does", 0),
            ("crates/zenml-provider/src/a.rs", "let pool = sqlx::query(text);", 1),
            ("crates/tfkit/src/engine/a.rs", "tonic::Status::ok()", 1),
            ("crates/tfkit-serve/src/wire/a.rs", "tonic::Status::ok()", 0),
            ("crates/zenml-api/src/a.rs", "use std::fs::File;", 1),
            ("crates/zenml-local/src/a.rs", "use std::fs::File;", 0),
        ] {
            assert_eq!(in_source(name, text).len(), expected, "{name}: {text:.40}");
        }
    }

    #[test]
    fn a_rule_for_a_missing_folder_is_found() {
        let root = crate::tidy::tests::tree(&[("crates/a/src/lib.rs", "")]);
        let rule = |except| Rule { words: &[], within: &["crates/"], except, why: "" };
        assert_eq!(stale(root.path(), &[rule(&["crates/a/"])]).len(), 0);
        assert_eq!(stale(root.path(), &[rule(&["crates/b/"])]).len(), 1);
    }

    #[test]
    fn a_path_of_a_machine_is_found_in_any_text() {
        let text = format!("see {}name/notes.txt", ["/ho", "me/"].concat());
        assert_eq!(in_text("README.md", &text).len(), 1);
        assert_eq!(in_text("README.md", "see docs/notes.txt").len(), 0);
    }

    #[test]
    fn reading_the_environment_is_found_outside_tests() {
        let text = "let home = std::env::var_os(\"HOME\");";
        assert_eq!(reader_of_environment("crates/a/src/b.rs", text).as_deref(), Some("a"));
        assert_eq!(reader_of_environment("crates/a/tests/it/b.rs", text), None);
        assert_eq!(reader_of_environment("crates/a/src/b.rs", "let home = home();"), None);
    }
}
