//! Starting the platform as a process, and what its user reads when that fails.

use std::path::Path;

use tempfile::TempDir;
use xtask::demo::platform::Platform;

#[tokio::test]
async fn a_platform_that_ends_before_it_is_ready_is_reported_with_its_own_words() {
    let home = TempDir::new().unwrap();
    // A program that is surely there, and that knows no `serve`.
    let failure = Platform::start(Path::new(env!("CARGO")), home.path(), "it").await.unwrap_err().to_string();
    assert!(failure.starts_with("the local platform did not start: it ended with exit status"), "{failure}");
    assert!(failure.contains("no such command: `serve`"), "{failure}");
}

#[tokio::test]
async fn a_binary_that_is_not_built_is_named_with_the_command_that_builds_it() {
    let home = TempDir::new().unwrap();
    let failure = Platform::start(&home.path().join("zenml-local"), home.path(), "it").await.unwrap_err();
    assert!(failure.to_string().contains("cargo build --bin zenml-local"), "{failure}");
}
