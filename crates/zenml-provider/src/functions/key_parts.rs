//! `key_parts`: the part of an API key that is not secret.

use tfkit::{Arguments, Diag, Function, Object, Secret};

use crate::key::{self, id_of};

/// Returns the parts of a ZenML API key that are not secret, for example to find the key that a configuration uses.
///
/// The key itself does not reach the result. Terraform still marks the result as sensitive if the argument is: use
/// `nonsensitive` to show it.
#[derive(Clone, Debug, Arguments)]
#[function(name = "key_parts", since = "3.1.0")]
pub struct KeyParts {
    /// An API key: `ZENPROKEY_…` of a service account or a personal access token of ZenML Pro, or `ZENKEY_…` of a
    /// service account of a plain ZenML server.
    pub key: Secret<String>,
}

/// The parts of an API key.
#[derive(Clone, Debug, PartialEq, Eq, Object)]
pub struct Parts {
    /// ID of the key, which the server shows in the list of keys.
    pub id: String,
    /// Kind of the key: `pro` for ZenML Pro, `server` for a plain ZenML server.
    pub kind: String,
}

impl Function for KeyParts {
    type Output = Parts;

    fn call(self) -> Result<Parts, Diag> {
        let text = self.key.expose().trim();
        let (kind, encoded) = match (text.strip_prefix(key::PRO), text.strip_prefix("ZENKEY_")) {
            (Some(encoded), _) => ("pro", encoded),
            (_, Some(encoded)) => ("server", encoded),
            _ => {
                return Err(Diag::error("The value is not a ZenML API key.")
                    .why("An API key begins with ZENPROKEY_ or ZENKEY_. An access token is not an API key.")
                    .at(Self::KEY));
            }
        };
        let id = id_of(encoded).ok_or_else(|| {
            Diag::error("The ZenML API key is damaged.")
                .why("The text after its prefix does not contain the ID of a key.")
                .fix("Copy the whole key again, or create a new one.")
                .at(Self::KEY)
        })?;
        Ok(Parts { id: id.to_string(), kind: kind.to_owned() })
    }
}
