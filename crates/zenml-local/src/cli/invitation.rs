//! `zenml-local invite` and `zenml-local accept`.

use std::time::Duration;

use serde::Serialize;
use zenml_api::Sensitive;

use super::configuration::{Accept, DatabaseOption, Invite};
use super::failure::Failure;
use super::terminal::Output;
use crate::control::invitation::{Rules, accept_all, invite_by_name};
use crate::control::limit::Limits;
use crate::store::{Database, Store};

/// What `accept --json` prints.
#[derive(Serialize)]
struct Login {
    username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Sensitive<String>>,
    organizations: Vec<String>,
}

pub(super) fn invite(options: &Invite) -> Result<(), Failure> {
    let Invite { email, organization, role, hours, .. } = options;
    let rules = Rules { lifetime: Duration::from_hours((*hours).into()), limits: Limits::default() };
    let invitation = with_store(&options.database, async |store| {
        Ok(invite_by_name(store, email, organization.as_deref(), role, rules).await?)
    })?;
    let mut out = Output::new();
    out.line(format_args!("Invited {email} with the role {role}. The invitation is {}.", invitation.id))?;
    out.line(format_args!("To accept it for the person: zenml-local accept {email}"))?;
    Ok(out.finish()?)
}

pub(super) fn accept(options: &Accept) -> Result<(), Failure> {
    let accepted = with_store(&options.database, async |store| Ok(accept_all(store, &options.email).await?))?;
    let login = Login {
        username: accepted.username,
        password: accepted.password,
        organizations: accepted.organizations,
    };
    let mut out = Output::new();
    if options.json {
        out.json(&login)?;
        return Ok(out.finish()?);
    }
    let Login { username, password, organizations } = login;
    out.line(format_args!("{username} is now a member of {}.", organizations.join(", ")))?;
    match password {
        Some(password) => {
            out.line(format_args!(
                "The new account can log in with this password, which is not shown again:"
            ))?;
            out.line(format_args!("  {}", password.expose()))?;
        }
        None => out.line("The account existed before: its password has not changed.")?,
    }
    Ok(out.finish()?)
}

/// Opens the database of a platform, running or not, and changes it.
fn with_store<T>(
    database: &DatabaseOption,
    work: impl AsyncFnOnce(&Store) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Database::File(path) = database.resolve()? else {
        return Err("an ephemeral database cannot be changed from outside its process".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open_beside(&path).await?;
        let result = work(&store).await;
        store.close().await;
        result
    })
}
