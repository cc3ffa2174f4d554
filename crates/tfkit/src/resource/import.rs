//! What the user imports, and what an import finds.

use crate::diag::Diag;
use crate::field::Misfit;
use crate::model::{Key, Model, form, split};

/// How the user identifies the object to import.
#[derive(Clone, Debug)]
pub enum ImportId<'a, K> {
    /// By the id of `terraform import` or of an import block.
    Text(&'a str),
    /// By the identity in an import block.
    Key(K),
}

impl<K: Key> ImportId<'_, K> {
    /// Returns the key in it: a single id, or its parts separated by `/`. Leading optional parts can be omitted.
    pub fn key(self) -> Result<K, Diag> {
        let text = match self {
            Self::Key(key) => return Ok(key),
            Self::Text(text) => text,
        };
        let attributes = K::attributes();
        let expected = format!("Import ids of this type have the format {}.", form(&attributes));
        let refused = || Diag::error(format!("Invalid import id {text:?}")).why(&expected);
        let parts = split(text, &attributes).ok_or_else(refused)?;
        K::from_parts(&parts).map_err(|Misfit { path, what, fix, .. }| {
            let diag = refused().why(format!("Its part {path} {what}."));
            match fix {
                Some(fix) => diag.fix(fix),
                None => diag,
            }
        })
    }
}

/// The result of an import.
#[derive(Debug)]
pub enum Imported<M: Model> {
    /// Its key; the engine fetches the rest.
    Key(M::Key),
    /// The whole object.
    Model(Box<M>),
}
