//! Resolving paths to modules.

use super::module::Module;

/// Longer chains of re-exports than this are circular.
const DEPTH: usize = 12;

/// Returns the module that declares the item of a path; `None` for a path into another crate, or to a module itself.
///
/// Re-exports are resolved: `super::Team` leads to the module that declares `Team`, not to the one that re-exports
/// it.
pub(super) fn definition(modules: &[Module], from: usize, path: &[String]) -> Option<usize> {
    let (module, is_item) = walk(modules, from, path, DEPTH)?;
    is_item.then_some(module)
}

/// Returns where a path ends, and whether at an item of that module.
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
        // Declarations by macros are not visible; according to the path, the item must exist here.
        let (next, is_item) =
            member(modules, module, name, !rest.is_empty(), depth).unwrap_or((module, true));
        if is_item {
            return Some((next, true));
        }
        module = next;
    }
    Some((module, false))
}

/// Resolves a name inside a module. A module and an item can have the same name; further segments mean the module.
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
        // `use super::name` and `use name` must not recurse endlessly.
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

/// Resolves a name imported by a glob, if its module has it.
fn known(
    modules: &[Module],
    module: usize,
    name: &str,
    goes_on: bool,
    depth: usize,
) -> Option<(usize, bool)> {
    member(modules, module, name, goes_on, depth.checked_sub(1)?)
}
