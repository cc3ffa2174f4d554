//! The devices of a person: the clients that are logged in, and how to end that.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;
use zenml_api::control::device::{Device, DeviceQuery, DeviceUpdate};
use zenml_api::control::workspace::Workspace;
use zenml_api::{DeviceId, Timestamp};

use super::html::{DEVICES, page, redirect};
use super::session::Visitor;
use super::sign_in;
use crate::control::{device, workspace};
use crate::error::{Error, Result};
use crate::http::{Cx, PageRequest, Pages};

pub(super) fn routes(pages: Pages) -> Pages {
    pages.get(DEVICES, show).post(DEVICES, change)
}

/// Maximum number of devices on the page.
const MOST: u64 = 100;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Change {
    token: String,
    device: String,
    answer: String,
}

async fn show(cx: Cx, request: PageRequest) -> Result<Response> {
    let Some(visitor) = Visitor::of(&cx).await? else { return Ok(sign_in::required(&request)) };
    let query = DeviceQuery { offset: None, limit: Some(MOST) };
    let devices = device::list(visitor.cx.clone(), (), query, ()).await?;
    let workspaces = visitor.cx.read(async |tx| workspace::enterable(tx).await).await?;
    let content = html! {
        h1 { "Devices" }
        @if devices.is_empty() {
            p { "No client is logged in as you. To log in, run " code { "zenml login" } "." }
        } @else {
            p { "These clients are logged in as you. Sign out those that you do not know, and change your password." }
            @for device in &devices { (described(&visitor, device, &workspaces)) }
            @if devices.len() as u64 == MOST { p.hint { "Only the " (MOST) " devices that were used last are shown." } }
        }
    };
    Ok(page(StatusCode::OK, "Devices", Some(&visitor), &content))
}

fn described(visitor: &Visitor, device: &Device, workspaces: &[Workspace]) -> Markup {
    let host = device.hostname.as_deref().unwrap_or("Unknown host");
    let versions = [("ZenML", &device.zenml_version), ("Python", &device.python_version)];
    let versions =
        versions.into_iter().filter_map(|(name, version)| Some(format!("{name} {}", version.as_deref()?)));
    let client: Vec<_> = versions.chain(device.os.clone()).collect();
    let chosen = device.device_metadata.as_ref().and_then(|metadata| metadata.get("tenant_id")?.as_str());
    let chosen = workspaces.iter().find(|workspace| Some(workspace.id.to_string().as_str()) == chosen);
    let is_locked = device.status.as_deref() == Some("locked");
    let (lock, lock_name) = if is_locked { ("unlock", "Unlock") } else { ("lock", "Lock") };
    let times = [
        ("Logged in", &device.last_login),
        ("Last used", &device.last_used),
        ("Valid until", &device.expires),
    ];
    html! {
        section.device aria-labelledby={ "device-" (device.id) } {
            h2 id={ "device-" (device.id) } { (host) }
            dl {
                dt { "Status" }
                dd { span.status data-status=[device.status.as_deref()] { (device.status.as_deref().unwrap_or("unknown")) } }
                @if !client.is_empty() { dt { "Client" } dd { (client.join(", ")) } }
                @if let Some(address) = &device.ip_address { dt { "Address" } dd { (address) } }
                @if let Some(workspace) = chosen { dt { "Workspace" } dd { (workspace.name) } }
                @for (name, time) in times {
                    @if let Some(time) = time { dt { (name) } dd { (moment(time)) } }
                }
                dt { "Trusted" } dd { @if device.trusted_device { "yes, for 30 days" } @else { "no, for 24 hours" } }
            }
            form.actions method="post" action=(DEVICES) {
                (visitor.hidden_token())
                input type="hidden" name="device" value=(device.id);
                button type="submit" name="answer" value="end" aria-label={ "Sign out " (host) } { "Sign out" }
                button.second type="submit" name="answer" value=(lock) aria-label={ (lock_name) " " (host) } { (lock_name) }
            }
        }
    }
}

/// A time for people, in UTC.
fn moment(time: &Timestamp) -> Markup {
    let text = time.as_str();
    let minute = text.get(..16).unwrap_or(text).replace('T', " ");
    html! { time datetime={ (text) "Z" } { (minute) " UTC" } }
}

async fn change(cx: Cx, request: PageRequest) -> Result<Response> {
    let Some(visitor) = Visitor::of(&cx).await? else {
        return Err(Error::forbidden("Your session has ended. Open the page again, and sign in."));
    };
    let form: Change = request.form()?;
    visitor.require_form(&form.token)?;
    let incomplete = || Error::value("The form is incomplete. Go back and try again.");
    let id: DeviceId = form.device.parse().map_err(|_| incomplete())?;
    let caller = visitor.cx.clone();
    let locked = |locked| DeviceUpdate { locked: Some(locked), trusted_device: None };
    let outcome = match form.answer.as_str() {
        "end" => device::delete(caller, id, (), ()).await,
        "lock" => device::update(caller, id, (), locked(true)).await.map(drop),
        "unlock" => device::update(caller, id, (), locked(false)).await.map(drop),
        _ => return Err(incomplete()),
    };
    match outcome {
        // A device that has ended in the meantime is not on the list any more.
        Err(error) if error.status() != StatusCode::NOT_FOUND => Err(error),
        _ => Ok(redirect(DEVICES)),
    }
}
