//! The Python class that reads a repository: written in full, or one word for the classes of ZenML.

use tfkit::{Object, OrDefault, Plan};
use zenml_api::workspace::JsonMap;
use zenml_api::workspace::code_repository::{self as api, SOURCE_TYPES};

use super::CodeRepository;

/// The values of `type`.
pub(super) const TYPES: [&str; 2] = ["github", "gitlab"];

/// The classes of these values, in the same order.
const CLASSES: [(&str, &str); 2] = [
    ("zenml.integrations.github.code_repositories.github_code_repository", "GitHubCodeRepository"),
    ("zenml.integrations.gitlab.code_repositories.gitlab_code_repository", "GitLabCodeRepository"),
];

/// The kind of source of the classes of ZenML.
const INTERNAL: &str = "internal";

/// The Python class that reads a repository.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct Source {
    /// Module of the class, such as `my_package.repositories`.
    #[attr(check = non_empty())]
    pub module: String,
    /// Name of the class in the module.
    #[attr(check = non_empty())]
    pub attribute: Option<String>,
    /// Where the module comes from.
    #[attr(name = "type", default = "user", check = one_of(&SOURCE_TYPES))]
    pub kind: OrDefault<String>,
}

/// A class, independent of how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    module: String,
    attribute: Option<String>,
    kind: String,
}

impl Origin {
    /// Returns the class of a response.
    pub(super) fn of(source: &api::Source) -> Self {
        Self { module: source.module.clone(), attribute: source.attribute.clone(), kind: source.kind.clone() }
    }

    /// Returns the class of a model.
    pub(super) fn stated(model: &CodeRepository) -> Option<Self> {
        Self::read(model.kind.as_deref(), model.source.as_ref())
    }

    /// Returns the class of a plan; `None` while it is unknown.
    pub(super) fn planned(plan: &Plan<CodeRepository>) -> Option<Self> {
        let kind = plan.get(CodeRepository::TYPE).known();
        let source = plan.get(CodeRepository::SOURCE).known();
        Self::read(kind.as_deref(), source.as_ref())
    }

    fn read(kind: Option<&str>, source: Option<&Source>) -> Option<Self> {
        if let Some(source) = source {
            return Some(Self {
                module: source.module.clone(),
                attribute: source.attribute.clone(),
                kind: source.kind.to_string(),
            });
        }
        let position = TYPES.iter().position(|word| Some(*word) == kind)?;
        let (module, attribute) = CLASSES[position];
        Some(Self {
            module: module.to_owned(),
            attribute: Some(attribute.to_owned()),
            kind: INTERNAL.to_owned(),
        })
    }

    /// Returns the value of `type` for the class, if there is one.
    pub(super) fn word(&self) -> Option<&'static str> {
        TYPES.into_iter().find(|word| Self::read(Some(word), None).as_ref() == Some(self))
    }

    /// Returns the class for `source`.
    pub(super) fn spelled_out(self) -> Source {
        Source { module: self.module, attribute: self.attribute, kind: OrDefault(self.kind) }
    }

    /// Returns the class for a request.
    pub(super) fn sent(self) -> api::Source {
        api::Source { module: self.module, attribute: self.attribute, kind: self.kind, more: JsonMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_and_its_class_are_the_same_origin() {
        for word in TYPES {
            let origin = Origin::read(Some(word), None).unwrap();
            assert_eq!(origin.word(), Some(word));
            let spelled_out = origin.clone().spelled_out();
            assert_eq!(Origin::read(None, Some(&spelled_out)), Some(origin.clone()));
            assert_eq!(Origin::of(&origin.clone().sent()), origin);
        }
        let own = Source { module: "m".to_owned(), attribute: None, kind: OrDefault("user".to_owned()) };
        assert_eq!(Origin::read(None, Some(&own)).unwrap().word(), None);
        assert_eq!(Origin::read(Some("bitbucket"), None), None);
    }
}
