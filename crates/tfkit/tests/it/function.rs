//! Functions: typed arguments, and errors at the argument that causes them.

use tfkit::engine::{CallRequest, FunctionError};
use tfkit::{
    Arguments, Configured, Diag, Dyn, Engine, Function, Maybe, Model, Object, Partial, Provider, Secret,
    Start, Type, Types,
};

/// Joins the parts of an address.
///
/// It does not check whether the host exists.
#[derive(Clone, Debug, Arguments)]
#[function(name = "address", deprecated = "Use `url`.", since = "1.2.0", category = "Web")]
struct Address {
    /// Name of the host.
    #[arg(check = length(1..=10), check = one_of(&["north", "south"]))]
    host: String,
    /// Port,
    /// by default 443.
    port: Option<u64>,
    /// Parts of the path.
    #[arg(variadic, check = non_empty())]
    path: Vec<String>,
}

impl Function for Address {
    type Output = String;

    fn call(self) -> Result<String, Diag> {
        match self.path.iter().position(|part| part.contains('/')) {
            _ if self.port == Some(0) => Err(Diag::error("Port 0 is reserved").at(Self::PORT)),
            _ if self.port == Some(1) => panic!("port 1"),
            Some(index) => {
                let index = u64::try_from(index).unwrap();
                Err(Diag::error("A slash").fix("Remove it.").at(Self::PATH.then(index)))
            }
            None => Ok(format!("{}:{}/{}", self.host, self.port.unwrap_or(443), self.path.join("/"))),
        }
    }
}

/// Tells what is known about a value.
#[derive(Clone, Debug, Arguments)]
#[function(name = "about")]
struct About {
    /// Any value.
    value: Maybe<Dyn>,
}

/// What is known about a value.
#[derive(Clone, Debug, Object)]
struct Known {
    /// Whether it is known.
    known: bool,
    /// Its text, if it has one.
    text: Option<String>,
}

impl Function for About {
    type Output = Known;

    fn call(self) -> Result<Known, Diag> {
        Ok(match self.value {
            Maybe::Unknown => Known { known: false, text: None },
            Maybe::Null => Known { known: true, text: None },
            Maybe::Known(value) => Known { known: true, text: value.as_str().map(str::to_owned) },
        })
    }
}

/// Returns its argument.
#[derive(Clone, Debug, Arguments)]
#[function(name = "same")]
struct Same {
    /// Any value.
    #[arg(name = "type")]
    kind: Option<Dyn>,
}

impl Function for Same {
    type Output = Maybe<Dyn>;

    fn call(self) -> Result<Maybe<Dyn>, Diag> {
        Ok(self.kind.map_or(Maybe::Unknown, Maybe::Known))
    }
}

/// Hides its argument.
#[derive(Clone, Debug, Arguments)]
#[function(name = "hide")]
struct Hide {
    /// A secret.
    #[arg(check = length(4..))]
    secret: Secret<String>,
}

impl Function for Hide {
    type Output = Option<String>;

    fn call(self) -> Result<Option<String>, Diag> {
        Ok(self.secret.expose().strip_prefix("key-").map(str::to_owned))
    }
}

/// Tells the answer.
#[derive(Clone, Debug, Arguments)]
#[function(name = "answer")]
struct Answer {}

impl Function for Answer {
    type Output = u64;

    fn call(self) -> Result<u64, Diag> {
        Ok(42)
    }
}

/// Mathematics.
#[derive(Clone, Debug, Model)]
#[model(name = "math", kind = provider)]
struct Config {
    /// Nothing.
    nothing: Option<String>,
}

struct Math;

impl Provider for Math {
    type Config = Config;
    type Client = ();

    fn register(types: Types<()>) -> Types<()> {
        let types = types.function::<Address>().function::<About>().function::<Same>();
        types.function::<Hide>().function::<Answer>()
    }

    async fn configure(&self, _: &Partial<Config>, _: &Start) -> Result<Configured<()>, Diag> {
        Ok(Configured::Ready(()))
    }
}

async fn call(name: &str, arguments: &[Dyn]) -> Result<Dyn, FunctionError> {
    let request = CallRequest { name: name.to_owned(), arguments: arguments.to_vec() };
    Engine::new(Math).call_function(request).await
}

