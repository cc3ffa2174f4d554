//! The person who uses a page.

use http::StatusCode;
use maud::{Markup, html};

use crate::authn;
use crate::error::{Error, Result};
use crate::http::Cx;
use crate::login::Cookie;
use crate::rbac::Identity;

/// Name of the member of a form that proves where the form comes from.
const TOKEN: &str = "token";

/// A person who has signed in, with the session of the browser.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) identity: Identity,
    pub(super) cookie: Cookie,
    /// The request on behalf of the person.
    pub(super) cx: Cx,
    form_token: String,
}

impl Visitor {
    /// Returns the person of a request; `None` if nobody has signed in, or the session has ended.
    pub(super) async fn of(cx: &Cx) -> Result<Option<Self>> {
        let shared = cx.shared();
        let cookie = cx.request().presented.cookies.as_ref().and_then(Cookie::find);
        let Some(cookie) = cookie else { return Ok(None) };
        let Some(root) = shared.browsers.find(&shared.vault, &cookie) else { return Ok(None) };
        match authn::browser_account(shared, root).await {
            Ok(identity) => Ok(Some(Self {
                cx: cx.on_behalf_of(identity.clone()),
                form_token: cookie.form_token(&shared.vault),
                identity,
                cookie,
            })),
            Err(error) if error.status() == StatusCode::UNAUTHORIZED => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The hidden member of each form.
    pub(super) fn hidden_token(&self) -> Markup {
        html! { input type="hidden" name=(TOKEN) value=(self.form_token); }
    }

    /// Checks the hidden member of a form.
    ///
    /// # Errors
    /// 403 if the form does not belong to the session.
    pub(super) fn require_form(&self, token: &str) -> Result<()> {
        if self.cookie.has_form(&self.cx.shared().vault, token) {
            return Ok(());
        }
        Err(Error::forbidden(
            "The form belongs to an earlier session. Go back, reload the page, and try again.",
        ))
    }
}
