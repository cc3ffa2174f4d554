//! No circles between the modules of a crate.
//!
//! Here, a module is a file, and it uses the files that declare the items it names. A re-export uses nothing and is
//! resolved to the declaration: `mod.rs` may re-export items of its children, and a child may import a sibling's item
//! from there. In contrast, a child that uses an item declared by its parent closes a circle if the parent uses the
//! child. Tests may use everything. Not detected: methods whose type is not named by a path, and names built by
//! macros.

mod allowed;
mod graph;
mod module;
mod resolve;

use std::collections::BTreeSet;
use std::path::Path;

use allowed::{ALLOWED, Allowed};
use graph::Arrows;

use super::dependency::packages;
use crate::Failure;

/// Returns every circle that is not allowed, and every unused allowance, one line each.
pub(super) fn violations() -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    for package in packages()? {
        let source = Path::new(&package.manifest_path).with_file_name("src");
        let allowed: Vec<_> = ALLOWED.iter().filter(|allowed| allowed.package == package.name).collect();
        let library = source.join("lib.rs");
        if library.exists() {
            found.extend(in_crate(&package.name, &arrows(&library)?, &allowed));
        }
        let binary = source.join("main.rs");
        if binary.exists() {
            found.extend(in_crate(&format!("{} (main.rs)", package.name), &arrows(&binary)?, &[]));
        }
        known.insert(package.name);
    }
    let gone = ALLOWED.iter().filter(|allowed| !known.contains(allowed.package));
    found.extend(gone.map(|allowed| format!("{} has allowed arrows, but is not a crate", allowed.package)));
    Ok(found)
}

/// Returns the violations in one crate.
fn in_crate(package: &str, arrows: &Arrows, allowed: &[&Allowed]) -> Vec<String> {
    let circles = graph::circles(arrows);
    let mut rest = arrows.clone();
    let mut found = Vec::new();
    for Allowed { arrows, why, .. } in allowed {
        for (from, to) in *arrows {
            let arrow = rest.get_mut(*from).and_then(|next| next.remove(*to));
            let is_in_circle = circles.iter().any(|circle| circle.contains(from) && circle.contains(to));
            if arrow.is_none() || !is_in_circle {
                found.push(format!(
                    "{package}: {from} -> {to} no longer closes a circle; remove it from tidy/circle/allowed.rs \
                     ({why})"
                ));
            }
        }
    }
    // Reports one short way around, removes the arrow that closes it, and repeats until no circle is left.
    while let Some(way) = graph::way_around(&rest) {
        let steps: Vec<String> = way.iter().map(ToString::to_string).collect();
        found.push(format!(
            "{package}: a circle: {}; reverse one arrow, or move shared code into its own module",
            steps.join(", ")
        ));
        // A folder may use its parts, so the part that uses the folder closes the circle.
        let upward = way.iter().find(|arrow| arrow.from.starts_with(&format!("{}::", arrow.to)));
        let Some(closing) = upward.or(way.last()) else { break };
        rest.get_mut(&closing.from).map(|next| next.remove(&closing.to));
    }
    found
}