#[test]
fn a_signature_follows_from_the_struct() {
    let engine = Engine::new(Math);
    assert_eq!(engine.problems(), []);
    let names: Vec<_> = engine.functions().map(|signature| signature.name).collect();
    assert_eq!(names, ["about", "address", "answer", "hide", "same"]);
    let address = engine.function("address").unwrap();
    assert_eq!((address.deprecated, address.about.since), (Some("Use `url`."), Some("1.2.0")));
    assert_eq!(address.summary(), "Joins the parts of an address.");
    let parameters: Vec<_> =
        address.all_parameters().map(|one| (one.name, one.ty.clone(), one.nullable, one.unknown)).collect();
    let expected = [
        ("host", Type::String, false, false),
        ("port", Type::Number, true, false),
        ("path", Type::String, false, false),
    ];
    assert_eq!(parameters, expected);
    let documented: Vec<_> =
        address.all_parameters().map(tfkit::function::Parameter::documentation).collect();
    let expected = [
        "Name of the host. Must have 1 to 10 characters. Must be one of `north`, `south`.",
        "Port, by default 443.",
        "Parts of the path. Must not be empty.",
    ];
    assert_eq!(documented, expected);
    let about = engine.function("about").unwrap();
    let value = &about.parameters[0];
    assert_eq!((&value.ty, value.nullable, value.unknown), (&Type::Dynamic, true, true));
    assert_eq!(about.returns, Type::object([("known", Type::Bool), ("text", Type::String)]));
    assert_eq!(engine.function("same").unwrap().parameters[0].name, "type");
}

#[tokio::test]
async fn arguments_are_converted_and_the_result_has_its_type() {
    let north = || Dyn::from("north");
    let text = |value: &str| Dyn::typed(Type::String, value.into());
    let known = |known: bool, text: Dyn| Dyn::map([("known", known.into()), ("text", text)]);
    let cases: &[(&str, &[Dyn], Dyn)] = &[
        ("address", &[north(), Dyn::Null], "north:443/".into()),
        ("address", &[north(), 8.into(), "a".into(), "b".into()], "north:8/a/b".into()),
        ("about", &[text("hi")], known(true, "hi".into())),
        ("about", &[Dyn::Null], known(true, Dyn::Null)),
        ("about", &[Dyn::Unknown], known(false, Dyn::Null)),
        ("same", &[text("hi")], text("hi")),
        ("same", &[Dyn::Null], Dyn::Unknown),
        ("hide", &["key-1".into()], "1".into()),
        ("hide", &["nothing".into()], Dyn::Null),
        ("answer", &[], 42.into()),
    ];
    for (name, arguments, expected) in cases {
        assert_eq!(call(name, arguments).await.as_ref(), Ok(expected), "{name} {arguments:?}");
    }
}

#[tokio::test]
async fn an_error_points_at_the_argument_that_causes_it() {
    let north = || Dyn::from("north");
    let cases: &[(&str, &[Dyn], Option<usize>, &str)] = &[
        ("square", &[], None, "This provider has no function \"square\""),
        ("address", &[north()], None, "Function \"address\" takes at least 2 arguments; found 1"),
        ("answer", &[north()], None, "Function \"answer\" takes 0 arguments; found 1"),
        ("hide", &[], None, "Function \"hide\" takes 1 argument; found 0"),
        ("address", &[Dyn::Null, Dyn::Null], Some(0), "The value must not be null."),
        (
            "address",
            &["nort".into(), Dyn::Null],
            Some(0),
            "The value must be one of \"north\", \"south\"; found \"nort\". Did you mean \"north\"?",
        ),
        (
            "address",
            &[north(), (-1).into()],
            Some(1),
            "The value must be an integer from 0 to 18446744073709551615.",
        ),
        ("address", &[north(), 0.into()], Some(1), "Port 0 is reserved"),
        ("address", &[north(), 1.into()], None, "The call of address crashed"),
        ("address", &[north(), Dyn::Null, "a".into(), "".into()], Some(3), "must not be empty; found \"\"."),
        ("address", &[north(), Dyn::Null, "a".into(), "/".into()], Some(3), "A slash\n\nRemove it."),
        ("address", &[north(), Dyn::Null, "a".into(), Dyn::Null], Some(3), "must not be null"),
        ("hide", &["abc".into()], Some(0), "The value must have a length of at least 4."),
    ];
    for (name, arguments, argument, text) in cases {
        let error = call(name, arguments).await.unwrap_err();
        assert_eq!(error.argument, *argument, "{name} {arguments:?}: {error}");
        assert!(error.text.contains(text), "{name} {arguments:?}: {error}");
    }
}
