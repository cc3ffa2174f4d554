//! Pipelines, their runs, and what runs create and use.
//!
//! A workspace that does not run pipelines has none of these objects: its lists are empty, reads find nothing, and
//! nothing can be created. So the objects have no types here, only their endpoints, the queries of their lists and what
//! the body of a creation must contain.

pub mod member;
pub mod part;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::control::Entry;
use crate::workspace::execution::member::{Form, STATUSES, form};
use crate::workspace::object::Look;
use crate::workspace::page::{ListQuery, Page, list_query};
use crate::{Endpoint, ObjectId};

/// A kind of these objects.
pub trait Noun: Send + Sync + 'static {
    /// The query of its list.
    #[cfg(not(feature = "schema"))]
    type Query: ListQuery + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The query of its list.
    #[cfg(feature = "schema")]
    type Query: ListQuery + Serialize + DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static;

    /// Its name in messages.
    const WORDS: &'static str;

    /// Fields for sorting.
    const SORTABLE: &'static [&'static str];

    /// Lists objects; of one project, if the query has `project`.
    const LIST: Endpoint<(), Self::Query, (), Page<Value>>;

    /// Reads an object.
    const GET: Option<Endpoint<ObjectId, Look, (), Value>> = None;

    /// Creates an object.
    const CREATE: Option<Endpoint<(), (), Value, Value>> = None;

    /// The resource type whose permission a creation requires; empty, if it requires one of a run.
    const RESOURCE: &'static str = "";

    /// The body of a creation.
    const NEW: Form = form!({});

    /// Changes an object.
    const UPDATE: Option<Endpoint<ObjectId, (), Value, Value>> = None;

    /// The body of a change.
    const CHANGE: Form = form!({});

    /// Deletes an object.
    const DELETE: Option<Endpoint<ObjectId, (), (), ()>> = None;
}

/// Work for each kind of these objects.
pub trait Fold: Sized {
    /// Does it for one of them.
    #[must_use]
    fn noun<N: Noun>(self) -> Self;
}

/// Declares the kinds: type, query, name of the file, words, path of the list, path of an object, older paths, and the
/// endpoints besides the list; then the permission and the body of a creation, the body of a change, the filters and
/// options of the list, and the fields for sorting.
macro_rules! nouns {
    ($(
        $(#[$doc:meta])*
        $noun:ident $query:ident $name:ident $words:literal $list:literal $item:literal
        $older:tt [$($endpoint:ident)*]
        $(new $resource:literal { $($new:tt)* } $(either $($either:literal)+)?)?
        $(change { $($change:tt)* })?
        filters { $($filter:ident $(= $wire:literal)?,)* } options { $($option:ident: $type:ty,)* }
        sorted by { $($field:literal,)* }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $noun;

            list_query! {
                #[doc = concat!("Query of the list of [`", stringify!($noun), "`].")]
                $query {
                    $(
                        #[doc = concat!("Filter `", stringify!($filter), "`.")]
                        $filter $(= $wire)?,
                    )*
                } options {
                    $(
                        #[doc = concat!("Filter `", stringify!($option), "`, without an operator.")]
                        $option: $type,
                    )*
                }
            }

            impl Noun for $noun {
                type Query = $query;
                const WORDS: &'static str = $words;
                const SORTABLE: &'static [&'static str] = &[$($field),*];
                const LIST: Endpoint<(), $query, (), Page<Value>> =
                    older!(Endpoint::get($list), 0 $older);
                $(
                    const RESOURCE: &'static str = $resource;
                    const NEW: Form = form!({ $($new)* } $(either $($either)+)?);
                )?
                $(const CHANGE: Form = form!({ $($change)* });)?
                $(endpoint!($endpoint $list $item $older);)*
            }
        )*

        /// Does something for each of the kinds.
        pub fn fold<F: Fold>(start: F) -> F {
            start$(.noun::<$noun>())*
        }

        /// The endpoints of the kinds, for the table of all endpoints.
        pub(in crate::workspace) const NOUNS: &[Entry] = &[
            $(
                Entry::of(concat!("execution::", stringify!($name), "::LIST"), $noun::LIST.route()),
                $(Entry::of(
                    concat!("execution::", stringify!($name), "::", stringify!($endpoint)),
                    match $noun::$endpoint {
                        Some(endpoint) => endpoint.route(),
                        None => $noun::LIST.route(),
                    },
                ),)*
            )*
        ];
    };
}

