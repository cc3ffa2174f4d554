//! Parsing and checking of a struct.

use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Fields, Ident, Lit, Meta, Result, Type, Visibility,
};

use crate::attr::{FieldOptions, KeyPart, Kind, ModelOptions};

/// Names that the host reserves in the blocks of resources and data sources.
const RESERVED: &[&str] =
    &["count", "for_each", "provider", "lifecycle", "depends_on", "connection", "provisioner"];

/// Names that the host reserves in provider blocks.
const RESERVED_IN_PROVIDER: &[&str] = &["alias", "version"];

/// The parts of a struct that the expansion needs.
pub(crate) struct Struct {
    pub(crate) ident: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) description: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) options: ModelOptions,
}

/// One field.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) options: FieldOptions,
}

impl Struct {
    /// Reads the struct of a model.
    pub(crate) fn model(input: &DeriveInput) -> Result<Self> {
        let object = Self::read(input, ModelOptions::parse(&input.attrs)?)?;
        let Some(name) = &object.options.name else {
            return Err(Error::new(object.ident.span(), "a model requires a name: `#[model(name = \"…\")]`"));
        };
        check_name(&name.value(), name.span())?;
        if object.description.is_empty() {
            return Err(Error::new(
                object.ident.span(),
                "a model requires a doc comment: it is the description that users read",
            ));
        }
        let kind = object.kind();
        let reserved = match kind {
            Kind::Provider => RESERVED_IN_PROVIDER,
            // The arguments of a list and an action have a block of their own.
            Kind::ListResource | Kind::Action => &[],
            Kind::Resource | Kind::DataSource | Kind::EphemeralResource => RESERVED,
        };
        for field in &object.fields {
            if reserved.contains(&field.name.as_str()) {
                return Err(Error::new(
                    field.ident.span(),
                    format!("Terraform reserves the attribute name `{}`", field.name),
                ));
            }
            if field.options.key.is_some() && kind != Kind::Resource {
                return Err(Error::new(field.ident.span(), "only resources have keys"));
            }
            if field.options.twin.is_some() && kind != Kind::Resource {
                return Err(Error::new(field.ident.span(), "only resources have write-only twins"));
            }
            if field.options.write_only && kind != Kind::Action {
                return Err(Error::new(
                    field.ident.span(),
                    "only actions have `write_only` attributes; a resource has write-only twins",
                ));
            }
            if field.options.needs_a_state() && kind == Kind::Action {
                return Err(Error::new(
                    field.ident.span(),
                    "an action has no state, so `stable`, `replace` and `same` have no meaning",
                ));
            }
        }
        if kind == Kind::Resource && object.keys().next().is_none() {
            return Err(Error::new(
                object.ident.span(),
                "a resource requires a key: mark the attributes that a read needs with `#[attr(key)]`",
            ));
        }
        Ok(object)
    }

    /// Reads the struct of a nested object.
    pub(crate) fn object(input: &DeriveInput) -> Result<Self> {
        let object = Self::read(input, ModelOptions::parse(&input.attrs)?)?;
        if object.options.is_of_a_model() {
            return Err(Error::new(
                object.ident.span(),
                "a nested object takes only `rule` and `deprecated`; the other options belong to the model",
            ));
        }
        if let Some(field) = object.keys().find(|field| field.options.key == Some(KeyPart::Optional)) {
            return Err(Error::new(field.ident.span(), "the key of a nested object has no optional parts"));
        }
        if let Some(field) = object.fields.iter().find(|field| field.options.twin.is_some()) {
            return Err(Error::new(
                field.ident.span(),
                "a nested object cannot have write-only twins; use attributes of the model instead",
            ));
        }
        if let Some(field) = object.fields.iter().find(|field| field.options.write_only) {
            return Err(Error::new(
                field.ident.span(),
                "a nested object cannot have `write_only` attributes; use attributes of the model instead",
            ));
        }
        Ok(object)
    }

    /// Returns the kind of the model: a resource by default.
    pub(crate) fn kind(&self) -> Kind {
        self.options.kind.unwrap_or(Kind::Resource)
    }

