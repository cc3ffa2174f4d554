//! A framework for Terraform and OpenTofu providers.
//!
//! This crate contains values, schemas, typed models and the rules of planning. It does not know gRPC, TLS or any
//! particular provider: `tfkit-serve` serves a provider over gRPC, and the provider implements the resources.
//!
//! # How to write a resource
//!
//! A resource is a struct, its model, and an implementation of [`Resource`]. The type of a field determines who sets
//! the attribute (see [`field`]); its doc comment is the description that users read. The engine handles defaults,
//! replacement, unknown values, conformity and identity.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Mutex;
//!
//! use tfkit::{Computed, Configured, Current, Cx, Diag, Engine, Kind, Model, OrDefault, Partial, Provider, Resource, Since, Start, Types};
//!
//! /// A note on the wall.
//! #[derive(Clone, Debug, PartialEq, Model)]
//! #[model(name = "note")]
//! pub struct Note {
//!     /// Identifier of the note.
//!     #[attr(key, stable)]
//!     pub id: Computed<String>,
//!     /// Wall that the note hangs on.
//!     #[attr(replace)]
//!     pub wall: String,
//!     /// Text of the note.
//!     #[attr(check = length(1..=200))]
//!     pub text: String,
//!     /// Color of the paper.
//!     #[attr(default = "yellow", check = one_of(&["yellow", "blue"]))]
//!     pub colour: OrDefault<String>,
//!     /// Who wrote it.
//!     pub author: Option<String>,
//! }
//!
//! /// A note as the server returns it.
//! pub struct Remote { id: String, wall: String, text: String, colour: String, author: Option<String> }
//!
//! /// The client; here a map.
//! #[derive(Default)]
//! pub struct Walls(Mutex<BTreeMap<String, Note>>);
//!
//! impl Resource for Note {
//!     type Model = Self;
//!     type Client = Walls;
//!     type Remote = Remote;
//!
//!     async fn fetch(cx: &Cx<Walls>, key: &NoteKey) -> Result<Option<Remote>, Diag> {
//!         let notes = cx.client().await?.0.lock().unwrap();
//!         Ok(notes.get(&key.id).map(|note| Remote {
//!             id: key.id.clone(),
//!             wall: note.wall.clone(),
//!             text: note.text.clone(),
//!             colour: note.colour.0.clone(),
//!             author: note.author.clone(),
//!         }))
//!     }
//!
//!     fn observe(remote: &Remote, _since: Since<'_, Self>) -> Result<Self, Diag> {
//!         Ok(Note {
//!             id: Computed::known(remote.id.clone()),
//!             wall: remote.wall.clone(),
//!             text: remote.text.clone(),
//!             colour: OrDefault(remote.colour.clone()),
//!             author: remote.author.clone(),
//!         })
//!     }
//!
//!     async fn create(cx: &Cx<Walls>, plan: Self) -> Result<Self, Diag> {
//!         let mut notes = cx.client().await?.0.lock().unwrap();
//!         let id = format!("note-{}", notes.len() + 1);
//!         let note = Note { id: Computed::known(id.clone()), ..plan };
//!         cx.save(&note); // It exists now. If anything fails from here on, the state still contains it.
//!         notes.insert(id, note.clone());
//!         Ok(note)
//!     }
//!
//!     async fn update(cx: &Cx<Walls>, _current: Current<Self>, plan: Self) -> Result<Self, Diag> {
//!         let id = plan.id.get()?.clone();
//!         cx.client().await?.0.lock().unwrap().insert(id, plan.clone());
//!         Ok(plan)
//!     }
//!
//!     async fn delete(cx: &Cx<Walls>, prior: Self) -> Result<(), Diag> {
//!         cx.client().await?.0.lock().unwrap().remove(prior.id.get()?);
//!         Ok(())
//!     }
//! }
//!
//! /// Notes on walls.
//! #[derive(Clone, Debug, Model)]
//! #[model(name = "wall", kind = provider)]
//! pub struct Config {
//!     /// Address of the server.
//!     pub address: Option<String>,
//! }
//!
//! struct Wall;
//!
//! impl Provider for Wall {
//!     type Config = Config;
//!     type Client = Walls;
//!
//!     fn register(types: Types<Walls>) -> Types<Walls> {
//!         types.resource::<Note>()
//!     }
//!
//!     async fn configure(&self, config: &Partial<Config>, _: &Start) -> Result<Configured<Walls>, Diag> {
//!         if config.get(Config::ADDRESS).is_unknown() {
//!             return Ok(Configured::Unknown(vec![Config::ADDRESS.path()]));
//!         }
//!         Ok(Configured::Ready(Walls::default()))
//!     }
//! }
//!
//! let engine = Engine::new(Wall);
//! assert_eq!(engine.names(Kind::Resource), ["wall_note"]);
//! ```
//!
//! Optional features of a resource, each one method or constant:
//!
//! | to | write |
//! |---|---|
//! | decide something during planning, or check a deletion before it happens | [`Resource::plan`], with [`Plan`] |
//! | check a whole configuration | [`Resource::validate`], or `#[model(rule = …)]` |
//! | support import ids of another format than the parts of the key | [`Resource::import`] |
//! | read the state of an earlier version | [`Resource::VERSION`] and [`Resource::UPGRADES`] |
//! | read the identity of an earlier version | [`Resource::IDENTITY_VERSION`] and [`Resource::IDENTITY_UPGRADES`] |
//! | take over objects of another type | [`Resource::MOVES`] |
//! | complete the state of a version with fewer attributes | [`Resource::inherit`] |
//! | allow an update to change the identity | [`Resource::IDENTITY_MUTABLE`] |
//! | give operations more time | a field of type [`timeouts::Timeouts`], or [`Resource::timeout`] |
//! | treat two spellings as the same value | `#[attr(same = …)]` |
//! | keep a secret out of the state | `#[attr(twin)]` and the field type [`Twin`] |
//! | list the objects of the type for `terraform query` | [`ListResource`], with [`Results`] |
//! | leave more out of a generated configuration, or show a sensitive value that is no secret in an export | [`Resource::generate`], [`Resource::disclosed`] |
//! | accept only certain words | an `enum` that derives [`Enum`] |
//! | nest objects in a list, a set or a map | a struct that derives [`Object`], in `Vec`, [`Set`] or `BTreeMap` |
//! | write nested objects as blocks, as an older provider did | `#[attr(block)]` |
//! | check attributes of a nested object together | `#[model(rule = …)]` on the object |
//! | read or plan an attribute of a nested object | [`model::Spot`], such as `Team::OWNER.at(Owner::NAME)` |
//! | accept a value of any type | the field type [`Dyn`] |
//! | reject two objects with the same name in a plan | [`Resource::claim`] |
//! | report that something already exists, with matching advice | [`Diag::in_the_way`] |
//! | wait, lock, warn, store private values with the state | [`Cx`] |
//!
//! A data source is a model of `kind = data_source` with [`DataSource`], an ephemeral resource one of
//! `kind = ephemeral_resource` with [`EphemeralResource`], and an action one of `kind = action` with [`Action`]. A
//! function is a struct of arguments with [`Function`]. Values that belong together form a nested object,
//! `#[derive(Object)]`. Your own types implement [`field::Value`].
#![warn(missing_docs)]

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// The derive macros refer to this crate by name, also inside the crate.
extern crate self as tfkit;

