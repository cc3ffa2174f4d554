//! Parsing of `#[attr(…)]` and `#[model(…)]`.

use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprArray, Ident, LitInt, LitStr, Result, Type};

/// The options of a field.
#[expect(clippy::struct_excessive_bools, reason = "they are independent options")]
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) key: Option<KeyPart>,
    pub(crate) stable: bool,
    /// Names of the tokens that the value follows from.
    pub(crate) depends: Option<Vec<Ident>>,
    pub(crate) local: bool,
    pub(crate) replace: bool,
    pub(crate) sensitive: bool,
    pub(crate) write_only: bool,
    pub(crate) checks: Vec<Expr>,
    pub(crate) same: Option<Expr>,
    pub(crate) default: Option<Expr>,
    pub(crate) deprecated: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) twin: Option<Presence>,
    pub(crate) block: Option<BlockForm>,
    pub(crate) min: Option<LitInt>,
    pub(crate) max: Option<LitInt>,
}

/// How an absent block of one object is written.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum BlockForm {
    /// As null.
    Plain,
    /// As an object without values.
    Group,
}

/// Whether one of the two attributes of a twin must be set.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// Part of a key.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum KeyPart {
    /// An import must specify it.
    Required,
    /// An import may omit it.
    Optional,
}

impl FieldOptions {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("attr")) {
            attribute.parse_nested_meta(|meta| options.option(&meta))?;
        }
        Ok(options)
    }

    /// Returns whether an option is set that is not allowed for an attribute with a write-only twin.
    pub(crate) fn excludes_twin(&self) -> bool {
        self.key.is_some()
            || self.stable
            || self.depends.is_some()
            || self.local
            || self.replace
            || self.sensitive
            || self.write_only
            || self.default.is_some()
            || self.deprecated.is_some()
            || self.block.is_some()
    }

    /// Returns whether an option is set that is not allowed for a block.
    pub(crate) fn excludes_block(&self) -> bool {
        self.key.is_some()
            || self.stable
            || self.sensitive
            || self.write_only
            || self.default.is_some()
            || self.same.is_some()
    }

    /// Returns whether an option is set that compares a value with a state.
    pub(crate) fn needs_a_state(&self) -> bool {
        self.stable || self.replace || self.same.is_some()
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "key" => once(meta, &mut self.key, key_part(meta)?),
            "stable" => flag(meta, &mut self.stable),
            "depends" => once(meta, &mut self.depends, tokens(meta)?),
            "local" => flag(meta, &mut self.local),
            "replace" => flag(meta, &mut self.replace),
            "sensitive" => flag(meta, &mut self.sensitive),
            "write_only" => flag(meta, &mut self.write_only),
            "check" => {
                self.checks.push(meta.value()?.parse()?);
                Ok(())
            }
            "same" => once(meta, &mut self.same, meta.value()?.parse()?),
            "default" => once(meta, &mut self.default, meta.value()?.parse()?),
            "deprecated" => once(meta, &mut self.deprecated, meta.value()?.parse()?),
            "name" => once(meta, &mut self.name, meta.value()?.parse()?),
            "twin" => once(meta, &mut self.twin, presence(meta)?),
            "block" => once(meta, &mut self.block, block_form(meta)?),
            "min" => once(meta, &mut self.min, meta.value()?.parse()?),
            "max" => once(meta, &mut self.max, meta.value()?.parse()?),
            _ => Err(meta.error(
                "unknown option; an attribute takes `key`, `stable`, `depends`, `local`, `replace`, `sensitive`, \
                 `write_only`, `check`, `same`, `default`, `deprecated`, `name`, `twin`, `block`, `min` and `max`",
            )),
        }
    }
}

/// The options of a model.
#[derive(Default)]
pub(crate) struct ModelOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) kind: Option<Kind>,
    /// The type of the key, if several models share one.
    pub(crate) key: Option<Type>,
    pub(crate) rules: Vec<Expr>,
    pub(crate) deprecated: Option<LitStr>,
    pub(crate) since: Option<LitStr>,
    pub(crate) needs: Option<Expr>,
    pub(crate) category: Option<LitStr>,
    pub(crate) imports: Vec<LitStr>,
}

/// The kind of a model.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Resource,
    DataSource,
    Action,
    EphemeralResource,
    ListResource,
    Provider,
}

