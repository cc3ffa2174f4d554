//! Arrows between modules, and the circles among them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

/// For each module, the modules that it uses, each with one path as evidence.
pub(super) type Arrows = BTreeMap<String, BTreeMap<String, String>>;

/// One module uses another; a path shows where.
pub(super) struct Arrow {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) path: String,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} ({})", self.from, self.to, self.path)
    }
}

/// Returns the circles: groups of modules that all use each other, directly or indirectly.
pub(super) fn circles(arrows: &Arrows) -> BTreeSet<BTreeSet<&str>> {
    let uses: BTreeMap<&str, BTreeSet<&str>> =
        arrows.keys().map(|module| (module.as_str(), reachable(arrows, module))).collect();
    let reaches = |from: &str, to: &str| uses.get(from).is_some_and(|modules| modules.contains(to));
    let mut circles = BTreeSet::new();
    for (module, modules) in &uses {
        let circle: BTreeSet<&str> = modules.iter().copied().filter(|other| reaches(other, module)).collect();
        if !circle.is_empty() {
            circles.insert(circle);
        }
    }
    circles
}

/// Returns one of the shortest ways around a circle, if there is one.
pub(super) fn way_around(arrows: &Arrows) -> Option<Vec<Arrow>> {
    let circles = circles(arrows);
    let ways = circles.first()?.iter().filter_map(|module| way(arrows, module));
    let shortest = ways.min_by_key(Vec::len)?;
    let path = |from: &str, to: &str| arrows.get(from)?.get(to).cloned();
    let steps = shortest.windows(2).map(|step| Arrow {
        from: step[0].to_owned(),
        to: step[1].to_owned(),
        path: path(step[0], step[1]).unwrap_or_default(),
    });
    Some(steps.collect())
}

/// Returns everything that a module uses, directly or through others.
fn reachable<'a>(arrows: &'a Arrows, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        for next in arrows.get(module).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(next.as_str()) {
                open.push(next);
            }
        }
    }
    found
}

/// Returns the shortest way from a module back to itself, including both ends.
fn way<'a>(arrows: &'a Arrows, from: &'a str) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::new();
    let mut open = VecDeque::from([vec![from]]);
    while let Some(way) = open.pop_front() {
        let last = way.last()?;
        for next in arrows.get(*last).into_iter().flat_map(BTreeMap::keys) {
            let longer = [way.as_slice(), &[next.as_str()]].concat();
            if next == from {
                return Some(longer);
            }
            if seen.insert(next.as_str()) {
                open.push_back(longer);
            }
        }
    }
    None
}
