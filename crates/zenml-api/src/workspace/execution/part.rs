//! Requests about parts of pipelines, runs and what they create, and about several of them at once.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::member::{Form, form};
use super::{ModelVersionQuery, StepQuery};
use crate::control::Entry;
use crate::workspace::{Look, Page};
use crate::{Endpoint, ObjectId, Timestamp};

/// A request about a part of one object.
#[derive(Clone, Copy, Debug)]
pub struct Part<P> {
    /// The endpoint. Without the object, its query is not read.
    pub endpoint: Endpoint<P, (), Value, Value>,
    /// The name of the object in messages.
    pub words: &'static str,
    /// What the body must contain.
    pub body: Form,
}

/// Declares parts: a name for the table, the endpoint, the words of the object and what the body must contain.
macro_rules! parts {
    ($(#[$doc:meta])* $all:ident $entries:ident $path:ty {
        $($name:ident $method:ident $template:literal $words:literal $({ $($body:tt)* })?,)*
    }) => {
        $(#[$doc])*
        pub const $all: &[Part<$path>] = &[$(Part {
            endpoint: Endpoint::$method($template),
            words: $words,
            body: form!({ $($($body)*)? }),
        }),*];

        pub(in crate::workspace) const $entries: &[Entry] = &[$(Entry::of(
            concat!("execution::part::", stringify!($name)),
            Endpoint::<$path, (), Value, Value>::$method($template).route(),
        )),*];
    };
}

parts! {
    /// Requests about a part of an object.
    PARTS PARTS_OF_ONE ObjectId {
        VISUALIZE get "/artifact_versions/{artifact_version_id}/visualize" "artifact version",
        DOWNLOAD_TOKEN get "/artifact_versions/{artifact_version_id}/download-token" "artifact version",
        CODE_TOKEN get "/pipeline_snapshots/{snapshot_id}/download-token" "pipeline snapshot",
        UPDATE_VISUALIZATION put "/curated_visualizations/{visualization_id}" "curated visualization",
        DELETE_VISUALIZATION delete "/curated_visualizations/{visualization_id}" "curated visualization",
        UPDATE_LOG put "/logs/{logs_id}" "log",
        LOG_ENTRIES get "/logs/{logs_id}/entries" "log",
        UNLINK_ARTIFACTS delete "/model_versions/{model_version_id}/artifacts" "model version",
        DAG get "/runs/{run_id}/dag" "pipeline run",
        STATUS get "/runs/{run_id}/status" "pipeline run",
        CONFIGURATION get "/runs/{run_id}/pipeline-configuration" "pipeline run",
        REFRESH post "/runs/{run_id}/refresh" "pipeline run",
        STOP post "/runs/{run_id}/stop" "pipeline run",
        DISABLE_HEARTBEAT put "/runs/{run_id}/disable_heartbeat" "pipeline run",
        STEP_STATUS get "/steps/{step_id}/status" "step run",
        STEP_CONFIGURATION get "/steps/{step_id}/step-configuration" "step run",
        HEARTBEAT put "/steps/{step_run_id}/heartbeat" "step run",
        RESOLVE put "/run_wait_conditions/{run_wait_condition_id}/resolve" "run wait condition"
            { "resolution": OneOf(&["continue", "abort"]) },
        DISPATCH_STATE delete "/triggers/{trigger_id}/dispatch_state" "trigger",
        WEBHOOK_SECRET put "/webhooks/{webhook_id}/secret" "webhook",
        VERIFY_DEVICE put "/devices/{device_id}/verify" "authorized device" { "user_code": Text },
    }
}

parts! {
    /// Requests about the connection of an object to another one.
    LINKS PARTS_OF_TWO (ObjectId, String) {
        UNLINK_ARTIFACT delete
            "/model_versions/{model_version_id}/artifacts/{model_version_artifact_link_name_or_id}" "model version",
        UNLINK_RUN delete
            "/model_versions/{model_version_id}/runs/{model_version_pipeline_run_link_name_or_id}" "model version",
        ATTACH_TRIGGER put "/triggers/{trigger_id}/pipeline_snapshots/{snapshot_id}" "trigger",
        DETACH_TRIGGER delete "/triggers/{trigger_id}/pipeline_snapshots/{snapshot_id}" "trigger",
    }
}

/// A creation that refers to an object.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// The endpoint.
    pub endpoint: Endpoint<(), (), Value, Value>,
    /// What the body must contain.
    pub body: Form,
    /// The member with the id of the object.
    pub member: &'static str,
    /// The name of the object in messages; `None`, if the member `resource_type` names its kind.
    pub words: Option<&'static str>,
}

