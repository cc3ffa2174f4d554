//! Pages of other sites, in the browser in which a person is signed in.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use zenml_local::{Options, Platform};

use crate::chromium::Chromium;
use crate::person::{Waiting, administrator, sign_in, workspace};

/// Serves one page at every address. Returns its port.
#[expect(clippy::disallowed_methods, reason = "a server that ends with the test has no panics to report")]
async fn site(html: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{html}",
        html.len()
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let response = response.clone();
            // Browsers open connections before they need them.
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(response.as_bytes()).await;
            });
        }
    });
    port
}

/// A form that the other site sends on behalf of the person.
fn form(action: &str, fields: &[(&str, &str)]) -> String {
    let field =
        |(name, value): &(&str, &str)| format!("<input type=hidden name=\"{name}\" value=\"{value}\">");
    let fields = fields.iter().map(field).collect::<Vec<_>>().concat();
    format!("<h1>Win a prize</h1><form method=post action=\"{action}\">{fields}<button>Go</button></form>")
}

#[tokio::test]
async fn no_other_site_can_act_for_a_person_who_is_signed_in_or_show_a_page_in_a_frame() {
    let Some(mut browser) = Chromium::start(&[]).await else { return };
    let platform = Platform::start(Options::default()).await.unwrap();
    let (control, url) = (administrator(&platform).await, platform.url().to_owned());
    let alpha = workspace(&control, &platform, "alpha").await;
    let (admin, waiting) = (platform.admin().unwrap(), Waiting::start(&platform, "vm").await);
    let page = &mut browser.page;
    page.go(&waiting.link).await;
    sign_in(page, &admin.username, admin.password.expose()).await;
    assert_eq!(page.heading().await, "Confirm a login");
    let field = async |page: &mut crate::chromium::Page, name: &str| {
        page.text(&format!("document.querySelector('main [name={name}]').value")).await
    };
    // Even a site that knows what only the page contains does not get further.
    let (token, code) = (field(page, "token").await, field(page, "user_code").await);
    let confirm = [
        ("token", token.as_str()),
        ("user_code", &code),
        ("workspace", alpha["id"].as_str().unwrap()),
        ("answer", "confirm"),
    ];
    let own = [("username", admin.username.as_str()), ("password", admin.password.expose().as_str())];
    let device =
        [("token", token.as_str()), ("device", "11111111-2222-4333-8444-000000000040"), ("answer", "end")];
    let forms: [(&str, &[(&str, &str)]); 4] = [
        ("/pages/device", &confirm),
        ("/pages/devices", &device),
        ("/pages/sign-out", &confirm[..1]),
        ("/pages/sign-in", &own),
    ];
    for (action, fields) in forms {
        let port = site(form(&format!("{url}{action}"), fields)).await;
        // Another site, and another port of the same host, to which browsers send the cookie.
        for host in ["localhost", "127.0.0.1"] {
            page.go(&format!("http://{host}:{port}/")).await;
            page.tab_to("button").await;
            page.enter().await;
            assert_eq!(page.heading().await, "Not allowed", "{action} from {host}");
            assert_eq!(page.text("location.origin").await, url, "the form was sent to the platform");
        }
    }
    let answer = waiting.poll(&platform).await;
    assert_eq!(answer["error"], "authorization_pending", "{answer}");
    page.go(&format!("{url}/pages")).await;
    assert_eq!(page.heading().await, "Workspaces", "the person is still signed in");
    assert_eq!(page.text("document.cookie").await, "", "scripts do not see the cookie");

    // Neither a frame nor a script of another site gets a page; a link leads to signing in.
    let html = format!("<h1>Frame</h1><a href=\"{url}/pages\">Link</a><iframe src=\"{url}/pages\"></iframe>");
    let port = site(html).await;
    for (host, heading) in [("localhost", "Sign in"), ("127.0.0.1", "Workspaces")] {
        page.go(&format!("http://{host}:{port}/")).await;
        let message = page.message().await;
        assert!(message.contains("frame-ancestors 'none'"), "{host}: {message}");
        for mode in ["cors", "no-cors"] {
            let fetch = format!(
                "fetch('{url}/pages', {{ credentials: 'include', mode: '{mode}' }}).then(() => 'read', () => 'refused')"
            );
            assert_eq!(page.text(&fetch).await, "refused", "{host} {mode}");
        }
        page.tab_to("a").await;
        page.enter().await;
        assert_eq!(page.heading().await, heading, "a link from {host}");
    }

    let cookies = browser.cookies().await;
    let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
    let expected = json!({
        "name": "zenml-local-session", "domain": "127.0.0.1", "path": "/pages", "httpOnly": true, "sameSite": "Strict",
        "secure": false, "session": false,
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(cookie[member], *value, "{member}: {cookie}");
    }
    let life = cookie["expires"].as_f64().unwrap() - now();
    assert!((0.0..=900.0).contains(&life), "{life}");
    platform.stop().await;
}

fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64()
}
