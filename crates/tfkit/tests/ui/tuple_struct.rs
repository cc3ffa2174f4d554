use tfkit::Object;

#[derive(Clone, Object)]
struct Part(String);

fn main() {}
