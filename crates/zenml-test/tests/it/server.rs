//! A server that does not start. The contract's test starts one, uses it, and ends it.

use std::os::unix::fs::PermissionsExt as _;

use zenml_test::{RealServer, Search, StartError};

#[test]
fn the_error_of_a_failed_start_contains_the_end_of_the_log() {
    let cache = tempfile::tempdir().unwrap();
    let binaries = cache.path().join("broken/bin");
    for package in ["aws_profile_manager", "boto3", "kubernetes"] {
        let packages = cache.path().join("broken/lib/python3/site-packages");
        std::fs::create_dir_all(packages.join(package)).unwrap();
    }
    std::fs::create_dir_all(&binaries).unwrap();
    let python = binaries.join("python");
    std::fs::write(&python, "#!/bin/sh\necho no module is named so >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    let named = Some(cache.path().join("broken"));
    let search = Search { named, cache: cache.path().join("cache"), required: false };
    let error = RealServer::start(&search.environment().unwrap()).unwrap_err();
    assert!(matches!(error, StartError::Ended { .. }), "{error:?}");
    assert!(error.to_string().contains("no module is named so"), "{error}");
}
