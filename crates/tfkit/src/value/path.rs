//! Paths of values inside an object.

use std::fmt;

/// A path from the root of a resource, data source or provider block to one value.
///
/// ```
/// use tfkit::Path;
/// assert_eq!(Path::root().attr("rules").index(0).attr("tags").key("a").to_string(), r#"rules[0].tags["a"]"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Step>);

/// One step of a [`Path`]. Elements of sets cannot be addressed: a path ends at the set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into an attribute of an object.
    Attribute(String),
    /// Into an element of a map.
    Key(String),
    /// Into an element of a list or tuple, counted from zero.
    Index(u64),
}

impl Path {
    /// The path of the whole block.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Returns the path of an attribute of this value.
    #[must_use]
    pub fn attr(self, name: impl Into<String>) -> Self {
        self.step(Step::Attribute(name.into()))
    }

    /// Returns the path of an element of a map.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// Returns the path of an element of a list or tuple, counted from zero.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.step(Step::Index(index as u64))
    }

    /// Returns the path one step further.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// Returns the steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Returns whether it is the path of the whole block.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether this path is `other` or inside it.
    pub fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl From<&str> for Path {
    /// Converts the name of a root attribute to a path. The name is not parsed.
    fn from(name: &str) -> Self {
        Self::root().attr(name)
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if place == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
