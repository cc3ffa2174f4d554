//! A provider that a person starts: its command line, and the debug mode to which hosts attach.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::generated::provider::{apply_resource_change, get_metadata, stop_provider};
use crate::host::{Channel, command, connect_to, end, example};
use crate::message::{configure, json, msgpack};
use crate::terraform::{Project, hosts};

/// A provider in debug mode.
struct Debugged {
    child: Child,
    /// What it prints before the command for hosts.
    greeting: String,
    /// The value of `TF_REATTACH_PROVIDERS`.
    variable: String,
    _sockets: tempfile::TempDir,
}

impl Debugged {
    /// Starts the example as a person does, without any of a host's variables.
    fn start(flag: &str) -> Self {
        let sockets = tempfile::tempdir().unwrap();
        let mut command = Command::new(example());
        command.arg(flag).env_clear().env("PLUGIN_UNIX_SOCKET_DIR", sockets.path());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
        let mut greeting = String::new();
        let variable = lines.find_map(|line| {
            greeting.push_str(&line);
            let value = line.strip_prefix("  export TF_REATTACH_PROVIDERS='")?;
            value.strip_suffix('\'').map(str::to_owned)
        });
        let variable = variable.unwrap_or_else(|| panic!("no command in {greeting}"));
        Self { child, greeting, variable, _sockets: sockets }
    }

    fn connection(&self) -> Value {
        let variable: Value = serde_json::from_str(&self.variable).unwrap();
        variable["example.com/tests/echo"].clone()
    }

    async fn connect(&self) -> Channel {
        connect_to(self.connection()["Addr"]["String"].as_str().unwrap()).await
    }

    /// Ends it as a person does.
    async fn interrupt(mut self) {
        let socket = self.connection()["Addr"]["String"].as_str().unwrap().to_owned();
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &process]).status().unwrap().success());
        assert!(end(&mut self.child).await.success());
        assert!(!Path::new(&socket).exists(), "the socket file is left behind");
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(errors, "");
    }
}

impl Drop for Debugged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_command_line_of_a_person_is_answered() {
    for (arguments, code, stdout, stderr) in [
        (&["--version"][..], 0, "terraform-provider-echo\n", ""),
        (&["--help"], 0, "terraform-provider-echo --debug", ""),
        (&["plan"], 2, "", "Unknown arguments: plan"),
        (&[], 1, "", "This program is a provider plugin."),
        (&[], 1, "", "\n  terraform init\n"),
    ] {
        let output = command(&[]).args(arguments).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(
            printed.contains(stdout) && printed.is_empty() == stdout.is_empty(),
            "{arguments:?}: {printed}"
        );
        assert!(errors.contains(stderr) && errors.is_empty() == stderr.is_empty(), "{arguments:?}: {errors}");
    }
}

/// Hosts open a connection for each provider block and each step of a run.
#[cfg(unix)]
#[tokio::test]
async fn hosts_that_attach_do_not_affect_each_other() {
    for flag in ["--debug", "-debug"] {
        let debugged = Debugged::start(flag);
        assert!(debugged.greeting.contains("The provider example.com/tests/echo is running."), "{flag}");
        let connection = debugged.connection();
        assert_eq!(connection["Pid"], debugged.child.id());
        assert_eq!((&connection["Protocol"], &connection["ProtocolVersion"]), (&"grpc".into(), &6.into()));
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let hosts = [debugged.connect().await, debugged.connect().await];
        for (host, folder) in hosts.iter().zip(&folders) {
            assert_eq!(configure(host, folder.path(), "unused-token").await, []);
        }
        // The first host stops. The second one is still configured for its own folder, and is not stopped.
        hosts[0].provider().stop_provider(stop_provider::Request {}).await.unwrap();
        for (host, folder, diagnostics) in [(&hosts[0], &folders[0], 1), (&hosts[1], &folders[1], 0)] {
            let note = serde_json::json!({ "id": "n", "name": "n", "text": "t", "colour": "c", "length": 1 });
            let request = apply_resource_change::Request {
                type_name: "echo_note".into(),
                prior_state: Some(msgpack(b"\xc0")),
                planned_state: Some(json(&note)),
                config: Some(json(&note)),
                ..apply_resource_change::Request::default()
            };
            let answer = host.provider().apply_resource_change(request).await.unwrap().into_inner();
            assert_eq!(answer.diagnostics.len(), diagnostics, "{flag}: {:?}", answer.diagnostics);
            assert_eq!(folder.path().join("n.note").exists(), diagnostics == 0, "{flag}");
        }
        // A host that attaches after a stop starts from the beginning.
        let third = debugged.connect().await;
        third.provider().get_metadata(get_metadata::Request {}).await.unwrap();
        assert_eq!(configure(&third, folders[0].path(), "unused-token").await, []);
        drop((hosts, third));
        debugged.interrupt().await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn real_hosts_attach_again_and_again() {
    for host in hosts() {
        let debugged = Debugged::start("--debug");
        // The host must not find the provider anywhere else.
        let project = Project::attached(&host, &debugged.variable);
        let other = tempfile::tempdir().unwrap();
        let other_note = other.path().join("second.note");
        project.configure(&format!(
            "provider \"echo\" {{\n  alias  = \"other\"\n  folder = \"{}\"\n}}\nresource \"echo_note\" \"one\" {{\n  \
             name = \"first\"\n  text = \"hello\"\n}}\nresource \"echo_note\" \"two\" {{\n  provider = \
             echo.other\n  name     = \"second\"\n  text     = \"hello\"\n}}\n",
            other.path().display()
        ));
        assert!(project.apply().contains("2 added"));
        // Each provider block has its own configuration, although one process serves both.
        assert!(project.note("first").exists() && other_note.exists());
        assert!(!project.plan_changes(), "a second run must find nothing to change");
        project.run(&["destroy", "-no-color", "-auto-approve"]);
        assert!(!project.note("first").exists() && !other_note.exists());
        debugged.interrupt().await;
    }
}
