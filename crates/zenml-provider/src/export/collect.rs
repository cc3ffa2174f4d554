//! Reading the objects to export.

use std::collections::BTreeSet;

use tfkit::engine::{ConfigureRequest, ListRequest};
use tfkit::export::Item;
use tfkit::{Diag, Dyn, Engine, Kind, Partial};

use super::console::Console;
use crate::Environment;
use crate::configuration::Configuration;
use crate::resolve::resolve;

const WORKSPACE: &str = "zenml_workspace";
/// Exported only on request, because other types contain the same: a team contains its members.
const REDUNDANT: [&str; 1] = ["zenml_team_membership"];
const WORKSPACE_ID: &str = "workspace_id";

/// After so many objects of a type, the progress is shown.
const SHOWN_EVERY: usize = 500;

/// Returns whether the environment selects a control plane. Otherwise it selects a server.
pub(super) fn has_control_plane(environment: &Environment) -> Result<bool, Diag> {
    let block = Partial::<Configuration>::new(Dyn::map::<String>([]));
    resolve(&block, environment).map(|resolved| resolved.control_plane.is_some())
}

/// What to export.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    /// The name or the id of the only workspace.
    workspace: Option<&'a str>,
    /// Full names of the types.
    types: BTreeSet<String>,
    has_control_plane: bool,
}

impl<'a> Wish<'a> {
    pub(super) fn new(
        engine: &Engine,
        workspace: Option<&'a str>,
        types: &[String],
        has_control_plane: bool,
    ) -> Result<Self, Diag> {
        let all = engine.names(Kind::ListResource);
        if !has_control_plane && workspace.is_some() {
            return Err(Diag::error("--workspace requires ZenML Pro")
                .why("The environment selects a single server, which has no workspaces.")
                .fix("Remove --workspace, or set ZENML_CONTROL_PLANE_URL and ZENML_SERVICE_ACCOUNT_KEY."));
        }
        let mut wanted = BTreeSet::new();
        for name in types {
            let full =
                if all.contains(&name.as_str()) { name.clone() } else { format!("{}_{name}", engine.name()) };
            if !all.contains(&full.as_str()) {
                return Err(Diag::error(format!("There is no type {name:?} to export"))
                    .fix(format!("Choose one of: {}.", all.join(", "))));
            }
            wanted.insert(full);
        }
        if wanted.is_empty() {
            let all = all.into_iter().filter(|name| !REDUNDANT.contains(name));
            wanted = all.map(str::to_owned).collect();
        }
        let is_pro = |name: &str| {
            let schema = engine.schema(Kind::Resource, name);
            schema.is_some_and(|schema| schema.about.category == Some("ZenML Pro"))
        };
        wanted.retain(|name| has_control_plane || !is_pro(name));
        Ok(Self { workspace, types: wanted, has_control_plane })
    }
}

