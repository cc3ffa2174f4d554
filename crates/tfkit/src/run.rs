//! What a run of the host does with all objects of the provider, as far as this process sees it.
//!
//! A host starts a process to plan and another one to apply. The one that plans sees each object that the state has and
//! each that is to be made, so it can tell two that exclude each other. The one that applies sees only what changes, one
//! after the other, and has not seen yet what comes later.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::diag::{Diag, Existing};

/// What no second object may have at the same time, such as a name in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    words: String,
    key: String,
}

impl Claim {
    /// What is claimed, in words that follow "the" (such as `team "alpha"`), and the parts that tell it from all others.
    pub fn new(words: impl Into<String>, parts: &[&str]) -> Self {
        // No name holds a line break and an escape together.
        Self { words: words.into(), key: parts.join("\n\u{1b}") }
    }

    /// The claim of an object of a type; others may claim the same.
    pub(crate) fn of(self, type_name: &str) -> Self {
        Self { key: format!("{type_name}\n{}", self.key), ..self }
    }
}

/// What a run does with an object that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It stays.
    Kept,
    /// Another object takes its place, at the same address.
    Replaced,
    /// It gets another name.
    Renamed,
    /// It is deleted.
    Deleted,
    /// This process has made it.
    Made,
}

/// One step of a plan, as far as claims go.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    /// What the object has now, and its id; none for a creation.
    pub(crate) before: Option<(Claim, &'a str)>,
    /// What it will have; none for a deletion, and while it is not known.
    pub(crate) after: Option<Claim>,
    /// The object is deleted, and nothing takes its place.
    pub(crate) deletes: bool,
    /// Ids of other objects that its configuration names.
    pub(crate) references: Vec<String>,
    /// The object is replaced: what it will have is another object's.
    pub(crate) replaces: bool,
    /// For a creation: the object whose place it takes.
    pub(crate) in_place_of: Option<&'a str>,
}

/// What this process knows of the run.
#[derive(Debug, Default)]
pub(crate) struct Run(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    claims: BTreeMap<String, Claimants>,
    /// Objects by their `id` attribute.
    objects: BTreeMap<String, Fate>,
    /// By the id of an object: what it is, and that it is deleted.
    deleted: BTreeMap<String, String>,
    /// By the id of an object: whose configuration names it, and what that is. Who has no id yet is known by its claim.
    named: BTreeMap<String, BTreeMap<String, String>>,
}

/// Who has or wants one thing.
#[derive(Debug, Default)]
struct Claimants {
    /// Creations and renamed objects.
    coming: Vec<Option<String>>,
    /// Objects that have it, by id.
    there: BTreeMap<String, Fate>,
}

impl Run {
    /// Forgets everything, because another run begins.
    pub(crate) fn begin(&self) {
        *self.known() = Known::default();
    }

    /// Takes a step of the plan in, and tells what cannot be together with other steps. Whichever of two steps is planned
    /// later tells it.
    pub(crate) fn plan(&self, step: &Step<'_>) -> Vec<Diag> {
        let mut known = self.known();
        let mut diags = known.refer(step);
        let id = step.before.as_ref().map(|(_, id)| (*id).to_owned());
        if let Some((before, id)) = &step.before {
            let fate = match &step.after {
                _ if step.replaces => Fate::Replaced,
                _ if step.deletes => Fate::Deleted,
                Some(after) if after == before => Fate::Kept,
                Some(_) | None => Fate::Renamed,
            };
            known.objects.insert((*id).to_owned(), fate);
            let claimants = known.claims.entry(before.key.clone()).or_default();
            claimants.there.insert((*id).to_owned(), fate);
            if claimants.coming.iter().any(|coming| coming.as_deref() != Some(*id)) {
                diags.push(conflict(&before.words, fate));
            }
            if fate != Fate::Renamed {
                return diags;
            }
        }
        if let Some(replaced) = step.in_place_of {
            known.objects.insert(replaced.to_owned(), Fate::Replaced);
        }
        let Some(after) = &step.after else { return diags };
        let claimants = known.claims.entry(after.key.clone()).or_default();
        if let Some(replaced) = step.in_place_of.and_then(|id| claimants.there.get_mut(id)) {
            *replaced = Fate::Replaced;
        }
        if claimants.coming.iter().any(|other| id.is_none() || *other != id) {
            diags.push(wanted_twice(&after.words));
        } else {
            let mut others = claimants.there.iter().filter(|(other, _)| Some(*other) != id.as_ref());
            let other = others.find(|(other, _)| Some(other.as_str()) != step.in_place_of);
            diags.extend(other.map(|(_, fate)| conflict(&after.words, *fate)));
        }
        if id.is_none() || !claimants.coming.contains(&id) {
            claimants.coming.push(id);
        }
        diags
    }

