use tfkit::Model;

/// A verb.
#[derive(Clone, Model)]
#[model(name = "shake", kind = action)]
struct Shake {
    /// What is shaken.
    #[attr(replace)]
    count: String,
}

fn main() {}