/// Declares one of the endpoints that not every kind has.
macro_rules! endpoint {
    (GET $list:literal $item:literal $older:tt) => {
const GET: Option<Endpoint<ObjectId, Look, (), Value>> = Some(older!(Endpoint::get($item), 1 $older));
    };
    (CREATE $list:literal $item:literal $older:tt) => {
const CREATE: Option<Endpoint<(), (), Value, Value>> = Some(older!(Endpoint::post($list), 0 $older));
    };
    (UPDATE $list:literal $item:literal $older:tt) => {
        const UPDATE: Option<Endpoint<ObjectId, (), Value, Value>> = Some(Endpoint::put($item));
    };
    (DELETE $list:literal $item:literal $older:tt) => {
        const DELETE: Option<Endpoint<ObjectId, (), (), ()>> =
    Some(older!(Endpoint::delete($item), 1 $older));
    };
}

/// The endpoint, also at the older path of a list (0) or of an object (1).
macro_rules! older {
    ($endpoint:expr, $which:literal []) => {
        $endpoint
    };
    ($endpoint:expr, 0 [$list:literal $item:literal]) => {
        $endpoint.aliases(&[$list])
    };
    ($endpoint:expr, 1 [$list:literal $item:literal]) => {
        $endpoint.aliases(&[$item])
    };
}