    /// Returns the fields of the key.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.options.key.is_some())
    }

    fn read(input: &DeriveInput, options: ModelOptions) -> Result<Self> {
        if !input.generics.params.is_empty() {
            return Err(Error::new(input.generics.span(), "a model cannot be generic"));
        }
        let Data::Struct(data) = &input.data else {
            return Err(Error::new(input.ident.span(), "derive requires a struct with named fields"));
        };
        let Fields::Named(fields) = &data.fields else {
            return Err(Error::new(input.ident.span(), "derive requires a struct with named fields"));
        };
        let fields = fields.named.iter().filter_map(Field::of).collect::<Result<Vec<_>>>()?;
        fields.iter().try_for_each(|field| field.check_depends(&fields))?;
        Ok(Self {
            ident: input.ident.clone(),
            visibility: input.vis.clone(),
            description: description(&input.attrs),
            fields,
            options,
        })
    }
}

impl Field {
    /// Reads a field; `None` if it has no name, which named fields always have.
    fn of(field: &syn::Field) -> Option<Result<Self>> {
        let ident = field.ident.clone()?;
        Some(Self::read(field, ident))
    }

    fn read(field: &syn::Field, ident: Ident) -> Result<Self> {
        let options = FieldOptions::parse(&field.attrs)?;
        let name = match &options.name {
            Some(name) => name.value(),
            None => ident.to_string().trim_start_matches("r#").to_owned(),
        };
        check_name(&name, options.name.as_ref().map_or(ident.span(), syn::LitStr::span))?;
        let description = description(&field.attrs);
        if description.is_empty() {
            return Err(Error::new(
                ident.span(),
                format!("attribute `{name}` requires a doc comment: it is the description that users read"),
            ));
        }
        if options.stable && options.depends.is_some() {
            return Err(Error::new(ident.span(), "a `stable` value depends on nothing"));
        }
        if options.twin.is_some() && options.excludes_twin() {
            return Err(Error::new(
                ident.span(),
                "an attribute with a write-only twin allows only `check`, `same` and `name` as further options",
            ));
        }
        if options.block.is_some() && options.excludes_block() {
            return Err(Error::new(
                ident.span(),
                "a block allows only `check`, `replace`, `deprecated`, `name`, `min` and `max` as further options",
            ));
        }
        if options.block.is_none() && (options.min.is_some() || options.max.is_some()) {
            return Err(Error::new(ident.span(), "only blocks have `min` and `max`"));
        }
        Ok(Self { ident, visibility: field.vis.clone(), ty: field.ty.clone(), name, description, options })
    }
}

impl Field {
    /// Returns the name of its token.
    pub(crate) fn token(&self) -> String {
        self.name.to_uppercase()
    }

    /// Checks what the compiler cannot check in `depends`.
    fn check_depends(&self, all: &[Self]) -> Result<()> {
        for token in self.options.depends.iter().flatten() {
            if *token == self.token() {
                return Err(Error::new(token.span(), "an attribute cannot depend on itself"));
            }
            let mut twins = all.iter().filter(|field| field.options.twin.is_some());
            let written = |field: &&Self| {
                let name = field.token();
                *token == format!("{name}_WO") || *token == format!("{name}_WO_VERSION")
            };
            if let Some(twin) = twins.find(written) {
                return Err(Error::new(
                    token.span(),
                    format!("use `{}`, which includes the version of the write-only value", twin.token()),
                ));
            }
        }
        Ok(())
    }
}

pub(crate) fn check_name(name: &str, span: proc_macro2::Span) -> Result<()> {
    let fits = |(index, character): (usize, char)| {
        character.is_ascii_lowercase() || character == '_' || (index > 0 && character.is_ascii_digit())
    };
    if name.is_empty() || !name.chars().enumerate().all(fits) {
        return Err(Error::new(
            span,
            "names consist of lower-case letters, digits and `_`, and do not begin with a digit",
        ));
    }
    Ok(())
}

/// Returns the doc comment as one string: lines as written, without the space after `///`.
pub(crate) fn description(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    let lines: Vec<String> =
        lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}
