//! Arrows between modules, and the circles among them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// For each module the modules that it uses, each with one path that says so.
pub(super) type Arrows = BTreeMap<String, BTreeMap<String, String>>;

/// The circles: groups of modules of which each one uses, in the end, each other one.
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

/// One of the shortest ways around inside a circle, as a reader follows it.
pub(super) fn way_around(arrows: &Arrows, circle: &BTreeSet<&str>) -> String {
    let ways = circle.iter().filter_map(|module| way(arrows, module));
    let shortest = ways.min_by_key(Vec::len).unwrap_or_default();
    let steps = shortest.windows(2).map(|step| {
        let path = arrows.get(step[0]).and_then(|next| next.get(step[1])).map_or("", String::as_str);
        format!("{} -> {} ({path})", step[0], step[1])
    });
    steps.collect::<Vec<_>>().join(", ")
}

/// Everything that a module uses, directly or through others.
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

/// The shortest way from a module back to itself, both ends included.
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