    /// Whether another object takes the place of this one, as far as the plan was made.
    pub(crate) fn replaces(&self, id: &str) -> bool {
        self.known().objects.get(id) == Some(&Fate::Replaced)
    }

    /// An object is made now.
    pub(crate) fn made(&self, id: &str) {
        self.known().objects.insert(id.to_owned(), Fate::Made);
    }

    /// An object is going to be deleted now.
    pub(crate) fn deletes(&self, id: &str) {
        self.known().objects.insert(id.to_owned(), Fate::Deleted);
    }

    /// Says what to do about an object that is in the way.
    pub(crate) fn advise(&self, mut diag: Diag) -> Diag {
        let Some(existing) = diag.existing.take() else { return diag };
        let Existing { words, resource, id, import } = *existing;
        let fate = self.known().objects.get(&id).copied();
        let rest = diag.fix.take();
        let diag = match fate {
            None => diag
                .fix(format!(
                    "To manage the existing {words} with Terraform, import it. Add this block next to the resource, \
                     and use the address that is shown above after \"with\":\n  import {{\n    to = ADDRESS\n    \
                     id = {import:?}\n  }}\n\nBefore Terraform 1.5, use this command:\n  \
                     terraform import {resource}.NAME {import}"
                ))
                .fix(
                    "If it is already in the state under another address, do not import it. Move it to the new \
                     address:\n  terraform state mv OLD_ADDRESS NEW_ADDRESS\n\nIf this run deletes it, run the \
                     command again. If this run replaces it, remove create_before_destroy from it and from the \
                     resources that use it, or change the name of the new one: names must be unique.",
                ),
            Some(Fate::Made) => diag
                .why("Another resource of this configuration created it in this run.")
                .fix("Remove one of the two resources, or give them different names."),
            Some(Fate::Kept) => diag
                .why(format!("The {words} is already in this state under another address."))
                .fix("Use that resource instead of this one, or change the name of this one."),
            Some(Fate::Deleted | Fate::Replaced | Fate::Renamed) => diag
                .why(format!("This run deletes, replaces or renames the {words}, but has not done so yet."))
                .fix("Run the command again: the conflict is then resolved.")
                .fix(moved(words)),
        };
        match rest {
            Some(rest) => diag.fix(rest),
            None => diag,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Compares what is deleted with what configurations name. A configuration that names an object by a reference would
    /// not be planned without it; one that has its id as text, or from a data source, stays as it is.
    fn refer(&mut self, step: &Step<'_>) -> Vec<Diag> {
        let (before, after) = (step.before.as_ref(), step.after.as_ref());
        let claim = after.or(before.map(|(claim, _)| claim));
        let words = claim.map_or("another resource", |claim| claim.words.as_str());
        let holder = before.map(|(_, id)| *id).or(step.in_place_of).or(claim.map(|claim| claim.key.as_str()));
        let Some(holder) = holder else { return Vec::new() };
        for holders in self.named.values_mut() {
            holders.remove(holder);
        }
        let mut diags = Vec::new();
        if step.deletes {
            let holders = self.named.get(holder).into_iter().flat_map(BTreeMap::values);
            diags.extend(holders.map(|by| still_named(words, holder, by)));
            self.deleted.insert(holder.to_owned(), words.to_owned());
            return diags;
        }
        for id in &step.references {
            self.named.entry(id.clone()).or_default().insert(holder.to_owned(), words.to_owned());
            diags.extend(self.deleted.get(id).map(|deleted| still_named(deleted, id, words)));
        }
        diags
    }
}

/// An object is deleted, and the configuration of another one keeps its id.
fn still_named(deleted: &str, id: &str, by: &str) -> Diag {
    Diag::error(format!("The {deleted} cannot be deleted: the {by} still uses it"))
        .why(format!(
            "This run deletes the {deleted}, but the configuration of the {by} still contains its id, {id}. Nothing \
             was changed."
        ))
        .fix(format!(
            "Remove the id from the configuration of the {by}, or replace it. Then run the command again."
        ))
        .fix(
            "To stop managing it with Terraform without deleting it, remove it from the state:\n  \
             terraform state rm ADDRESS",
        )
}

/// What is to be said where something is wanted that an object has.
fn conflict(words: &str, fate: Fate) -> Diag {
    let verb = match fate {
        Fate::Kept | Fate::Made => {
            return Diag::error(format!("The {words} is already in this state under another address"))
                .why("Another resource manages it, so this run cannot create it again.")
                .fix("Use that resource instead of the new one, or change one of the names.");
        }
        Fate::Deleted => "deletes",
        Fate::Renamed => "renames",
        Fate::Replaced => "replaces",
    };
    Diag::warning(format!("This run {verb} the {words} and creates another one"))
        .why(
            "It is in the state under another address. Terraform does not order the two steps, and both objects \
             cannot exist at the same time. The apply may report that it already exists, and then succeed on the \
             next run.",
        )
        .fix(moved("object"))
}

fn moved(words: &str) -> String {
    format!(
        "If both are the same {words} and only its address changes, keep it with a moved block:\n  moved {{\n    \
         from = OLD_ADDRESS\n    to   = NEW_ADDRESS\n  }}"
    )
}

fn wanted_twice(words: &str) -> Diag {
    Diag::error(format!("Two resources create the {words}"))
        .why("It must be unique, but two resources of this configuration create it.")
        .fix("Remove one of them, or give them different names.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(name: &str) -> Claim {
        Claim::new(format!("note {name:?}"), &[name])
    }

    fn step<'a>(before: Option<(&str, &'a str)>, after: Option<&str>) -> Step<'a> {
        let before = before.map(|(name, id)| (claim(name), id));
        let (after, deletes) = (after.map(claim), after.is_none());
        Step { before, after, deletes, references: Vec::new(), replaces: false, in_place_of: None }
    }

    fn told(steps: &[Step<'_>]) -> Vec<String> {
        let run = Run::default();
        steps.iter().flat_map(|step| run.plan(step)).map(|diag| diag.summary).collect()
    }

    #[test]
    fn two_steps_that_exclude_each_other_are_told_in_either_order() {
        let replaced = Step { replaces: true, ..step(Some(("a", "1")), Some("a")) };
        let second_half = Step { in_place_of: Some("1"), ..step(None, Some("a")) };
        let (twice, there) = (
            "Two resources create the note \"a\"",
            "The note \"a\" is already in this state under another address",
        );
        let leaving = |verb: &str| format!("This run {verb} the note \"a\" and creates another one");
        let cases: Vec<([Step<'_>; 2], Option<String>)> = vec![
            ([step(None, Some("a")), step(None, Some("a"))], Some(twice.to_owned())),
            ([step(None, Some("a")), step(None, Some("b"))], None),
            ([step(None, None), step(None, None)], None),
            ([step(Some(("a", "1")), Some("a")), step(None, Some("a"))], Some(there.to_owned())),
            ([step(Some(("a", "1")), None), step(None, Some("a"))], Some(leaving("deletes"))),
            ([step(Some(("a", "1")), Some("b")), step(None, Some("a"))], Some(leaving("renames"))),
            ([step(Some(("b", "1")), Some("a")), step(Some(("a", "2")), Some("a"))], Some(there.to_owned())),
            ([step(Some(("b", "1")), Some("a")), step(Some(("a", "2")), None)], Some(leaving("deletes"))),
            ([step(Some(("b", "1")), Some("a")), step(Some(("c", "2")), Some("a"))], Some(twice.to_owned())),
            ([step(Some(("a", "1")), Some("a")), step(Some(("a", "1")), Some("a"))], None),
        ];
        for ([one, other], expected) in cases {
            let expected: Vec<String> = expected.into_iter().collect();
            for steps in [[&one, &other], [&other, &one]] {
                let run = Run::default();
                let told: Vec<String> =
                    steps.iter().flat_map(|step| run.plan(step)).map(|diag| diag.summary).collect();
                assert_eq!(told, expected, "{steps:?}");
            }
        }
        // An object that is replaced at its own address, by its own change or by command.
        assert!(told(&[replaced, second_half]).is_empty());
        let kept = step(Some(("a", "1")), Some("a"));
        assert!(told(&[kept, Step { in_place_of: Some("1"), ..step(None, Some("a")) }]).is_empty());
    }

    #[test]
    fn what_a_configuration_still_names_is_not_deleted_in_either_order() {
        let naming = |step: Step<'static>, ids: &[&str]| {
            let references = ids.iter().map(|id| (*id).to_owned()).collect();
            Step { references, ..step }
        };
        let delete = || step(Some(("a", "1")), None);
        let kept = || step(Some(("b", "2")), Some("b"));
        let still = ["The note \"a\" cannot be deleted: the note \"b\" still uses it"];
        let cases: [(Step<'_>, Step<'_>, &[&str]); 8] = [
            (delete(), naming(kept(), &["1"]), &still),
            (delete(), naming(step(None, Some("b")), &["3", "1"]), &still),
            (delete(), naming(Step { replaces: true, ..kept() }, &["1"]), &still),
            (delete(), naming(kept(), &["3"]), &[]),
            (delete(), kept(), &[]),
            (delete(), step(Some(("b", "2")), None), &[]),
            (step(Some(("a", "1")), Some("a")), naming(kept(), &["1"]), &[]),
            (Step { replaces: true, ..step(Some(("a", "1")), Some("a")) }, naming(kept(), &["1"]), &[]),
        ];
        for (one, other, expected) in &cases {
            for steps in [[one, other], [other, one]] {
                let run = Run::default();
                let told: Vec<String> =
                    steps.iter().flat_map(|step| run.plan(step)).map(|diag| diag.summary).collect();
                assert_eq!(told, *expected, "{steps:?}");
            }
        }
        // What is planned again counts as it was planned last.
        assert!(told(&[naming(kept(), &["1"]), kept(), delete()]).is_empty());
    }

    #[test]
    fn a_replacement_is_known_however_it_was_asked_for() {
        let kept = || step(Some(("a", "1")), Some("a"));
        let second_half = |name| Step { in_place_of: Some("1"), ..step(None, name) };
        let cases = [
            (vec![kept()], false),
            (vec![step(Some(("a", "1")), None)], false),
            (vec![Step { replaces: true, ..kept() }], true),
            (vec![kept(), second_half(Some("a"))], true),
            (vec![kept(), second_half(Some("b"))], true),
            (vec![kept(), Step { deletes: false, ..second_half(None) }], true),
        ];
        for (steps, expected) in cases {
            let run = Run::default();
            for step in &steps {
                run.plan(step);
            }
            assert_eq!(run.replaces("1"), expected, "{steps:?}");
        }
    }

    /// What the run did with the object, what is said then, and whether an import is advised.
    type Case = (&'static str, fn(&Run), &'static [&'static str], bool);

    #[test]
    fn the_advice_about_an_object_that_exists_is_right_for_what_the_run_does_with_it() {
        let diag = || {
            Diag::error("Team \"a\" already exists").fix("Choose another name.").in_the_way(Existing {
                words: "team",
                resource: "shop_team",
                id: "1".to_owned(),
                import: "org/1".to_owned(),
            })
        };
        let kept: fn(&Run) = |run| drop(run.plan(&step(Some(("a", "1")), Some("a"))));
        let deleted: fn(&Run) = |run| drop(run.plan(&step(Some(("a", "1")), None)));
        let cases: [Case; 5] = [
            (
                "unknown",
                |_| {},
                &["  import {\n    to = ADDRESS\n    id = \"org/1\"\n  }", "shop_team.NAME org/1"],
                true,
            ),
            ("made", |run| run.made("1"), &["created it in this run"], false),
            ("kept", kept, &["under another address"], false),
            ("deleted", deleted, &["Run the command again", "moved {"], false),
            ("being deleted", |run| run.deletes("1"), &["Run the command again", "moved {"], false),
        ];
        for (what, happens, words, imports) in cases {
            let run = Run::default();
            happens(&run);
            let text = run.advise(diag()).to_string();
            for words in words {
                assert!(text.contains(words), "{what}: {text}");
            }
            assert_eq!(text.contains("import {"), imports, "{what}: {text}");
            assert!(text.ends_with("Choose another name."), "{what}: {text}");
            run.begin();
            assert!(run.advise(diag()).to_string().contains("import {"), "{what}");
        }
    }
}
