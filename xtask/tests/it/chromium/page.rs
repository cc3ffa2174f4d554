//! One page, as a person uses it with the keyboard, and what can be seen on it.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::pipe::Pipe;

/// A key that is not a letter: its name and its code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Tab,
    Enter,
    Space,
    Down,
}

impl Key {
    fn parameters(self) -> Json {
        let (name, code, text) = match self {
            Self::Tab => ("Tab", 9, ""),
            Self::Enter => ("Enter", 13, "\r"),
            Self::Space => (" ", 32, " "),
            Self::Down => ("ArrowDown", 40, ""),
        };
        let physical = if name == " " { "Space" } else { name };
        json!({ "key": name, "code": physical, "windowsVirtualKeyCode": code, "text": text })
    }
}

/// The page of a browser.
pub(crate) struct Page {
    pub(super) pipe: Pipe,
    session: String,
}

impl Page {
    pub(super) async fn open(mut pipe: Pipe) -> Self {
        let target = pipe.call(None, "Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = pipe.call(None, "Target.attachToTarget", attach).await;
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page.enable", "Log.enable"] {
            pipe.call(Some(&session), domain, json!({})).await;
        }
        Self { pipe, session }
    }

    async fn call(&mut self, method: &str, parameters: Json) -> Json {
        self.pipe.call(Some(&self.session), method, parameters).await
    }

    /// Opens an address and waits until the page is loaded.
    pub(crate) async fn go(&mut self, address: &str) {
        self.pipe.forget();
        let done = self.call("Page.navigate", json!({ "url": address })).await;
        assert!(done.get("errorText").is_none(), "{address}: {done}");
        self.loaded().await;
    }

    /// Waits until the page is loaded.
    async fn loaded(&mut self) {
        self.pipe.event("Page.loadEventFired").await;
    }

    /// Presses a key.
    pub(crate) async fn press(&mut self, key: Key) {
        let mut event = key.parameters();
        for kind in ["keyDown", "keyUp"] {
            event["type"] = json!(kind);
            self.call("Input.dispatchKeyEvent", event.clone()).await;
        }
    }

    /// Presses Enter, and waits until the next page is loaded.
    pub(crate) async fn enter(&mut self) {
        self.pipe.forget();
        self.press(Key::Enter).await;
        self.loaded().await;
    }

    /// Types letters, one key after the other.
    pub(crate) async fn write(&mut self, text: &str) {
        for letter in text.chars() {
            let letter = letter.to_string();
            for event in [
                json!({ "type": "keyDown", "key": letter, "text": letter }),
                json!({ "type": "keyUp", "key": letter }),
            ] {
                self.call("Input.dispatchKeyEvent", event).await;
            }
        }
    }

    /// Presses Tab until an element has the focus; fails if Tab does not reach it.
    pub(crate) async fn tab_to(&mut self, selector: &str) {
        for _ in 0..30 {
            if self.see(&format!("document.activeElement.matches({})", json!(selector))).await == true {
                return;
            }
            self.press(Key::Tab).await;
        }
        panic!("Tab does not reach {selector} on {}", self.html().await);
    }

    /// Returns what an expression finds on the page.
    pub(crate) async fn see(&mut self, expression: &str) -> Json {
        let call = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut seen = self.call("Runtime.evaluate", call).await;
        assert!(seen.get("exceptionDetails").is_none(), "{expression}: {seen}");
        seen["result"]["value"].take()
    }

    /// Returns a text that an expression finds on the page.
    pub(crate) async fn text(&mut self, expression: &str) -> String {
        let seen = self.see(expression).await;
        seen.as_str().unwrap_or_else(|| panic!("{expression}: {seen}")).to_owned()
    }

    pub(crate) async fn heading(&mut self) -> String {
        self.text("document.querySelector('h1')?.textContent ?? document.body.textContent").await
    }

    pub(crate) async fn html(&mut self) -> String {
        self.text("document.documentElement.outerHTML").await
    }

    /// Returns the next message that the browser shows to developers.
    pub(crate) async fn message(&mut self) -> String {
        let entry = self.pipe.event("Log.entryAdded").await;
        entry["entry"]["text"].as_str().unwrap().to_owned()
    }

    /// Shows the page as on a screen of this width, in light or dark colors.
    pub(crate) async fn look(&mut self, width: u32, scheme: &str) {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", scheme).await;
    }

    /// Stores a picture of the whole page.
    pub(crate) async fn picture(&mut self, file: &Path) {
        let taken = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        let picture = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, picture).unwrap();
    }
}
