//! The types of resources and data sources, one file for each noun.

pub mod team;
pub mod workspace;
