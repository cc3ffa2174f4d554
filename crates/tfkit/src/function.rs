//! The trait that a provider author implements for a function.

use crate::check::Check;
use crate::diag::Diag;
use crate::field::{Misfit, Value};
use crate::model::Maybe;
use crate::schema::{About, Shape};
use crate::value::{Dyn, Step, Type};

/// A function that configurations call as `provider::NAME::FUNCTION(…)`, in Terraform 1.8 or later and OpenTofu 1.7 or
/// later.
///
/// It is pure: the same arguments always give the same result, which hosts check. It runs offline, without the
/// provider's configuration, also while a configuration is only validated.
///
/// ```
/// use tfkit::{Arguments, Diag, Function};
///
/// /// Joins the parts of an address.
/// #[derive(Clone, Debug, Arguments)]
/// #[function(name = "address")]
/// pub struct Address {
///     /// Name of the host.
///     #[arg(check = non_empty())]
///     pub host: String,
///     /// Port, by default 443.
///     pub port: Option<u64>,
///     /// Parts of the path.
///     #[arg(variadic)]
///     pub path: Vec<String>,
/// }
///
/// impl Function for Address {
///     type Output = String;
///
///     fn call(self) -> Result<String, Diag> {
///         if let Some(index) = self.path.iter().position(|part| part.contains('/')) {
///             let index = index as u64;
///             return Err(Diag::error("A part must not contain a slash").at(Self::PATH.then(index)));
///         }
///         Ok(format!("https://{}:{}/{}", self.host, self.port.unwrap_or(443), self.path.join("/")))
///     }
/// }
/// ```
pub trait Function: Arguments {
    /// The result: like an argument, `Option<T>` if it can be null, [`Maybe<T>`] if it can be unknown.
    type Output: Argument;

    /// Computes the result. An error can point at an argument: a token such as `Address::HOST`, or an element of the
    /// variadic one, `Address::PATH.then(index)`. Its text never contains a value that may be a secret.
    fn call(self) -> Result<Self::Output, Diag>;
}

/// The arguments of a function. `#[derive(Arguments)]` generates it from a struct.
pub trait Arguments: Sized + Send + Sync + 'static {
    /// Returns the name of the function.
    fn name() -> &'static str;

    /// What it is for, in Markdown. The first paragraph is the summary.
    fn description() -> &'static str;

    /// Why it is deprecated, and what to use instead.
    fn deprecated() -> Option<&'static str> {
        None
    }

    /// Facts for the documentation.
    fn about() -> About {
        About::default()
    }

    /// Returns the parameters without the variadic one.
    fn parameters() -> Vec<Parameter>;

    /// Returns the parameter that takes all other arguments, if there is one.
    fn variadic() -> Option<Parameter> {
        None
    }

    /// Reads the values of all arguments.
    fn from_values(values: &[Dyn]) -> Result<Self, Misfit>;
}

/// A value that a function takes or returns. Its type determines what the host passes:
///
/// | type | meaning |
/// |---|---|
/// | `T` | known and not null |
/// | `Option<T>` | may be null |
/// | [`Maybe<T>`] | may be null or unknown |
///
/// If an argument is unknown, in whole or in part, and its type does not allow that, the host does not call the
/// function, and the result is unknown. `T` is any [`Value`]; a [`Dyn`] takes values of every type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument or the result of a function",
    note = "use a value type (implement `tfkit::field::Value`, or derive `Object` for an object), alone or inside \
     Option or Maybe"
)]
pub trait Argument: Sized + Send + Sync + 'static {
    /// The value when it is known and not null.
    type Value: Value;

    /// Whether it may be null.
    const NULL: bool;

    /// Whether it may be unknown.
    const UNKNOWN: bool;

    /// Reads it.
    fn from_dyn(value: &Dyn) -> Result<Self, Misfit>;

    /// Writes it.
    fn to_dyn(&self) -> Dyn;
}

impl<T: Value> Argument for T {
    type Value = T;
    const NULL: bool = false;
    const UNKNOWN: bool = false;

    fn from_dyn(value: &Dyn) -> Result<Self, Misfit> {
        crate::field::Element::from_dyn(value)
    }

    fn to_dyn(&self) -> Dyn {
        self.to_known()
    }
}

impl<T: Value> Argument for Option<T> {
    type Value = T;
    const NULL: bool = true;
    const UNKNOWN: bool = false;

    fn from_dyn(value: &Dyn) -> Result<Self, Misfit> {
        if value.is_null() { Ok(None) } else { Argument::from_dyn(value).map(Some) }
    }

    fn to_dyn(&self) -> Dyn {
        self.as_ref().map_or(Dyn::Null, Value::to_known)
    }
}

