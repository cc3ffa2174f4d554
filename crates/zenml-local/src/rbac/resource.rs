//! The targets of actions: kinds of objects, single objects, and their names in the API.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The level of a kind of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    /// In an organization, on the control plane.
    Organization,
    /// In a workspace, outside its projects.
    Workspace,
    /// In a project of a workspace.
    Project,
}

impl Level {
    /// Returns its name in the API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Workspace => "workspace",
            Self::Project => "project",
        }
    }
}

macro_rules! kinds {
    ($($level:ident { $($name:ident = $text:literal),+ $(,)? })+) => {
        /// A kind of object that has permissions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Kind { $($($name),+),+ }

        impl Kind {
            /// All kinds, by level.
            pub(crate) const ALL: &'static [Self] = &[$($(Self::$name),+),+];

            /// Returns its name in the API.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $($(Self::$name => $text),+),+ }
            }

            /// Returns the level of this kind.
            pub(crate) const fn level(self) -> Level {
                match self { $($(Self::$name => Level::$level),+),+ }
            }
        }
    };
}

kinds! {
    Organization {
        Organization = "organization", Member = "member", Invitation = "invitation", Team = "team",
        Role = "role", Assignment = "role_assignment", Workspace = "workspace",
        OrganizationServiceAccount = "organization_service_account", Billing = "billing", Account = "account",
        Profile = "profile",
    }
    Workspace {
        Project = "project", Stack = "stack", StackComponent = "stack_component",
        ServiceConnector = "service_connector", Secret = "secret", Flavor = "flavor", Tag = "tag",
        ServiceAccount = "service_account",
    }
    Project {
        Artifact = "artifact", ArtifactVersion = "artifact_version", CodeRepository = "code_repository",
        Model = "model", ModelVersion = "model_version", Pipeline = "pipeline", PipelineRun = "pipeline_run",
        PipelineSnapshot = "pipeline_deployment", PipelineBuild = "pipeline_build", Deployment = "deployment",
        Schedule = "schedule", RunTemplate = "run_template", Service = "service", RunMetadata = "run_metadata",
        Trigger = "trigger", Webhook = "webhook",
    }
}

impl Kind {
    /// The kind in words, for messages.
    pub(crate) fn words(self) -> String {
        self.as_str().replace('_', " ")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    /// Parses the name of a kind in a workspace; kinds of the control plane have no resource strings.
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .iter()
            .find(|kind| kind.as_str() == text && kind.level() != Level::Organization)
            .copied()
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// A string that does not name a resource type.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a valid ResourceType")]
pub(crate) struct UnknownKind(pub String);

/// A kind or one object inside a workspace: `stack`, `stack/<id>`, `<project>:pipeline`, `<project>:pipeline/<id>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Resource {
    /// The kind.
    pub(crate) kind: Kind,
    /// The project, for kinds that live in one.
    pub(crate) project: Option<Uuid>,
    /// The object, or the whole kind.
    pub(crate) id: Option<Uuid>,
}

impl Resource {
    /// A whole kind outside projects.
    pub(crate) const fn all(kind: Kind) -> Self {
        Self { kind, project: None, id: None }
    }

    /// One object outside projects.
    pub(crate) const fn one(kind: Kind, id: Uuid) -> Self {
        Self { kind, project: None, id: Some(id) }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(project) = self.project {
            write!(f, "{project}:")?;
        }
        f.write_str(self.kind.as_str())?;
        if let Some(id) = self.id {
            write!(f, "/{id}")?;
        }
        Ok(())
    }
}

impl FromStr for Resource {
    type Err = InvalidResource;

    fn from_str(text: &str) -> Result<Self, InvalidResource> {
        let invalid = || InvalidResource(text.to_owned());
        let uuid = |text: &str| Uuid::try_parse(text).map_err(|_| invalid());
        let (project, rest) = match text.split_once(':') {
            Some((project, rest)) => (Some(uuid(project)?), rest),
            None => (None, text),
        };
        let (kind, id) = match rest.split_once('/') {
            Some((kind, id)) => (kind, Some(uuid(id)?)),
            None => (rest, None),
        };
        let kind: Kind = kind.parse().map_err(|_| invalid())?;
        if project.is_some() != (kind.level() == Level::Project) {
            return Err(invalid());
        }
        Ok(Self { kind, project, id })
    }
}

/// A string that is not a resource string.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a valid resource")]
pub(crate) struct InvalidResource(pub String);

/// The owner of an object, who may do everything with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// No owner, such as a project.
    Nobody,
    /// The server, such as built-in flavors; it counts as owned by everyone with access to the workspace.
    Everyone,
    /// A control-plane account.
    Account(Uuid),
}

impl From<Option<Uuid>> for Owner {
    fn from(account: Option<Uuid>) -> Self {
        account.map_or(Self::Nobody, Self::Account)
    }
}

/// The target of a decision: an object or a kind of objects, with its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The organization that it belongs to.
    pub(crate) organization: Uuid,
    /// Its workspace, or the workspace itself.
    pub(crate) workspace: Option<Uuid>,
    /// Its project, or the project itself.
    pub(crate) project: Option<Uuid>,
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its id; `None` for the whole kind.
    pub(crate) id: Option<Uuid>,
    /// Whose it is.
    pub(crate) owner: Owner,
}

impl Target {
    /// A target of the control plane, in an organization.
    pub(crate) const fn in_organization(organization: Uuid, kind: Kind, id: Option<Uuid>) -> Self {
        Self { organization, workspace: None, project: None, kind, id, owner: Owner::Nobody }
    }

    /// A target in a workspace.
    pub(crate) fn in_workspace(place: WorkspacePlace, resource: Resource) -> Self {
        let project = if resource.kind == Kind::Project { resource.id } else { resource.project };
        Self {
            organization: place.organization,
            workspace: Some(place.workspace),
            project,
            kind: resource.kind,
            id: resource.id,
            owner: Owner::Nobody,
        }
    }

    /// The same target with its owner.
    #[must_use]
    pub(crate) const fn owned_by(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }

    /// Returns the name of the target in messages of a workspace.
    pub(crate) fn resource(&self) -> Resource {
        let project = (self.kind.level() == Level::Project).then_some(self.project).flatten();
        Resource { kind: self.kind, project, id: self.id }
    }
}

/// A workspace and its organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WorkspacePlace {
    /// The organization.
    pub(crate) organization: Uuid,
    /// The workspace.
    pub(crate) workspace: Uuid,
}

/// Something that permission can be requested for.
pub(crate) trait Object: Send + Sync {
    /// Returns the target of the decision.
    fn target(&self) -> Target;
}

impl Object for Target {
    fn target(&self) -> Target {
        *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_strings_round_trip() {
        let id = "00000000-0000-4000-8000-000000000001";
        for text in [
            "stack".to_owned(),
            format!("stack/{id}"),
            format!("{id}:pipeline"),
            format!("{id}:pipeline_deployment/{id}"),
            format!("project/{id}"),
        ] {
            assert_eq!(text.parse::<Resource>().unwrap().to_string(), text);
        }
        for wrong in
            ["", "boat", "stack/x", "x:pipeline", "pipeline", &format!("{id}:stack"), "team", "stack/"]
        {
            assert!(wrong.parse::<Resource>().is_err(), "{wrong}");
        }
    }
}
