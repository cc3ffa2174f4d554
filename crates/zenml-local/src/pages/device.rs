//! Confirming a device: its client asks for access, and a person lets it in.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use zenml_api::Sensitive;
use zenml_api::control::device as api;
use zenml_api::control::workspace::Workspace;

use super::html::{HOME, page, problem, redirect, shortened};
use super::session::Visitor;
use super::sign_in;
use crate::control::{device, workspace};
use crate::error::{Error, Result};
use crate::http::{Cx, PageRequest, Pages};
use crate::login::Outcome;

pub(super) fn routes(pages: Pages) -> Pages {
    pages.get(device::PAGE, show).post(device::PAGE, decide).get(DONE, done)
}

/// Path of the page that follows a decision.
const DONE: &str = "/pages/device/done";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Query {
    user_code: Option<Sensitive<String>>,
    workspace: Option<String>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Decision {
    token: String,
    user_code: Sensitive<String>,
    workspace: String,
    trusted: Option<String>,
    answer: String,
}

async fn show(cx: Cx, request: PageRequest) -> Result<Response> {
    let Some(visitor) = Visitor::of(&cx).await? else { return Ok(sign_in::required(&request)) };
    let query: Query = request.query();
    let code = query.user_code.filter(|code| !code.expose().trim().is_empty());
    let Some(code) = code else {
        return Ok(ask_for_code(&visitor, query.workspace.as_deref(), "", None));
    };
    match device::waiting(&visitor.cx, &code).await {
        Ok(device) => {
            let choice = Choice::of(&visitor, query.workspace.as_deref()).await?;
            Ok(confirmation(StatusCode::OK, &visitor, &device, &code, &choice, false))
        }
        Err(error) => wrong_code(&visitor, query.workspace.as_deref(), &code, error),
    }
}

/// Asks for the code again if it is wrong.
fn wrong_code(
    visitor: &Visitor,
    workspace: Option<&str>,
    code: &Sensitive<String>,
    error: Error,
) -> Result<Response> {
    let text = match error.status() {
        StatusCode::NOT_FOUND => {
            "No login waits for this code. Codes are valid for five minutes and can be used once. Run the command again."
                .to_owned()
        }
        StatusCode::TOO_MANY_REQUESTS => error.to_string(),
        _ => return Err(error),
    };
    Ok(ask_for_code(visitor, workspace, code.expose(), Some((error.status(), &text))))
}

fn ask_for_code(
    visitor: &Visitor,
    workspace: Option<&str>,
    code: &str,
    wrong: Option<(StatusCode, &str)>,
) -> Response {
    let described = if wrong.is_some() { "problem hint" } else { "hint" };
    let content = html! {
        h1 { "Confirm a login" }
        p { "Enter the code of the client that waits for your confirmation." }
        form method="get" action=(device::PAGE) {
            @if let Some(workspace) = workspace {
                input type="hidden" name="workspace" value=(workspace);
            }
            label for="user_code" { "Code" }
            input.code id="user_code" name="user_code" type="text" value=(code) maxlength="20" autocomplete="off"
                autocapitalize="characters" spellcheck="false" required autofocus
                aria-invalid=[wrong.map(|_| "true")] aria-describedby=(described);
            (problem("problem", wrong.map(|(_, text)| text)))
            p.hint id="hint" { "The link that " code { "zenml login" } " prints contains it, such as BCDF-GHJK." }
            div.actions { button type="submit" { "Continue" } }
        }
    };
    let status = wrong.map_or(StatusCode::OK, |(status, _)| status);
    page(status, "Confirm a login", Some(visitor), &content)
}

/// The workspaces that a person can choose from.
struct Choice {
    workspaces: Vec<Workspace>,
    /// Position of the preset one.
    preset: Option<usize>,
    /// The wanted one, if the person cannot choose it.
    missing: Option<String>,
}

impl Choice {
    /// `wanted` is a name or an id.
    async fn of(visitor: &Visitor, wanted: Option<&str>) -> Result<Self> {
        let workspaces = visitor.cx.read(async |tx| workspace::enterable(tx).await).await?;
        let wanted = wanted.filter(|wanted| !wanted.is_empty());
        let is = |workspace: &Workspace, wanted: &str| {
            workspace.name == wanted || workspace.id.to_string().eq_ignore_ascii_case(wanted)
        };
        let preset = match wanted {
            Some(wanted) => workspaces.iter().position(|workspace| is(workspace, wanted)),
            None => (workspaces.len() == 1).then_some(0),
        };
        let missing = wanted.filter(|_| preset.is_none()).map(str::to_owned);
        Ok(Self { workspaces, preset, missing })
    }

    /// Whether names need their organization.
    fn has_organizations(&self) -> bool {
        let mut organizations = self.workspaces.iter().map(|workspace| workspace.organization.id);
        let first = organizations.next();
        organizations.any(|organization| Some(organization) != first)
    }

    /// The field; `is_missing` if the form was sent without a workspace.
    fn field(&self, is_missing: bool) -> Markup {
        let unavailable = self.missing.as_ref().map(|wanted| {
            let wanted = shortened(wanted);
            format!("Workspace “{wanted}” does not exist, is not available, or you have no access to it.")
        });
        let wrong = is_missing.then(|| "Select a workspace.".to_owned()).or(unavailable);
        html! {
            label for="workspace" { "Workspace" }
            select id="workspace" name="workspace" required
                aria-invalid=[wrong.as_ref().map(|_| "true")] aria-describedby=[wrong.as_ref().map(|_| "problem")] {
                option value="" selected[self.preset.is_none()] { "Select a workspace" }
                @for (position, workspace) in self.workspaces.iter().enumerate() {
                    option value=(workspace.id) selected[self.preset == Some(position)] {
                        (workspace.name)
                        @if self.has_organizations() { " (" (workspace.organization.name) ")" }
                    }
                }
            }
            (problem("problem", wrong.as_deref()))
        }
    }
}

fn confirmation(
    status: StatusCode,
    visitor: &Visitor,
    device: &api::Device,
    code: &Sensitive<String>,
    choice: &Choice,
    is_missing: bool,
) -> Response {
    let details = [
        ("Host", &device.hostname),
        ("System", &device.os),
        ("Address", &device.ip_address),
        ("ZenML", &device.zenml_version),
        ("Python", &device.python_version),
    ];
    let content = html! {
        h1 { "Confirm a login" }
        p {
            "A ZenML client asks for access as " strong { (visitor.identity.username) } ". "
            "It can then do everything that you can do on this platform."
        }
        dl {
            @for (name, value) in details {
                @if let Some(value) = value { dt { (name) } dd { (value) } }
            }
            dt { "Code" } dd { code { (code.expose()) } }
        }
        p.warning { "Confirm only if you have just run " code { "zenml login" } " on this machine yourself." }
        form method="post" action=(device::PAGE) {
            (visitor.hidden_token())
            input type="hidden" name="user_code" value=(code.expose());
            @if choice.workspaces.is_empty() {
                p.problem { "No workspace that you can log in to is available. Ask an administrator for a role in one." }
            } @else {
                (choice.field(is_missing))
                div.check {
                    input id="trusted" name="trusted" type="checkbox" value="yes" aria-describedby="trusted-hint";
                    label for="trusted" { "Trust this device" }
                }
                p.hint id="trusted-hint" {
                    "The login is valid for 30 days instead of 24 hours. Do not trust a machine that others use."
                }
            }
            div.actions {
                @if !choice.workspaces.is_empty() {
                    button type="submit" name="answer" value="confirm" { "Confirm" }
                }
                button.second type="submit" name="answer" value="refuse" formnovalidate { "Refuse" }
            }
        }
    };
    page(status, "Confirm a login", Some(visitor), &content)
}

async fn decide(cx: Cx, request: PageRequest) -> Result<Response> {
    let Some(visitor) = Visitor::of(&cx).await? else {
        return Err(Error::forbidden(
            "Your session has ended. Open the link of the client again, and sign in.",
        ));
    };
    let form: Decision = request.form()?;
    visitor.require_form(&form.token)?;
    let device = match device::waiting(&visitor.cx, &form.user_code).await {
        Ok(device) => device,
        Err(error) => return wrong_code(&visitor, None, &form.user_code, error),
    };
    let outcome = match form.answer.as_str() {
        "confirm" => {
            let wanted = Some(form.workspace.as_str()).filter(|wanted| !wanted.is_empty());
            let choice = Choice::of(&visitor, wanted).await?;
            let chosen = wanted.and(choice.preset).and_then(|position| choice.workspaces.get(position));
            let Some(chosen) = chosen else {
                let (status, is_missing) = (StatusCode::BAD_REQUEST, wanted.is_none());
                return Ok(confirmation(status, &visitor, &device, &form.user_code, &choice, is_missing));
            };
            let new = api::DeviceVerification {
                user_code: form.user_code,
                trusted_device: form.trusted.is_some(),
                device_metadata: Some(json!({ "tenant_id": chosen.id })),
            };
            // Another browser may have decided since, and the workspace may have changed.
            match device::confirm(&visitor.cx, &new).await {
                Ok(_) => {}
                Err(error) if error.status() == StatusCode::BAD_REQUEST => {
                    let choice = Choice::of(&visitor, wanted).await?;
                    let status = StatusCode::BAD_REQUEST;
                    return Ok(confirmation(status, &visitor, &device, &new.user_code, &choice, false));
                }
                Err(error) => return wrong_code(&visitor, None, &new.user_code, error),
            }
            Outcome::Confirmed { host: device.hostname, workspace: chosen.name.clone() }
        }
        "refuse" => {
            if let Err(error) = device::refuse(&visitor.cx, &form.user_code).await {
                return wrong_code(&visitor, None, &form.user_code, error);
            }
            Outcome::Refused { host: device.hostname }
        }
        _ => return Err(Error::value("The form is incomplete. Go back and try again.")),
    };
    let shared = cx.shared();
    shared.browsers.decided(&shared.vault, &visitor.cookie, outcome);
    // A reload shows the page again, and does not send the form again.
    Ok(redirect(DONE))
}

async fn done(cx: Cx, request: PageRequest) -> Result<Response> {
    let Some(visitor) = Visitor::of(&cx).await? else { return Ok(sign_in::required(&request)) };
    let shared = cx.shared();
    let Some(outcome) = shared.browsers.outcome(&shared.vault, &visitor.cookie) else {
        return Ok(redirect(HOME));
    };
    let on = |host: Option<String>| host.map(|host| html! { " on " strong { (host) } }).unwrap_or_default();
    let (title, content) = match outcome {
        Outcome::Confirmed { host, workspace } => (
            "Login confirmed",
            html! {
                p {
                    "The client" (on(host)) " connects to the workspace " strong { (workspace) } " within a few seconds."
                }
                p { "You can close this page and go back to your terminal." }
            },
        ),
        Outcome::Refused { host } => (
            "Login refused",
            html! {
                p { "The client" (on(host)) " does not get access." }
                p { "If you did not start this login, somebody else knows the link. Nothing else needs to be done." }
            },
        ),
    };
    Ok(page(StatusCode::OK, title, Some(&visitor), &html! { h1 { (title) } (content) }))
}
