//! The list of all components of a workspace, as `terraform query` asks for it, compared with a program that reads the
//! same objects from the server without a provider.

use std::time::{Duration, Instant};

use serde_json::json;
use tfkit::Kind;
use zenml_api::Sensitive;
use zenml_api::workspace::component::ComponentCreate;

use super::process::{Process, engine};
use super::rpc::messages::{self, Event, List, Value};
use super::workspace::{PROVIDER, WORKSPACE};
use crate::Failure;
use crate::demo::http::{Body, Session};
use crate::demo::stage::{Binaries, Stage};

/// Numbers of components: the second shows what more of them cost.
const COUNTS: [u32; 2] = [1_000, 10_000];

/// The listed type.
const COMPONENT: &str = "zenml_stack_component";

/// Components on a page of the reference: the longest page that the provider asks for.
const PAGE: u32 = 400;

/// Where the workspace is.
const OUTPUTS: &str = r#"
output "id" {
  value = zenml_workspace.bench.id
}

output "server_url" {
  value = zenml_workspace.bench.server_url
}
"#;

/// The cost of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    /// Number of components.
    pub(super) objects: usize,
    pub(super) time: Duration,
    /// Time of the reference.
    pub(super) reference: Duration,
    /// Time until the first component.
    pub(super) first: Duration,
    /// Requests answered before the first component arrived.
    pub(super) requests_before: usize,
    /// Requests answered during the list.
    pub(super) requests: usize,
    /// Peak memory of the process, in bytes; `None` where it cannot be measured.
    pub(super) memory: Option<u64>,
}

/// Lists a growing number of components of one workspace, each time by a new provider process.
pub(super) async fn measure(binaries: &Binaries) -> Result<Vec<Listing>, Failure> {
    let stage = Stage::bare(binaries).await?;
    let terraform = stage.terraform();
    terraform.write("provider.tf", PROVIDER)?;
    terraform.write("workspace.tf", WORKSPACE)?;
    terraform.write("outputs.tf", OUTPUTS)?;
    terraform.succeed(&["init"]).await?;
    terraform.succeed(&["apply", "-auto-approve"]).await?;
    let outputs = terraform.outputs().await?;
    let output = |name: &str| {
        let text = outputs[name].as_str();
        text.ok_or_else(|| Failure::new(format!("output {name} was not found")))
    };
    let server = stage.automation(output("server_url")?).await?;
    let mut listings = Vec::new();
    let mut created = 0;
    for count in COUNTS {
        for number in created..count {
            create(&server, number).await?;
        }
        created = count;
        listings.push(list(binaries, &stage, output("id")?, &server).await?);
    }
    Ok(listings)
}

async fn create(server: &Session, number: u32) -> Result<(), Failure> {
    let configuration = [("path".to_owned(), json!(format!("s3://bucket/{number}")))];
    let new = ComponentCreate {
        name: format!("store-{number}"),
        kind: "artifact_store".to_owned(),
        flavor: "s3".to_owned(),
        configuration: Sensitive::new(configuration.into()),
        ..ComponentCreate::default()
    };
    let body = serde_json::to_value(&new)
        .map_err(|error| Failure::new(format!("a component cannot be encoded: {error}")))?;
    server.expect("POST", "/components", Body::Json(body)).await.map(|_| ())
}

/// Lists all components of a workspace, as whole objects.
async fn list(
    binaries: &Binaries,
    stage: &Stage,
    workspace: &str,
    server: &Session,
) -> Result<Listing, Failure> {
    let (process, connection) = Process::configured(&binaries.provider, stage.platform().ready()).await?;
    let answered = || stage.platform().answered();
    let before = answered()?;
    let engine = engine();
    let filters = engine.schema(Kind::ListResource, COMPONENT);
    let filters = filters.ok_or_else(|| Failure::new(format!("the provider has no list of {COMPONENT}")))?;
    let request = List {
        type_name: COMPONENT.to_owned(),
        config: Some(Value::strings(filters, &[("workspace_id", workspace)])?),
        include_resource_object: true,
        limit: i64::MAX,
    };
    let began = Instant::now();
    let mut events = connection.responses("ListResource", &request).await?;
    let (mut objects, mut first, mut requests_before) = (0, Duration::ZERO, 0);
    while let Some(event) = events.next_as::<Event>().await? {
        messages::succeed(&event.diagnostics)?;
        if event.resource_object.is_none() {
            return Err(Failure::new(format!("{} was listed without its object", event.display_name)));
        }
        if objects == 0 {
            (first, requests_before) = (began.elapsed(), answered()? - before);
        }
        objects += 1;
    }
    let time = began.elapsed();
    let (requests, memory) = (answered()? - before, process.peak());
    let began = Instant::now();
    let read = read(server).await?;
    if read != objects {
        return Err(Failure::new(format!("the provider listed {objects} components, and the server {read}")));
    }
    let reference = began.elapsed();
    Ok(Listing { objects, time, reference, first, requests_before, requests, memory })
}

/// Reads all components of a workspace, page by page. Returns how many there are.
async fn read(server: &Session) -> Result<usize, Failure> {
    let mut read = 0;
    for page in 1_u32.. {
        let path = format!("/components?hydrate=true&page={page}&size={PAGE}");
        let answer = server.expect("GET", &path, Body::Empty).await?;
        read += answer["items"].as_array().map_or(0, Vec::len);
        if answer["total_pages"].as_u64().is_none_or(|pages| u64::from(page) >= pages) {
            break;
        }
    }
    Ok(read)
}
