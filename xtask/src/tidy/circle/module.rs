//! The modules of a crate, parsed from its source: what each declares, imports and names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::Failure;

/// The segments of a path, as in the source.
pub(super) type Segments = Vec<String>;

/// One module of a crate. An inline module belongs to the file that contains it.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Names from the crate's root; empty for the root.
    pub(super) path: Segments,
    /// The module whose file contains this one: itself, except for an inline module.
    pub(super) file: usize,
    pub(super) parent: Option<usize>,
    pub(super) children: BTreeMap<String, usize>,
    /// Items that the module itself declares.
    pub(super) items: Vec<String>,
    /// Names imported by `use`, with their paths.
    pub(super) imports: Vec<(String, Segments)>,
    /// Paths imported by `use …::*`.
    pub(super) globs: Vec<Segments>,
    /// What the code uses: its paths, and private imports. A `pub use` alone uses nothing.
    pub(super) uses: Vec<Segments>,
}

/// Returns every module of a crate without its tests, its root first.
pub(super) fn modules(root: &Path) -> Result<Vec<Module>, Failure> {
    let mut modules = vec![Module::default()];
    read(&mut modules, 0, root, &folder_of_children(root))?;
    Ok(modules)
}

/// Reads one file into a module, and the files of its child modules.
fn read(modules: &mut Vec<Module>, module: usize, file: &Path, children: &Path) -> Result<(), Failure> {
    let failure =
        |error: &dyn std::fmt::Display| Failure::new(format!("cannot read {}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| failure(&error))?;
    let syntax = syn::parse_file(&text).map_err(|error| failure(&error))?;
    let mut reader =
        Reader { modules, module, beside: file.parent().unwrap_or(file), children, found: Vec::new() };
    reader.visit_file(&syntax);
    for (child, path) in reader.found {
        read(modules, child, &path, &folder_of_children(&path))?;
    }
    Ok(())
}

/// Returns the folder for the child modules of a file.
fn folder_of_children(file: &Path) -> PathBuf {
    let is_root =
        ["lib", "main", "mod"].iter().any(|name| file.file_stem().is_some_and(|stem| stem == *name));
    if is_root { file.parent().unwrap_or(file).to_owned() } else { file.with_extension("") }
}

struct Reader<'a> {
    modules: &'a mut Vec<Module>,
    module: usize,
    /// The folder of the file, the base for `#[path]`.
    beside: &'a Path,
    children: &'a Path,
    /// Modules whose files have not been read yet.
    found: Vec<(usize, PathBuf)>,
}

impl Reader<'_> {
    fn here(&mut self) -> &mut Module {
        &mut self.modules[self.module]
    }

    fn declare(&mut self, child: &syn::ItemMod) {
        let name = child.ident.to_string();
        let mut path = self.here().path.clone();
        path.push(name.clone());
        let index = self.modules.len();
        let file = if child.content.is_some() { self.here().file } else { index };
        self.modules.push(Module { path, file, parent: Some(self.module), ..Module::default() });
        self.here().children.insert(name.clone(), index);
        if let Some((_, items)) = &child.content {
            let outer = std::mem::replace(&mut self.module, index);
            for item in items {
                self.visit_item(item);
            }
            self.module = outer;
        } else {
            let elsewhere = child.attrs.iter().find_map(path_attribute).map(|path| self.beside.join(path));
            let beside = self.children.join(format!("{name}.rs"));
            let usual = if beside.exists() { beside } else { self.children.join(&name).join("mod.rs") };
            self.found.push((index, elsewhere.unwrap_or(usual)));
        }
    }

    fn import(&mut self, tree: &syn::UseTree, before: &[String], is_exported: bool) {
        let joined = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        let (name, path) = match tree {
            syn::UseTree::Path(path) => return self.import(&path.tree, &joined(&path.ident), is_exported),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, before, is_exported);
                }
                return;
            }
            syn::UseTree::Glob(_) => return self.here().globs.push(before.to_vec()),
            syn::UseTree::Name(name) if name.ident == "self" => {
                (before.last().cloned().unwrap_or_default(), before.to_vec())
            }
            syn::UseTree::Name(name) => (name.ident.to_string(), joined(&name.ident)),
            syn::UseTree::Rename(rename) if rename.ident == "self" => {
                (rename.rename.to_string(), before.to_vec())
            }
            syn::UseTree::Rename(rename) => (rename.rename.to_string(), joined(&rename.ident)),
        };
        if !is_exported {
            self.here().uses.push(path.clone());
        }
        self.here().imports.push((name, path));
    }

    /// Paths in unparsed tokens: the arguments of macros and attributes.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path = Segments::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.here().uses.push(std::mem::take(&mut path));
                    }
                    colons = 0;
                    path.push(ident.to_string());
                }
                other => {
                    self.here().uses.push(std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.scan(group.stream()),
                        TokenTree::Literal(literal) => self.scan_text(&literal.to_string()),
                        _ => {}
                    }
                }
            }
        }
        self.here().uses.push(path);
    }

    /// A path in a string, as in `#[serde(with = "crate::time")]`.
    fn scan_text(&mut self, literal: &str) {
        let text = literal.trim_matches('"');
        if ["crate::", "super::"].iter().any(|beginning| text.starts_with(beginning))
            && let Ok(path) = syn::parse_str::<syn::Path>(text)
        {
            self.visit_path(&path);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_for_tests(attributes(item)) {
            return;
        }
        if let Some(name) = declared(item) {
            self.here().items.push(name);
        }
        match item {
            syn::Item::Mod(child) => self.declare(child),
            syn::Item::Use(import) if import.leading_colon.is_none() => {
                let is_exported = !matches!(import.vis, syn::Visibility::Inherited);
                self.import(&import.tree, &[], is_exported);
            }
            syn::Item::Use(_) => {}
            other => visit::visit_item(self, other),
        }
    }

    fn visit_impl_item_fn(&mut self, method: &'ast syn::ImplItemFn) {
        if !is_for_tests(&method.attrs) {
            visit::visit_impl_item_fn(self, method);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.here().uses.push(segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.scan(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone());
        }
    }

    /// A visibility is not a use of its module.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

fn path_attribute(attribute: &syn::Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return None };
    pair.path.is_ident("path").then(|| text.value())
}

/// Whether an item is built for tests only: `#[cfg(test)]`, also as a part of `all` or `any`.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    fn names_test(tokens: TokenStream) -> bool {
        let mut negated = false;
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => {
                negated = ident == "not";
                ident == "test"
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                !negated && names_test(group.stream())
            }
            _ => false,
        })
    }
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("cfg") && names_test(list.tokens.clone()),
        _ => false,
    })
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Returns the name that an item adds to its module.
fn declared(item: &syn::Item) -> Option<String> {
    let name = match item {
        syn::Item::Const(item) => &item.ident,
        syn::Item::Enum(item) => &item.ident,
        syn::Item::Fn(item) => &item.sig.ident,
        syn::Item::Macro(item) => item.ident.as_ref()?,
        syn::Item::Static(item) => &item.ident,
        syn::Item::Struct(item) => &item.ident,
        syn::Item::Trait(item) => &item.ident,
        syn::Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
