//! Names of folders, files and headings, as the registry and its generator expect them.

use crate::schema::Kind;

/// Returns the folder of the pages of a kind, which is also that of its examples.
pub(super) const fn folder(kind: Kind) -> &'static str {
    match kind {
        Kind::Resource => "resources",
        Kind::DataSource => "data-sources",
        Kind::EphemeralResource => "ephemeral-resources",
        Kind::Action => "actions",
        Kind::ListResource => "list-resources",
    }
}

/// Returns the name of the main example of a kind.
pub(super) const fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Resource => "resource.tf",
        Kind::DataSource => "data-source.tf",
        Kind::EphemeralResource => "ephemeral-resource.tf",
        Kind::Action => "action.tf",
        Kind::ListResource => "list-resource.tfquery.hcl",
    }
}

/// Returns the name of a kind in headings.
pub(super) const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Resource => "Resource",
        Kind::DataSource => "Data Source",
        Kind::EphemeralResource => "Ephemeral Resource",
        Kind::ListResource => "List Resource",
        Kind::Action => "Action",
    }
}

/// Returns the first versions of the hosts that support a kind; `None` if all do.
pub(super) const fn hosts(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Resource | Kind::DataSource => None,
        Kind::EphemeralResource => Some("Terraform 1.10 or later, or OpenTofu 1.11 or later"),
        Kind::ListResource | Kind::Action => Some("Terraform 1.14 or later"),
    }
}
