//! The changes of two processes, with many orders of their requests.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use zenml_api::rbac::Action;
use zenml_api::{ComponentId, ConnectorId};

use super::*;
use crate::sharing::need::{Kind, StackRole, Wish};

/// A server whose requests each wait until their process is polled again.
struct Server {
    shares: Arc<Mutex<Grants>>,
    others: Vec<Contents>,
}

/// Makes a request wait for the next poll.
struct Turn(bool);

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Ledger for Server {
    async fn read(&self, object: Object, _: bool) -> Result<Reading, Diag> {
        Turn(false).await;
        Ok(Reading::Actions(self.shares.lock().unwrap().get(&object).cloned().unwrap_or_default()))
    }

    async fn write(&self, object: Object, actions: &Actions) -> Result<(), WriteFailure> {
        Turn(false).await;
        self.shares.lock().unwrap().insert(object, actions.clone());
        Ok(())
    }

    async fn add(&self, object: Object, _: &Actions) -> Result<(), WriteFailure> {
        panic!("the share of {object} can be read")
    }

    async fn other_stacks(&self) -> Result<Vec<Contents>, Diag> {
        Turn(false).await;
        Ok(self.others.clone())
    }
}

/// Two processes change one role each, to another role or to none. A third role stays.
#[derive(Clone, Copy, Debug)]
struct Case {
    changes: [(Option<StackRole>, Option<StackRole>); 2],
    stays: Option<StackRole>,
}

/// Returns three stacks with the same components.
fn stacks() -> [Contents; 3] {
    let (component, connector) = (ComponentId::random(), ConnectorId::random());
    [(); 3].map(|()| Contents {
        stack: StackId::random(),
        components: [component].into(),
        connectors: [connector].into(),
        secrets: BTreeSet::new(),
    })
}

fn grants(role: Option<StackRole>, contents: &Contents) -> Grants {
    let actions = role.map(|role| role.row(Kind::Stack)).unwrap_or_default();
    Wish { actions, include_components: true }.grants(contents)
}

/// Returns all shares of a principal with these roles, and with permissions from elsewhere.
fn shares(roles: [Option<StackRole>; 3], stacks: &[Contents; 3], foreign: &Grants) -> Grants {
    let mut all = foreign.clone();
    for (role, contents) in roles.into_iter().zip(stacks) {
        for (object, actions) in grants(role, contents) {
            all.entry(object).or_default().extend(actions);
        }
    }
    all
}

async fn process(server: Server, change: Change) -> Result<(), Diag> {
    let mut changing = Changing::new(&server, &change);
    for object in changing.objects() {
        changing.step(object).await?;
    }
    changing.close().await?;
    changing.verify().await
}

/// Runs both changes in an order of turns. A process that is done is skipped. Returns how often each was polled.
fn run(case: Case, stacks: &[Contents; 3], mut turns: impl Iterator<Item = usize>) -> [usize; 2] {
    let component = stacks[0].components.first().copied().unwrap();
    let component = Object::parse(&format!("stack_component/{component}")).unwrap();
    let foreign = Grants::from([(component, [Action::Delete].into())]);
    let Case { changes: [one, other], stays } = case;
    let server = Arc::new(Mutex::new(shares([one.0, other.0, stays], stacks, &foreign)));
    let mut polls = [0, 0];
    let mut processes = [(0, one), (1, other)].map(|(index, (before, now))| {
        let contents = &stacks[index];
        let others = stacks.iter().filter(|other| other.stack != contents.stack).cloned().collect();
        let change = Change {
            stack: Some(contents.stack),
            present: contents.objects(),
            before: grants(before, contents),
            now: grants(now, contents),
            wanted: Grants::new(),
        };
        Some(Box::pin(process(Server { shares: Arc::clone(&server), others }, change)))
    });
    let mut context = Context::from_waker(Waker::noop());
    while processes.iter().any(Option::is_some) {
        let wanted = turns.next().unwrap_or(0);
        let index = if processes[wanted].is_some() { wanted } else { 1 - wanted };
        polls[index] += 1;
        let polled = processes[index].as_mut().unwrap().as_mut().poll(&mut context);
        if let Poll::Ready(result) = polled {
            result.unwrap_or_else(|diag| panic!("{case:?}: {diag:?}"));
            processes[index] = None;
        }
    }
    let mut left = server.lock().unwrap().clone();
    left.retain(|_, actions| !actions.is_empty());
    let expected = shares([one.1, other.1, stays], stacks, &foreign);
    let is_part = |(object, actions): (&Object, &Actions)| {
        expected.get(object).is_some_and(|expected| actions.is_subset(expected))
    };
    assert!(left.iter().all(is_part), "left behind: {case:?}: {left:?}");
    // Two roles that are granted at the same time can remove permissions of each other, which the next plan shows.
    if case.changes.iter().any(|(before, now)| now < before) {
        assert_eq!(left, expected, "{case:?}");
    }
    polls
}

/// Returns turns that alternate between the processes after these lengths; then the first runs to its end.
fn rounds(first: usize, lengths: &[usize]) -> impl Iterator<Item = usize> {
    let parts = lengths.iter().enumerate();
    parts
        .flat_map(move |(index, length)| std::iter::repeat_n((first + index) % 2, *length))
        .collect::<Vec<_>>()
        .into_iter()
}

/// Returns reproducible pseudo-random turns.
fn random_turns(mut seed: u64) -> impl Iterator<Item = usize> {
    std::iter::repeat_with(move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::from(seed % 5 < 2)
    })
}

fn cases() -> Vec<Case> {
    let roles = [None, Some(StackRole::Read), Some(StackRole::Admin)];
    let mut cases = Vec::new();
    for one in roles {
        for (first, second) in roles.iter().flat_map(|first| roles.map(|second| (*first, second))) {
            for now in roles.into_iter().filter(|now| *now != one) {
                if first == second {
                    continue;
                }
                for stays in [None, Some(StackRole::Write)] {
                    cases.push(Case { changes: [(one, now), (first, second)], stays });
                }
            }
        }
    }
    cases
}

#[test]
fn two_processes_leave_what_the_remaining_roles_require_wherever_one_waits_for_the_other() {
    let stacks = stacks();
    let mut orders = 0;
    for case in cases() {
        let [longest, other] = run(case, &stacks, std::iter::empty());
        let longest = longest.max(other) + 1;
        for first in [0, 1] {
            for before in 0..longest {
                for between in (1 + before % 5..longest).step_by(5) {
                    run(case, &stacks, rounds(first, &[before, between, 1000, 1000]));
                    orders += 1;
                }
            }
        }
        for seed in 1..=10 {
            run(case, &stacks, random_turns(seed * 7919));
            orders += 1;
        }
    }
    assert!(orders > 5_000, "{orders}");
}

#[test]
fn two_destroys_leave_nothing_behind_wherever_either_waits_three_times() {
    let stacks = stacks();
    for roles in [(StackRole::Admin, StackRole::Read), (StackRole::Read, StackRole::Admin)] {
        let case = Case { changes: [(Some(roles.0), None), (Some(roles.1), None)], stays: None };
        let [longest, other] = run(case, &stacks, std::iter::empty());
        let longest = longest.max(other) + 1;
        for first in [0, 1] {
            for before in 0..longest {
                for between in 1..longest {
                    for after in (1 + between % 3..longest).step_by(3) {
                        run(case, &stacks, rounds(first, &[before, between, after, 1000, 1000]));
                    }
                }
            }
        }
    }
}
