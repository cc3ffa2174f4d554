//! `ConfigureProvider`: configures the provider, before anything is read or changed.

use printable::mask::{SHORTEST, is_too_short};
use tfkit::engine::ConfigureRequest;
use tfkit::{Attribute, Diag, Dyn, Nesting, Path, Shape};

use crate::log::mask;
use crate::wire::generated::provider::configure_provider::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let failed = |diag| Response { diagnostics: vec![diag] };
    Call::provider("ConfigureProvider").answer(service.address, work(service, request), failed).await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let schema = service.engine.provider_schema();
    let config = value::decode("a provider configuration", request.config.as_ref(), &schema.ty())?;
    let mut short = Vec::new();
    mask_sensitive(&schema.attributes, &config, &Path::root(), &mut short);
    let request = ConfigureRequest { host_version: request.terraform_version, config };
    let mut diags = service.engine.configure(request).await;
    diags.extend(short);
    Ok(Response { diagnostics: diagnostic::encode(&diags) })
}

/// Masks the credentials of the provider block in all logs and messages from now on. Adds a warning for each that is
/// too short.
fn mask_sensitive(attributes: &[Attribute], object: &Dyn, here: &Path, short: &mut Vec<Diag>) {
    for attribute in attributes {
        let value = object.attribute(attribute.name);
        let path = here.clone().attr(attribute.name);
        match &attribute.shape {
            _ if attribute.sensitive || attribute.write_only => value.walk(&mut |inner| {
                if let Dyn::String(secret) = inner {
                    mask(secret);
                    if is_too_short(secret) {
                        short.push(too_short(path.clone()));
                    }
                }
            }),
            Shape::Plain(_) => (),
            Shape::Nested(nesting, inner) => match (nesting, value) {
                (Nesting::Single, object) => mask_sensitive(inner, object, &path, short),
                (Nesting::List, Dyn::List(objects)) => {
                    for (index, object) in objects.iter().enumerate() {
                        mask_sensitive(inner, object, &path.clone().index(index), short);
                    }
                }
                (_, Dyn::List(objects)) => {
                    for object in objects {
                        mask_sensitive(inner, object, &path, short);
                    }
                }
                (_, Dyn::Map(objects)) => {
                    for (key, object) in objects {
                        mask_sensitive(inner, object, &path.clone().key(key), short);
                    }
                }
                _ => (),
            },
        }
    }
}

fn too_short(path: Path) -> Diag {
    Diag::warning(format!("The value of {path:?} is too short to be hidden", path = path.to_string()))
        .why(format!(
            "Logs and messages hide a secret only if it has at least {SHORTEST} characters: a shorter value occurs in \
             any text, and hiding it everywhere would reveal it."
        ))
        .fix("Use a longer value. If this is not the real value, correct it.")
        .at(path)
}

#[cfg(test)]
mod tests {
    use tfkit::{Type, Who};

    use super::*;
    use crate::log::masked;

    #[test]
    fn sensitive_values_of_the_provider_block_are_masked_at_any_depth() {
        let plain = |name| Attribute::new(name, "", Shape::Plain(Type::String), Who::Optional);
        let secret = |name| Attribute { sensitive: true, ..plain(name) };
        let nested = |name, nesting| {
            let inner = vec![plain("name"), secret("key")];
            Attribute::new(name, "", Shape::Nested(nesting, inner), Who::Optional)
        };
        let attributes =
            [plain("url"), secret("key"), nested("one", Nesting::Single), nested("many", Nesting::Map)];
        let object =
            |name: &str, key: &str| Dyn::map([("name", Dyn::string(name)), ("key", Dyn::string(key))]);
        let config = Dyn::map([
            ("url", Dyn::string("configure-test-url")),
            ("key", Dyn::string("configure-test-key")),
            ("one", object("configure-test-name", "configure-test-one")),
            ("many", Dyn::map([("a", object("configure-test-name", "configure-test-many"))])),
        ]);
        let mut short = Vec::new();
        mask_sensitive(&attributes, &config, &Path::root(), &mut short);
        mask_sensitive(&attributes, &Dyn::Null, &Path::root(), &mut short);
        assert_eq!(short, []);
        for (text, hidden) in [
            ("configure-test-url", false),
            ("configure-test-name", false),
            ("configure-test-key", true),
            ("configure-test-one", true),
            ("configure-test-many", true),
        ] {
            assert_eq!(masked(text) == "(hidden)", hidden, "{text}");
        }
    }
    #[test]
    fn a_credential_that_is_too_short_to_be_hidden_is_a_warning_at_its_attribute() {
        let attributes = [Attribute {
            sensitive: true,
            ..Attribute::new("keys", "", Shape::Plain(Type::String.list()), Who::Optional)
        }];
        let config = Dyn::map([("keys", Dyn::list(["t", "", "abc", "long-enough"].map(Dyn::from)))]);
        let mut short = Vec::new();
        mask_sensitive(&attributes, &config, &Path::root(), &mut short);
        let summary = "The value of \"keys\" is too short to be hidden";
        assert_eq!(short.iter().map(|diag| diag.summary.as_str()).collect::<Vec<_>>(), [summary; 2]);
        assert_eq!(short[0].path, Some(Path::from("keys")));
        assert!(!short.iter().any(Diag::is_error));
    }
}
