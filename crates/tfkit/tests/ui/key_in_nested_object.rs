use tfkit::Object;

#[derive(Clone, Object)]
struct Part {
    /// Name of the part.
    #[attr(key)]
    name: String,
}

fn main() {}
