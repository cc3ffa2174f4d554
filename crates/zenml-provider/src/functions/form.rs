//! The formats of import ids, from the keys of the resource types.

use std::collections::BTreeMap;
use std::fmt;

use tfkit::engine::IdentityAttribute;
use tfkit::model::{Key, Model};
use uuid::Uuid;
use zenml_api::control::role::RoleLevel;
use zenml_api::workspace::component::ALL_TYPES;

use crate::access::people::is_email;
use crate::resources::{
    api_key, code_repository, flavor, organization_member, organization_role_assignment, project,
    project_role_assignment, resource_share, role, secret, service_account, service_connector, stack,
    stack_component, stack_role_assignment, tag, team, team_membership, workspace, workspace_role_assignment,
};
use crate::sharing::need::Kind;

/// The attributes of an import id.
pub(super) type Attributes = BTreeMap<String, String>;

/// The part of a model that determines the import ids of its type.
type Facts = (&'static str, Vec<IdentityAttribute>, &'static [&'static str]);

/// The resource types. A test compares them with the types of the provider.
const TYPES: &[fn() -> Facts] = &[
    facts::<api_key::ApiKey>,
    facts::<code_repository::CodeRepository>,
    facts::<flavor::Flavor>,
    facts::<organization_member::OrganizationMember>,
    facts::<organization_role_assignment::OrganizationRoleAssignment>,
    facts::<project::Project>,
    facts::<project_role_assignment::ProjectRoleAssignment>,
    facts::<resource_share::ResourceShare>,
    facts::<role::Role>,
    facts::<secret::Secret>,
    facts::<service_account::ServiceAccount>,
    facts::<service_connector::ServiceConnector>,
    facts::<stack::Stack>,
    facts::<stack_component::StackComponent>,
    facts::<stack_role_assignment::StackRoleAssignment>,
    facts::<tag::Tag>,
    facts::<team::Team>,
    facts::<team_membership::TeamMembership>,
    facts::<workspace::Workspace>,
    facts::<workspace_role_assignment::WorkspaceRoleAssignment>,
];

fn facts<M: Model>() -> Facts {
    (M::type_name(), M::Key::attributes(), M::about().imports)
}

/// Full names of the resource types, for messages.
pub(super) const NAMES: &[&str] = &[
    "zenml_api_key",
    "zenml_code_repository",
    "zenml_flavor",
    "zenml_organization_member",
    "zenml_organization_role_assignment",
    "zenml_project",
    "zenml_project_role_assignment",
    "zenml_resource_share",
    "zenml_role",
    "zenml_secret",
    "zenml_service_account",
    "zenml_service_connector",
    "zenml_stack",
    "zenml_stack_component",
    "zenml_stack_role_assignment",
    "zenml_tag",
    "zenml_team",
    "zenml_team_membership",
    "zenml_workspace",
    "zenml_workspace_role_assignment",
];

/// A format of import ids, such as `[WORKSPACE_ID/]TYPE/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// The optional first part.
    place: Option<Slot>,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Word(String),
    Slot(Slot),
}

/// A part that is different in each import id. It contains an id, or a name if the attribute can also be a name: the
/// slot `workspace` contains the value of `workspace_id` or of `workspace`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot(String);

/// Returns the formats of the import ids of a type, by its full name. The first one consists of ids, if there is one.
pub(super) fn forms(type_name: &str) -> Option<Vec<Form>> {
    let noun = type_name.strip_prefix("zenml_")?;
    let (_, key, imports) = TYPES.iter().map(|facts| facts()).find(|(name, ..)| *name == noun)?;
    let leading = key.iter().take_while(|attribute| !attribute.required).count();
    let (optional, required) = key.split_at(leading);
    let place = optional.first().map(|attribute| Slot::of(attribute.name));
    let mut forms = Vec::new();
    if required.iter().all(|attribute| attribute.required) {
        let parts = required.iter().map(|attribute| Part::Slot(Slot::of(attribute.name))).collect();
        forms.push(Form { place: place.clone(), parts });
    }
    forms.extend(imports.iter().map(|text| Form { place: place.clone(), parts: parts(text) }));
    Some(forms)
}

/// Reads a format as models declare it: parts in capitals are slots.
fn parts(text: &str) -> Vec<Part> {
    let part = |part: &str| {
        if part.chars().any(|character| character.is_ascii_lowercase()) {
            Part::Word(part.to_owned())
        } else {
            Part::Slot(Slot::of(&part.to_lowercase()))
        }
    };
    text.split('/').map(part).collect()
}

impl Slot {
    fn of(attribute: &str) -> Self {
        Self(attribute.strip_suffix("_id").unwrap_or(attribute).to_owned())
    }

    /// Returns the names of the attributes that can fill it.
    fn names(&self) -> Vec<String> {
        match self.0.as_str() {
            "id" | "name" | "type" | "level" | "resource_type" | "email" => vec![self.0.clone()],
            base => vec![format!("{base}_id"), base.to_owned()],
        }
    }

    /// Returns the name of the attribute with this value; `None` if the value does not fit.
    fn attribute(&self, value: &str) -> Option<String> {
        let is_id = Uuid::try_parse(value).is_ok();
        match self.0.as_str() {
            "id" => is_id.then(|| "id".to_owned()),
            "email" => is_email(value).then(|| "email".to_owned()),
            "level" => RoleLevel::parse(value).is_known().then(|| "level".to_owned()),
            "resource_type" => Kind::named(value).is_some().then(|| "resource_type".to_owned()),
            "type" => ALL_TYPES.contains(&value).then(|| "type".to_owned()),
            "name" => (!value.trim().is_empty()).then(|| "name".to_owned()),
            base if is_id => Some(format!("{base}_id")),
            base => (!value.trim().is_empty()).then(|| base.to_owned()),
        }
    }

    fn value<'a>(&self, attributes: &'a Attributes) -> Option<(String, &'a str)> {
        self.names().into_iter().find_map(|name| attributes.get(&name).map(|value| (name, value.as_str())))
    }
}

