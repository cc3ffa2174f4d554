//! A disk that fills up under a server, and has free space again later.

use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::process::{Server, send};
use crate::support::{text, texts};

/// Starts a server that gets an error for a file that cannot grow, instead of being killed.
fn start(directory: &Path) -> Server {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_zenml-local")]);
    Server::start_by(command, directory, &[])
}

/// Limits the size of the server's files, in bytes; `None` removes the limit.
fn limit(server: &Server, bytes: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(server.child.id()).unwrap());
    prlimit(pid, Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

fn names(answer: &(u16, Value)) -> Vec<String> {
    assert_eq!(answer.0, 200, "{}", answer.1);
    let mut names = texts(&answer.1, "name");
    names.sort();
    names
}

#[test]
fn after_a_full_disk_the_platform_works_again_and_keeps_every_acknowledged_change() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = start(directory.path());
    let ready = server.ready();
    let (key, organization) = (text(&ready["service_account_key"]), &ready["organization_id"]);
    let create = |name: &str| {
        let body = json!({ "name": name, "organization_id": organization, "description": "x".repeat(250) });
        send(&ready, &key, "POST /teams", &body)
    };
    let list = format!("GET /organizations/{}/teams?limit=100", text(organization));
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for round in 0..2 {
        let log = directory.path().join("platform.db-wal");
        limit(&server, Some(log.metadata().map_or(0, |file| file.len()) + 60_000));
        for number in 0..40 {
            let name = format!("team-{round}-{number}");
            let (status, answer) = create(&name);
            match status {
                200 => acknowledged.push(name),
                503 | 507 => {
                    assert!(answer.to_string().contains("The platform cannot read or write its database"));
                    refused += 1;
                }
                _ => panic!("{status} {answer}"),
            }
            // Reads still work, and return exactly what was acknowledged.
            if number % 20 == 0 {
                assert_eq!(names(&send(&ready, &key, &list, &Value::Null)).len(), acknowledged.len());
            }
        }
        limit(&server, None);
        let name = format!("after-{round}");
        assert_eq!(create(&name).0, 200);
        acknowledged.push(name);
    }
    assert!(refused > 20, "{refused}");
    acknowledged.sort();
    assert_eq!(names(&send(&ready, &key, &list, &Value::Null)), acknowledged);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let mut server = start(directory.path());
    let ready = server.ready();
    assert_eq!(names(&send(&ready, &key, &list, &Value::Null)), acknowledged);
}
