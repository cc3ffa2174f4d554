//! Requests straight into the router, and the life of a platform on disk.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod api_key;
mod assignment;
mod audit;
mod backup;
mod browser;
mod contract;
mod device;
mod device_end;
#[cfg(target_os = "linux")]
mod disk;
mod enrollment;
mod fault;
mod filter;
mod idempotency;
mod invitation;
mod invitation_command;
mod last_admin;
mod life;
mod limit;
mod login;
mod master_key;
mod openapi;
mod operations;
mod organization;
mod pages;
mod pages_misused;
mod plan;
mod printing;
mod process;
mod ready;
mod role;
mod secrecy;
mod session;
mod subscription;
mod support;
mod team;
mod throttle;
mod user;
mod workspace;
mod workspace_access;
mod workspace_cast;
mod workspace_catalog;
mod workspace_client;
mod workspace_execution;
mod workspace_login;
mod workspace_object;
mod workspace_page;
mod workspace_space;
mod workspace_stack;