pub mod action;
pub mod check;
pub mod cx;
pub mod data_source;
pub mod diag;
pub mod docs;
pub mod engine;
pub mod ephemeral_resource;
mod erased;
pub mod export;
pub mod field;
pub mod function;
pub mod list_resource;
pub mod model;
pub mod plan;
pub mod provider;
pub mod resource;
pub mod run;
pub mod schema;
pub mod timeouts;
pub mod value;

pub use action::Action;
pub use cx::{Cx, LockGuard};
pub use data_source::DataSource;
pub use diag::{Diag, Existing, Severity};
pub use engine::Engine;
pub use ephemeral_resource::{EphemeralResource, Opened, Opening, Renewed};
pub use field::{Computed, Enum, IfSet, OrDefault, OrServer, Secret, Set, Twin};
pub use function::Function;
pub use list_resource::{ListResource, Listed, Results};
pub use model::{Maybe, Partial};
pub use provider::{Configured, Provider, Start, Types};
pub use resource::{
    Current, Earlier, Generated, ImportId, Imported, KeyOf, Move, Page, Plan, Predecessor, Resource, Since,
    Source, Upgrade,
};
pub use run::Claim;
pub use schema::{Attribute, Depends, Kind, Nesting, Schema, Shape, Who};
pub use value::{Dyn, Number, Path, Step, Type};

/// Derive macros; [`model::Object`], [`model::Model`] and [`function::Arguments`] are the traits behind them.
pub use tfkit_derive::{Arguments, Enum, Model, Object};
