//! The five endpoints that each kind of object has.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::paging::PageQuery;
use crate::path::PathParams;
use crate::workspace::{Object, Page};
use crate::{Endpoint, Identifier};

/// The common part of all objects of a workspace.
pub trait Named: Send + Sync + 'static {
    /// Identifies it inside the workspace.
    type Id: Identifier;

    /// Its identifier.
    fn id(&self) -> Self::Id;

    /// Its name.
    fn name(&self) -> &str;

    /// Returns whether it is complete: not a stub, and requested with its metadata.
    fn is_complete(&self) -> bool;
}

impl<I, B, M, R> Named for Object<I, B, M, R>
where
    I: Identifier,
    B: Send + Sync + 'static,
    M: Send + Sync + 'static,
    R: Send + Sync + 'static,
{
    type Id = I;

    fn id(&self) -> I {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn is_complete(&self) -> bool {
        self.body.is_some() && self.metadata.is_some()
    }
}

/// A kind of object that can be listed, created, read, updated and deleted with five endpoints.
pub trait Crud: Named + DeserializeOwned + Clone + std::fmt::Debug {
    /// How a read and a deletion identify an object: by its id, or by its id or name.
    type Path: PathParams + From<Self::Id> + Send + Sync + 'static;
    /// Query of a list.
    type Query: PageQuery + Serialize + Default + Send + Sync + 'static;
    /// Query of a read.
    type Look: Serialize + Default + Send + Sync + 'static;
    /// Fields of a new object.
    type New: Serialize + Send + Sync + 'static;
    /// An update of an object.
    type Change: Serialize + Send + Sync + 'static;
    /// Query of a change.
    type Manner: Serialize + Default + Send + Sync + 'static;

    /// Lists objects.
    const LIST: Endpoint<(), Self::Query, (), Page<Self>>;
    /// Reads one object.
    const GET: Endpoint<Self::Path, Self::Look, (), Self>;
    /// Creates an object.
    const CREATE: Endpoint<(), (), Self::New, Self>;
    /// Changes an object.
    const UPDATE: Endpoint<Self::Id, Self::Manner, Self::Change, Self>;
    /// Deletes an object.
    const DELETE: Endpoint<Self::Path, (), (), ()>;

    /// Returns the query for all objects whose name matches these filters.
    fn named(filters: Vec<String>) -> Self::Query;
}

/// Implements [`Crud`] with the constants of the current module.
macro_rules! crud {
    (
        $object:ty, $query:ident, $new:ty, $change:ty
        $(, path: $path:ty)? $(, look: $look:ty)? $(, manner: $manner:ty)?
    ) => {
        impl $crate::workspace::Crud for $object {
            type Path = $crate::workspace::crud::or!($($path)? => <$object as $crate::workspace::Named>::Id);
            type Query = $query;
            type Look = $crate::workspace::crud::or!($($look)? => $crate::workspace::Look);
            type New = $new;
            type Change = $change;
            type Manner = $crate::workspace::crud::or!($($manner)? => ());

            const LIST: Endpoint<(), Self::Query, (), Page<Self>> = LIST;
            const GET: Endpoint<Self::Path, Self::Look, (), Self> = GET;
            const CREATE: Endpoint<(), (), Self::New, Self> = CREATE;
            const UPDATE: Endpoint<
                <Self as $crate::workspace::Named>::Id,
                Self::Manner,
                Self::Change,
                Self,
            > = UPDATE;
            const DELETE: Endpoint<Self::Path, (), (), ()> = DELETE;

            fn named(filters: Vec<String>) -> $query {
                $query { name: filters, ..$query::default() }
            }
        }
    };
}
pub(crate) use crud;

/// The first type, or the second one if there is none.
macro_rules! or {
    ($type:ty => $otherwise:ty) => {
        $type
    };
    (=> $otherwise:ty) => {
        $otherwise
    };
}
pub(crate) use or;
