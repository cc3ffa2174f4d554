//! A person at a browser without scripts, who confirms a login on the pages of the platform.

use std::collections::BTreeMap;

use super::http::{Answer, encode, exchange};
use crate::Failure;

/// Signs in, and confirms the login of a client at its link, for the workspace that the link presets.
pub async fn confirm(link: &str, username: &str, password: &str) -> Result<(), Failure> {
    let (platform, _) = link
        .split_once("/pages/")
        .ok_or_else(|| Failure::new(format!("{link} is not a page of the platform")))?;
    let mut browser = Browser { platform, cookie: String::new() };
    let signed_in = browser
        .post("/pages/sign-in", &[("username", username), ("password", password), ("next", "/pages")])
        .await?;
    browser.cookie = signed_in
        .cookie
        .ok_or_else(|| Failure::new(format!("{username} cannot sign in: {}", signed_in.body)))?;
    let page = browser.get(link).await?;
    let value = |before: &str| {
        let rest = page.split_once(before).map(|(_, rest)| rest);
        rest.and_then(|rest| rest.split('"').next())
            .ok_or_else(|| Failure::new(format!("{link} does not contain {before}: {page}")))
    };
    let preset = page
        .split("<option value=\"")
        .find(|option| option.split('>').next().is_some_and(|tag| tag.contains("selected")))
        .and_then(|option| option.split('"').next())
        .ok_or_else(|| Failure::new(format!("{link} does not preset a workspace: {page}")))?;
    let form = [
        ("token", value("name=\"token\" value=\"")?),
        ("user_code", value("name=\"user_code\" value=\"")?),
        ("workspace", preset),
        ("answer", "confirm"),
    ];
    browser.post("/pages/device", &form).await?;
    let done = browser.get(&format!("{platform}/pages/device/done")).await?;
    if done.contains("<h1>Login confirmed</h1>") {
        return Ok(());
    }
    Err(Failure::new(format!("the login was not confirmed: {done}")))
}

/// A browser with the cookie of its session.
struct Browser<'a> {
    platform: &'a str,
    cookie: String,
}

impl Browser<'_> {
    async fn get(&self, url: &str) -> Result<String, Failure> {
        let answer = exchange("GET", url, &self.headers(), None).await?;
        answer.body.as_str().map(str::to_owned).ok_or_else(|| Failure::new(format!("{url} is not a page")))
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer, Failure> {
        let url = format!("{}{path}", self.platform);
        let body = ("application/x-www-form-urlencoded", encode(form));
        exchange("POST", &url, &self.headers(), Some(body)).await
    }

    fn headers(&self) -> BTreeMap<&'static str, String> {
        let Self { platform, cookie } = self;
        let text = |text: &str| text.to_owned();
        BTreeMap::from([("Origin", text(platform)), ("Cookie", text(cookie)), ("Accept", text("text/html"))])
    }
}
