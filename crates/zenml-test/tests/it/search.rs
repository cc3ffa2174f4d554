//! Finding the server.

use std::fs;
use std::path::Path;

use zenml_test::{NoServer, Search, VERSION};

/// Creates a directory that looks like a virtual environment with cloud packages.
fn environment_in(directory: &Path) {
    fs::create_dir_all(directory.join("bin")).unwrap();
    for package in ["aws_profile_manager", "boto3", "kubernetes"] {
        fs::create_dir_all(directory.join("lib/python3/site-packages").join(package)).unwrap();
    }
    fs::write(directory.join("bin/python"), "").unwrap();
}

#[test]
fn without_a_server_tests_are_skipped_unless_it_is_required() {
    let cache = tempfile::tempdir().unwrap();
    for (required, skipped) in [(false, true), (true, false)] {
        let search = Search { named: None, cache: cache.path().to_owned(), required };
        let why = search.environment().unwrap_err();
        assert_eq!(matches!(why, NoServer::Skipped(_)), skipped);
        assert!(why.to_string().contains("scripts/zenml-server"), "{why}");
    }
}

#[test]
fn a_specified_environment_must_exist() {
    let cache = tempfile::tempdir().unwrap();
    let named = cache.path().join("mine");
    let search = Search { named: Some(named.clone()), cache: cache.path().to_owned(), required: false };
    let why = search.environment().unwrap_err();
    assert!(matches!(&why, NoServer::Failed(why) if why.contains("mine")), "{why}");
    environment_in(&named);
    assert_eq!(search.environment().unwrap().directory(), named);
    fs::remove_dir(named.join("lib/python3/site-packages/boto3")).unwrap();
    let why = search.environment().unwrap_err();
    assert!(matches!(&why, NoServer::Failed(why) if why.contains("package boto3")), "{why}");
}

#[test]
fn an_incomplete_environment_is_not_used() {
    let cache = tempfile::tempdir().unwrap();
    let search = Search { named: None, cache: cache.path().to_owned(), required: false };
    let directory = cache.path().join(format!("zenml-server-{VERSION}"));
    environment_in(&directory);
    search.environment().unwrap_err();
    fs::write(directory.join("complete"), "").unwrap();
    assert_eq!(search.environment().unwrap().directory(), directory);
}
