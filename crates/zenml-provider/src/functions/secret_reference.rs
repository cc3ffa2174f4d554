//! `secret_reference`: how a configuration refers to a secret.

use tfkit::{Arguments, Diag, Function};

/// Returns the reference to a value of a secret, `{{NAME.KEY}}`, which ZenML replaces with the value when it uses a
/// stack component or a code repository. The value itself reaches neither the configuration nor the state.
#[derive(Clone, Debug, Arguments)]
#[function(name = "secret_reference", since = "3.1.0")]
pub struct SecretReference {
    /// Name of the secret. ZenML cannot refer to a name with a period, a space or a brace.
    #[arg(check = non_empty())]
    pub name: String,
    /// Key in the secret.
    #[arg(check = non_empty())]
    pub key: String,
}

impl Function for SecretReference {
    type Output = String;

    fn call(self) -> Result<String, Diag> {
        let Self { name, key } = self;
        if name.contains('.') {
            return Err(Diag::error("A secret whose name contains a period cannot be referred to.")
                .why("ZenML takes everything after the first period for the key.")
                .fix("Rename the secret.")
                .at(Self::NAME));
        }
        if !is_word(&name) {
            return Err(unusable("name").at(Self::NAME));
        }
        if !is_word(&key) {
            return Err(unusable("key").at(Self::KEY));
        }
        Ok(format!("{{{{{name}.{key}}}}}"))
    }
}

/// ZenML finds references by their braces, and ends them at white space.
fn is_word(text: &str) -> bool {
    !text.contains(|character: char| character.is_whitespace() || matches!(character, '{' | '}'))
}

fn unusable(what: &str) -> Diag {
    Diag::error(format!("The {what} of a referenced secret must not contain spaces or braces."))
        .why("ZenML would not recognize the reference, and use it as it is.")
}
