//! Which module a path leads to.

use super::module::Module;

/// Longer chains of re-exports than this are circles of their own.
const DEPTH: usize = 12;

/// The module that declares what a path names; nothing for a path into another crate, or to a module itself.
///
/// A re-export is looked through: `super::Team` leads to the module that declares `Team`, not to the one that
/// passes it on.
pub(super) fn definition(modules: &[Module], from: usize, path: &[String]) -> Option<usize> {
    let (module, is_item) = walk(modules, from, path, DEPTH)?;
    is_item.then_some(module)
}

/// Where a path ends, and whether at an item of that module.
fn walk(modules: &[Module], from: usize, path: &[String], depth: usize) -> Option<(usize, bool)> {
    let depth = depth.checked_sub(1)?;
    let (first, mut rest) = path.split_first()?;
    let mut module = match first.as_str() {
        "crate" => 0,
        "self" => from,
        "super" => modules[from].parent?,
        name => {
            let (module, is_item) = member(modules, from, name, !rest.is_empty(), depth)?;
            if is_item {
                return Some((module, true));
            }
            module
        }
    };
    while let Some((name, after)) = rest.split_first() {
        rest = after;
        if name == "super" {
            module = modules[module].parent?;
            continue;
        }
        // What a macro declares is not seen; by its path it must be there.
        let (next, is_item) =
            member(modules, module, name, !rest.is_empty(), depth).unwrap_or((module, true));
        if is_item {
            return Some((next, true));
        }
        module = next;
    }
    Some((module, false))
}

/// What a name means inside a module. A module and an item may have the same name; more segments mean the module.
fn member(
    modules: &[Module],
    module: usize,
    name: &str,
    goes_on: bool,
    depth: usize,
) -> Option<(usize, bool)> {
    let here = &modules[module];
    let child = here.children.get(name).map(|child| (*child, false));
    if goes_on && child.is_some() {
        return child;
    }
    if here.items.iter().any(|item| item == name) {
        return Some((module, true));
    }
    let imported = here.imports.iter().filter(|(import, _)| import == name);
    let mut meanings = imported.filter_map(|(_, path)| match path.as_slice() {
        // `use super::name` and `use name` must not come back here.
        [single] if single == name => None,
        path => walk(modules, module, path, depth),
    });
    if let Some(meaning) = meanings.next() {
        return Some(meaning);
    }
    let mut globs = here.globs.iter().filter_map(|glob| match walk(modules, module, glob, depth)? {
        (opened, false) if opened != module => known(modules, opened, name, goes_on, depth),
        _ => None,
    });
    globs.next().or(child)
}

/// A name that a glob brings in, if the opened module has it.
fn known(
    modules: &[Module],
    module: usize,
    name: &str,
    goes_on: bool,
    depth: usize,
) -> Option<(usize, bool)> {
    member(modules, module, name, goes_on, depth.checked_sub(1)?)
}
