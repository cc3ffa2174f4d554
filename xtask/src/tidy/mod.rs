//! Invariants that no compiler checks. `ARCHITECTURE.md` says why each of them is there.

mod dependency;
mod resource;
mod source;

use crate::{Failure, root};

/// Checks every invariant and lists all violations at once.
pub fn run() -> Result<(), Failure> {
    let violations = violations()?;
    if violations.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("the workspace is not tidy:\n  {}", violations.join("\n  "))))
}

/// Every violation, one line each.
pub fn violations() -> Result<Vec<String>, Failure> {
    let mut found = source::violations(&root())?;
    found.extend(resource::violations(&root()));
    found.extend(dependency::violations()?);
    Ok(found)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_is_tidy() {
        assert_eq!(super::violations().unwrap(), Vec::<String>::new());
    }
}
