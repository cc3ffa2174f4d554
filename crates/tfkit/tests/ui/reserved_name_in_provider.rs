use tfkit::Model;

/// A provider.
#[derive(Clone, Model)]
#[model(name = "shop", kind = provider)]
struct Config {
    /// Version of the server.
    version: Option<String>,
}

fn main() {}
