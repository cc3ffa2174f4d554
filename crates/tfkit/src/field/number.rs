//! Numbers as values of attributes: exact ones, integers of each width, and floats.

use super::{Facts, Misfit, Value};
use crate::plan::same;
use crate::schema::Shape;
use crate::value::{Dyn, Number, Type};

/// A number of any size and precision.
impl Value for Number {
    fn shape() -> Shape {
        Shape::Plain(Type::Number)
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        match value {
            Dyn::Number(number) => Ok(number.clone()),
            _ => Err(Misfit::new("must be a number")),
        }
    }

    fn to_known(&self) -> Dyn {
        Dyn::Number(self.clone())
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Value for $integer {
            fn shape() -> Shape {
                Number::shape()
            }

            fn from_known(value: &Dyn) -> Result<Self, Misfit> {
                Number::from_known(value)?.to_integer().ok_or_else(|| {
                    Misfit::new(format!("must be an integer from {} to {}", Self::MIN, Self::MAX))
                })
            }

            fn to_known(&self) -> Dyn {
                Dyn::Number(Number::from(*self))
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! floats {
    ($($float:ty, $same:path, $bits:literal;)*) => {$(
        /// A float. A number with more digits than it can hold keeps the user's spelling in the state: all decimal
        /// numbers with the same nearest float are the same value.
        ///
        /// A number that would become zero or infinite is invalid, and so is an integer that would become another one.
        /// NaN and infinities are not numbers of Terraform: if a result contains one, the engine reports a bug.
        impl Value for $float {
            fn shape() -> Shape {
                Number::shape()
            }

            fn facts() -> Facts {
                Facts { same: Some($same), ..Facts::default() }
            }

            fn from_known(value: &Dyn) -> Result<Self, Misfit> {
                let number = Number::from_known(value)?;
                let float: Self = number.nearest();
                let is_lost = float == 0.0 && number != Number::from(0_u8);
                if !float.is_finite() || is_lost {
                    return Err(Misfit::new(concat!("must be within the range of a ", $bits, "-bit float")));
                }
                if number.is_integer() && number != Number::shortest(float) && number != Number::exact(float.into()) {
                    return Err(Misfit::new(concat!(
                        "must be an integer that a ", $bits, "-bit float can hold without rounding"
                    )));
                }
                Ok(float)
            }

            fn to_known(&self) -> Dyn {
                Dyn::Number(Number::shortest(*self))
            }
        }
    )*};
}

floats! {
    f32, same::float_32, "32";
    f64, same::float_64, "64";
}
