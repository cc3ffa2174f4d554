//! What the author's hook has set in a plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::value::{Dyn, Path, Step};

/// A value of a plan in which the hook has set something.
#[derive(Debug)]
pub(super) struct Decided<'a> {
    /// The value after the hook.
    pub(super) value: &'a Dyn,
    /// Whether the hook has set the value as a whole.
    pub(super) is_whole: bool,
    inside: BTreeMap<&'a Step, Self>,
}

impl<'a> Decided<'a> {
    /// Creates the tree of the paths that the hook has set.
    pub(super) fn new(hooked: &'a Dyn, paths: &'a BTreeSet<Path>) -> Self {
        let mut root = Self::of(hooked);
        for path in paths {
            let mut here = &mut root;
            for step in path.steps() {
                let value = child(here.value, step);
                here = here.inside.entry(step).or_insert_with(|| Self::of(value));
            }
            here.is_whole = true;
        }
        root
    }

    fn of(value: &'a Dyn) -> Self {
        Self { value, is_whole: false, inside: BTreeMap::new() }
    }

    /// Returns the value one step further inside, if the hook has set something there.
    pub(super) fn step(&self, step: &Step) -> Option<&Self> {
        self.inside.get(step)
    }

    /// Returns the value of an attribute, if the hook has set something there.
    pub(super) fn attribute(&self, name: &str) -> Option<&Self> {
        self.step(&Step::Attribute(name.to_owned()))
    }
}

fn child<'a>(value: &'a Dyn, step: &Step) -> &'a Dyn {
    value.get(&Path(vec![step.clone()])).unwrap_or(&Dyn::Null)
}