/// Links an artifact to a version of a model.
pub const LINK_ARTIFACT: Reference = Reference {
    endpoint: Endpoint::post("/model_version_artifacts"),
    body: form!({ "model_version": Id, "artifact_version": Id }),
    member: "model_version",
    words: Some("model version"),
};

/// Links a run to a version of a model.
pub const LINK_RUN: Reference = Reference {
    endpoint: Endpoint::post("/model_version_pipeline_runs"),
    body: form!({ "model_version": Id, "pipeline_run": Id }),
    member: "model_version",
    words: Some("model version"),
};

/// Adds the visualization of an artifact to an object.
pub const CURATE: Reference = Reference {
    endpoint: Endpoint::post("/curated_visualizations"),
    body: form!({
        "project": Id,
        "artifact_visualization_id": Id,
        "resource_id": Id,
        "resource_type": OneOf(&["deployment", "model", "pipeline", "pipeline_run", "pipeline_snapshot", "project"]),
    }),
    member: "resource_id",
    words: None,
};

/// Adds a tag to an object.
pub const TAG: Reference = Reference {
    endpoint: Endpoint::post("/tag_resources"),
    body: TAGGED,
    member: "resource_id",
    words: None,
};

/// Removes a tag from an object.
pub const UNTAG: Reference = Reference {
    endpoint: Endpoint::delete("/tag_resources"),
    body: TAGGED,
    member: "resource_id",
    words: None,
};

/// What a request to add or remove a tag contains.
pub const TAGGED: Form = form!({
    "tag_id": Id,
    "resource_id": Id,
    "resource_type": OneOf(&[
        "artifact",
        "artifact_version",
        "model",
        "model_version",
        "pipeline",
        "pipeline_run",
        "run_template",
        "pipeline_snapshot",
        "deployment",
    ]),
});

/// Adds tags to several objects.
pub const TAG_MANY: Endpoint<(), (), Vec<Value>, Vec<Value>> = Endpoint::post("/tag_resources/batch");

/// Removes tags from several objects.
pub const UNTAG_MANY: Endpoint<(), (), Vec<Value>, ()> = Endpoint::delete("/tag_resources/batch");

/// Creates several versions of artifacts.
pub const CREATE_ARTIFACT_VERSIONS: Endpoint<(), (), Vec<Value>, Vec<Value>> =
    Endpoint::post("/artifact_versions/batch");

/// Creates the logs of a run.
pub const CREATE_LOGS: Endpoint<(), (), Value, Value> = Endpoint::post("/logs");

/// What the logs of a run contain.
pub const LOGS: Form = form!({} either "artifact_store_id" "log_store_id");

/// Adds metadata to a run.
pub const CREATE_RUN_METADATA: Endpoint<(), (), Value, Value> = Endpoint::post("/run-metadata");

/// What the metadata of a run contain.
pub const RUN_METADATA: Form = form!({ "project": Id, "resources": List, "values": Map, "types": Map });

/// Lists the requests of steps for resources of a pool.
pub const RESOURCE_REQUESTS: Endpoint<(), (), (), Page<Value>> = Endpoint::get("/resource_requests");

/// Lists the steps of a run.
pub const STEPS: Endpoint<ObjectId, StepQuery, (), Page<Value>> = Endpoint::get("/runs/{run_id}/steps");

/// Lists the versions of a model.
pub const VERSIONS: Endpoint<String, ModelVersionQuery, (), Page<Value>> =
    Endpoint::get("/models/{model_name_or_id}/model_versions");

/// Deletes a schedule.
pub const DELETE_SCHEDULE: Endpoint<ObjectId, SoftQuery, (), ()> =
    Endpoint::delete("/schedules/{schedule_id}");

/// How to delete a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SoftQuery {
    /// Whether to keep it in the archive.
    pub soft: bool,
}

/// Reads a log.
pub const LOG: Endpoint<ObjectId, Look, (), Value> = Endpoint::get("/logs/{logs_id}");

