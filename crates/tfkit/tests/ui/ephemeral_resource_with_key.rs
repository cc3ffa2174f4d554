use tfkit::{Computed, Model};

/// A token.
#[derive(Clone, Model)]
#[model(name = "token", kind = ephemeral_resource)]
struct Token {
    /// Identifier of the token.
    #[attr(key)]
    id: Computed<String>,
}

fn main() {}
