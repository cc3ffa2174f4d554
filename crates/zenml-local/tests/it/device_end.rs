//! How the login of a device ends, and what the person sees of it.

use serde_json::{Value, json};
use zenml_local::{Database, Options};

use crate::browser::Browser;
use crate::process;
use crate::support::{Answer, PASSWORD, Person, World, text, texts};

const CLIENT: &str = "11111111-2222-4333-8444-000000000040";
const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
const ADA: &str = "ada@example.org";

/// A platform on disk with a person, and a device of that person with a session in a workspace.
struct Stage {
    world: World,
    file: std::path::PathBuf,
    _directory: tempfile::TempDir,
    ada: Person,
    space: String,
    role: String,
}

struct Device {
    id: String,
    token: String,
    script: String,
    session: String,
    seconds: i64,
}

impl Stage {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("platform.db");
        let options = Options { database: Database::File(file.clone()), ..Options::default() };
        let world = World::with(options).await;
        let ada = world.member(ADA, "Organization Member").await;
        let space = world.workspace("space").await;
        let role = world.role("workspace", "Workspace Developer").await;
        let stage = Self { world, file, _directory: directory, ada, space, role };
        stage.assign("POST").await;
        stage
    }

    /// Gives the person the role in the workspace, or takes it away.
    async fn assign(&self, method: &str) {
        let (role, ada, space) = (&self.role, &self.ada.id, &self.space);
        let call = format!("{method} /roles/{role}/assignments?user_id={ada}&workspace_id={space}");
        self.world.admin(&call, Value::Null).await.ok();
    }

    async fn log_in(&self, more: &str, trusted: bool) -> Device {
        let waiting = self.authorize(more).await;
        let body = json!({ "user_code": waiting["user_code"], "trusted_device": trusted });
        let ada = self.world.session(ADA, PASSWORD).await;
        self.world.send(Some(&ada), "PUT /devices/verify", body).await.ok();
        let answer = self.poll(&waiting).await.ok();
        let token = text(&answer["access_token"]);
        let script = text(&self.world.send(Some(&token), "GET /auth/api_token", Value::Null).await.ok());
        let login = format!("/w/{}/api/v1/login", self.space);
        let bearer = format!("Bearer {token}");
        let session = self
            .world
            .form_with(&login, "grant_type=zenml-external", &[("authorization", &bearer)])
            .await
            .ok();
        let (id, seconds) = (text(&answer["device_id"]), answer["expires_in"].as_i64().unwrap());
        Device { id, token, script, session: text(&session["access_token"]), seconds }
    }

    async fn authorize(&self, more: &str) -> Value {
        let agent = ("user-agent", "Host/vm ZenML/0.98.0 Python/3.11.7 OS/Linux");
        let form = format!("client_id={CLIENT}{more}");
        self.world.form_with("/auth/device_authorization", &form, &[agent]).await.ok()
    }

    async fn poll(&self, waiting: &Value) -> Answer {
        let code = text(&waiting["device_code"]);
        self.world.login(&format!("grant_type={GRANT}&client_id={CLIENT}&device_code={code}")).await
    }

    /// The statuses of requests with the token of the device, a token of its scripts, and its session in the workspace.
    async fn statuses(&self, device: &Device) -> [u16; 3] {
        let user = format!("GET /w/{}/api/v1/current-user", self.space);
        let mut statuses = [0; 3];
        let calls =
            [(&device.token, "GET /users/me"), (&device.script, "GET /users/me"), (&device.session, &user)];
        for (status, (token, call)) in statuses.iter_mut().zip(calls) {
            *status = self.world.send(Some(token), call, Value::Null).await.status.as_u16();
        }
        statuses
    }

    /// The status of the device as its person sees it; `None` if it is not listed.
    async fn listed(&self, device: &Device, password: &str) -> Option<String> {
        let ada = self.world.session(ADA, password).await;
        let list = self.world.send(Some(&ada), "GET /devices", Value::Null).await.ok();
        let one = self.world.send(Some(&ada), &format!("GET /devices/{}", device.id), Value::Null).await;
        let found = list.as_array().unwrap().iter().find(|listed| listed["id"] == device.id.as_str());
        assert_eq!(one.status == 200, found.is_some(), "the list and the device agree");
        found.map(|device| text(&device["status"]))
    }
}

/// What ends a device.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    LogOut,
    LogOutOfScript,
    Delete,
    Page,
    Lock,
    LockOnPage,
    Password,
    PasswordOfAdministrator,
    Deactivation,
    Expiry,
    LoginAgain,
    RoleRemoved,
    MemberRemoved,
}