/// Reads a visualization of an object.
pub const VISUALIZATION: Endpoint<ObjectId, Look, (), Value> =
    Endpoint::get("/curated_visualizations/{visualization_id}");

/// Reads the log of a run.
pub const RUN_LOGS: Endpoint<ObjectId, LogsQuery, (), Value> = Endpoint::get("/runs/{run_id}/logs");

/// Reads the log of a step.
pub const STEP_LOGS: Endpoint<ObjectId, LogsQuery, (), Value> = Endpoint::get("/steps/{step_id}/logs");

/// Which log of a run or a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct LogsQuery {
    /// The part of the run that wrote it.
    pub source: Option<String>,
    /// Its id.
    pub logs_id: Option<ObjectId>,
}

/// Reads the data of an artifact.
pub const DATA: Endpoint<ObjectId, TokenQuery, (), Value> =
    Endpoint::get("/artifact_versions/{artifact_version_id}/data");

/// Reads the code of a snapshot.
pub const CODE: Endpoint<ObjectId, TokenQuery, (), Value> =
    Endpoint::get("/pipeline_snapshots/{snapshot_id}/code");

/// The token of a download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenQuery {
    /// The token, which authorizes the request.
    pub token: crate::Sensitive<String>,
}

/// Reads an event that a webhook has received.
pub const WEBHOOK_EVENT: Endpoint<ObjectId, DeliveryQuery, (), Value> =
    Endpoint::get("/webhooks/{webhook_id}/events/raw");

/// Which event of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeliveryQuery {
    /// Id of the delivery.
    pub delivery_id: String,
}

/// Deletes the artifacts of a project that nothing uses.
pub const PRUNE_ARTIFACTS: Endpoint<(), PruneQuery, (), ()> = Endpoint::delete("/artifact_versions");

/// Which artifacts to delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PruneQuery {
    /// The project.
    pub project_name_or_id: String,
    /// Whether to keep artifacts without versions.
    #[serde(default)]
    pub only_versions: Option<bool>,
}

/// Deletes the snapshots of a project that nothing uses.
pub const PRUNE_SNAPSHOTS: Endpoint<(), (), SnapshotPrune, PrunedSnapshots> =
    Endpoint::post("/pipeline_snapshots/prune");

/// Which snapshots to delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SnapshotPrune {
    /// The project.
    pub project: ObjectId,
    /// Only those that were created before.
    pub older_than: Timestamp,
}

/// The deleted snapshots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PrunedSnapshots {
    /// How many.
    pub snapshot_count: u64,
    /// The task that deletes them, if there is one.
    pub task_id: Option<ObjectId>,
}

/// Counts runs.
pub const RUN_STATISTICS: Endpoint<(), (), RunStatisticsRequest, RunStatistics> =
    Endpoint::post("/runs/statistics");

/// Which runs to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunStatisticsRequest {
    /// The filter, as in the query of a list of runs.
    pub filter: crate::workspace::JsonMap,
}

/// Counted runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunStatistics {
    /// The groups; one for all runs, if the request does not group them.
    pub groups: Vec<RunGroup>,
    /// Whether there are more groups.
    pub truncated: bool,
}

/// A group of counted runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunGroup {
    /// What the runs of the group have in common.
    pub group_keys: crate::workspace::JsonMap,
    /// Calculated values.
    pub metrics: crate::workspace::JsonMap,
    /// How many runs.
    pub run_count: u64,
}

macro_rules! single {
    ($($name:ident)+; $($reference:ident)+) => {
        pub(in crate::workspace) const SINGLE: &[Entry] = &[
            $(Entry::of(concat!("execution::part::", stringify!($name)), $name.route()),)+
            $(Entry::of(concat!("execution::part::", stringify!($reference)), $reference.endpoint.route()),)+
        ];
    };
}

single! {
    TAG_MANY UNTAG_MANY CREATE_ARTIFACT_VERSIONS CREATE_LOGS CREATE_RUN_METADATA RESOURCE_REQUESTS STEPS VERSIONS
    DELETE_SCHEDULE LOG VISUALIZATION RUN_LOGS STEP_LOGS DATA CODE WEBHOOK_EVENT PRUNE_ARTIFACTS PRUNE_SNAPSHOTS RUN_STATISTICS;
    LINK_ARTIFACT LINK_RUN CURATE TAG UNTAG
}
