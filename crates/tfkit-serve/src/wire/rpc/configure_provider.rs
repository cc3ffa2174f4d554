//! `ConfigureProvider`: configures the provider, before anything is read or changed.

use tfkit::engine::ConfigureRequest;
use tfkit::{Attribute, Diag, Dyn, Nesting, Shape};

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
    mask_sensitive(&schema.attributes, &config);
    let request = ConfigureRequest { host_version: request.terraform_version, config };
    let diags = service.engine.configure(request).await;
    Ok(Response { diagnostics: diagnostic::encode(&diags) })
}

/// Masks the credentials of the provider block in all logs and messages from now on.
fn mask_sensitive(attributes: &[Attribute], object: &Dyn) {
    for attribute in attributes {
        let value = object.attribute(attribute.name);
        match &attribute.shape {
            _ if attribute.sensitive || attribute.write_only => value.walk(&mut |inner| {
                if let Dyn::String(secret) = inner {
                    mask(secret);
                }
            }),
            Shape::Plain(_) => (),
            Shape::Nested(nesting, inner) => match (nesting, value) {
                (Nesting::Single, object) => mask_sensitive(inner, object),
                (_, Dyn::List(objects)) => objects.iter().for_each(|object| mask_sensitive(inner, object)),
                (_, Dyn::Map(objects)) => objects.values().for_each(|object| mask_sensitive(inner, object)),
                _ => (),
            },
        }
    }
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
        mask_sensitive(&attributes, &config);
        mask_sensitive(&attributes, &Dyn::Null);
        for (text, hidden) in [
            ("configure-test-url", false),
            ("configure-test-name", false),
            ("configure-test-key", true),
            ("configure-test-one", true),
            ("configure-test-many", true),
        ] {
            assert_eq!(masked(text) == "***", hidden, "{text}");
        }
    }
}
