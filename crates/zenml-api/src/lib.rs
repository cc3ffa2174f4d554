//! Wire types and endpoints of both ZenML APIs: the control plane of ZenML Pro ([`control`]) and a workspace.
//!
//! An API noun is one module: its types and its [`Endpoint`] constants. There is no I/O here. A client calls the
//! constants and a server serves them. The fixtures in `contract/` check that both agree with the real APIs.

mod codec;
pub mod control;
pub mod endpoint;
pub mod error;
pub mod id;
pub mod lax;
pub mod paging;
pub mod patch;
pub mod path;
pub mod query;
pub mod rbac;
pub mod sensitive;
mod text_enum;
pub mod timestamp;
pub mod workspace;

pub use codec::{CodecError, decode_json};
pub use endpoint::{BodyKind, Endpoint, Method, Request, Route};
pub use id::{
    ApiKeyId, CodeRepositoryId, ComponentId, ConnectorId, DeviceId, FlavorId, IdOrName, Identifier,
    InvitationId, ObjectId, OrganizationId, ProjectId, RoleId, SecretId, ServiceAccountId, StackId, TagId,
    TeamId, UserId, WorkspaceId, with_article,
};
pub use patch::Patch;
pub use path::{InvalidPath, PathParam, PathParams};
pub use sensitive::Sensitive;
pub use timestamp::Timestamp;
