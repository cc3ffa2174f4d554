//! What a run of the host does with the objects of the provider, as far as this process sees it.
//!
//! A host starts one process to plan and another one to apply. The planning process sees every object of the state
//! and every new one, so it can detect two that conflict. The applying process sees only changes, one after the
//! other, and does not know later ones yet.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::diag::{Diag, Existing};
use crate::model::Operation;

/// Something that must be unique, such as a name in its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    words: String,
    key: String,
}

impl Claim {
    /// Creates a claim from words that follow "the" (such as `team "alpha"`), and the parts that make it unique.
    pub fn new(words: impl Into<String>, parts: &[&str]) -> Self {
        // No name contains a line break followed by an escape.
        Self { words: words.into(), key: parts.join("\n\u{1b}") }
    }

    /// Restricts the claim to a type: other types may claim the same.
    pub(crate) fn of(self, type_name: &str) -> Self {
        Self { key: format!("{type_name}\n{}", self.key), ..self }
    }
}

/// What a run does with an existing object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It is kept.
    Kept,
    /// Another object replaces it at the same address.
    Replaced,
    /// It is renamed.
    Renamed,
    /// It is deleted.
    Deleted,
    /// This process created it.
    Created,
}

/// One step of a plan, as far as claims are concerned.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    /// The current claim of the object, and its id; `None` for a creation.
    pub(crate) before: Option<(Claim, &'a str)>,
    /// The planned claim; `None` for a deletion, and while it is unknown.
    pub(crate) after: Option<Claim>,
    /// Whether the object is deleted without a replacement.
    pub(crate) deletes: bool,
    /// Ids of other objects in its configuration.
    pub(crate) references: Vec<String>,
    /// Whether the object is replaced: the planned claim belongs to another object.
    pub(crate) replaces: bool,
    /// For a creation: the id of the object that it replaces.
    pub(crate) in_place_of: Option<&'a str>,
}

/// What this process knows about the run.
#[derive(Debug, Default)]
pub(crate) struct Run(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    claims: BTreeMap<String, Claimants>,
    /// Objects by their `id` attribute.
    objects: BTreeMap<String, Outcome>,
    /// Deleted objects by id, with their words.
    deleted: BTreeMap<String, String>,
    /// By the id of an object: the resources whose configuration contains it, with their words. A resource without an
    /// id is identified by its claim.
    references: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether an object was refreshed.
    refreshed: bool,
}

/// The objects that have or want the same claim.
#[derive(Debug, Default)]
struct Claimants {
    /// Creations and renamed objects.
    incoming: Vec<Option<String>>,
    /// Objects that have it, by id.
    current: BTreeMap<String, Outcome>,
}

impl Run {
    /// Forgets everything, because a new run begins.
    pub(crate) fn begin(&self) {
        *self.known() = Known::default();
    }

    /// Adds a step of the plan, and returns its conflicts with other steps. The later of two conflicting steps
    /// reports the conflict.
    pub(crate) fn plan(&self, step: &Step<'_>) -> Vec<Diag> {
        let mut known = self.known();
        let mut diags = known.check_references(step);
        let id = step.before.as_ref().map(|(_, id)| (*id).to_owned());
        if let Some((before, id)) = &step.before {
            let outcome = match &step.after {
                _ if step.replaces => Outcome::Replaced,
                _ if step.deletes => Outcome::Deleted,
                Some(after) if after == before => Outcome::Kept,
                Some(_) | None => Outcome::Renamed,
            };
            known.objects.insert((*id).to_owned(), outcome);
            let claimants = known.claims.entry(before.key.clone()).or_default();
            claimants.current.insert((*id).to_owned(), outcome);
            if claimants.incoming.iter().any(|incoming| incoming.as_deref() != Some(*id)) {
                diags.push(conflict(&before.words, outcome));
            }
            if outcome != Outcome::Renamed {
                return diags;
            }
        }
        if let Some(replaced) = step.in_place_of {
            known.objects.insert(replaced.to_owned(), Outcome::Replaced);
        }
        let Some(after) = &step.after else { return diags };
        let claimants = known.claims.entry(after.key.clone()).or_default();
        if let Some(replaced) = step.in_place_of.and_then(|id| claimants.current.get_mut(id)) {
            *replaced = Outcome::Replaced;
        }
        if claimants.incoming.iter().any(|other| id.is_none() || *other != id) {
            diags.push(created_twice(&after.words));
        } else {
            let others = claimants.current.iter().filter(|(other, _)| Some(*other) != id.as_ref());
            let others = others.filter(|(other, _)| Some(other.as_str()) != step.in_place_of);
            // One that stays is in the way, whatever happens to the others.
            let other =
                others.min_by_key(|(_, outcome)| !matches!(outcome, Outcome::Kept | Outcome::Created));
            diags.extend(other.map(|(_, outcome)| conflict(&after.words, *outcome)));
        }
        if id.is_none() || !claimants.incoming.contains(&id) {
            claimants.incoming.push(id);
        }
        diags
    }

