//! The control plane itself.

use zenml_api::control::server as api;

use crate::error::Result;
use crate::http::{Cx, Routes};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.open(&api::HEALTH, health).open(&api::INFO, info)
}

async fn health(_: Cx, (): (), (): (), (): ()) -> Result<()> {
    Ok(())
}

async fn info(cx: Cx, (): (), (): (), (): ()) -> Result<api::ServerInfo> {
    Ok(api::ServerInfo {
        name: Some("zenml-local".to_owned()),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        dashboard_url: Some(cx.shared().base_url.clone()),
    })
}
