//! Operations of a ZenML server that an embedded workspace does not serve, with the reason of each.

use zenml_api::Method::{self, Delete, Get, Post, Put};

use crate::http::{Refused, Why};

/// Every operation of a server is served, or is in this list.
pub const REFUSED: &[Refused] = &[
    // Accounts and settings are managed on the control plane.
    not_in_pro(Put, "/activate"),
    not_in_pro(Get, "/settings"),
    not_in_pro(Put, "/settings"),
    not_in_pro(Put, "/current-user"),
    not_in_pro(Post, "/users"),
    not_in_pro(Delete, "/users/{user_name_or_id}"),
    not_in_pro(Put, "/users/{user_name_or_id}/activate"),
    not_in_pro(Put, "/users/{user_name_or_id}/deactivate"),
    not_in_pro(Put, "/users/{user_name_or_id}/email-opt-in"),
    // Clouds.
    because(Get, "/stack-deployment/info", STACK_DEPLOYMENT),
    because(Get, "/stack-deployment/config", STACK_DEPLOYMENT),
    because(Get, "/stack-deployment/stack", STACK_DEPLOYMENT),
    because(Post, "/service_connectors/full_stack_resources", CLOUD_RESOURCES),
    // Running pipelines.
    because(Post, "/runs/{pipeline_run_id}/events", EVENTS),
    because(Get, "/runs/{pipeline_run_id}/events/stream", EVENTS),
    because(Post, "/webhooks/{webhook_type}/{webhook_id}/events", WEBHOOKS),
    because(Get, "/resource_requests/{resource_request_id}", RESOURCE_POOLS),
    because(Post, "/resource_requests/{resource_request_id}/renew", RESOURCE_POOLS),
    because(Post, "/resource_requests/{resource_request_id}/release", RESOURCE_POOLS),
    // Paths of clients before 0.80, which a server has kept.
    because(Get, "/workspaces/{project_name_or_id}/code_repositories", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/code_repositories", OLD_PATH),
    because(Get, "/workspaces/{project_name_or_id}/components", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/components", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/models", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/models/{model_id}/model_versions", OLD_PATH),
    because(Get, "/workspaces/{project_name_or_id}/pipeline_builds", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/pipeline_builds", OLD_PATH),
    because(Get, "/workspaces/{project_name_or_id}/pipeline_deployments", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/pipeline_deployments", OLD_PATH),
    because(Get, "/workspaces/{project_name_or_id}/pipelines", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/pipelines", OLD_PATH),
    because(Get, "/workspaces/{project_name_or_id}/resources", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/run-metadata", OLD_PATH),
    because(Get, "/workspaces/{project_name_or_id}/run_templates", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/run_templates", OLD_PATH),
    because(Get, "/workspaces/{project_name_or_id}/runs", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/runs", OLD_PATH),
    because(Get, "/workspaces/{project_name_or_id}/schedules", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/schedules", OLD_PATH),
    because(Get, "/workspaces/{project_name_or_id}/service_connectors", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/service_connectors", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/services", OLD_PATH),
    because(Get, "/workspaces/{project_name_or_id}/stacks", OLD_PATH),
    because(Post, "/workspaces/{project_name_or_id}/stacks", OLD_PATH),
    because(Post, "/workspaces/{workspace_name_or_id}/secrets", OLD_PATH),
];

const STACK_DEPLOYMENT: &str = "An embedded workspace does not deploy stacks into a cloud. Create the infrastructure and \
                                the stack with Terraform.";
const CLOUD_RESOURCES: &str =
    "An embedded workspace does not connect to clouds, so it cannot list their resources.";
const EVENTS: &str = "Live event streaming is not enabled on this server.";
const WEBHOOKS: &str = "An embedded workspace does not run pipelines, so webhooks cannot trigger them. Pipelines run on a \
                        workspace of `zenml-local serve --engine zenml`.";
const RESOURCE_POOLS: &str = "An embedded workspace has no resource pools.";
const OLD_PATH: &str = "This path is for ZenML clients before 0.80, which an embedded workspace does not support. Use the path \
                        without `/workspaces/{project}`, and send the project as `project`.";

const fn because(method: Method, template: &'static str, why: &'static str) -> Refused {
    Refused { method, template, why: Why::Because(why) }
}

const fn not_in_pro(method: Method, template: &'static str) -> Refused {
    Refused { method, template, why: Why::NotInPro }
}