    /// Returns whether the plan so far replaces this object.
    pub(crate) fn replaces(&self, id: &str) -> bool {
        self.known().objects.get(id) == Some(&Outcome::Replaced)
    }

    /// Records that a step was applied: the object has its new claim, and no longer the previous one. So a later step
    /// does not conflict with it. A host that creates a replacement first plans the deletion of the old object after that.
    pub(crate) fn applied(
        &self,
        operation: Operation,
        id: &str,
        before: Option<&Claim>,
        after: Option<&Claim>,
    ) {
        let mut known = self.known();
        if let Some(before) = before.and_then(|before| known.claims.get_mut(&before.key)) {
            before.current.remove(id);
        }
        let is_new = operation == Operation::Create;
        if is_new {
            known.objects.insert(id.to_owned(), Outcome::Created);
        }
        let Some(after) = after.and_then(|after| known.claims.get_mut(&after.key)) else { return };
        let step = (!is_new).then_some(id);
        if let Some(index) = after.incoming.iter().position(|incoming| incoming.as_deref() == step) {
            after.incoming.swap_remove(index);
        }
        after.current.insert(id.to_owned(), if is_new { Outcome::Created } else { Outcome::Kept });
    }

    /// Records that an object was refreshed.
    pub(crate) fn refreshes(&self) {
        self.known().refreshed = true;
    }

    /// Returns whether an object was refreshed.
    pub(crate) fn has_refreshed(&self) -> bool {
        self.known().refreshed
    }

    /// Records that an object is about to be deleted.
    pub(crate) fn deletes(&self, id: &str) {
        self.known().objects.insert(id.to_owned(), Outcome::Deleted);
    }

