//! What the steps of a life cycle cost.

use std::time::{Duration, Instant};

use crate::Failure;
use crate::demo::terraform::Terraform;

/// The cost of each step, in this order: plan, apply, a plan that reads every object and finds nothing to do, the same
/// without reading, and destroy.
pub(super) type Costs = [Cost; 5];

/// Names of the steps.
pub(super) const STEPS: [&str; 5] = ["plan", "apply", "plan, no change", "plan, no refresh", "destroy"];

/// The cost of a step.
pub(super) struct Cost {
    pub(super) time: Duration,
    /// Requests answered during the step.
    pub(super) requests: usize,
}

/// Runs the steps one after the other. `answered` returns the number of requests so far.
pub(super) async fn costs(
    terraform: &Terraform,
    answered: impl Fn() -> Result<usize, Failure>,
) -> Result<Costs, Failure> {
    terraform.succeed(&["init"]).await?;
    Ok([
        cost(&answered, terraform.succeed(&["plan", "-out=bench.plan"])).await?,
        cost(&answered, terraform.succeed(&["apply", "bench.plan"])).await?,
        cost(&answered, terraform.expect_empty_plan(&[])).await?,
        cost(&answered, terraform.expect_empty_plan(&["-refresh=false"])).await?,
        cost(&answered, terraform.succeed(&["destroy", "-auto-approve"])).await?,
    ])
}

async fn cost<T>(
    answered: impl Fn() -> Result<usize, Failure>,
    step: impl Future<Output = Result<T, Failure>>,
) -> Result<Cost, Failure> {
    let before = answered()?;
    let began = Instant::now();
    step.await?;
    let time = began.elapsed();
    Ok(Cost { time, requests: answered()? - before })
}
