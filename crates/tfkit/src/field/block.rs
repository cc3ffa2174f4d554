//! Fields that can be written as blocks.

use std::collections::{BTreeMap, BTreeSet};

use super::{Element, Set, Value, WithoutDefault};
use crate::model::Object;

/// Fields that can be written as blocks: a nested object, alone or in `Option`, and lists, sets and maps of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written as a block",
    label = "`#[attr(block)]` requires a nested object, alone, in `Option`, or in a list, set or map"
)]
pub trait Blocks: WithoutDefault {}

impl<T: Value + Object> Blocks for T {}
impl<T: Value + Object> Blocks for Option<T> {}
impl<E: Element<Value: Object>> Blocks for Vec<E> {}
impl<E: Element<Value: Object>> Blocks for Set<E> {}
impl<E: Element<Value: Object> + Ord> Blocks for BTreeSet<E> {}
impl<E: Element<Value: Object>> Blocks for BTreeMap<String, E> {}
