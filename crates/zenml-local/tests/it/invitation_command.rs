//! `zenml-local invite` and `zenml-local accept`, while the platform runs and while it does not.

use serde_json::{Value, json};

use crate::process::{Server, database, login, run, send};
use crate::support::text;

const EMAIL: &str = "new.person@example.org";

#[test]
fn an_invited_person_gets_a_login_while_the_platform_runs() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path(), &[]);
    let ready = server.ready();
    let database = database(directory.path());
    let (status, out, error) =
        run(&["invite", EMAIL, "--role", "Organization Viewer", "--database", &database]);
    assert!(status.success() && out.contains("Invited new.person@example.org"), "{out}{error}");
    let (status, out, error) = run(&["accept", "New.Person@example.org", "--json", "--database", &database]);
    assert!(status.success(), "{out}{error}");
    let accepted: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&accepted["username"], &accepted["organizations"]), (&json!(EMAIL), &json!(["local"])));

    let token = login(&ready, &format!("username={EMAIL}&password={}", text(&accepted["password"])));
    let organization = text(&ready["organization_id"]);
    let (status, members) =
        send(&ready, &token, &format!("GET /organizations/{organization}/members"), &Value::Null);
    assert_eq!(status, 200, "{members}");
    let (status, _) = send(&ready, &token, &format!("GET /organizations/{organization}/teams"), &Value::Null);
    assert_eq!(status, 200);
    server.terminate();

    // Also without the platform; the account exists now.
    let key = text(&ready["service_account_key"]);
    let mut server = Server::start(directory.path(), &[]);
    let ready = server.ready();
    let (_, me) = send(&ready, &token, "GET /users/me", &Value::Null);
    let leave = format!("DELETE /organizations/{organization}/members?user_id={}", text(&me["id"]));
    assert_eq!(send(&ready, &key, &leave, &Value::Null).0, 200);
    server.terminate();
    let (status, _, error) = run(&["accept", EMAIL, "--database", &database]);
    assert!(!status.success() && error.contains("has no pending invitation"), "{error}");
    assert!(run(&["invite", EMAIL, "--database", &database]).0.success());
    let (status, out, _) = run(&["accept", EMAIL, "--database", &database]);
    assert!(status.success() && out.contains("its password has not changed"), "{out}");
}

#[test]
fn an_invitation_from_the_command_line_obeys_the_rules_of_the_platform() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(directory.path());
    let refused = |arguments: &[&str], expected: &str| {
        let (status, out, error) = run(&[arguments, &["--database", &database]].concat());
        assert!(!status.success() && error.contains(expected), "{arguments:?}: {out}{error}");
        assert!(out.is_empty(), "{out}");
    };
    refused(&["invite", EMAIL], "does not exist");
    let mut server = Server::start(directory.path(), &[]);
    server.ready();
    server.terminate();
    refused(&["invite", "not an address"], "e-mail address");
    refused(&["invite", EMAIL, "--organization", "other"], r#"the organization "other" does not exist"#);
    refused(
        &["invite", EMAIL, "--role", "Workspace Admin"],
        r#"no organization-level role "Workspace Admin""#,
    );
    assert!(run(&["invite", EMAIL, "--database", &database]).0.success());
    refused(&["invite", EMAIL], "already has a pending invitation");
}
