//! What a kind of object that others hold can do.

use tfkit::Cx;
use zenml_api::Identifier;
use zenml_client::ApiError;

use crate::client::Client;
use crate::in_workspace::noun::Noun;
use crate::in_workspace::scope::Server;

/// A kind of object that others hold.
pub(crate) trait Held {
    /// Identifies one.
    type Id: Identifier;

    /// How messages call it.
    const NOUN: Noun;

    /// Whether the server refuses a deletion because the object is held.
    fn is_held(error: &ApiError) -> bool;

    /// Deletes one, and what only it has held.
    fn delete(
        cx: &Cx<Client>,
        server: &Server,
        id: Self::Id,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Gives one another name, and leaves it otherwise as it is.
    fn rename(server: &Server, id: Self::Id, name: &str)
    -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Who holds one, for people. Who only waits for a successor itself lets it go soon, and is left out.
    fn holders(server: &Server, id: Self::Id) -> impl Future<Output = Result<Vec<String>, ApiError>> + Send;

    /// The one of a name, among those with which `like` cannot share a name.
    fn namesake(
        server: &Server,
        like: Self::Id,
        name: &str,
    ) -> impl Future<Output = Result<Option<Self::Id>, ApiError>> + Send;

    /// All that have a retired name, each with its name.
    fn retired(server: &Server) -> impl Future<Output = Result<Vec<(Self::Id, String)>, ApiError>> + Send;

    /// Puts another one in its place, wherever it is held. What cannot be changed does not keep the rest from it.
    fn hand_over(
        cx: &Cx<Client>,
        server: &Server,
        id: Self::Id,
        successor: Self::Id,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;
}
