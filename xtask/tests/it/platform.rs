//! Starting the platform as a process, and the errors of a failed start.

use std::path::Path;

use tempfile::TempDir;
use xtask::demo::platform::Platform;

#[tokio::test]
async fn the_error_of_a_platform_that_ends_before_it_is_ready_contains_its_output() {
    let home = TempDir::new().unwrap();
    // A program that exists and does not have a command `serve`.
    let failure =
        Platform::start(Path::new(env!("CARGO")), home.path(), "it", None).await.unwrap_err().to_string();
    assert!(failure.starts_with("the local platform did not start: it ended with exit status"), "{failure}");
    assert!(failure.contains("no such command: `serve`"), "{failure}");
}

#[tokio::test]
async fn the_error_for_a_missing_binary_contains_the_command_that_builds_it() {
    let home = TempDir::new().unwrap();
    let failure =
        Platform::start(&home.path().join("zenml-local"), home.path(), "it", None).await.unwrap_err();
    assert!(failure.to_string().contains("cargo build --bin zenml-local"), "{failure}");
}
