//! Workspaces: a list of them, and a page for each.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use zenml_api::IdOrName;
use zenml_api::control::workspace::{Workspace, WorkspaceStatus};

use super::html::{HOME, WORKSPACES, page};
use super::session::Visitor;
use super::sign_in;
use crate::control::workspace;
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

async fn show(cx: Cx, request: PageRequest) -> Result<Response> {
    let Some(visitor) = Visitor::of(&cx).await? else { return Ok(sign_in::required(&request)) };
    let which = IdOrName::parse(&request.parameter);
    let workspace = visitor.cx.read(async |tx| workspace::visible(tx, &which).await).await?;
    let content = described(&workspace, &cx.shared().base_url);
    Ok(page(StatusCode::OK, &workspace.name, Some(&visitor), &content))
}

fn described(workspace: &Workspace, base_url: &str) -> Markup {
    let status = workspace.zenml_service.as_ref().and_then(|service| service.status.as_ref());
    let version = status.and_then(|status| status.version.as_deref());
    let is_available = workspace.status == WorkspaceStatus::Available;
    let name = &workspace.name;
    html! {
        h1 { (name) }
        @if let Some(description) = &workspace.description { p { (description) } }
        dl {
            dt { "Status" }
            dd {
                span.status data-status=(workspace.status) { (workspace.status) }
                @if !workspace.state_reason.is_empty() { p.reason { (workspace.state_reason) } }
            }
            dt { "Organization" } dd { (workspace.organization.name) }
            dt { "ID" } dd { code { (workspace.id) } }
            @if let Some(status) = status { dt { "Address" } dd { code { (status.server_url) } } }
            @if let Some(version) = version { dt { "ZenML" } dd { (version) } }
        }
        h2 { "Log in" }
        @if is_available {
            p { "With the ZenML client, confirmed on a page of this platform:" }
            (command(&["zenml", "login", name, "--pro-api-url", base_url]))
            p { "With an API key, for scripts and service accounts:" }
            (command(&["zenml", "login", name, "--pro-api-url", base_url, "--api-key"]))
        } @else {
            p { "The workspace is not available. You can log in when its status is “available”." }
        }
    }
}

/// A command. Lines break between its words only, and not at hyphens.
fn command(words: &[&str]) -> Markup {
    html! {
        pre tabindex="0" {
            code { @for (position, word) in words.iter().enumerate() { @if position > 0 { " " } span { (word) } } }
        }
    }
}
