use tfkit::Object;

#[derive(Clone, Object)]
struct Part<T> {
    /// Name of the part.
    name: T,
}

fn main() {}
