//! The files that pages are generated from and written to.

use std::collections::BTreeMap;
use std::path::Path;

/// Files by their path from the root of the repository, with `/` between the parts.
pub type Files = BTreeMap<String, String>;

/// Returns whether it is a Terraform file.
pub(super) fn is_configuration(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "tf")
}