impl Form {
    /// Returns the import id with these attributes; `None` if they are not those of this format.
    pub(super) fn build(&self, attributes: &Attributes) -> Option<String> {
        let mut used = Vec::new();
        let mut parts = Vec::new();
        if let Some((name, value)) = self.place.as_ref().and_then(|place| place.value(attributes)) {
            used.push(name);
            parts.push(value);
        }
        for part in &self.parts {
            match part {
                Part::Word(word) => parts.push(word),
                Part::Slot(slot) => {
                    let (name, value) = slot.value(attributes)?;
                    used.push(name);
                    parts.push(value);
                }
            }
        }
        attributes.keys().all(|name| used.contains(name)).then(|| parts.join("/"))
    }

    /// Reads an import id with or without the optional first part; `None` if it has another format.
    fn read(&self, text: &str, with_place: bool) -> Option<Attributes> {
        let place = self.place.as_ref().filter(|_| with_place).map(|slot| Part::Slot(slot.clone()));
        if with_place && place.is_none() {
            return None;
        }
        let parts: Vec<&Part> = place.iter().chain(&self.parts).collect();
        // The name is everything that follows, where nothing else can follow.
        let values: Vec<&str> = if self.ends_with_any_name() {
            text.splitn(parts.len(), '/').collect()
        } else {
            text.split('/').collect()
        };
        if values.len() != parts.len() {
            return None;
        }
        let mut attributes = Attributes::new();
        for (part, value) in parts.into_iter().zip(values) {
            match part {
                Part::Word(word) if word == value => {}
                Part::Word(_) => return None,
                Part::Slot(slot) => {
                    attributes.insert(slot.attribute(value)?, value.to_owned());
                }
            }
        }
        Some(attributes)
    }

    fn has(&self, name: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Slot(slot) if slot.0 == name))
    }

    fn ends_with_any_name(&self) -> bool {
        self.has("name") && (self.parts.len() == 1 || self.has("type"))
    }

    /// Returns the attributes of an import id, in the order of the imports of the provider: a first part that is a type
    /// is one; then, a first part is a workspace.
    fn attributes(&self, text: &str) -> Option<Attributes> {
        let bare_first = self.has("type") || self.has("id");
        let read = |with_place| self.read(text, with_place);
        read(!bare_first)
            .or_else(|| if self.is_only_a_name() && text.contains('/') { None } else { read(bare_first) })
    }

    fn is_only_a_name(&self) -> bool {
        self.parts.len() == 1 && self.has("name")
    }
}

/// Returns the attributes of an import id of one of these formats.
pub(super) fn parse(forms: &[Form], text: &str) -> Option<Attributes> {
    let (with_type, others): (Vec<&Form>, Vec<&Form>) = forms.iter().partition(|form| form.has("type"));
    with_type.into_iter().chain(others).find_map(|form| form.attributes(text))
}

/// Returns the names of all attributes of these formats, without other names of the same thing.
pub(super) fn names(forms: &[Form]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for form in forms {
        let slots = form.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(slot),
            Part::Word(_) => None,
        });
        for name in form.place.iter().chain(slots).filter_map(|slot| slot.names().into_iter().next()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// The format as in the documentation.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = |slot: &Slot| slot.names().first().map(|name| name.to_uppercase()).unwrap_or_default();
        if let Some(place) = &self.place {
            write!(f, "[{}/]", slot(place))?;
        }
        let part = |part: &Part| match part {
            Part::Word(word) => word.clone(),
            Part::Slot(one) => slot(one),
        };
        f.write_str(&self.parts.iter().map(part).collect::<Vec<_>>().join("/"))
    }
}

/// Returns all formats in words.
pub(super) fn listed(forms: &[Form]) -> String {
    forms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use tfkit::{Engine, Kind};

    use super::*;
    use crate::Zenml;

    #[test]
    fn every_resource_type_has_its_formats() {
        let engine = Engine::new(Zenml::default());
        assert_eq!(engine.names(Kind::Resource), NAMES);
        for name in NAMES {
            let forms = forms(name).unwrap();
            assert!(!forms.is_empty(), "{name}");
            let imports = engine.schema(Kind::Resource, name).unwrap().about.imports;
            assert!(
                forms.len() == imports.len() || forms.len() == imports.len() + 1,
                "{name}: {}",
                listed(&forms)
            );
        }
        assert_eq!(listed(&forms("zenml_flavor").unwrap()), "[WORKSPACE_ID/]ID, [WORKSPACE_ID/]TYPE/NAME");
        assert_eq!(
            listed(&forms("zenml_workspace_role_assignment").unwrap()),
            "WORKSPACE_ID/team/TEAM_ID/ROLE_ID, WORKSPACE_ID/user/USER_ID/ROLE_ID, \
             WORKSPACE_ID/service_account/SERVICE_ACCOUNT_ID/ROLE_ID, WORKSPACE_ID/email/EMAIL/ROLE_ID"
        );
    }
}
