//! The interface of a kind of object that other objects use.

use tfkit::Cx;
use zenml_api::Identifier;
use zenml_client::ApiError;

use crate::client::Client;
use crate::in_workspace::noun::Noun;
use crate::in_workspace::scope::Server;

/// A kind of object that other objects use.
pub(crate) trait Held {
    /// The identifier type.
    type Id: Identifier;

    /// The words for it in messages.
    const NOUN: Noun;

    /// Returns whether the server rejected a deletion because the object is in use.
    fn is_held(error: &ApiError) -> bool;

    /// Deletes an object, and retired objects that only it has used.
    fn delete(
        cx: &Cx<Client>,
        server: &Server,
        id: Self::Id,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Renames an object, and leaves everything else unchanged.
    fn rename(server: &Server, id: Self::Id, name: &str)
    -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Describes the users of an object for messages. Retired users are omitted, because they will be deleted soon.
    fn holders(server: &Server, id: Self::Id) -> impl Future<Output = Result<Vec<String>, ApiError>> + Send;

    /// Returns the object with a name, among those that cannot have the same name as `like`.
    fn namesake(
        server: &Server,
        like: Self::Id,
        name: &str,
    ) -> impl Future<Output = Result<Option<Self::Id>, ApiError>> + Send;

    /// Returns all objects with a retired name, with their names.
    fn retired(server: &Server) -> impl Future<Output = Result<Vec<(Self::Id, String)>, ApiError>> + Send;

    /// Replaces an object with another one in everything that uses it. A user that cannot be changed does not prevent
    /// the others from being changed.
    fn hand_over(
        cx: &Cx<Client>,
        server: &Server,
        id: Self::Id,
        successor: Self::Id,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;
}
