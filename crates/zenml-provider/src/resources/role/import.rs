//! Import ids of roles: `[ORGANIZATION/]ID` or `[ORGANIZATION/]LEVEL/NAME`.

use tfkit::Diag;
use zenml_api::control::role::{self as api, RoleLevel};
use zenml_api::{OrganizationId, RoleId};

use crate::access::role::{roles, unknown_role};
use crate::client::Client;
use crate::control;

/// The role of an import id.
#[derive(Debug, PartialEq, Eq)]
enum Wanted<'a> {
    ById(RoleId),
    ByName(RoleLevel, &'a str),
}

/// Splits an import id into an organization, if it contains one, and a role. Names may contain slashes.
fn split(text: &str) -> Option<(Option<&str>, Wanted<'_>)> {
    let by_name = |level: &str, name| {
        let level = RoleLevel::parse(level);
        (level.is_known() && !str::trim(name).is_empty()).then_some(Wanted::ByName(level, name))
    };
    let Some((first, rest)) = text.split_once('/') else {
        return text.parse().ok().map(|id| (None, Wanted::ById(id)));
    };
    if let Some(wanted) = by_name(first, rest) {
        return Some((None, wanted));
    }
    let organization = Some(first).filter(|first| !first.trim().is_empty())?;
    let wanted = match rest.split_once('/') {
        Some((level, name)) => by_name(level, name)?,
        None => Wanted::ById(rest.parse().ok()?),
    };
    Some((Some(organization), wanted))
}

/// Returns the role of an import id, with its organization.
pub(super) async fn role(client: &Client, text: &str) -> Result<(OrganizationId, RoleId), Diag> {
    let (organization, wanted) = split(text).ok_or_else(|| unreadable(text))?;
    let organization = control::organization::written(client, organization).await?;
    let id = match wanted {
        Wanted::ById(id) => id,
        Wanted::ByName(level, name) => {
            let known = roles(client, organization).await?;
            known.named(&level, name).ok_or_else(|| unknown_role(&known, &level, name))?.id
        }
    };
    Ok((organization, id))
}

fn unreadable(text: &str) -> Diag {
    Diag::error(format!("Invalid import id {text:?}"))
        .why("Import ids of this type have the format ID or LEVEL/NAME, or ORGANIZATION/ before one of them.")
        .fix("The level is organization, workspace or project. The organization can be an id or a name.")
}

/// Returns the error for the import of a predefined role.
pub(super) fn predefined(role: &api::Role) -> Diag {
    let name = role.name.as_deref().unwrap_or_default();
    Diag::error(format!("Role {name:?} is predefined"))
        .why("Terraform can manage only custom roles. ZenML Pro manages the predefined ones itself.")
        .fix(format!(
            "To refer to it, use a data source:\n  data \"zenml_role\" \"NAME\" {{\n    name  = {name:?}\n    level = \
             \"{}\"\n  }}",
            role.level
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_id_is_an_id_or_a_level_and_a_name_with_an_organization_before_it() {
        const ID: &str = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
        let id = || Wanted::ById(ID.parse().unwrap());
        let named = |name| Wanted::ByName(RoleLevel::Workspace, name);
        for (text, expected) in [
            (ID.to_owned(), Some((None, id()))),
            (format!("acme/{ID}"), Some((Some("acme"), id()))),
            (format!("{ID}/{ID}"), Some((Some(ID), id()))),
            ("workspace/Deployer".to_owned(), Some((None, named("Deployer")))),
            ("workspace/a/b".to_owned(), Some((None, named("a/b")))),
            ("acme/workspace/Deployer".to_owned(), Some((Some("acme"), named("Deployer")))),
            ("Deployer".to_owned(), None),
            ("planet/Deployer".to_owned(), None),
            ("acme/planet/Deployer".to_owned(), None),
            ("workspace/".to_owned(), None),
            (format!("/{ID}"), None),
            (String::new(), None),
        ] {
            assert_eq!(split(&text), expected, "{text:?}");
        }
    }
}
