//! Actions, resource types and resource strings of permissions, on both APIs.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::id::{Identifier, ProjectId, WorkspaceId};
use crate::text_enum;

text_enum! {
    /// An action on a resource.
    Action {
        /// Make a new one.
        Create = "create",
        /// See it.
        Read = "read",
        /// Change it.
        Update = "update",
        /// Remove it.
        Delete = "delete",
        /// Grant permissions on it to others.
        Share = "share",
        /// See the secret values inside.
        ReadSecretValue = "read_secret_value",
        /// Get credentials from a service connector.
        Client = "client",
        /// Promote a model version.
        Promote = "promote",
        /// Remove what is unused.
        Prune = "prune",
        /// Back up and restore secrets.
        BackupRestore = "backup_restore",
    }
}

text_enum! {
    /// Types of resources inside a workspace.
    ResourceType {
        /// A flavor.
        Flavor = "flavor",
        /// A secret.
        Secret = "secret",
        /// A service connector.
        ServiceConnector = "service_connector",
        /// A stack.
        Stack = "stack",
        /// A stack component.
        StackComponent = "stack_component",
        /// A tag.
        Tag = "tag",
        /// A service account.
        ServiceAccount = "service_account",
        /// A project.
        Project = "project",
        /// An artifact.
        Artifact = "artifact",
        /// A version of an artifact.
        ArtifactVersion = "artifact_version",
        /// A code repository.
        CodeRepository = "code_repository",
        /// A model.
        Model = "model",
        /// A version of a model.
        ModelVersion = "model_version",
        /// A pipeline.
        Pipeline = "pipeline",
        /// A run of a pipeline.
        PipelineRun = "pipeline_run",
        /// A snapshot of a pipeline.
        PipelineDeployment = "pipeline_deployment",
        /// A build of a pipeline.
        PipelineBuild = "pipeline_build",
        /// A deployment.
        Deployment = "deployment",
        /// A schedule.
        Schedule = "schedule",
        /// A run template.
        RunTemplate = "run_template",
        /// A service.
        Service = "service",
        /// Metadata of a run.
        RunMetadata = "run_metadata",
        /// A trigger.
        Trigger = "trigger",
        /// A webhook.
        Webhook = "webhook",
    }
}

impl ResourceType {
    /// Returns whether resources of this type belong to the workspace itself and not to a project.
    #[must_use]
    pub const fn is_workspace_level(&self) -> bool {
        matches!(
            self,
            Self::Flavor
                | Self::Secret
                | Self::ServiceConnector
                | Self::Stack
                | Self::StackComponent
                | Self::Tag
                | Self::ServiceAccount
                | Self::Project
        )
    }
}

/// A resource string of a permission: a type, or one object of it.
///
/// `stack`, `stack/<id>`, `<project>:pipeline`, `<project>:pipeline/<id>`. A workspace server omits its own
/// workspace, because its token implies it; user callers must include it, see [`ResourceRef::user_forms`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceRef {
    /// The workspace, if the string contains one.
    pub workspace: Option<WorkspaceId>,
    /// The project, for types that belong to a project.
    pub project: Option<ProjectId>,
    /// Type of the resource.
    pub kind: ResourceType,
    /// The object; `None` means the type as a whole.
    pub id: Option<Uuid>,
}

impl ResourceRef {
    /// Returns all resources of a type, in the whole workspace.
    #[must_use]
    pub const fn all(kind: ResourceType) -> Self {
        Self { workspace: None, project: None, kind, id: None }
    }

    /// One object.
    #[must_use]
    pub fn one(kind: ResourceType, id: impl Identifier) -> Self {
        Self { workspace: None, project: None, kind, id: Some(id.uuid()) }
    }

    /// The same inside a project.
    #[must_use]
    pub const fn in_project(mut self, project: ProjectId) -> Self {
        self.project = Some(project);
        self
    }

    /// Returns the same with a workspace.
    #[must_use]
    pub const fn in_workspace(mut self, workspace: WorkspaceId) -> Self {
        self.workspace = Some(workspace);
        self
    }

    /// Returns the same without a workspace: the form of a workspace server.
    #[must_use]
    pub const fn local(mut self) -> Self {
        self.workspace = None;
        self
    }

