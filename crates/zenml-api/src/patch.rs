//! A member of an update.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What an update does with one member: keep it, clear it, or set it.
///
/// As a struct member, it requires `#[serde(default, skip_serializing_if = "Patch::is_keep")]`: absent means
/// [`Patch::Keep`] and `null` means [`Patch::Clear`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Keep the member: it is not sent.
    #[default]
    Keep,
    /// Make the member null.
    Clear,
    /// Give the member this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Returns whether the member is kept.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Returns the change from one value to another.
    pub fn between(prior: Option<&T>, planned: Option<T>) -> Self
    where
        T: PartialEq,
    {
        match planned {
            planned if prior == planned.as_ref() => Self::Keep,
            Some(value) => Self::Set(value),
            None => Self::Clear,
        }
    }

    /// Applies the change to a stored value.
    pub fn apply(self, stored: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *stored = None,
            Self::Set(value) => *stored = Some(value),
        }
    }

    /// Maps the value of the change.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(convert(value)),
        }
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        <Option<T>>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Option<T>>::json_schema(generator)
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set(value) => serializer.serialize_some(value),
            Self::Keep | Self::Clear => serializer.serialize_none(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Update {
        #[serde(default, skip_serializing_if = "Patch::is_keep")]
        description: Patch<String>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_different_changes() {
        let set = Patch::Set("x".to_owned());
        for (json, change) in
            [("{}", Patch::Keep), (r#"{"description":null}"#, Patch::Clear), (r#"{"description":"x"}"#, set)]
        {
            let update = Update { description: change };
            assert_eq!(serde_json::to_string(&update).unwrap(), json);
            assert_eq!(serde_json::from_str::<Update>(json).unwrap(), update);
        }
    }

    #[test]
    fn the_change_between_two_values_turns_one_into_the_other() {
        for prior in [None, Some(1), Some(2)] {
            for planned in [None, Some(1), Some(2)] {
                let mut stored = prior;
                Patch::between(prior.as_ref(), planned).apply(&mut stored);
                assert_eq!(stored, planned);
                assert_eq!(Patch::between(prior.as_ref(), planned).is_keep(), prior == planned);
            }
        }
    }
}
