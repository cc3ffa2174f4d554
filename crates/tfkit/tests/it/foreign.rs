//! Three crates: the value trait is from tfkit, the wrapper is local, and the wrapped type is from a third crate.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use tfkit::field::{Misfit, Value};
use tfkit::model::{Model as _, Object as _};
use tfkit::{Computed, Dyn, Model, OrServer, Shape};
use uuid::Uuid;

/// Any identifier of another crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id<T>(T);

impl<T: FromStr + Display + Clone + Send + Sync + 'static> Value for Id<T> {
    fn shape() -> Shape {
        String::shape()
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        let text = String::from_known(value)?;
        text.parse().map(Self).map_err(|_| Misfit::new("must be an identifier"))
    }

    fn to_known(&self) -> Dyn {
        Dyn::string(self.0.to_string())
    }
}

/// A house.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "house")]
struct House {
    /// Street of the house.
    #[attr(key = optional, replace)]
    street: OrServer<Id<Uuid>>,
    /// Identifier of the house.
    #[attr(key, stable)]
    id: Computed<Id<Uuid>>,
    /// People who live in the house.
    tenants: Option<Vec<Id<Uuid>>>,
}

#[test]
fn a_local_wrapper_turns_a_foreign_identifier_into_an_attribute_and_a_part_of_a_key() {
    let id = Uuid::from_u128(7);
    let house = House { street: OrServer::null(), id: Id(id).into(), tenants: Some(vec![Id(id)]) };
    let object = house.to_object();
    assert_eq!(object.attribute("id"), &Dyn::string(id.to_string()));
    assert_eq!(House::from_object(&object), Ok(house));

    let key = <HouseKey as tfkit::model::Key>::from_object(&object).unwrap();
    assert_eq!(key, HouseKey { street: None, id: Id(id) });
    assert_eq!(House::type_name(), "house");
}

#[test]
fn a_string_that_the_wrapper_rejects_is_reported_at_its_path() {
    let object = Dyn::map([
        ("street", Dyn::Unknown),
        ("id", Dyn::Null),
        ("tenants", Dyn::list([Dyn::string(Uuid::nil().to_string()), Dyn::Unknown, Dyn::string("me")])),
    ]);
    let misfits = House::misfits(&object);
    let shown: Vec<String> =
        misfits.into_iter().map(|misfit| format!("{} {}", misfit.path, misfit.what)).collect();
    assert_eq!(shown, ["tenants[2] must be an identifier"]);
}
