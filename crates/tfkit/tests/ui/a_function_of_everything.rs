#![deny(warnings)]

use tfkit::field::{Misfit, Value};
use tfkit::{Arguments, Diag, Dyn, Function, Maybe, Number, Object, Secret, Shape};

/// A port.
#[derive(Clone, Debug)]
pub struct Port(u16);

impl Value for Port {
    fn shape() -> Shape {
        u64::shape()
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        let number = u64::from_known(value)?;
        u16::try_from(number).map(Port).map_err(|_| Misfit::new("must be a port from 0 to 65535"))
    }

    fn to_known(&self) -> Dyn {
        u64::from(self.0).to_known()
    }
}

/// A place.
#[derive(Clone, Debug, Object)]
pub struct Place {
    /// Name of the place.
    pub name: String,
    /// Number of the place.
    pub number: Option<Number>,
}

/// Finds a place.
///
/// It looks everywhere.
#[derive(Clone, Debug, Arguments)]
#[function(name = "find", deprecated = "Use `search`.", since = "1.2.0", category = "Places")]
pub struct Find {
    /// Name of the place.
    #[arg(check = length(1..), check = one_of(&["north", "south"]))]
    pub name: String,
    /// Port of the place.
    pub port: Option<Port>,
    /// Password.
    pub password: Secret<String>,
    /// A place.
    pub near: Place,
    /// Anything.
    pub anything: Maybe<Dyn>,
    /// What kind of place.
    #[arg(name = "type")]
    pub kind: Vec<Option<String>>,
    /// More names.
    #[arg(variadic, check = non_empty())]
    pub more: Vec<Option<String>>,
}

impl Function for Find {
    type Output = Option<Place>;

    fn call(self) -> Result<Option<Place>, Diag> {
        if self.more.is_empty() {
            return Err(Diag::error("No names").at(Self::MORE.then(0)));
        }
        Ok(Some(self.near))
    }
}

/// Tells the time.
#[derive(Clone, Debug, Arguments)]
#[function(name = "now")]
struct Now {}

impl Function for Now {
    type Output = i64;

    fn call(self) -> Result<i64, Diag> {
        Ok(0)
    }
}

fn main() {
    let _ = (Find::NAME, Find::TYPE, Now {}.call());
}
