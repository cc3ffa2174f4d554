//! Test tools for providers that are made with `tfkit`.
//!
//! - [`Harness`] plays the host in the test's own process: it merges, plans, applies, refreshes and imports as the host
//!   does, applies the host's checks, and needs neither a socket nor a binary.
//! - [`Scenario`] runs the real host in a directory of its own.
//!
//! Both look at an object from outside: by its address, `TYPE.NAME`. Both check by default what most mistakes break:
//! that a configuration plans empty right after it was applied, without a refresh and with one.
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
pub use harness::{Failure, Harness, unknown};
pub use scenario::{Host, NoHost, Origin, Scenario, Search};
