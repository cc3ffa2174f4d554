//! What the host checks of a plan.

use tfkit::plan::check_plan;
use tfkit::{Attribute, Dyn, Nesting, Shape, Type, Who};

/// As the host checks it. A map can have a key with the name of an attribute.
#[test]
fn a_collection_that_is_not_known_yet_is_not_planned() {
    for (nesting, planned) in [
        (Nesting::Map, Dyn::map([("user", Dyn::map([("user", Dyn::Unknown)]))])),
        (Nesting::Map, Dyn::map::<&str>([])),
        (Nesting::List, Dyn::list([Dyn::map([("user", Dyn::Unknown)])])),
        (Nesting::List, Dyn::list([])),
        (Nesting::Set, Dyn::set([Dyn::map([("user", Dyn::Unknown)])])),
        (Nesting::Set, Dyn::set([])),
    ] {
        let user = Attribute::new("user", "", Shape::Plain(Type::String), Who::Required);
        let logins = Shape::Nested(nesting, vec![user]);
        let attributes = vec![Attribute::new("logins", "", logins, Who::Required)];
        let config = Dyn::map([("logins", Dyn::Unknown)]);
        assert_eq!(check_plan(&attributes, &Dyn::Null, &config, &config), Ok(()));
        let planned = Dyn::map([("logins", planned)]);
        let violation = check_plan(&attributes, &Dyn::Null, &config, &planned).unwrap_err();
        assert_eq!(violation.to_string(), "logins: is planned as known but configured as unknown");
        let violation =
            check_plan(&attributes, &Dyn::Null, &config, &Dyn::map([("logins", Dyn::Null)])).unwrap_err();
        assert_eq!(violation.to_string(), "logins: is configured but planned as null");
    }
}
