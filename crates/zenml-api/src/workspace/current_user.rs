//! The account of the caller.

use crate::Endpoint;
use crate::workspace::user::User;

/// The caller's own account.
pub const GET: Endpoint<(), (), (), User> = Endpoint::get("/current-user");