    /// Adds what to do about an existing object.
    pub(crate) fn advise(&self, mut diag: Diag) -> Diag {
        let Some(existing) = diag.existing.take() else { return diag };
        let Existing { words, resource, id, import } = *existing;
        let outcome = self.known().objects.get(&id).copied();
        let rest = diag.fix.take();
        let diag = match outcome {
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
            Some(Outcome::Created) => diag
                .why("Another resource of this configuration created it in this run.")
                .fix("Remove one of the two resources, or give them different names."),
            Some(Outcome::Kept) => diag
                .why(format!("The {words} is already in this state under another address."))
                .fix("Use that resource instead of this one, or change the name of this one."),
            Some(Outcome::Deleted | Outcome::Replaced | Outcome::Renamed) => diag
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
    /// Compares deletions with the ids in configurations. A configuration that refers to a resource changes with it,
    /// but one that contains the id as a string, or from a data source, does not.
    fn check_references(&mut self, step: &Step<'_>) -> Vec<Diag> {
        let (before, after) = (step.before.as_ref(), step.after.as_ref());
        let claim = after.or(before.map(|(claim, _)| claim));
        let words = claim.map_or("another resource", |claim| claim.words.as_str());
        let holder = before.map(|(_, id)| *id).or(step.in_place_of).or(claim.map(|claim| claim.key.as_str()));
        let Some(holder) = holder else { return Vec::new() };
        for holders in self.references.values_mut() {
            holders.remove(holder);
        }
        let mut diags = Vec::new();
        if step.deletes {
            let holders = self.references.get(holder).into_iter().flat_map(BTreeMap::values);
            diags.extend(holders.map(|by| still_referenced(words, holder, by)));
            self.deleted.insert(holder.to_owned(), words.to_owned());
            return diags;
        }
        for id in &step.references {
            self.references.entry(id.clone()).or_default().insert(holder.to_owned(), words.to_owned());
            diags.extend(self.deleted.get(id).map(|deleted| still_referenced(deleted, id, words)));
        }
        diags
    }
}

/// Returns the error of a deleted object whose id is still in the configuration of another one.
fn still_referenced(deleted: &str, id: &str, by: &str) -> Diag {
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

/// Returns the message about a claim that an object already has.
fn conflict(words: &str, outcome: Outcome) -> Diag {
    let verb = match outcome {
        Outcome::Kept | Outcome::Created => {
            return Diag::error(format!("The {words} is already in this state under another address"))
                .why("Another resource manages it, so this run cannot create it again.")
                .fix("Use that resource instead of the new one, or change one of the names.");
        }
        Outcome::Deleted => "deletes",
        Outcome::Renamed => "renames",
        Outcome::Replaced => "replaces",
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

fn created_twice(words: &str) -> Diag {
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

    fn reported(steps: &[Step<'_>]) -> Vec<String> {
        let run = Run::default();
        steps.iter().flat_map(|step| run.plan(step)).map(|diag| diag.summary).collect()
    }

    #[test]
    fn two_conflicting_steps_are_reported_in_either_order() {
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
                let reported: Vec<String> =
                    steps.iter().flat_map(|step| run.plan(step)).map(|diag| diag.summary).collect();
                assert_eq!(reported, expected, "{steps:?}");
            }
        }
        // An object that is replaced at its own address, by its own change or by command.
        assert!(reported(&[replaced, second_half]).is_empty());
        let kept = step(Some(("a", "1")), Some("a"));
        assert!(reported(&[kept, Step { in_place_of: Some("1"), ..step(None, Some("a")) }]).is_empty());
    }

    #[test]
    fn a_step_that_has_been_applied_conflicts_with_no_later_one() {
        // A host that creates the replacement first plans the deletion of the old object only after that.
        let delete = step(Some(("a", "1")), None);
        let run = Run::default();
        assert!(run.plan(&step(None, Some("a"))).is_empty());
        run.applied(Operation::Create, "2", None, Some(&claim("a")));
        assert!(run.plan(&delete).is_empty());
        let again: Vec<String> =
            run.plan(&step(None, Some("a"))).into_iter().map(|diag| diag.summary).collect();
        assert_eq!(again, ["The note \"a\" is already in this state under another address"]);

        let run = Run::default();
        assert!(run.plan(&step(Some(("b", "2")), Some("a"))).is_empty());
        run.applied(Operation::Update, "2", Some(&claim("b")), Some(&claim("a")));
        assert!(run.plan(&delete).is_empty());
        assert!(run.plan(&step(None, Some("b"))).is_empty());

        let run = Run::default();
        assert!(run.plan(&delete).is_empty());
        run.applied(Operation::Delete, "1", Some(&claim("a")), None);
        assert!(run.plan(&step(None, Some("a"))).is_empty());

        // A creation that failed leaves the conflict.
        let run = Run::default();
        assert!(run.plan(&step(None, Some("a"))).is_empty());
        assert_eq!(run.plan(&delete).len(), 1);
    }

    #[test]
    fn an_object_that_a_configuration_still_uses_is_not_deleted_in_either_order() {
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
                let reported: Vec<String> =
                    steps.iter().flat_map(|step| run.plan(step)).map(|diag| diag.summary).collect();
                assert_eq!(reported, *expected, "{steps:?}");
            }
        }
        // The last plan of an object counts.
        assert!(reported(&[naming(kept(), &["1"]), kept(), delete()]).is_empty());
    }

    #[test]
    fn a_replacement_is_recognized_however_it_was_requested() {
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

    /// What the run did with the object, the expected words, and whether an import is advised.
    type Case = (&'static str, fn(&Run), &'static [&'static str], bool);

    #[test]
    fn the_advice_about_an_existing_object_depends_on_what_the_run_does_with_it() {
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
            (
                "created",
                |run| run.applied(Operation::Create, "1", None, None),
                &["created it in this run"],
                false,
            ),
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
