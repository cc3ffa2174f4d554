//! Who can do what: found by acting as each subject, compared with what the roles promise.

mod act;
mod operation;
mod promise;

use std::fmt;

pub use act::{Scene, components_seen_by, observe};
pub use operation::{Connector, Operation, Stack};
pub use promise::{ProjectRole, Roles, SUBJECTS, StackRole, Subject, WorkspaceRole};

/// What came of one operation of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Status of the answer that decided it.
    pub status: u16,
    pub kind: Kind,
}

/// How an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The subject got what it asked for.
    Done,
    /// The subject was refused, or got the object without what it asked for.
    Refused,
    /// Neither: the server failed, or answered what no permission explains.
    Broken,
}

/// The access matrix: what each subject could do, operation by operation.
#[derive(Clone, Debug)]
pub struct Matrix {
    subjects: Vec<Subject>,
    rows: Vec<(Operation, Vec<Outcome>)>,
}

impl Matrix {
    /// Whether a subject, by its place in the matrix, could do an operation.
    pub fn done(&self, subject: usize, operation: Operation) -> bool {
        self.rows
            .iter()
            .find(|(row, _)| *row == operation)
            .is_some_and(|(_, outcomes)| outcomes[subject].kind == Kind::Done)
    }

    /// How many things each subject tried.
    pub fn operations(&self) -> usize {
        self.rows.len()
    }

    /// Every place where what happened is not what the roles promise, one sentence each.
    pub fn differences(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (operation, outcomes) in &self.rows {
            for (subject, outcome) in self.subjects.iter().zip(outcomes) {
                let promised = subject.roles.permit(*operation);
                if let Some(why) = difference(promised, *outcome) {
                    found.push(format!("{} ({}): {operation}: {why}", subject.title, subject.username));
                }
            }
        }
        found
    }
}

/// What is wrong with an outcome, if anything.
fn difference(promised: bool, outcome: Outcome) -> Option<String> {
    let Outcome { status, kind } = outcome;
    match (promised, kind) {
        (true, Kind::Done) | (false, Kind::Refused) => None,
        (true, Kind::Refused) => Some(format!("the roles permit it, but it was refused (status {status})")),
        (false, Kind::Done) => Some(format!("the roles forbid it, but it was done (status {status})")),
        (_, Kind::Broken) => {
            Some(format!("the answer (status {status}) is neither a success nor a refusal of permission"))
        }
    }
}

impl fmt::Display for Matrix {
    /// A table: ✓ done, ✗ refused, each with its status; `!` where the roles promise something else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FIRST: usize = 47;
        const OTHER: usize = 13;
        write!(f, "{:FIRST$}", "")?;
        for subject in &self.subjects {
            write!(f, "{:OTHER$}", subject.title)?;
        }
        for (operation, outcomes) in &self.rows {
            write!(f, "\n{:FIRST$}", operation.to_string())?;
            for (subject, outcome) in self.subjects.iter().zip(outcomes) {
                let sign = match outcome.kind {
                    Kind::Done => '✓',
                    Kind::Refused => '✗',
                    Kind::Broken => '?',
                };
                let wrong = difference(subject.roles.permit(*operation), *outcome).is_some();
                write!(
                    f,
                    "{:OTHER$}",
                    format!("{sign} {}{}", outcome.status, if wrong { " !" } else { "" })
                )?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: Outcome = Outcome { status: 200, kind: Kind::Done };
    const REFUSED: Outcome = Outcome { status: 403, kind: Kind::Refused };
    const BROKEN: Outcome = Outcome { status: 500, kind: Kind::Broken };

    /// A matrix of one operation, in which the subjects fared as given.
    fn matrix(operation: Operation, outcomes: [Outcome; 4]) -> Matrix {
        Matrix { subjects: SUBJECTS.to_vec(), rows: vec![(operation, outcomes.to_vec())] }
    }

    #[test]
    fn a_matrix_as_promised_has_no_difference() {
        let matrix = matrix(Operation::ReadSecret, [REFUSED, REFUSED, DONE, REFUSED]);
        assert_eq!(matrix.differences(), Vec::<String>::new());
        assert!(matrix.done(2, Operation::ReadSecret));
        assert!(!matrix.done(0, Operation::ReadSecret));
    }

    #[test]
    fn each_difference_names_the_person_the_operation_and_the_status() {
        let matrix = matrix(Operation::ChangeStack(Stack::Production), [DONE, BROKEN, REFUSED, REFUSED]);
        assert_eq!(
            matrix.differences(),
            [
                "developer (developer-1@example.com): change alpha-prod-stack: the roles forbid it, but it was done (status 200)",
                "ML engineer (ml-engineer-1@example.com): change alpha-prod-stack: the answer (status 500) is neither a success nor a refusal of permission",
                "ML ops (ml-ops-1@example.com): change alpha-prod-stack: the roles permit it, but it was refused (status 403)",
            ]
        );
    }

    #[test]
    fn the_table_marks_what_differs() {
        let matrix = matrix(Operation::ReadSecret, [REFUSED, DONE, DONE, REFUSED]);
        let lines: Vec<String> = matrix.to_string().lines().map(|line| line.trim_end().to_owned()).collect();
        assert_eq!(
            lines,
            [
                "                                               developer    ML engineer  ML ops       no role",
                "read the values of alpha-mlflow                ✗ 403        ✓ 200 !      ✓ 200        ✗ 403",
            ]
        );
    }
}
