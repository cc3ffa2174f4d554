//! Who can do what: determined by acting as each subject, and compared with the documented roles.

mod act;
mod operation;
mod promise;

use std::fmt;

pub use act::{Scene, components_seen_by, observe};
pub use operation::{Connector, Operation, Stack};
pub use promise::{ProjectRole, Roles, SUBJECTS, StackRole, Subject, WorkspaceRole};

/// The outcome of one operation of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Status of the deciding response.
    pub status: u16,
    pub kind: Kind,
}

/// The meaning of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The operation succeeded.
    Done,
    /// The operation was rejected, or the response did not contain what was requested.
    Refused,
    /// Neither: the server failed, or its response cannot be explained by permissions.
    Broken,
}

/// The access matrix: what each subject could do, operation by operation.
#[derive(Clone, Debug)]
pub struct Matrix {
    subjects: Vec<Subject>,
    rows: Vec<(Operation, Vec<Outcome>)>,
}

impl Matrix {
    /// Whether a subject, by its index in the matrix, could do an operation.
    pub fn done(&self, subject: usize, operation: Operation) -> bool {
        self.rows
            .iter()
            .find(|(row, _)| *row == operation)
            .is_some_and(|(_, outcomes)| outcomes[subject].kind == Kind::Done)
    }

    /// Returns the number of operations per subject.
    pub fn operations(&self) -> usize {
        self.rows.len()
    }

    /// Returns every deviation from the documented roles, one line each.
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

/// Returns the problem of an outcome, if any.
fn difference(promised: bool, outcome: Outcome) -> Option<String> {
    let Outcome { status, kind } = outcome;
    match (promised, kind) {
        (true, Kind::Done) | (false, Kind::Refused) => None,
        (true, Kind::Refused) => Some(format!("the roles allow it, but it was rejected (status {status})")),
        (false, Kind::Done) => Some(format!("the roles do not allow it, but it succeeded (status {status})")),
        (_, Kind::Broken) => {
            Some(format!("the answer (status {status}) is neither a success nor a permission error"))
        }
    }
}

impl fmt::Display for Matrix {
    /// A table: ✓ done, ✗ rejected, each with its status; `!` marks deviations from the documented roles.
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

    /// A matrix of one operation with the given outcomes of the subjects.
    fn matrix(operation: Operation, outcomes: [Outcome; 4]) -> Matrix {
        Matrix { subjects: SUBJECTS.to_vec(), rows: vec![(operation, outcomes.to_vec())] }
    }

    #[test]
    fn a_matrix_as_documented_has_no_difference() {
        let matrix = matrix(Operation::ReadSecret, [REFUSED, REFUSED, DONE, REFUSED]);
        assert_eq!(matrix.differences(), Vec::<String>::new());
        assert!(matrix.done(2, Operation::ReadSecret));
        assert!(!matrix.done(0, Operation::ReadSecret));
    }

    #[test]
    fn each_difference_contains_the_user_the_operation_and_the_status() {
        let matrix = matrix(Operation::ChangeStack(Stack::Production), [DONE, BROKEN, REFUSED, REFUSED]);
        assert_eq!(
            matrix.differences(),
            [
                "developer (developer-1@example.com): change alpha-prod-stack: the roles do not allow it, but it \
                 succeeded (status 200)",
                "ML engineer (ml-engineer-1@example.com): change alpha-prod-stack: the answer (status 500) is \
                 neither a success nor a permission error",
                "ML ops (ml-ops-1@example.com): change alpha-prod-stack: the roles allow it, but it was rejected \
                 (status 403)",
            ]
        );
    }

    #[test]
    fn the_table_marks_differences() {
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
