//! A workspace with all kinds of callers, and objects of one of them.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::support::{Answer, Person, World, text};

/// The callers, in the order of the tables. The owner and the administrator are last, so that all see an object
/// before its deletion.
pub(crate) const CAST: [&str; 6] = ["nobody", "contributor", "reader", "writer", "owner", "admin"];

/// A workspace and its people.
pub(crate) struct Cast {
    pub(crate) world: World,
    base: String,
    /// Sessions of the workspace in the order of [`CAST`].
    sessions: Vec<Option<String>>,
    reader: Person,
    writer: Person,
    owner: Person,
    made: AtomicU32,
}

/// Objects that the owner created and shared: with the reader to read, with the writer to do nearly everything.
pub(crate) struct Objects {
    pub(crate) project: String,
    pub(crate) secret: String,
    /// Used by [`Objects::orchestrator`].
    pub(crate) connector: String,
    /// Not used by anything.
    pub(crate) spare_connector: String,
    pub(crate) orchestrator: String,
    pub(crate) artifact_store: String,
    /// In no stack.
    pub(crate) spare_component: String,
    pub(crate) stack: String,
    pub(crate) tag: String,
    /// Not used by anything.
    pub(crate) flavor: String,
    /// In [`Objects::project`].
    pub(crate) repository: String,
}

impl Objects {
    /// Replaces names in braces with ids.
    pub(crate) fn fill(&self, text: &str) -> String {
        [
            ("{project}", &self.project),
            ("{secret}", &self.secret),
            ("{connector}", &self.connector),
            ("{spare_connector}", &self.spare_connector),
            ("{orchestrator}", &self.orchestrator),
            ("{artifact_store}", &self.artifact_store),
            ("{spare_component}", &self.spare_component),
            ("{stack}", &self.stack),
            ("{tag}", &self.tag),
            ("{flavor}", &self.flavor),
            ("{repository}", &self.repository),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }
}

impl Cast {
    pub(crate) async fn start() -> Self {
        let world = World::start().await;
        let workspace = world.workspace("space").await;
        let base = format!("/w/{workspace}/api/v1");
        let mut people = Vec::new();
        for name in ["contributor", "reader", "writer", "owner", "admin"] {
            let person = world.member(&format!("{name}@example.org"), "Organization Member").await;
            let role = match name {
                "contributor" | "owner" => Some("Workspace Contributor"),
                "admin" => Some("Workspace Admin"),
                _ => None,
            };
            if let Some(role) = role {
                let role = world.role("workspace", role).await;
                let query = format!("user_id={}&workspace_id={workspace}", person.id);
                world.admin(&format!("POST /roles/{role}/assignments?{query}"), Value::Null).await.ok();
            }
            people.push(person);
        }
        let mut cast = Self {
            reader: people[1].clone(),
            writer: people[2].clone(),
            owner: people[3].clone(),
            world,
            base,
            sessions: vec![None; CAST.len()],
            made: AtomicU32::new(0),
        };
        for (position, person) in people.iter().enumerate() {
            // A user without a grant in the workspace gets access with the first share.
            if !matches!(CAST[position + 1], "reader" | "writer") {
                cast.sessions[position + 1] = Some(cast.session(person).await.ok());
            }
        }
        cast.objects().await;
        let (reader, writer) = (cast.reader.clone(), cast.writer.clone());
        cast.sessions[2] = Some(cast.session(&reader).await.ok());
        cast.sessions[3] = Some(cast.session(&writer).await.ok());
        cast
    }

    /// Logs a user in to the workspace.
    pub(crate) async fn session(&self, person: &Person) -> Session {
        let call = format!("POST {}/login", self.base);
        Session(self.world.send(Some(&person.token), &call, Value::Null).await)
    }

    /// Sends a request to the workspace's API as a member of the cast.
    pub(crate) async fn send(&self, who: &str, call: &str, body: Value) -> Answer {
        let position = CAST.iter().position(|name| *name == who).unwrap();
        self.world.send(self.sessions[position].as_deref(), &self.address(call), body).await
    }

    /// The same with any credential.
    pub(crate) async fn send_with(&self, bearer: Option<&str>, call: &str, body: Value) -> Answer {
        self.world.send(bearer, &self.address(call), body).await
    }

    fn address(&self, call: &str) -> String {
        let (method, path) = call.split_once(' ').unwrap();
        format!("{method} {}{path}", self.base)
    }

    /// Creates an object as a member of the cast, and returns its id.
    pub(crate) async fn make(&self, who: &str, collection: &str, body: Value) -> String {
        text(&self.send(who, &format!("POST {collection}"), body).await.ok()["id"])
    }

