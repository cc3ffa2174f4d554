//! `#[derive(Enum)]`: parsing, checking and code generation.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result, Variant};

/// An enum and the word of each variant.
pub(crate) struct Words {
    ident: Ident,
    variants: Vec<(Ident, String)>,
}

impl Words {
    /// Reads an enum.
    pub(crate) fn of(input: &DeriveInput) -> Result<Self> {
        if !input.generics.params.is_empty() {
            return Err(Error::new(input.generics.span(), "an enum of words cannot be generic"));
        }
        let Data::Enum(data) = &input.data else {
            return Err(Error::new(input.ident.span(), "derive requires an enum"));
        };
        if data.variants.is_empty() {
            return Err(Error::new(input.ident.span(), "an enum of words requires a variant"));
        }
        let mut taken = BTreeSet::new();
        let mut variants = Vec::new();
        for variant in &data.variants {
            let word = word(variant)?;
            if !taken.insert(word.clone()) {
                return Err(Error::new(
                    variant.ident.span(),
                    format!("another variant has the word {word:?}"),
                ));
            }
            variants.push((variant.ident.clone(), word));
        }
        Ok(Self { ident: input.ident.clone(), variants })
    }
}

fn word(variant: &Variant) -> Result<String> {
    if !matches!(variant.fields, Fields::Unit) {
        return Err(Error::new(variant.ident.span(), "a variant of an enum of words cannot have fields"));
    }
    let mut name: Option<LitStr> = None;
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("attr")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("name") {
                return Err(meta.error("unknown option; a variant takes `name`"));
            }
            if name.is_some() {
                return Err(meta.error("specified twice"));
            }
            name = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    match name {
        Some(name) if name.value().is_empty() => Err(Error::new(name.span(), "a word cannot be empty")),
        Some(name) => Ok(name.value()),
        None => Ok(snake_case(variant.ident.to_string().trim_start_matches("r#"))),
    }
}

fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut word = String::new();
    for (place, letter) in letters.iter().enumerate() {
        let after_small = place > 0 && !letters[place - 1].is_uppercase();
        let before_small = place > 0 && letters.get(place + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_small || before_small) {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

/// Generates the implementations.
pub(crate) fn expand(Words { ident, variants }: &Words) -> TokenStream {
    let (names, words): (Vec<&Ident>, Vec<&String>) =
        variants.iter().map(|(name, word)| (name, word)).unzip();
    quote! {
        #[automatically_derived]
        impl ::tfkit::field::Enum for #ident {
            const WORDS: &'static [&'static str] = &[#(#words),*];

            fn word(&self) -> &'static str {
                match self {
                    #(Self::#names => #words,)*
                }
            }

            fn of(word: &str) -> ::core::option::Option<Self> {
                match word {
                    #(#words => ::core::option::Option::Some(Self::#names),)*
                    _ => ::core::option::Option::None,
                }
            }
        }

        #[automatically_derived]
        impl ::tfkit::field::Value for #ident {
            fn shape() -> ::tfkit::Shape {
                <::std::string::String as ::tfkit::field::Value>::shape()
            }

            fn facts() -> ::tfkit::field::Facts {
                ::tfkit::field::word_facts::<Self>()
            }

            fn from_known(value: &::tfkit::Dyn) -> ::core::result::Result<Self, ::tfkit::field::Misfit> {
                ::tfkit::field::read_word(value)
            }

            fn to_known(&self) -> ::tfkit::Dyn {
                ::tfkit::Dyn::string(::tfkit::field::Enum::word(self))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_becomes_words_with_underscores() {
        for (name, word) in [
            ("Lined", "lined"),
            ("FineSquared", "fine_squared"),
            ("AWS", "aws"),
            ("AWSKey", "aws_key"),
            ("V2", "v2"),
            ("Utf8Text", "utf8_text"),
        ] {
            assert_eq!(snake_case(name), word);
        }
    }
}
