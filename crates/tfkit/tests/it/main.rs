//! Tests of the framework: its rules as tables, and the engine with a small provider, called as the wire layer calls
//! it.
#![expect(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

mod action;
mod batch;
mod by_hand;
mod check;
mod conformity;
mod derive;
mod docs;
mod ephemeral;
mod export;
mod failure;
mod field;
mod foreign;
mod function;
mod generate;
mod generated_config;
mod host_rules;
mod import;
mod large_sets;
mod lifecycle;
mod list;
mod plan;
mod plan_elements;
mod plan_properties;
mod provider_block;
mod read;
mod shop;
mod twin;
mod upgrade;
mod validation;
mod value;
mod versions;