    /// Shares an object of the owner.
    pub(crate) async fn share(&self, kind: &str, id: &str, person: &Person, actions: &[&str]) {
        let call = format!(
            "POST /users/resource_membership?resource_type={kind}&resource_id={id}&user_id={}",
            person.id
        );
        self.send("owner", &call, json!(actions)).await.ok();
    }

    /// Returns an unused name.
    pub(crate) fn fresh(&self, what: &str) -> String {
        format!("{what}-{}", self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Creates a new set of objects.
    pub(crate) async fn objects(&self) -> Objects {
        let name = self.fresh("thing");
        let secret = json!({ "name": name, "values": { "key": "value" } });
        let secret = self.make("owner", "/secrets", secret).await;
        let connector = self.make("owner", "/service_connectors", connector(&name)).await;
        let spare = format!("{name}-spare");
        let spare_connector = self.make("owner", "/service_connectors", self::connector(&spare)).await;
        let orchestrator = json!({
            "name": name, "type": "orchestrator", "flavor": "kubernetes", "configuration": {},
            "connector": connector, "connector_resource_id": "cluster",
        });
        let orchestrator = self.make("owner", "/components", orchestrator).await;
        let artifact_store = json!({
            "name": name, "type": "artifact_store", "flavor": "s3", "configuration": { "path": "s3://bucket" },
        });
        let artifact_store = self.make("owner", "/components", artifact_store).await;
        let spare_component =
            json!({ "name": name, "type": "image_builder", "flavor": "local", "configuration": {} });
        let spare_component = self.make("owner", "/components", spare_component).await;
        let stack = json!({
            "name": name,
            "components": { "orchestrator": [orchestrator], "artifact_store": [artifact_store] },
        });
        let stack = self.make("owner", "/stacks", stack).await;
        let project = self.make("admin", "/projects", json!({ "name": name })).await;
        self.let_into(&project).await;
        let tag = self.make("owner", "/tags", json!({ "name": name })).await;
        let flavor = json!({
            "name": name, "type": "alerter", "source": "example.Flavor", "config_schema": {}, "integration": "custom",
        });
        let flavor = self.make("owner", "/flavors", flavor).await;
        let repository = json!({
            "name": name, "project": project, "config": { "token": "hidden" },
            "source": { "module": "example", "attribute": "Repository", "type": "user" },
        });
        let repository = self.make("owner", "/code_repositories", repository).await;
        let objects = Objects {
            project,
            secret,
            connector,
            spare_connector,
            orchestrator,
            artifact_store,
            spare_component,
            stack,
            tag,
            flavor,
            repository,
        };
        self.share_all(&objects).await;
        objects
    }

    /// Gives the owner permission to create objects in a project.
    async fn let_into(&self, project: &str) {
        let role = self.world.role("project", "Project Contributor").await;
        let workspace = self.base.split('/').nth(2).unwrap();
        let scope = format!("user_id={}&workspace_id={workspace}&project_id={project}", self.owner.id);
        self.world.admin(&format!("POST /roles/{role}/assignments?{scope}"), Value::Null).await.ok();
    }

    async fn share_all(&self, objects: &Objects) {
        let shared = [
            ("secret", &objects.secret, "read_secret_value"),
            ("service_connector", &objects.connector, "client"),
            ("service_connector", &objects.spare_connector, "client"),
            ("stack_component", &objects.orchestrator, "update"),
            ("stack_component", &objects.artifact_store, "update"),
            ("stack_component", &objects.spare_component, "update"),
            ("stack", &objects.stack, "update"),
            ("tag", &objects.tag, "update"),
            ("flavor", &objects.flavor, "update"),
            ("code_repository", &objects.repository, "update"),
        ];
        for (kind, id, more) in shared {
            self.share(kind, id, &self.reader, &["read"]).await;
            self.share(kind, id, &self.writer, &["read", "update", more]).await;
        }
    }

    /// Returns the receiver of shares to read.
    pub(crate) const fn reader(&self) -> &Person {
        &self.reader
    }
}

/// An AWS connector with secrets.
pub(crate) fn connector(name: &str) -> Value {
    json!({
        "name": name, "connector_type": "aws", "auth_method": "iam-role",
        "configuration": {
            "aws_access_key_id": "AKIA", "aws_secret_access_key": "hidden", "region": "eu-west-1", "role_arn": "arn",
        },
    })
}

/// The response to a login.
pub(crate) struct Session(pub(crate) Answer);

impl Session {
    /// The token of a successful login.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        text(&self.0.ok()["access_token"])
    }
}