/// Returns the arrows between the files of a crate, starting with its root file.
fn arrows(root: &Path) -> Result<Arrows, Failure> {
    let modules = module::modules(root)?;
    let name = |module: usize| match modules[modules[module].file].path.join("::") {
        root if root.is_empty() => "crate".to_owned(),
        path => path,
    };
    let mut arrows = Arrows::new();
    for (index, module) in modules.iter().enumerate() {
        for path in &module.uses {
            if let Some(target) = resolve::definition(&modules, index, path)
                && modules[target].file != module.file
            {
                arrows.entry(name(index)).or_default().entry(name(target)).or_insert_with(|| path.join("::"));
            }
        }
    }
    Ok(arrows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::tree;

    /// Returns the circles of a crate with these files, each as its modules.
    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let root = tree(files);
        let arrows = arrows(&root.path().join("lib.rs")).unwrap();
        graph::circles(&arrows).into_iter().map(|circle| Vec::from_iter(circle).join(" ")).collect()
    }

    #[test]
    fn a_circle_is_found_for_every_way_to_name_an_item() {
        const LIB: (&str, &str) = ("lib.rs", "mod a; mod b;");
        const A: &str = "pub struct A; pub fn a() {} use crate::b::B;";
        for (a, b, expected) in [
            (A, "pub struct B;", ""),
            (A, "pub struct B(crate::a::A);", "a b"),
            (A, "use crate::a::A; pub struct B;", "a b"),
            (A, "use super::a::{A as Other}; pub struct B;", "a b"),
            (A, "use crate::a; pub struct B; fn b() { a::a() }", "a b"),
            (A, "use crate::a::*; pub struct B(A);", "a b"),
            (A, "pub struct B; fn b() { println!(\"{:?}\", super::a::a()); }", "a b"),
            (A, "#[serde(with = \"crate::a::a\")] pub struct B;", "a b"),
            (A, "pub struct B; impl super::a::A { fn b() {} }", "a b"),
            (A, "pub struct B; mod inside { use super::super::a::A; }", "a b"),
            ("use crate::b::TeamId; pub fn a() {}", "ids!(TeamId); use crate::a::a;", "a b"),
            // These do not use the other module.
            (A, "use crate::a; pub struct B;", ""),
            (A, "pub(in crate::a) struct B;", ""),
            (A, "/// As [`crate::a::A`] does.\npub struct B;", ""),
            (A, "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }", ""),
            (A, "pub struct B; #[cfg(all(test, unix))] use crate::a::A;", ""),
            (A, "pub struct B; #[cfg(not(test))] use crate::a::A;", "a b"),
            (A, "pub struct B; use ::a::A;", ""),
        ] {
            assert_eq!(circles(&[LIB, ("a.rs", a), ("b.rs", b)]).join("; "), expected, "{a} / {b}");
        }
    }

    #[test]
    fn a_re_export_is_resolved() {
        const LIB: (&str, &str) = ("lib.rs", "mod folder;");
        let child = |text| ("folder/child.rs", text);
        for (parent, one, other, expected) in [
            // The parent re-exports the sibling's item, and declares nothing itself.
            (
                "mod child; mod other; pub use child::Child; pub use other::Other;",
                "use super::Other; pub struct Child;",
                "pub struct Other;",
                "",
            ),
            // Two siblings use each other through the parent.
            (
                "mod child; mod other; pub use child::Child; pub use other::Other;",
                "use super::Other; pub struct Child;",
                "use super::Child; pub struct Other;",
                "folder::child folder::other",
            ),
            // The child uses an item of the parent, and the parent uses the child.
            (
                "mod child; mod other; pub struct Parent(child::Child);",
                "use super::Parent; pub struct Child;",
                "",
                "folder folder::child",
            ),
            ("mod child; mod other; pub struct Parent;", "use super::Parent; pub struct Child;", "", ""),
        ] {
            let files = [LIB, ("folder/mod.rs", parent), child(one), ("folder/other.rs", other)];
            assert_eq!(circles(&files).join("; "), expected, "{parent} / {one} / {other}");
        }
    }

    #[test]
    fn an_allowed_arrow_opens_a_circle_and_must_be_needed() {
        let arrow =
            |from: &str, to: &str| (from.to_owned(), [(to.to_owned(), format!("crate::{to}::X"))].into());
        let closed: Arrows = [arrow("a", "b"), arrow("b", "a")].into();
        let open: Arrows = [arrow("a", "b")].into();
        let allowed = Allowed { package: "it", why: "a reason", arrows: &[("b", "a")] };
        assert_eq!(in_crate("it", &closed, &[&allowed]), Vec::<String>::new());
        let found = in_crate("it", &closed, &[]).join("\n");
        assert!(found.contains("a circle: a -> b (crate::b::X), b -> a (crate::a::X)"), "{found}");
        let found = in_crate("it", &open, &[&allowed]).join("\n");
        assert!(found.contains("b -> a no longer closes a circle"), "{found}");
    }

    #[test]
    fn each_allowance_has_a_reason() {
        for allowed in ALLOWED {
            assert!(!allowed.why.is_empty() && !allowed.arrows.is_empty(), "{}", allowed.package);
        }
    }
}
