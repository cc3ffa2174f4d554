//! Allowed arrows that close a circle, each with its reason.

/// Arrows of one crate that may close a circle.
pub(super) struct Allowed {
    pub(super) package: &'static str,
    pub(super) why: &'static str,
    /// From the using module to the used module.
    pub(super) arrows: &'static [(&'static str, &'static str)],
}

/// Without these arrows, no module uses itself through others. Remove an arrow that is no longer in a circle.
pub(super) const ALLOWED: &[Allowed] = &[
    Allowed {
        package: "zenml-api",
        why: "wire types that hold each other: an answer shows the object with its neighbors",
        arrows: &[("control::organization", "control::workspace"), ("workspace::user", "workspace::object")],
    },
    Allowed {
        package: "zenml-provider",
        why: "a trait and the functions that its default methods call, which take any type of the trait",
        arrows: &[
            ("in_workspace::import", "in_workspace::object"),
            ("in_workspace::list", "in_workspace::object"),
            ("in_workspace::names", "in_workspace::object"),
            ("in_workspace::plan", "in_workspace::object"),
            ("in_workspace::read", "in_workspace::object"),
            ("in_workspace::write", "in_workspace::object"),
        ],
    },
    Allowed {
        package: "zenml-provider",
        why: "a part of a resource works on the model, which stands in the mod.rs of its folder",
        arrows: &[
            ("resources::code_repository::source", "resources::code_repository"),
            ("resources::flavor::retirement", "resources::flavor"),
            ("resources::secret::held", "resources::secret"),
            ("resources::service_connector", "resources::service_connector::known"),
            ("resources::service_connector::calls", "resources::service_connector"),
            ("resources::service_connector::held", "resources::service_connector"),
            ("resources::service_connector::planning", "resources::service_connector"),
            ("resources::stack::check", "resources::stack"),
            ("resources::stack::slots", "resources::stack"),
            ("resources::stack_component::delete", "resources::stack_component"),
            ("resources::stack_component::flavor", "resources::stack_component"),
            ("resources::stack_component::held", "resources::stack_component"),
            ("resources::stack_component::refusal", "resources::stack_component"),
            ("resources::stack_component::stored", "resources::stack_component"),
            ("resources::stack_component::write", "resources::stack_component"),
        ],
    },
    Allowed {
        package: "zenml-provider",
        why: "objects that hold each other let each other go",
        arrows: &[
            ("resources::service_connector::held", "resources::stack_component::held"),
            ("resources::stack_component::held", "resources::stack"),
        ],
    },
];