#[tokio::test]
async fn a_device_loses_access_in_each_way_that_a_person_expects_and_is_not_listed_as_active_any_more() {
    const OVER: [u16; 3] = [401, 401, 401];
    // Without a role, the person is still somebody on the platform, but not in the workspace.
    const OUTSIDE: [u16; 3] = [200, 200, 401];
    let locked = Some("locked".to_owned());
    let active = Some("active".to_owned());
    for (way, statuses, listed) in [
        (Way::LogOut, OVER, None),
        (Way::LogOutOfScript, OVER, None),
        (Way::Delete, OVER, None),
        (Way::Page, OVER, None),
        (Way::Lock, OVER, locked.clone()),
        (Way::LockOnPage, OVER, locked),
        (Way::Password, OVER, None),
        (Way::PasswordOfAdministrator, OVER, None),
        (Way::Deactivation, OVER, None),
        (Way::Expiry, OVER, None),
        (Way::LoginAgain, OVER, active.clone()),
        (Way::RoleRemoved, OUTSIDE, active.clone()),
        (Way::MemberRemoved, OUTSIDE, active),
    ] {
        let stage = Stage::start().await;
        let device = stage.log_in("", false).await;
        assert_eq!(stage.statuses(&device).await, [200; 3], "{way:?}");
        assert_eq!(stage.listed(&device, PASSWORD).await.as_deref(), Some("active"));
        let password = end(&stage, &device, way).await;
        assert_eq!(stage.statuses(&device).await, statuses, "{way:?}");
        assert_eq!(stage.listed(&device, password).await, listed, "{way:?}");
    }
}

/// Ends the device in one way. Returns the password of its person.
async fn end(stage: &Stage, device: &Device, way: Way) -> &'static str {
    let (world, id, user) = (&stage.world, &device.id, &stage.ada.id);
    let ada = world.session(ADA, PASSWORD).await;
    let superuser = world.superuser().await;
    let change = format!("PATCH /users/{user}");
    match way {
        Way::LogOut => drop(world.send(Some(&device.token), "POST /auth/logout", Value::Null).await.ok()),
        Way::LogOutOfScript => {
            world.send(Some(&device.script), "POST /auth/logout", Value::Null).await.ok();
        }
        Way::Delete => {
            world.send(Some(&ada), &format!("DELETE /devices/{id}"), Value::Null).await.ok();
        }
        Way::Lock => {
            world.send(Some(&ada), &format!("PUT /devices/{id}"), json!({ "locked": true })).await.ok();
        }
        Way::Page | Way::LockOnPage => {
            let mut browser = Browser::default();
            browser.open(world, "/pages/devices").await;
            browser.sign_in(world, ADA, PASSWORD).await;
            let answer = if way == Way::Page { "end" } else { "lock" };
            browser.submit(world, "/pages/devices", &[("answer", answer)]).await;
            assert_eq!((browser.status.as_u16(), browser.heading()), (200, "Devices"));
            assert_eq!(browser.html.contains("value=\"unlock\""), way == Way::LockOnPage, "{}", browser.html);
        }
        Way::Password => {
            let body = json!({ "password": "new", "old_password": PASSWORD });
            world.send(Some(&ada), "PATCH /users/me", body).await.ok();
            return "new";
        }
        Way::PasswordOfAdministrator => {
            world.send(Some(&superuser), &change, json!({ "password": "new" })).await.ok();
            return "new";
        }
        Way::Deactivation => {
            for is_active in [false, true] {
                world.send(Some(&superuser), &change, json!({ "is_active": is_active })).await.ok();
            }
        }
        Way::Expiry => process::sql(&stage.file, "UPDATE device SET expires = '2026-01-01T00:00:00'").await,
        Way::LoginAgain => drop(stage.log_in(&format!("&device_id={id}"), false).await),
        Way::RoleRemoved => stage.assign("DELETE").await,
        Way::MemberRemoved => {
            let members = format!("DELETE /organizations/{}/members?user_id={user}", world.organization());
            world.admin(&members, Value::Null).await.ok();
        }
    }
    PASSWORD
}

#[tokio::test]
async fn a_login_lasts_for_a_day_or_for_thirty_days_if_the_device_is_trusted() {
    let stage = Stage::start().await;
    for (trusted, days) in [(false, 1), (true, 30)] {
        let device = stage.log_in("", trusted).await;
        assert!((days * 86_400 - 60..=days * 86_400).contains(&device.seconds), "{}", device.seconds);
        // Neither the tokens of scripts nor those of workspaces live longer than an hour.
        for token in [&device.script, &device.session] {
            let claims: Value = {
                use base64::Engine as _;
                let part = token.split('.').nth(1).unwrap();
                let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
                serde_json::from_slice(&engine.decode(part).unwrap()).unwrap()
            };
            let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
            assert!(life <= 3600, "{claims}");
        }
    }
}

