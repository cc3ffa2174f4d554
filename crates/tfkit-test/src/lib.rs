//! Test tools for `tfkit` providers.
//!
//! - [`Harness`] simulates the host in the process of the test: it merges, plans, applies, refreshes and imports like
//!   the host, applies the host's checks, and needs neither a socket nor a binary.
//! - [`Scenario`] runs the real host in its own directory.
//!
//! Both identify an object by its address, `TYPE.NAME`. By default, both check what most bugs break: that the plan is
//! empty right after an apply, without and with a refresh.
//!
//! ```ignore
//! let mut host = Harness::start(Engine::new(MyProvider), json!({"address": address})).await?;
//! host.apply("my_note.a", json!({"wall": "north", "text": "hi"})).await?;
//! let planned = host.plan("my_note.a", json!({"wall": unknown(), "text": "hi"})).await?;
//! assert_eq!(planned.action, Action::Replace);
//! host.import_equals_state("my_note.a", ImportBy::Id("note-1".into()), &[]).await?;
//! host.destroy("my_note.a").await?;
//!
//! for host in search.hosts().await? {
//!     let scenario = Scenario::new(&host, &Origin::Override { address: "me/my".into(), directory })?;
//!     scenario.write("main.tf", MAIN)?;
//!     scenario.apply().await?;
//!     scenario.destroy().await?;
//! }
//! ```
#![warn(missing_docs)]

mod action;
pub mod harness;
pub mod scenario;

pub use action::Action;
pub use harness::{Failure, Harness, OpenResource, call_function, unknown};
pub use scenario::{Host, NoHost, Origin, Scenario, Search};
