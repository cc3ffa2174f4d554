//! The files that pages are generated from and written to.

use std::collections::BTreeMap;

/// Files by their path from the root of the repository, with `/` between the parts.
pub type Files = BTreeMap<String, String>;

/// Returns whether it is a Terraform file: a configuration or a query.
pub(super) fn is_configuration(path: &str) -> bool {
    [".tf", ".tfquery.hcl"].iter().any(|ending| path.ends_with(ending))
}
