//! Assigning elements of one collection to elements of another one.

use std::collections::{HashMap, HashSet, VecDeque};

use super::candidates::Candidates;

/// A bipartite matching that grows by augmenting paths.
#[derive(Debug)]
pub(super) struct Assignment {
    /// By element of the first side: its counterpart.
    places: Vec<Option<usize>>,
    /// By element of the second side: its counterpart.
    owners: Vec<Option<usize>>,
}

impl Assignment {
    /// Creates an assignment without pairs.
    pub(super) fn new(ones: usize, others: usize) -> Self {
        Self { places: vec![None; ones], owners: vec![None; others] }
    }

    /// Pairs as many elements as possible, in this order. Those that already have a counterpart keep one.
    pub(super) fn grow(
        &mut self,
        order: impl IntoIterator<Item = usize>,
        candidates: &Candidates,
        fits: impl Fn(usize, usize) -> bool,
    ) {
        let mut search = Search {
            candidates,
            fits,
            tried: vec![0; self.owners.len()],
            round: 0,
            hopeless: HashSet::new(),
        };
        for one in order {
            if self.places[one].is_none() {
                search.place(self, one);
            }
        }
    }

    /// Returns the counterpart of each element of the first side.
    pub(super) fn into_places(self) -> Vec<Option<usize>> {
        self.places
    }

    /// Pairs an element with a free one, and those on the way to it with what becomes free. `way` tells from which
    /// element another one was reached, and which counterpart it gives away for it.
    fn augment(&mut self, mut one: usize, mut free: usize, way: &HashMap<usize, (usize, usize)>) {
        loop {
            self.places[one] = Some(free);
            self.owners[free] = Some(one);
            let Some(&(from, given)) = way.get(&one) else { return };
            (one, free) = (from, given);
        }
    }
}

struct Search<'a, Fits> {
    candidates: &'a Candidates,
    fits: Fits,
    /// By element of the second side: the last round that has tried it.
    tried: Vec<usize>,
    round: usize,
    /// Buckets without a chance: everything in them is taken, and nothing of it can move.
    hopeless: HashSet<usize>,
}

impl<Fits: Fn(usize, usize) -> bool> Search<'_, Fits> {
    /// Finds a counterpart for an element, if necessary by moving others.
    fn place(&mut self, assignment: &mut Assignment, one: usize) {
        self.round += 1;
        let mut way = HashMap::new();
        let mut waiting = VecDeque::from([one]);
        let mut exhausted = Vec::new();
        while let Some(one) = waiting.pop_front() {
            let Some(bucket) = self.candidates.bucket(one).filter(|bucket| !self.hopeless.contains(bucket))
            else {
                continue;
            };
            let candidates = self.candidates.of(one);
            let is_free = |other: &&usize| assignment.owners[**other].is_none() && (self.fits)(one, **other);
            if let Some(&free) = candidates.iter().find(is_free) {
                return assignment.augment(one, free, &way);
            }
            let mut all_tried = true;
            for &other in candidates {
                if self.tried[other] == self.round {
                    continue;
                }
                match assignment.owners[other].filter(|_| (self.fits)(one, other)) {
                    Some(owner) => {
                        self.tried[other] = self.round;
                        way.insert(owner, (one, other));
                        waiting.push_back(owner);
                    }
                    None => all_tried = false,
                }
            }
            if all_tried {
                exhausted.push(bucket);
            }
        }
        self.hopeless.extend(exhausted);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::candidates::{Form, Rules};
    use super::*;
    use crate::schema::{Attribute, Shape, Who};
    use crate::value::{Dyn, Type};

    const COMPUTED: Rules =
        Rules { is_hole: |_, value| value.is_null(), by_meaning: false, unknown_fits: false };

    fn attributes() -> [Attribute; 2] {
        ["a", "b"].map(|name| Attribute::new(name, "", Shape::Plain(Type::String), Who::Server))
    }

    fn element(a: Option<&str>, b: Option<&str>) -> Dyn {
        let value = |text: Option<&str>| text.map_or(Dyn::Null, Dyn::string);
        Dyn::map([("a", value(a)), ("b", value(b))])
    }

    /// Assigns, and returns the counterparts and how often two elements were compared.
    fn assigned(ones: &[Dyn], others: &[Dyn]) -> (Vec<Option<usize>>, usize) {
        let attributes = attributes();
        let compared = Cell::new(0);
        let fits = |one: usize, other: usize| {
            compared.set(compared.get() + 1);
            ["a", "b"].iter().all(|name| {
                let wanted = ones[one].attribute(name);
                wanted.is_null() || wanted == others[other].attribute(name)
            })
        };
        let all: Vec<&Dyn> = others.iter().collect();
        let candidates = Candidates::find(Form::Object(&attributes), COMPUTED, ones, &all);
        let mut assignment = Assignment::new(ones.len(), others.len());
        assignment.grow(0..ones.len(), &candidates, fits);
        (assignment.into_places(), compared.get())
    }

    #[test]
    fn as_many_elements_as_possible_get_a_counterpart() {
        let others = [element(Some("1"), Some("1")), element(Some("1"), Some("2"))];
        let any = || element(None, None);
        for (ones, expected) in [
            (vec![element(Some("1"), None), element(Some("1"), Some("1"))], vec![Some(1), Some(0)]),
            (vec![any(), element(Some("1"), Some("1"))], vec![Some(1), Some(0)]),
            (vec![any(), any(), any()], vec![Some(0), Some(1), None]),
            (vec![element(Some("2"), None), any()], vec![None, Some(0)]),
            (vec![], vec![]),
        ] {
            assert_eq!(assigned(&ones, &others).0, expected, "{ones:?}");
        }
    }

    #[test]
    fn comparisons_grow_with_the_number_of_elements() {
        const COUNT: usize = 2000;
        let text = |number: usize| number.to_string();
        let others: Vec<Dyn> =
            (0..COUNT).map(|number| element(Some(&text(number)), Some(&text(number % 7)))).collect();
        let of = |one: &dyn Fn(usize) -> Dyn| (0..COUNT).map(one).collect::<Vec<_>>();
        for (what, ones) in [
            ("in reverse order", of(&|number| element(Some(&text(COUNT - number - 1)), None))),
            ("half of them new", of(&|number| element(Some(&text(number * 2)), None))),
            ("all new", of(&|number| element(Some(&text(COUNT + number)), None))),
            ("by a value that many share", of(&|number| element(None, Some(&text(number % 7))))),
            ("by a value that none has", of(&|_| element(None, Some("other")))),
            ("anything", of(&|_| element(None, None))),
            ("more than there are", [of(&|_| element(None, None)), of(&|_| element(None, None))].concat()),
        ] {
            let (places, compared) = assigned(&ones, &others);
            assert!(compared <= 5 * COUNT, "{what}: {compared} comparisons of {COUNT} elements");
            let pairs = places.iter().flatten().count();
            let distinct: HashSet<usize> = places.into_iter().flatten().collect();
            assert_eq!(distinct.len(), pairs, "{what}: two elements have one counterpart");
        }
    }
}