#[tokio::test]
async fn the_use_of_a_device_is_recorded_on_the_platform_and_in_a_workspace() {
    let stage = Stage::start().await;
    let user = format!("GET /w/{}/api/v1/current-user", stage.space);
    for is_in_workspace in [false, true] {
        let waiting = stage.authorize("").await;
        let body = json!({ "user_code": waiting["user_code"] });
        stage.world.send(Some(&stage.ada.token), "PUT /devices/verify", body).await.ok();
        let mut token = text(&stage.poll(&waiting).await.ok()["access_token"]);
        if is_in_workspace {
            let login = format!("/w/{}/api/v1/login", stage.space);
            let bearer = ("authorization", &*format!("Bearer {token}"));
            let session = stage.world.form_with(&login, "grant_type=zenml-external", &[bearer]).await.ok();
            token = text(&session["access_token"]);
        }
        process::sql(&stage.file, "UPDATE device SET last_used = NULL").await;
        let call = if is_in_workspace { &user } else { "GET /users/me" };
        stage.world.send(Some(&token), call, Value::Null).await.ok();
        let list = stage.world.send(Some(&stage.ada.token), "GET /devices", Value::Null).await.ok();
        let with_use = list.as_array().unwrap().iter().filter(|device| !device["last_used"].is_null());
        assert_eq!(with_use.count(), 1, "{call}: {list}");
    }
}

#[tokio::test]
async fn a_person_sees_the_own_devices_with_their_last_use_and_cannot_touch_those_of_others() {
    let stage = Stage::start().await;
    let world = &stage.world;
    let device = stage.log_in("", true).await;
    process::sql(&stage.file, "UPDATE device SET last_used = '2026-01-02T03:04:05.678901'").await;
    let mut browser = Browser::default();
    browser.open(world, "/pages/devices").await;
    browser.sign_in(world, ADA, PASSWORD).await;
    for shown in [
        "vm",
        "active",
        "ZenML 0.98.0, Python 3.11.7, Linux",
        "space",
        "2026-01-02 03:04 UTC",
        "yes, for 30 days",
    ] {
        assert!(browser.html.contains(shown), "{shown}: {}", browser.html);
    }
    // Each use within a minute writes only once; the first one of the device was its login.
    let list = world.send(Some(&device.token), "GET /devices", Value::Null).await.ok();
    assert_eq!(texts(&list, "last_used"), ["2026-01-02T03:04:05.678901"]);

    let admin = world.platform.admin().unwrap();
    let mut other = Browser::default();
    other.open(world, "/pages/devices").await;
    other.sign_in(world, &admin.username, admin.password.expose()).await;
    assert!(
        !other.html.contains(&device.id) && other.html.contains("No client is logged in"),
        "{}",
        other.html
    );
    let token = |browser: &Browser| {
        let form = browser.form("/pages/sign-out", &[]);
        form.strip_prefix("token=").unwrap().to_owned()
    };
    let own = [("origin", "http://platform")];
    for (is_own, form, status) in [
        (false, "device=ID&answer=end", 200),
        (false, "device=ID&answer=lock", 200),
        (true, "device=ID&answer=", 400),
        (true, "device=x&answer=end", 400),
        (true, "device=&answer=end", 400),
        (true, "answer=end", 400),
        (true, "device=00000000-0000-4000-8000-000000000001&answer=end", 200),
    ] {
        let who = if is_own { &mut browser } else { &mut other };
        who.open(world, "/pages/devices").await;
        let form = format!("token={}&{}", token(who), form.replace("ID", &device.id));
        who.request(world, "POST", "/pages/devices", Some(form.clone()), &own).await;
        assert_eq!(who.status.as_u16(), status, "{form}");
        assert_eq!(stage.listed(&device, PASSWORD).await.as_deref(), Some("active"), "{form}");
    }
}

#[tokio::test]
async fn a_login_is_refused_if_its_person_can_no_longer_log_in_to_the_chosen_workspace() {
    for change in ["role", "deactivated", "deleted"] {
        let stage = Stage::start().await;
        let waiting = stage.authorize("").await;
        let body =
            json!({ "user_code": waiting["user_code"], "device_metadata": { "tenant_id": stage.space } });
        stage.world.send(Some(&stage.ada.token), "PUT /devices/verify", body).await.ok();
        let space = format!("/workspaces/{}", stage.space);
        match change {
            "role" => stage.assign("DELETE").await,
            "deactivated" => {
                let off = json!({ "desired_state": "deactivated" });
                stage.world.admin(&format!("PATCH {space}"), off).await.ok();
                stage.world.settled(&stage.space).await;
            }
            _ => drop(stage.world.admin(&format!("DELETE {space}"), Value::Null).await.ok()),
        }
        let answer = stage.poll(&waiting).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["error"]),
            (400, &json!("access_denied")),
            "{change}"
        );
        assert_eq!(
            stage.world.send(Some(&stage.ada.token), "GET /devices", Value::Null).await.ok(),
            json!([])
        );
    }
}