/// Lists objects and generates their configurations.
pub(super) struct Collector<'a> {
    engine: &'a Engine,
    console: Console,
    items: Vec<Item>,
    warned: BTreeSet<String>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(engine: &'a Engine, console: Console) -> Self {
        Self { engine, console, items: Vec::new(), warned: BTreeSet::new() }
    }

    pub(super) async fn collect(mut self, wish: &Wish<'_>) -> Result<Vec<Item>, Diag> {
        let schema = self.engine.provider_schema();
        let config = Dyn::map(schema.attributes.iter().map(|attribute| (attribute.name, Dyn::Null)));
        let host_version = env!("CARGO_PKG_VERSION").to_owned();
        self.tell(self.engine.configure(ConfigureRequest { host_version, config }).await)?;
        if wish.has_control_plane {
            self.organization(wish).await?;
        } else {
            for type_name in &wish.types {
                self.list(type_name, &[], "the server").await?;
            }
        }
        Ok(self.items)
    }

    async fn organization(&mut self, wish: &Wish<'_>) -> Result<(), Diag> {
        let workspaces = self.workspaces(wish).await?;
        let (inside, outside): (Vec<&String>, Vec<&String>) =
            wish.types.iter().filter(|name| *name != WORKSPACE).partition(|name| self.is_in_workspace(name));
        if wish.workspace.is_none() {
            for type_name in outside {
                self.list(type_name, &[], "the organization").await?;
            }
        }
        for workspace in workspaces {
            let text = |name: &str| workspace.state.attribute(name).as_str().unwrap_or_default().to_owned();
            let (id, status) = (text("id"), text("status"));
            if status == "available" {
                for type_name in &inside {
                    let place = format!("workspace {:?}", workspace.name);
                    self.list(type_name, &[(WORKSPACE_ID, &id)], &place).await?;
                }
            } else {
                let name = &workspace.name;
                self.console.diagnostic(
                    &Diag::warning(format!("Workspace {name:?} is {status}: its contents are not exported"))
                        .fix("Activate it, and export it with --workspace."),
                );
            }
            if wish.types.contains(WORKSPACE) {
                self.items.push(workspace);
            }
        }
        Ok(())
    }

    /// Returns the workspaces, which are read even if they are not exported.
    async fn workspaces(&mut self, wish: &Wish<'_>) -> Result<Vec<Item>, Diag> {
        let before = self.items.len();
        let filters: Vec<(&str, &str)> = match wish.workspace {
            Some(name) if uuid::Uuid::try_parse(name).is_err() => vec![("name", name)],
            _ => Vec::new(),
        };
        self.list(WORKSPACE, &filters, "the organization").await?;
        let mut found = self.items.split_off(before);
        if let Some(wanted) = wish.workspace {
            let is_it = |item: &Item| {
                item.name == wanted || item.state.attribute("id").as_str() == Some(&wanted.to_lowercase())
            };
            found.retain(is_it);
            if found.is_empty() {
                return Err(Diag::error(format!("There is no workspace {wanted:?}"))
                    .why("It does not exist, or the key has no access to it.")
                    .fix("Correct --workspace, or use a key with access to the workspace."));
            }
        }
        Ok(found)
    }

    fn is_in_workspace(&self, type_name: &str) -> bool {
        let schema = self.engine.schema(Kind::ListResource, type_name);
        schema.is_some_and(|schema| schema.attributes.iter().any(|attribute| attribute.name == WORKSPACE_ID))
    }

    /// Adds all objects of a type.
    async fn list(&mut self, type_name: &str, filters: &[(&str, &str)], place: &str) -> Result<(), Diag> {
        let schema = self.engine.schema(Kind::ListResource, type_name);
        let schema = schema.ok_or_else(|| Diag::bug(format!("{type_name} cannot be listed")))?;
        let value = |name: &str| {
            let given = filters.iter().find(|(given, _)| *given == name);
            given.map_or(Dyn::Null, |(_, value)| Dyn::string(*value))
        };
        let config =
            Dyn::map(schema.attributes.iter().map(|attribute| (attribute.name, value(attribute.name))));
        let type_name = type_name.to_owned();
        let request =
            ListRequest { type_name: type_name.clone(), config, include_resource: true, limit: None };
        let mut list = self.engine.list(request);
        let mut count = 0;
        while let Some(mut event) = list.next().await {
            self.tell(std::mem::take(&mut event.diags))?;
            if event.object.is_null() {
                continue;
            }
            let (item, diags) = self.engine.export(&type_name, event).await?;
            self.tell(diags)?;
            self.items.push(item);
            count += 1;
            if count % SHOWN_EVERY == 0 {
                self.console.say(&format!("{type_name} in {place}: {count} so far"));
            }
        }
        self.console.say(&format!("{type_name} in {place}: {count}"));
        Ok(())
    }

    /// Prints each warning once. An error ends the export.
    fn tell(&mut self, diags: Vec<Diag>) -> Result<(), Diag> {
        for diag in diags {
            if diag.is_error() {
                return Err(diag);
            }
            if self.warned.insert(diag.summary.clone()) {
                self.console.diagnostic(&diag);
            }
        }
        Ok(())
    }
}
