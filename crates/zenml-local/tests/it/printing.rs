//! Whatever names contain: one change is one line, and no control characters reach the terminal.

use std::io::Read as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::process::{Server, database, run, send};
use crate::support::text;

/// Hostile names: a forged line, sequences that clear the screen and set the title, in seven and in eight bits, other
/// line ends, overrides of the text direction, and invisible characters.
const HOSTILE: [&str; 9] = [
    "x\n2026-11-29  200  admin delete organization",
    "x\r\u{1b}[2K200  admin",
    "\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[31m",
    "\u{9b}2J\u{9d}0;title\u{9c}",
    "a\u{85}b\u{2028}c\u{2029}d",
    "\u{202e}nimda\u{2066}\u{200f}",
    "\u{7f}\u{8}\u{8}\u{8}\u{b}\u{c}",
    "\u{200b}\u{feff}\u{e0041}",
    "x  from 192.0.2.1: forged",
];

/// Whether a string contains more than printable characters and line feeds.
#[track_caller]
fn assert_harmless(kind: &str, text: &str) {
    for line in text.lines() {
        let shown = printable::line(line);
        assert_eq!(shown, line, "{kind}");
    }
    assert!(!text.contains(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']), "{kind}");
}

#[test]
fn no_name_forges_a_line_or_reaches_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path(), &["-vv"]);
    let ready = server.ready();
    let key = text(&ready["service_account_key"]);
    let organization = &ready["organization_id"];
    let before = run(&["audit", "--database", &database(directory.path())]).1.lines().count();
    let mut changes = 0;
    for name in HOSTILE {
        let encoded = name.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
        for (call, body) in [
            (
                "POST /teams".to_owned(),
                json!({ "name": name, "organization_id": organization, "description": name }),
            ),
            ("POST /teams".to_owned(), json!({ "name": name, "organization_id": organization })),
            ("POST /workspaces".to_owned(), json!({ "name": name, "display_name": name })),
            (format!("POST /users?username={encoded}&password={encoded}"), Value::Null),
            (
                format!("POST /organizations/{}/service_accounts", text(organization)),
                json!({ "username": name, "name": name }),
            ),
            (format!("PATCH /organizations/{}", text(organization)), json!({ "name": name })),
            (
                format!("POST /organizations/{}/roles", text(organization)),
                json!({ "name": name, "level": "organization", "description": name, "permissions": [name] }),
            ),
        ] {
            let (status, answer) = send(&ready, &key, &call, &body);
            assert!(status < 500, "{call}: {answer}");
            changes += usize::from(status == 200);
        }
        // Names in addresses and in a credential.
        for call in [format!("GET /{encoded}"), format!("GET /organizations/{encoded}")] {
            send(&ready, &encoded, &call, &Value::Null);
        }
    }
    assert!(changes >= HOSTILE.len(), "{changes} changes were made");

    let (status, plain, err) = run(&["audit", "--database", &database(directory.path())]);
    assert!(status.success(), "{err}");
    assert_harmless("audit", &plain);
    let (_, lines, _) = run(&["audit", "--json", "--database", &database(directory.path())]);
    assert_harmless("audit --json", &lines);
    assert_eq!(plain.lines().count(), lines.lines().count(), "one change is one line");
    let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(entries.len() >= before + changes, "each change is in the trail");
    for (line, entry) in plain.lines().zip(&entries) {
        assert!(line.starts_with(&format!("{}  {}  ", text(&entry["at"]), entry["status"])), "{line}");
    }
    for name in HOSTILE {
        let made = entries.iter().any(|entry| entry["object_name"] == name && entry["status"] == 200);
        assert!(made, "{name:?} is in the trail unchanged, and JSON contains it exactly");
    }
    let forged = plain.lines().find(|line| line.contains("from 192.0.2.1")).unwrap();
    assert!(forged.contains("\"x  from 192.0.2.1: forged\""), "{forged}");
    let (status, log) = server.terminate();
    assert!(status.success());
    assert_harmless("log", &log);
}

#[test]
fn output_of_a_start_and_of_errors_contains_no_control_characters() {
    // All at once: the output is searched for each of them.
    let name = &*HOSTILE.concat();
    let directory = tempfile::tempdir().unwrap();
    // For a user, and for scripts that show it.
    for ready_file in [None, Some("/dev/stdout")] {
        let mut arguments = vec!["serve", "--ephemeral", "--organization", name];
        arguments.extend(ready_file.iter().flat_map(|file| ["--ready-file", *file]));
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_zenml-local"))
            .args(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut shown = String::new();
        let mut out = child.stdout.take().unwrap();
        let end = if ready_file.is_some() { "\n}\n" } else { "Ctrl-C" };
        let mut buffer = [0; 4096];
        while !shown.contains(end) {
            let read = out.read(&mut buffer).unwrap();
            assert!(read > 0, "{shown}");
            shown.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_harmless("ready", &shown);
        if ready_file.is_some() {
            let ready: Value = serde_json::from_str(&shown).unwrap();
            assert_eq!(ready["organization_name"], name);
        }
    }
    let file = directory.path().join(name.replace('/', "")).display().to_string();
    for arguments in [
        vec!["audit", "--database", &file],
        vec!["census", "--database", &file],
        vec!["audit", "--database", "mysql://x", "--since", name],
        vec!["serve", "--ephemeral", "--faults", &file],
        vec!["serve", "--ephemeral", "--ready-file", directory.path().to_str().unwrap()],
        vec!["serve", "--listen", name],
        vec!["serve", "--engine", name],
        vec![name],
        vec!["backup", &file, "--database", &file],
        vec!["restore", &file, "--database", &file],
    ] {
        let (status, out, err) = run(&arguments);
        assert!(!status.success() && !err.is_empty(), "{arguments:?}");
        assert_harmless("error", &(out + &err));
    }
}