impl ModelOptions {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("model")) {
            attribute.parse_nested_meta(|meta| options.option(&meta))?;
        }
        Ok(options)
    }

    /// Returns whether an option is set that is not allowed for a nested object.
    pub(crate) fn is_of_a_model(&self) -> bool {
        self.name.is_some()
            || self.kind.is_some()
            || self.key.is_some()
            || self.since.is_some()
            || self.needs.is_some()
            || self.category.is_some()
            || !self.imports.is_empty()
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "name" => once(meta, &mut self.name, meta.value()?.parse()?),
            "kind" => once(meta, &mut self.kind, kind(meta)?),
            "key" => once(meta, &mut self.key, meta.value()?.parse()?),
            "rule" => {
                self.rules.push(meta.value()?.parse()?);
                Ok(())
            }
            "deprecated" => once(meta, &mut self.deprecated, meta.value()?.parse()?),
            "since" => once(meta, &mut self.since, meta.value()?.parse()?),
            "needs" => once(meta, &mut self.needs, meta.value()?.parse()?),
            "category" => once(meta, &mut self.category, meta.value()?.parse()?),
            "import" => {
                self.imports.push(meta.value()?.parse()?);
                Ok(())
            }
            _ => Err(meta.error(
                "unknown option; a model takes `name`, `kind`, `key`, `rule`, `deprecated`, `since`, `needs`, \
                 `category` and `import`",
            )),
        }
    }
}

fn key_part(meta: &ParseNestedMeta<'_>) -> Result<KeyPart> {
    if !meta.input.peek(syn::Token![=]) {
        return Ok(KeyPart::Required);
    }
    let word: Ident = meta.value()?.parse()?;
    if word == "optional" {
        Ok(KeyPart::Optional)
    } else {
        Err(Error::new(word.span(), "expected `optional`"))
    }
}

fn block_form(meta: &ParseNestedMeta<'_>) -> Result<BlockForm> {
    if !meta.input.peek(syn::Token![=]) {
        return Ok(BlockForm::Plain);
    }
    let word: Ident = meta.value()?.parse()?;
    if word == "group" { Ok(BlockForm::Group) } else { Err(Error::new(word.span(), "expected `group`")) }
}

/// Parses the tokens of `depends = [NAME, SIZE]`.
fn tokens(meta: &ParseNestedMeta<'_>) -> Result<Vec<Ident>> {
    let list: ExprArray = meta.value()?.parse()?;
    if list.elems.is_empty() {
        return Err(Error::new(list.span(), "a value that depends on nothing is `stable`"));
    }
    let mut tokens: Vec<Ident> = Vec::new();
    for element in &list.elems {
        let token = match element {
            Expr::Path(path) => path.path.get_ident(),
            _ => None,
        };
        let token = token.ok_or_else(|| {
            Error::new(element.span(), "expected the token of an attribute, such as `NAME`")
        })?;
        if tokens.contains(token) {
            return Err(Error::new(token.span(), format!("`{token}` is listed twice")));
        }
        tokens.push(token.clone());
    }
    Ok(tokens)
}

fn presence(meta: &ParseNestedMeta<'_>) -> Result<Presence> {
    if !meta.input.peek(syn::Token![=]) {
        return Ok(Presence::Optional);
    }
    let word: Ident = meta.value()?.parse()?;
    if word == "required" {
        Ok(Presence::Required)
    } else {
        Err(Error::new(word.span(), "expected `required`"))
    }
}

fn kind(meta: &ParseNestedMeta<'_>) -> Result<Kind> {
    let word: Ident = meta.value()?.parse()?;
    match word.to_string().as_str() {
        "resource" => Ok(Kind::Resource),
        "data_source" => Ok(Kind::DataSource),
        "ephemeral_resource" => Ok(Kind::EphemeralResource),
        "list_resource" => Ok(Kind::ListResource),
        "action" => Ok(Kind::Action),
        "provider" => Ok(Kind::Provider),
        _ => Err(Error::new(
            word.span(),
            "expected `resource`, `data_source`, `ephemeral_resource`, `list_resource`, `action` or `provider`",
        )),
    }
}

pub(crate) fn once<T>(meta: &ParseNestedMeta<'_>, place: &mut Option<T>, value: T) -> Result<()> {
    if place.is_some() {
        return Err(meta.error("specified twice"));
    }
    *place = Some(value);
    Ok(())
}

pub(crate) fn flag(meta: &ParseNestedMeta<'_>, place: &mut bool) -> Result<()> {
    if *place {
        return Err(meta.error("specified twice"));
    }
    *place = true;
    Ok(())
}