impl<T: Value> Argument for Maybe<T> {
    type Value = T;
    const NULL: bool = true;
    const UNKNOWN: bool = true;

    fn from_dyn(value: &Dyn) -> Result<Self, Misfit> {
        if value.is_null() {
            Ok(Self::Null)
        } else if value.wholly_known() {
            T::from_known(value).map(Self::Known)
        } else {
            Ok(Self::Unknown)
        }
    }

    fn to_dyn(&self) -> Dyn {
        match self {
            Self::Unknown => Dyn::Unknown,
            Self::Null => Dyn::Null,
            Self::Known(value) => value.to_known(),
        }
    }
}

/// The type of a variadic parameter: a list of arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be variadic",
    label = "a variadic parameter is a `Vec<…>`"
)]
pub trait Variadic: Sized {
    /// One argument.
    type Item: Argument;

    /// Collects the arguments.
    fn of(items: Vec<Self::Item>) -> Self;
}

impl<T: Argument> Variadic for Vec<T> {
    type Item = T;

    fn of(items: Self) -> Self {
        items
    }
}

/// A parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, for the documentation and for errors: arguments are passed by position.
    pub name: &'static str,
    /// What it means, in Markdown.
    pub description: String,
    /// The type of its values.
    pub ty: Type,
    /// Whether an argument may be null.
    pub nullable: bool,
    /// Whether an argument may be unknown.
    pub unknown: bool,
    /// Whether messages must not show an argument.
    pub sensitive: bool,
    /// Checks of an argument.
    pub checks: Vec<Check>,
}

impl Parameter {
    /// Creates a parameter whose arguments have a type.
    pub fn of<A: Argument>(name: &'static str, description: impl Into<String>) -> Self {
        Self {
            name,
            description: description.into(),
            ty: A::Value::shape().ty(),
            nullable: A::NULL,
            unknown: A::UNKNOWN,
            sensitive: A::Value::SENSITIVE,
            checks: Vec::new(),
        }
    }

    /// Creates a variadic parameter from the type of the field that collects its arguments.
    pub fn variadic_of<V: Variadic>(name: &'static str, description: impl Into<String>) -> Self {
        Self::of::<V::Item>(name, description)
    }

    /// Adds a check of each argument.
    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }
}

/// The values of all arguments, as the derive macro reads them.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a>(&'a [Dyn]);

impl<'a> Values<'a> {
    /// Wraps the values.
    pub const fn new(values: &'a [Dyn]) -> Self {
        Self(values)
    }

    /// Reads the argument of a parameter.
    pub fn get<A: Argument>(&self, index: usize, name: &'static str) -> Result<A, Misfit> {
        A::from_dyn(self.0.get(index).unwrap_or(&Dyn::Null)).map_err(|misfit| misfit.inside(step(name)))
    }

    /// Reads the arguments of the variadic parameter.
    pub fn rest<V: Variadic>(&self, from: usize, name: &'static str) -> Result<V, Misfit> {
        let items = self.0.iter().skip(from).zip(0_u64..).map(|(value, index)| {
            let place = |misfit: Misfit| misfit.inside(Step::Index(index)).inside(step(name));
            V::Item::from_dyn(value).map_err(place)
        });
        items.collect::<Result<Vec<_>, _>>().map(V::of)
    }
}

fn step(name: &'static str) -> Step {
    Step::Attribute(name.to_owned())
}

/// What hosts and the documentation know about a function.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in Markdown. The first paragraph is the summary.
    pub description: &'static str,
    /// Why it is deprecated, and what to use instead.
    pub deprecated: Option<&'static str>,
    /// Facts for the documentation.
    pub about: About,
    /// The parameters without the variadic one.
    pub parameters: Vec<Parameter>,
    /// The parameter that takes all other arguments.
    pub variadic: Option<Parameter>,
    /// The type of the result.
    pub returns: Type,
    /// The shape of the result, with the descriptions of its attributes if it is an object.
    pub result: Shape,
}

impl Signature {
    pub(crate) fn of<F: Function>() -> Self {
        let result = <F::Output as Argument>::Value::shape();
        Self {
            name: F::name(),
            description: F::description(),
            deprecated: F::deprecated(),
            about: F::about(),
            parameters: F::parameters(),
            variadic: F::variadic(),
            returns: result.ty(),
            result,
        }
    }

    /// Returns the parameter of an argument; `None` if the function takes fewer arguments.
    pub fn parameter(&self, index: usize) -> Option<&Parameter> {
        self.parameters.get(index).or(self.variadic.as_ref())
    }

    /// Returns all parameters, the variadic one last.
    pub fn all_parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().chain(&self.variadic)
    }
}