nouns! {
    /// Pipelines.
    Pipeline PipelineQuery pipeline "pipeline" "/pipelines" "/pipelines/{pipeline_id}" [] [CREATE GET UPDATE DELETE]
    new "pipeline" { "project": Id, "name": Name }
    filters {
        project_name_or_id, id, created, updated, tags, user, project, name, latest_run_status,
        latest_run_user,
    } options {
        scope_user: ObjectId,
    } sorted by {
        "created", "id", "latest_run", "name", "tags", "updated", "user",
    }

    /// Runs of pipelines.
    Run RunQuery run "pipeline run" "/runs" "/runs/{run_id}" [] [CREATE GET UPDATE DELETE]
    new "pipeline_run" { "project": Id, "name": Name, "snapshot": Id, "status": OneOf(STATUSES) }
    filters {
        project_name_or_id, id, created, updated, run_metadata, tags, user, project, name, index,
        orchestrator_run_id, pipeline_id, stack_id, schedule_id, build_id, snapshot_id, code_repository_id,
        template_id, source_snapshot_id, model_version_id, linked_to_model_version_id, status, start_time,
        end_time, pipeline_name, pipeline, stack, code_repository, model, stack_component,
        triggered_by_step_run_id, triggered_by_deployment_id, trigger_id, parent_run_id,
    } options {
        include_full_metadata: bool, scope_user: ObjectId, in_progress: bool, templatable: bool,
        root_runs_only: bool,
    } sorted by {
        "created", "end_time", "id", "in_progress", "index", "model", "model_version_id", "name",
        "orchestrator_run_id", "parent_run_id", "pipeline", "pipeline_id", "snapshot_id", "stack",
        "start_time", "status", "tags", "updated", "user",
    }

    /// Steps of runs.
    Step StepQuery step "step run" "/steps" "/steps/{step_id}" [] [CREATE GET UPDATE]
    new "" { "project": Id, "name": Name, "start_time": Moment, "status": OneOf(STATUSES), "pipeline_run_id": Id }
    filters {
        id, created, updated, run_metadata, user, project, name, code_hash, cache_key, status, start_time,
        end_time, pipeline_run_id, snapshot_id, original_step_run_id, model_version_id, model, version,
        cache_expires_at,
    } options {
        scope_user: ObjectId, exclude_retried: bool, cache_expired: bool,
    } sorted by {
        "cache_expires_at", "cache_key", "code_hash", "created", "end_time", "id", "model_version_id",
        "name", "original_step_run_id", "pipeline_run_id", "snapshot_id", "start_time", "status", "updated",
        "user", "version",
    }

    /// Container images of pipelines.
    Build BuildQuery build "pipeline build" "/pipeline_builds" "/pipeline_builds/{build_id}" [] [CREATE GET DELETE]
    new "pipeline_build" { "project": Id, "is_local": Flag, "contains_code": Flag }
    filters {
        project_name_or_id, id, created, updated, user, project, pipeline_id, stack_id,
        container_registry_id, zenml_version, python_version, checksum, stack_checksum, duration,
    } options {
        scope_user: ObjectId, is_local: bool, contains_code: bool,
    } sorted by {
        "checksum", "contains_code", "created", "duration", "id", "is_local", "pipeline_id",
        "python_version", "stack_checksum", "stack_id", "updated", "user", "zenml_version",
    }

    /// Pipelines with their configuration, ready to run.
    Snapshot SnapshotQuery snapshot "pipeline snapshot" "/pipeline_snapshots" "/pipeline_snapshots/{snapshot_id}" ["/pipeline_deployments" "/pipeline_deployments/{deployment_id}"]
        [CREATE GET UPDATE DELETE]
    new "pipeline_deployment" { "project": Id, "run_name_template": Text, "pipeline_configuration": Object, "stack": Id, "pipeline": Id }
    filters {
        project_name_or_id, id, created, updated, tags, user, project, name, pipeline, stack, build_id,
        schedule_id, source_snapshot_id,
    } options {
        scope_user: ObjectId, named_only: bool, runnable: bool, deployable: bool, deployed: bool,
        trigger_id: ObjectId,
    } sorted by {
        "build_id", "created", "id", "name", "pipeline", "schedule_id", "source_snapshot_id", "stack",
        "tags", "updated", "user",
    }

    /// Schedules of pipelines.
    Schedule ScheduleQuery schedule "schedule" "/schedules" "/schedules/{schedule_id}" [] [CREATE GET UPDATE]
    new "schedule" { "project": Id, "name": Text, "active": Flag, "orchestrator_id": Id, "pipeline_id": Id }
        either "cron_expression" "interval_second" "run_once_start_time"
    filters {
        project_name_or_id, id, created, updated, user, project, pipeline_id, orchestrator_id,
        cron_expression, start_time, end_time, interval_second, name, run_once_start_time,
    } options {
        scope_user: ObjectId, active: bool, catchup: bool, is_archived: bool,
    } sorted by {
        "active", "catchup", "created", "cron_expression", "end_time", "id", "interval_second",
        "is_archived", "name", "orchestrator_id", "pipeline_id", "run_once_start_time", "start_time",
        "updated", "user",
    }

    /// Models.
    Model ModelQuery model "model" "/models" "/models/{model_id}" [] [CREATE GET UPDATE DELETE]
    new "model" { "project": Id, "name": Name }
    filters {
        id, created, updated, tags, user, project, name,
    } options {
        scope_user: ObjectId,
    } sorted by {
        "created", "id", "latest_version", "name", "tags", "updated", "user",
    }

    /// Versions of models.
    ModelVersion ModelVersionQuery model_version "model version" "/model_versions" "/model_versions/{model_version_id}" [] [CREATE GET UPDATE DELETE]
    new "model_version" { "project": Id, "model": Id }
    filters {
        model_name_or_id, id, created, updated, run_metadata, tags, user, project, name, number, stage,
        model,
    } options {
        scope_user: ObjectId,
    } sorted by {
        "created", "id", "name", "number", "stage", "tags", "updated", "user",
    }

    /// Artifacts.
    Artifact ArtifactQuery artifact "artifact" "/artifacts" "/artifacts/{artifact_id}" [] [CREATE GET UPDATE DELETE]
    new "artifact" { "project": Id, "name": Name }
    filters {
        id, created, updated, tags, user, project, name,
    } options {
        scope_user: ObjectId, has_custom_name: bool,
    } sorted by {
        "created", "has_custom_name", "id", "latest_version", "name", "tags", "updated", "user",
    }

    /// Versions of artifacts.
    ArtifactVersion ArtifactVersionQuery artifact_version "artifact version" "/artifact_versions" "/artifact_versions/{artifact_version_id}" [] [CREATE GET UPDATE DELETE]
    new "artifact_version" {
        "project": Id,
        "type": OneOf(&[
            "DataAnalysisArtifact", "DataArtifact", "ModelArtifact", "SchemaArtifact", "ServiceArtifact",
            "StatisticsArtifact", "BaseArtifact",
        ]),
        "uri": Text, "materializer": Any, "data_type": Any,
        "save_type": OneOf(&["step_output", "manual", "preexisting", "external"]),
    } either "artifact_name" "artifact_id"
    filters {
        id, created, updated, run_metadata, tags, user, project, artifact, artifact_id, version,
        version_number, uri, materializer, kind = "type", data_type, artifact_store_id, model_version_id,
        model, pipeline_run,
    } options {
        scope_user: ObjectId, only_unused: bool, has_custom_name: bool,
    } sorted by {
        "artifact_store_id", "created", "data_type", "id", "materializer", "tags", "type", "updated", "uri",
        "user", "version", "version_number",
    }

    /// Triggers of pipelines.
    Trigger TriggerQuery trigger "trigger" "/triggers" "/triggers/{trigger_id}" [] [CREATE GET UPDATE DELETE]
    new "trigger" { "type": Tag(&["schedule", "platform_event", "webhook"]), "project": Id, "name": Text }
    change { "type": Tag(&["schedule", "platform_event", "webhook"]) }
    filters {
        id, created, updated, user, project, name, flavor, kind = "type", next_occurrence, concurrency,
        webhook_id, pipeline_id, snapshot_id,
    } options {
        scope_user: ObjectId, active: bool, is_archived: bool,
    } sorted by {
        "active", "concurrency", "created", "id", "name", "next_occurrence", "updated", "user",
        "webhook_id",
    }

    /// Webhooks of triggers.
    Webhook WebhookQuery webhook "webhook" "/webhooks" "/webhooks/{webhook_id}" [] [CREATE GET UPDATE DELETE]
    new "webhook" { "project": Id, "name": Name, "webhook_type": Name }
    filters {
        id, created, updated, user, project, name, webhook_type,
    } options {
        scope_user: ObjectId, active: bool,
    } sorted by {
        "active", "created", "id", "name", "updated", "user", "webhook_type",
    }

    /// Deployed pipelines.
    Deployment DeploymentQuery deployment "deployment" "/deployments" "/deployments/{deployment_id}" [] [CREATE GET UPDATE DELETE]
    new "deployment" { "project": Id, "name": Name, "snapshot_id": Id, "deployer_id": Id }
    filters {
        id, created, updated, tags, user, project, name, url, status, pipeline, snapshot_id, deployer_id,
    } options {
        scope_user: ObjectId,
    } sorted by {
        "created", "deployer_id", "id", "name", "pipeline", "snapshot_id", "status", "tags", "updated",
        "url", "user",
    }

    /// Invocations of the hooks of runs and steps.
    HookInvocation HookInvocationQuery hook_invocation "hook invocation" "/hook_invocations" "/hook_invocations/{hook_invocation_id}" [] [CREATE GET DELETE]
    new "" {
        "project": Id,
        "hook_type": OneOf(&[
            "run_start", "run_success", "run_failure", "run_end", "run_pause", "run_resume", "step_start",
            "step_end", "step_success", "step_failure", "custom",
        ]),
        "status": OneOf(STATUSES), "start_time": Moment, "pipeline_run_id": Id,
    }
    filters {
        id, created, updated, user, project, pipeline_run_id, step_run_id, hook_type, name, status,
        start_time, end_time,
    } options {
        scope_user: ObjectId,
    } sorted by {
        "created", "end_time", "hook_type", "id", "name", "pipeline_run_id", "start_time", "status",
        "step_run_id", "updated", "user",
    }

    /// Devices of people who are logged in. Those of ZenML Pro are on the control plane.
    Device DeviceQuery device "authorized device" "/devices" "/devices/{device_id}" [] [GET UPDATE DELETE]
    filters {
        id, created, updated, user, expires, client_id, status, trusted_device, failed_auth_attempts,
        last_login,
    } options {
        scope_user: ObjectId,
    } sorted by {
        "client_id", "created", "expires", "failed_auth_attempts", "id", "last_login", "status",
        "trusted_device", "updated", "user",
    }

    /// Conditions that runs wait for.
    WaitCondition WaitConditionQuery wait_condition "run wait condition" "/run_wait_conditions" "/run_wait_conditions/{run_wait_condition_id}" [] [CREATE GET UPDATE]
    new "" { "project": Id, "run": Id, "name": Text, "type": OneOf(&["external_input"]) }
    change { "poller_instance_id": Text, "poller_lease_expires_at": Moment }
    filters {
        id, created, updated, run_metadata, user, project, pipeline_run, kind = "type", status, name,
        resolved_by, resolved_at, resolution,
    } options {
        scope_user: ObjectId,
    } sorted by {
        "created", "id", "name", "resolution", "resolved_at", "status", "type", "updated", "user",
    }

    /// Links of artifacts to versions of models.
    ModelVersionArtifact ModelVersionArtifactQuery model_version_artifact "model version artifact link"
        "/model_version_artifacts" "/model_version_artifacts" [] []
    filters {
        id, created, updated, model_version_id, artifact_version_id, artifact_name, user,
    } options {
        only_data_artifacts: bool, only_model_artifacts: bool, only_deployment_artifacts: bool,
        has_custom_name: bool,
    } sorted by {
        "artifact_version_id", "created", "id", "model_version_id", "updated",
    }

    /// Links of runs to versions of models.
    ModelVersionRun ModelVersionRunQuery model_version_run "model version run link"
        "/model_version_pipeline_runs" "/model_version_pipeline_runs" [] []
    filters {
        id, created, updated, model_version_id, pipeline_run_id, pipeline_run_name, user,
    } options {
    } sorted by {
        "created", "id", "model_version_id", "pipeline_run_id", "updated",
    }

    /// Templates of runs.
    RunTemplate RunTemplateQuery run_template "run template" "/run_templates" "/run_templates/{template_id}" [] [CREATE GET UPDATE DELETE]
    new "run_template" { "project": Id, "name": Name, "source_snapshot_id": Id }
    filters {
        project_name_or_id, id, created, updated, tags, user, project, name, pipeline_id, build_id,
        stack_id, code_repository_id, pipeline, stack,
    } options {
        scope_user: ObjectId, hidden: bool,
    } sorted by {
        "created", "id", "name", "tags", "updated", "user",
    }

    /// Services that steps deploy.
    Service ServiceQuery service "service" "/services" "/services/{service_id}" [] [CREATE GET UPDATE DELETE]
    new "service" { "project": Id, "name": Name, "service_type": Object, "config": Map }
    filters {
        id, created, updated, user, project, name, kind = "type", flavor, config, pipeline_name,
        pipeline_step_name, model_version_id, pipeline_run_id,
    } options {
        scope_user: ObjectId, running: bool,
    } sorted by {
        "created", "flavor", "id", "model_version_id", "name", "pipeline_name", "pipeline_run_id",
        "pipeline_step_name", "type", "updated", "user",
    }
}
