//! The cost of the provider: startup, memory, requests, and plan and apply compared with Terraform's built-in
//! resource.
//!
//! The same host runs both sides in the same run, so that the ratios are meaningful on any machine.

mod codec;
mod cost;
mod list;
mod members;
mod memory;
mod organization;
mod process;
mod rpc;
mod start;
mod workspace;

use std::time::Duration;

use tempfile::TempDir;

use crate::demo::stage::{Binaries, Stage};
use crate::demo::terraform::Terraform;
use crate::{Failure, environment};
use cost::{Costs, STEPS, costs};
use memory::Watch;
use workspace::{PROVIDER, WORKSPACE};

/// Options of `xtask bench`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Number of components to plan and apply; can be repeated
    #[arg(long = "count", default_values_t = [100, 1000])]
    pub counts: Vec<u32>,
    /// Number of provider starts
    #[arg(long, default_value_t = 20)]
    pub starts: u32,
}

/// Configuration of the provider's side besides the workspace; `COUNT` is replaced.
const COMPONENTS: &str = r#"
resource "zenml_stack_component" "bench" {
  count         = COUNT
  workspace_id  = zenml_workspace.bench.id
  name          = "store-${count.index}"
  type          = "artifact_store"
  flavor        = "s3"
  configuration = { path = "s3://bucket/${count.index}" }
}
"#;

/// Configuration of the other side: the same number of objects with the same values, stored by the host itself.
const REFERENCE: &str = r#"
resource "terraform_data" "bench" {
  count = COUNT
  input = {
    name          = "store-${count.index}"
    type          = "artifact_store"
    flavor        = "s3"
    configuration = { path = "s3://bucket/${count.index}" }
  }
}
"#;

/// Measures everything and prints it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the async runtime: {error}")))?;
    runtime.block_on(async { measure(&Binaries::beside(environment::host().await?)?, arguments).await })
}

async fn measure(binaries: &Binaries, arguments: &Arguments) -> Result<(), Failure> {
    let starts = start::measure(&binaries.provider, arguments.starts).await?;
    say(&format!(
        "Process start to handshake line      {:>8} (median of {})",
        milliseconds(starts.handshake),
        arguments.starts
    ));
    say(&format!(
        "Process start to schema response     {:>8} ({} bytes)",
        milliseconds(starts.schema),
        starts.schema_bytes
    ));
    say(&format!("Peak memory at the schema response    {:>8}", mebibytes(starts.memory)));
    let [ours, theirs] = codec::measure()?;
    for (step, ours, theirs) in
        [("encode", ours.encode, theirs.encode), ("decode", ours.decode, theirs.decode)]
    {
        say(&format!(
            "MessagePack {step:<6}  {:>6.0} MB/s, {:.1} times the JSON of serde_json",
            ours / 1e6,
            ours / theirs
        ));
    }
    say(&format!(
        "Planning rules for {} members      {:>8}",
        members::MEMBERS,
        milliseconds(members::rules()?)
    ));
    say("");
    team(&members::plan(binaries).await?);
    say("");
    lists(&list::measure(binaries).await?);
    say("");
    let (ours, peak) = organization::measure(binaries).await?;
    let theirs = reference(binaries, organization::OBJECTS).await?;
    say(&format!(
        "{} workspaces, {} teams and {} roles in one state",
        organization::WORKSPACES,
        organization::TEAMS,
        organization::WORKSPACES
    ));
    comparison(organization::OBJECTS, &ours, &theirs, peak);
    for count in &arguments.counts {
        let (ours, peak) = components(binaries, *count).await?;
        let theirs = reference(binaries, *count).await?;
        say("");
        say("Stack components");
        comparison(*count, &ours, &theirs, peak);
    }
    Ok(())
}

/// Prints the cost of objects of both sides.
fn comparison(count: u32, ours: &Costs, theirs: &Costs, peak: Option<u64>) {
    say(
        "objects  step                provider  terraform_data   ratio   requests   peak memory of the provider",
    );
    for (step, (ours, theirs)) in STEPS.iter().zip(ours.iter().zip(theirs)) {
        say(&format!(
            "{count:>7}  {step:<16}  {:>10}  {:>14}  {:>6.1}   {:>8}   {}",
            seconds(ours.time),
            seconds(theirs.time),
            ours.time.as_secs_f64() / theirs.time.as_secs_f64(),
            ours.requests,
            mebibytes(peak),
        ));
    }
}

/// Prints the plan of a large team by a provider process.
fn team(cost: &members::Cost) {
    let computed = cost.computed.map_or_else(|| "not measured here".to_owned(), seconds);
    say(&format!("Update plan of a team with {} members", members::MEMBERS));
    say(&format!(
        "  time                                {:>8}, {} requests",
        seconds(cost.time),
        cost.requests
    ));
    say(&format!("  CPU time of the provider            {computed:>8}"));
    say(&format!(
        "  slowest of {:>4} calls meanwhile      {:>8} ({} without a plan)",
        cost.pings,
        milliseconds(cost.ping),
        milliseconds(cost.idle_ping)
    ));
}

/// Prints the lists of components by provider processes.
fn lists(listings: &[list::Listing]) {
    say(
        "listed components  ListResource  pages alone   ratio   first after  requests before/all   peak memory of the provider",
    );
    for listing in listings {
        say(&format!(
            "{:>17}  {:>12}  {:>11}  {:>6.1}   {:>11}  {:>19}   {}",
            listing.objects,
            seconds(listing.time),
            seconds(listing.reference),
            listing.time.as_secs_f64() / listing.reference.as_secs_f64(),
            milliseconds(listing.first),
            format!("{}/{}", listing.requests_before, listing.requests),
            mebibytes(listing.memory),
        ));
    }
}

/// Measures components on a new platform, and the peak memory of any provider process.
async fn components(binaries: &Binaries, count: u32) -> Result<(Costs, Option<u64>), Failure> {
    let stage = Stage::bare(binaries).await?;
    let terraform = stage.terraform();
    terraform.write("provider.tf", PROVIDER)?;
    terraform.write("workspace.tf", WORKSPACE)?;
    terraform.write("main.tf", &COMPONENTS.replace("COUNT", &count.to_string()))?;
    let watch = Watch::start(terraform.mirror());
    let costs = costs(terraform, || stage.platform().answered()).await?;
    Ok((costs, watch.stop()))
}

/// Measures the same number of objects that the host stores itself.
async fn reference(binaries: &Binaries, count: u32) -> Result<Costs, Failure> {
    let home =
        TempDir::new().map_err(|error| Failure::new(format!("cannot create a temporary folder: {error}")))?;
    let terraform = Terraform::new(&binaries.host, home.path(), &binaries.provider)?;
    terraform.write("main.tf", &REFERENCE.replace("COUNT", &count.to_string()))?;
    costs(&terraform, || Ok(0)).await
}

fn mebibytes(bytes: Option<u64>) -> String {
    let Some(bytes) = bytes else { return "not measured here".to_owned() };
    let tenths = (bytes * 10) >> 20;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

#[expect(clippy::print_stdout, reason = "the output of this command is for its user")]
fn say(line: &str) {
    println!("{}", printable::lines(line));
}
