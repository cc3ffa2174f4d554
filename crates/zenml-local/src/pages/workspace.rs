//! Workspaces: a list of them, and a page for each.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;
use zenml_api::IdOrName;
use zenml_api::control::workspace::WorkspaceStatus;

use super::html::{HOME, WORKSPACES, page, shortened};
use super::link::Linked;
use super::session::Visitor;
use super::sign_in;
use crate::control::workspace::{self, Shown};
use crate::engine::EngineKind;
use crate::error::Result;
use crate::http::{Cx, PageRequest, Pages};

pub(super) fn routes(pages: Pages) -> Pages {
    pages.get(HOME, home).get("/pages/workspaces/{name}", show)
}

async fn home(cx: Cx, request: PageRequest) -> Result<Response> {
    let Some(visitor) = Visitor::of(&cx).await? else { return Ok(sign_in::required(&request)) };
    let workspaces = visitor.cx.read(async |tx| workspace::enterable(tx).await).await?;
    let content = html! {
        h1 { "Workspaces" }
        @if workspaces.is_empty() {
            p { "No workspace that you can log in to is available. Ask an administrator for a role in one." }
        } @else {
            p { "You can log in to these workspaces:" }
            ul.list {
                @for workspace in &workspaces {
                    li {
                        a href={ (WORKSPACES) "/" (workspace.id) } { (workspace.name) }
                        span { (workspace.organization.name) }
                    }
                }
            }
        }
    };
    Ok(page(StatusCode::OK, "Workspaces", Some(&visitor), &content))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Query {
    /// Address below the workspace in ZenML's dashboard.
    at: String,
}

async fn show(cx: Cx, request: PageRequest) -> Result<Response> {
    let Some(visitor) = Visitor::of(&cx).await? else { return Ok(sign_in::required(&request)) };
    let which = IdOrName::parse(&request.parameter);
    match visitor.cx.read(async |tx| workspace::shown(tx, &which).await).await {
        Ok(shown) => {
            let linked = Linked::parse(&request.query::<Query>().at);
            let content = described(&shown, linked.as_ref(), &cx.shared().base_url);
            Ok(page(StatusCode::OK, &shown.workspace.name, Some(&visitor), &content))
        }
        Err(error) if error.status() == StatusCode::NOT_FOUND => Ok(missing(&visitor, &request.parameter)),
        Err(error) => Err(error),
    }
}

/// The page is the same for a workspace that does not exist and for one that the person has no access to.
fn missing(visitor: &Visitor, name: &str) -> Response {
    let content = html! {
        h1 { "Not found" }
        p { "Workspace “" (shortened(name)) "” does not exist, or you have no access to it." }
        p {
            "You are signed in as " strong { (visitor.identity.username) } ". If you expected to see the workspace, ask an "
            "administrator of its organization for a role in it, or sign out and use another account."
        }
        p { a href=(HOME) { "Show workspaces" } }
    };
    page(StatusCode::NOT_FOUND, "Not found", Some(visitor), &content)
}

fn described(shown: &Shown, linked: Option<&Linked>, base_url: &str) -> Markup {
    let workspace = &shown.workspace;
    let status = workspace.zenml_service.as_ref().and_then(|service| service.status.as_ref());
    let version = status.and_then(|status| status.version.as_deref());
    let name = &workspace.name;
    let runs_on = match shown.engine {
        Some(EngineKind::Embedded) => "the local platform itself, without pipelines",
        Some(EngineKind::Zenml) => "a ZenML server that the local platform runs",
        None => "a ZenML server that its operator runs",
    };
    html! {
        h1 { (name) }
        @if let Some(description) = &workspace.description { p { (description) } }
        @if let Some(linked) = linked {
            p { "The link is for " (linked.what) " in ZenML’s dashboard, which the local platform does not have. Use the client:" }
            (command(&linked.command.iter().map(String::as_str).collect::<Vec<_>>()))
        }
        dl {
            dt { "Status" }
            dd {
                span.status data-status=(workspace.status) { (workspace.status) }
                @if !workspace.state_reason.is_empty() { p.reason { (workspace.state_reason) } }
            }
            dt { "Organization" } dd { (workspace.organization.name) }
            dt { "ID" } dd { code { (workspace.id) } }
            dt { "Runs on" } dd { (runs_on) }
            @if let Some(status) = status { dt { "Address" } dd { code { (status.server_url) } } }
            @if let Some(version) = version { dt { "ZenML" } dd { (version) } }
        }
        h2 { "Log in" }
        @if let Some(text) = not_yet(shown) { p { (text) } }
        @if workspace.status == WorkspaceStatus::Failed && shown.engine == Some(EngineKind::Zenml) {
            p { "On the machine of the platform, this command prints the log of the server:" }
            (command(&["zenml-local", "logs", name]))
        }
        @if shown.is_open {
            p { "With the ZenML client, confirmed on a page of this platform:" }
            (command(&["zenml", "login", name, "--pro-api-url", base_url]))
            p { "With an API key, for scripts and service accounts:" }
            (command(&["zenml", "login", name, "--pro-api-url", base_url, "--api-key"]))
        } @else {
            p { "You can see this workspace, but you cannot log in to it. Ask an administrator for a role in the workspace." }
        }
    }
}

/// Why nobody can log in yet, and what to do.
fn not_yet(shown: &Shown) -> Option<&'static str> {
    Some(match (&shown.workspace.status, shown.engine) {
        (WorkspaceStatus::Available, _) => return None,
        (WorkspaceStatus::Pending, None) => {
            "The workspace waits for its server. You can log in once its operator has started the server with the enrollment key."
        }
        (WorkspaceStatus::Pending, Some(_)) => {
            "The workspace is being prepared. Reload this page in a minute; you can log in when its status is “available”."
        }
        (WorkspaceStatus::Failed, _) => {
            "The workspace has failed, for the reason above. You can log in after an administrator has repaired it."
        }
        (WorkspaceStatus::Deactivated, _) => {
            "The workspace is deactivated. You can log in after an administrator has activated it."
        }
        _ => "The workspace is not available. You can log in when its status is “available”.",
    })
}

/// A command. Lines break between its words only, and not at hyphens.
fn command(words: &[&str]) -> Markup {
    html! {
        pre tabindex="0" {
            code { @for (position, word) in words.iter().enumerate() { @if position > 0 { " " } span { (word) } } }
        }
    }
}
