//! Interpreters and environments that cannot run a server: each is the reason of a failed workspace, which recovers when
//! the cause is gone and it is activated again. No test needs the network: pip installs a stub from a folder.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Duration, Instant};

use super::python;
use super::served::{Platform, Settings, processes, signal};
use super::stub;

/// A folder with all that pip and the platform find: programs, settings of pip, packages, a cache.
struct Machine {
    folder: TempDir,
    base: PathBuf,
}

impl Machine {
    fn new() -> Option<Self> {
        let found = python()?;
        // The interpreter below the environment, so that environments made from it are empty.
        let asked =
            Command::new(found).args(["-c", "import sys; print(sys._base_executable)"]).output().unwrap();
        let base = PathBuf::from(String::from_utf8(asked.stdout).unwrap().trim());
        let folder = tempfile::tempdir().unwrap();
        let machine = Self { folder, base };
        fs::create_dir(machine.path("bin")).unwrap();
        for version in ["0.97.0", "0.98.0"] {
            stub::wheel(&machine.base, &machine.path("wheels"), version);
        }
        machine.link_python();
        machine.configure_pip(&machine.offline());
        Some(machine)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The interpreter that the platform finds is the real one.
    fn link_python(&self) {
        self.write_python(&format!("exec '{}' \"$@\"", self.base.display()));
    }

    /// The interpreter that the platform finds runs this script.
    fn write_python(&self, script: &str) {
        let path = self.path("bin").join("python3");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn configure_pip(&self, settings: &str) {
        fs::write(self.path("pip.conf"), format!("[global]\nretries = 1\n{settings}\n")).unwrap();
    }

    /// Settings of pip that find the stub, without the network.
    fn offline(&self) -> String {
        format!("no-index = true\nfind-links = {}", self.path("wheels").display())
    }

    fn settings(&self) -> Settings {
        Settings::cached(&self.path("cache"))
            .variable("PATH", self.path("bin"))
            .variable("PIP_CONFIG_FILE", self.path("pip.conf"))
    }
}

/// What is wrong with a machine: how it is made so, the reason, and how it is mended.
struct Wrong {
    make: fn(&Machine),
    reasons: &'static [&'static str],
    mend: fn(&Machine),
}

const ROWS: &[Wrong] = &[
    Wrong {
        make: |machine| fs::remove_file(machine.path("bin").join("python3")).unwrap(),
        reasons: &["There is no Python 3.10 to 3.14, which a ZenML server requires. Install it"],
        mend: Machine::link_python,
    },
    Wrong {
        make: |machine| machine.write_python("echo 3 9"),
        reasons: &[
            "A ZenML server requires Python 3.10 to 3.14, but python3 is Python 3.9. Install another one",
        ],
        mend: Machine::link_python,
    },
    Wrong {
        make: |machine| machine.write_python("echo 3 15"),
        reasons: &["but python3 is Python 3.15"],
        mend: Machine::link_python,
    },
    Wrong {
        // As on systems where these modules are packages of their own.
        make: |machine| {
            let hide = "import sys; sys.modules['ensurepip'] = None; exec(sys.argv[1])";
            machine
                .write_python(&format!("shift 2; exec '{}' -I -c \"{hide}\" \"$@\"", machine.base.display()));
        },
        reasons: &["without the modules venv and ensurepip", "Install them, such as the package python3."],
        mend: Machine::link_python,
    },
    Wrong {
        // A folder of packages does not make an index that does not answer one without the version.
        make: |machine| {
            let links = format!(
                "index-url = http://127.0.0.1:9/simple\nfind-links = {}",
                machine.path("old").display()
            );
            stub::wheel(&machine.base, &machine.path("old"), "0.1.0");
            machine.configure_pip(&links);
        },
        reasons: &[
            "it cannot reach its package index: ",
            "Connection refused. Check the network",
            "PIP_INDEX_URL",
        ],
        mend: |machine| machine.configure_pip(&machine.offline()),
    },
    Wrong {
        make: |machine| fs::remove_file(machine.path("wheels/zenml-0.98.0-py3-none-any.whl")).unwrap(),
        reasons: &["ZenML 0.98.0 does not exist. The newest versions are: 0.97.0."],
        mend: |machine| stub::wheel(&machine.base, &machine.path("wheels"), "0.98.0"),
    },
    Wrong {
        make: |machine| {
            machine.write_python(&format!(
                "case \"$*\" in *venv*) [ \"$2\" = -c ] || kill -9 $$;; esac; exec '{}' \"$@\"",
                machine.base.display()
            ));
        },
        reasons: &[
            "The creation of the environment was ended by signal 9",
            "Activate the workspace to try again.",
        ],
        mend: Machine::link_python,
    },
    Wrong {
        make: |machine| {
            fs::remove_dir_all(machine.path("cache/zenml-local")).unwrap();
            fs::write(machine.path("cache/zenml-local"), "").unwrap();
        },
        reasons: &["zenml-0.98.0 cannot be created: ", "XDG_CACHE_HOME selects another place"],
        mend: |machine| fs::remove_file(machine.path("cache/zenml-local")).unwrap(),
    },
];

#[tokio::test]
async fn what_keeps_a_server_from_being_installed_is_the_reason_of_a_failed_workspace_until_it_is_gone() {
    let Some(machine) = Machine::new() else { return };
    let environment = stub::place(&machine.path("cache"), "0.98.0");
    let mut platform: Option<Platform> = None;
    for wrong in ROWS {
        (wrong.make)(&machine);
        // Each activation looks again, and finds the next cause.
        let platform = match &mut platform {
            None => {
                let platform = platform.insert(Platform::start(machine.settings()).await);
                platform.create("alpha").await;
                platform
            }
            Some(platform) => {
                platform.activate("alpha").await;
                platform
            }
        };
        let reason = platform.fails("alpha").await;
        for expected in wrong.reasons {
            assert!(reason.contains(expected), "{reason}\n  instead of\n{expected}");
        }
        assert!(!environment.exists(), "{reason}: nothing half is left");
        (wrong.mend)(&machine);
    }
    // The disk is full: a limit for files is also one for all that the platform starts.
    let platform = platform.unwrap();
    let log = platform.folder.path().join("platform.db-wal").metadata().unwrap().len();
    platform.limit_files(Some(log + 300_000));
    platform.activate("alpha").await;
    let reason = platform.fails("alpha").await;
    assert!(reason.contains("ZenML does not fit into ") && reason.contains("Free some space"), "{reason}");
    platform.limit_files(None);
    platform.activate("alpha").await;
    platform.becomes("alpha", "available").await;
}

#[tokio::test]
async fn an_interpreter_that_cannot_run_a_server_is_the_reason_of_a_failed_workspace() {
    let Some(machine) = Machine::new() else { return };
    let environment = machine.path("named");
    let interpreter = environment.join("bin/python");
    let platform = Platform::start(Settings::with(&interpreter)).await;
    platform.create("alpha").await;
    let path = interpreter.display();
    let install = format!("Install it with: {path} -m pip install 'zenml[server]==0.98.0'");
    let expect = async |expected: &str| {
        let reason = platform.fails("alpha").await;
        assert!(reason.contains(expected), "{reason}\n  instead of\n{expected}");
    };
    expect(&format!("{path} cannot be run: No such file or directory (os error 2). Check --zenml-python."))
        .await;

    let again = async || {
        platform.activate("alpha").await;
        assert_ne!(platform.get("alpha").await["state_reason"], "The server");
    };
    stub::bare(&machine.base, &environment);
    again().await;
    expect(&format!("does not have ZenML. {install}")).await;

    stub::install(&environment, "0.98.0");
    fs::remove_file(stub::packages(&environment).join("uvicorn.py")).unwrap();
    again().await;
    expect(&format!("has ZenML without its server: uvicorn is missing. {install}")).await;

    fs::remove_dir_all(stub::packages(&environment)).unwrap();
    fs::create_dir(stub::packages(&environment)).unwrap();
    stub::install(&environment, "0.97.0");
    again().await;
    expect("has ZenML 0.97.0, but the workspace requires 0.98.0. Change the version of the workspace").await;

    fs::remove_dir_all(stub::packages(&environment)).unwrap();
    fs::create_dir(stub::packages(&environment)).unwrap();
    stub::install(&environment, "0.98.0");
    again().await;
    platform.becomes("alpha", "available").await;
}

#[tokio::test]
async fn an_installation_that_is_not_wanted_any_more_ends_at_once_and_one_that_was_killed_is_tried_again() {
    let Some(machine) = Machine::new() else { return };
    // An index that accepts connections, and never answers.
    let index = TcpListener::bind("127.0.0.1:0").unwrap();
    machine.configure_pip(&format!("index-url = http://{}/simple", index.local_addr().unwrap()));
    let mut platform = Platform::start(machine.settings()).await;
    let cache = machine.path("cache").to_string_lossy().into_owned();
    let pip = async |platform: &Platform| {
        let installs = |found: &serde_json::Value| {
            let text = found["state_reason"].as_str().unwrap_or_default().to_owned();
            assert!(found["status"] == "pending", "{found}");
            text.contains("Installing ZenML 0.98.0 into ")
                && processes(&cache).iter().any(|pid| command(*pid).contains("pip install"))
        };
        platform.until("alpha", installs).await;
        processes(&cache)
    };

    platform.create("alpha").await;
    pip(&platform).await;
    let begin = Instant::now();
    platform.delete("alpha").await;
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert!(processes(&cache).is_empty() && platform.workspaces().is_empty());

    // Killed, as by a system without memory.
    platform.create("alpha").await;
    for process in pip(&platform).await {
        signal(process, "-KILL");
    }
    let reason = platform.fails("alpha").await;
    assert!(reason.contains("The installation of ZenML was ended by signal 9"), "{reason}");

    // The platform is killed, and pip goes on: the next platform waits until it has ended.
    platform.activate("alpha").await;
    let left = pip(&platform).await;
    platform.kill();
    platform.start_again().await;
    platform
        .until("alpha", |found| {
            found["state_reason"]
                .as_str()
                .unwrap()
                .contains("Waiting for another process that installs ZenML 0.98.0")
        })
        .await;
    machine.configure_pip(&machine.offline());
    for process in left {
        signal(process, "-KILL");
    }
    platform.becomes("alpha", "available").await;
}

#[tokio::test]
async fn two_platforms_that_need_the_same_version_install_it_once() {
    let Some(machine) = Machine::new() else { return };
    let one = Platform::start(machine.settings()).await;
    let other = Platform::start(machine.settings()).await;
    one.create("alpha").await;
    other.create("alpha").await;
    one.becomes("alpha", "available").await;
    other.becomes("alpha", "available").await;
    let logs = [&one, &other]
        .map(|platform| fs::read_to_string(platform.folder.path().join("platform.log")).unwrap());
    let count = |text: &str| logs.iter().filter(|log| log.contains(text)).count();
    assert_eq!((count("Installing ZenML 0.98.0"), count("Waiting for another process")), (1, 1), "{logs:?}");

    // An environment that does not work any more is made again.
    let environment = stub::place(&machine.path("cache"), "0.98.0");
    fs::remove_file(stub::packages(&environment).join("uvicorn.py")).unwrap();
    one.change("alpha", json!({ "desired_state": "deactivated" })).await;
    one.becomes("alpha", "deactivated").await;
    one.activate("alpha").await;
    one.becomes("alpha", "available").await;
}

fn command(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}