    /// Returns the possible forms of this resource for a user caller of `GET /rbac/resource_members`, the most likely
    /// one first.
    ///
    /// The reference states that the string must contain the workspace, but not how. The first form uses the current
    /// terms, the second is that of older servers, the third has a prefix like that of projects. A caller tries them
    /// in order and remembers the one that works.
    #[must_use]
    pub fn user_forms(&self, workspace: WorkspaceId) -> [String; 3] {
        let local = self.clone().local();
        ["@workspace", "@server", ""].map(|scope| format!("{workspace}{scope}:{local}"))
    }
}

impl fmt::Display for ResourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(workspace) = self.workspace {
            write!(f, "{workspace}@workspace:")?;
        }
        if let Some(project) = self.project {
            write!(f, "{project}:")?;
        }
        write!(f, "{}", self.kind)?;
        match self.id {
            Some(id) => write!(f, "/{id}"),
            None => Ok(()),
        }
    }
}

/// A string that is not a resource string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidResource(pub String);

impl fmt::Display for InvalidResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a resource string like stack/<id> or <project>:pipeline/<id>", self.0)
    }
}

impl std::error::Error for InvalidResource {}

impl FromStr for ResourceRef {
    type Err = InvalidResource;

    /// Parses every form: with a workspace (in all forms of [`ResourceRef::user_forms`]) and without.
    fn from_str(text: &str) -> Result<Self, InvalidResource> {
        parse(text).ok_or_else(|| InvalidResource(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<ResourceRef> {
    let mut scopes: Vec<&str> = text.split(':').collect();
    let resource = scopes.pop()?;
    let (kind, id) = match resource.split_once('/') {
        Some((kind, id)) => (kind, Some(Uuid::try_parse(id).ok()?)),
        None => (resource, None),
    };
    let kind = Some(ResourceType::parse(kind)).filter(ResourceType::is_known)?;
    let mut found = ResourceRef { workspace: None, project: None, kind, id };
    for (position, scope) in scopes.iter().enumerate() {
        let (scope_id, noun) = scope.split_once('@').unwrap_or((scope, ""));
        let scope_id = Uuid::try_parse(scope_id).ok()?;
        let outer = position == 0 && (scopes.len() > 1 || found.kind.is_workspace_level());
        match noun {
            "workspace" | "server" | "tenant" if position == 0 => {
                found.workspace = Some(WorkspaceId::from_uuid(scope_id));
            }
            "" if outer => found.workspace = Some(WorkspaceId::from_uuid(scope_id)),
            "" | "project" if found.project.is_none() => found.project = Some(ProjectId::from_uuid(scope_id)),
            _ => return None,
        }
    }
    Some(found)
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ResourceRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ResourceRef".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

impl Serialize for ResourceRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResourceRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::StackId;

    const STACK: &str = "00000000-0000-4000-8000-000000000001";
    const PROJECT: &str = "00000000-0000-4000-8000-000000000002";
    const WORKSPACE: &str = "00000000-0000-4000-8000-000000000003";

    #[test]
    fn resource_strings_read_back_as_written() {
        let cases = [
            "stack".to_owned(),
            format!("stack/{STACK}"),
            format!("{PROJECT}:pipeline"),
            format!("{PROJECT}:code_repository/{STACK}"),
            format!("{WORKSPACE}@workspace:stack/{STACK}"),
            format!("{WORKSPACE}@workspace:{PROJECT}:pipeline/{STACK}"),
        ];
        for text in cases {
            assert_eq!(text.parse::<ResourceRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn all_forms_of_a_user_caller_are_the_same_resource() {
        let workspace: WorkspaceId = WORKSPACE.parse().unwrap();
        let stack = ResourceRef::one(ResourceType::Stack, STACK.parse::<StackId>().unwrap());
        let pipeline = ResourceRef::all(ResourceType::Pipeline).in_project(PROJECT.parse().unwrap());
        for resource in [stack, pipeline] {
            for form in resource.user_forms(workspace) {
                assert_eq!(form.parse(), Ok(resource.clone().in_workspace(workspace)), "{form}");
            }
        }
    }

    #[test]
    fn an_invalid_resource_string_is_rejected() {
        for text in ["", "nonsense", "stack/x", "x:stack", ":stack", "stack/", &format!("{STACK}@team:stack")]
        {
            assert!(text.parse::<ResourceRef>().is_err(), "{text}");
        }
    }
}
