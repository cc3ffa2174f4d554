//! The provider against a local platform: in the test's own process, and under real hosts.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod acceptance;
mod bad_input;
mod code_repository;
mod complete_examples;
mod component_settings;
mod configuration;
mod creation;
mod data_sources;
mod documentation;
mod drop_in;
mod drop_in_contract;
mod examples;
mod flavor;
mod lost_answer;
mod many;
mod organization;
mod plain_server;
mod project;
mod project_role_assignment;
mod secret;
mod server;
mod service_connector;
mod service_connector_plan;
mod stack;
mod stack_acceptance;
mod stack_component;
mod stack_lists;
mod stack_role_assignment;
mod tag;
mod team;
mod workspace;
mod workspace_role_assignment;
mod world;
mod write_only;
