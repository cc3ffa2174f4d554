//! The types of resources, data sources and ephemeral resources, one module for each kind of object.

pub mod access;
pub mod access_token;
pub mod api_key;
pub mod code_repository;
pub mod flavor;
pub mod organization;
pub mod organization_member;
pub mod organization_role_assignment;
pub mod project;
pub mod project_role_assignment;
pub mod resource_share;
pub mod role;
pub mod secret;
pub mod server;
pub mod service_account;
pub mod service_connector;
pub mod stack;
pub mod stack_component;
pub mod stack_role_assignment;
pub mod tag;
pub mod team;
pub mod team_membership;
pub mod workspace;
pub mod workspace_role_assignment;
