//! Validation of configurations, compared case by case with the responses of a ZenML 0.98 server.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{catalog, check};

/// The stored configuration, or the status and the message of the error.
fn check(kind: &str, flavor: &str, given: &Value) -> Result<Value, (u16, String)> {
    let flavor = catalog::find(kind, flavor).unwrap();
    let given = serde_json::from_value(given.clone()).unwrap();
    let resolved: BTreeMap<_, _> = check::references_to_resolve(flavor, &given)
        .into_iter()
        .map(|(name, _)| (name, "x".to_owned()))
        .collect();
    match check::configuration(flavor, given, None, &resolved) {
        Ok(stored) => Ok(json!(stored)),
        Err(refusal) => Err((refusal.status().as_u16(), refusal.to_string())),
    }
}

#[test]
fn values_are_stored_like_on_a_server() {
    for (kind, flavor, given, stored) in [
        ("artifact_store", "s3", json!({"path": "s3://b"}), json!({"path": "s3://b"})),
        ("artifact_store", "s3", json!({"path": "\"s3://b\""}), json!({"path": "s3://b"})),
        (
            "artifact_store",
            "s3",
            json!({"path": "s3://b", "client_kwargs": "{\"a\":1}", "key": null}),
            json!({"path": "s3://b", "client_kwargs": {"a": 1}, "key": null}),
        ),
        ("artifact_store", "local", json!({}), json!({})),
        ("artifact_store", "azure", json!({"path": "az://x"}), json!({"path": "az://x"})),
        ("container_registry", "default", json!({"uri": "x.io///"}), json!({"uri": "x.io"})),
        ("container_registry", "gcp", json!({"uri": "gcr.io/proj"}), json!({"uri": "gcr.io/proj"})),
        (
            "orchestrator",
            "sagemaker",
            json!({"execution_role": "r", "volume_size_in_gb": "50", "synchronous": "true"}),
            json!({"execution_role": "r", "volume_size_in_gb": 50, "synchronous": true, "instance_type": "ml.m5.xlarge"}),
        ),
        (
            "orchestrator",
            "sagemaker",
            json!({"execution_role": "r", "instance_type": "ml.g5.xlarge", "tags": "{\"a\":\"b\"}", "volume_size_in_gb": 5.0}),
            json!({"execution_role": "r", "instance_type": "ml.g5.xlarge", "tags": {"a": "b"}, "volume_size_in_gb": 5}),
        ),
        (
            "orchestrator",
            "kubernetes",
            json!({"max_parallelism": "4.0", "job_monitoring_interval": "2.5", "local": "1", "synchronous": "OFF",
                   "privileged": "y", "incluster": 0}),
            json!({"max_parallelism": 4, "job_monitoring_interval": 2.5, "local": true, "synchronous": false,
                   "privileged": true, "incluster": false}),
        ),
        (
            "orchestrator",
            "kubernetes",
            json!({"concurrency_policy": "forbid", "timeout": "5", "pod_name_prefix": "p"}),
            json!({"concurrency_policy": "Forbid", "timeout": 5, "job_name_prefix": "p"}),
        ),
        ("model_registry", "mlflow", json!({}), json!({})),
        ("experiment_tracker", "mlflow", json!({}), json!({})),
        (
            "experiment_tracker",
            "mlflow",
            json!({"tracking_uri": "bad://m"}),
            json!({"tracking_uri": "bad://m"}),
        ),
        (
            "experiment_tracker",
            "mlflow",
            json!({"tracking_uri": "https://m", "tracking_username": "{{s.u}}", "tracking_password": "{{ s.p }}"}),
            json!({"tracking_uri": "https://m", "tracking_username": "{{s.u}}", "tracking_password": "{{ s.p }}"}),
        ),
        ("orchestrator", "kubeflow", json!({"anything": [1]}), json!({"anything": [1]})),
    ] {
        assert_eq!(check(kind, flavor, &given), Ok(stored), "{kind} {flavor} {given}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn configurations_that_a_server_rejects_are_rejected_with_its_status_and_a_reason() {
    for (kind, flavor, given, status, reason) in [
        (
            "artifact_store",
            "s3",
            json!({"path": "s3://b", "nonsense": 1}),
            400,
            "The s3 artifact_store has no configuration keys 'nonsense'.",
        ),
        ("artifact_store", "s3", json!({}), 422, "path: This field is required"),
        ("artifact_store", "s3", json!({"path": 5}), 500, "`path` must be a string"),
        ("artifact_store", "s3", json!({"path": "gs://x"}), 500, "must start with one of s3://"),
        ("artifact_store", "s3", json!({"path": "{{a.b}}"}), 500, "must start with"),
        (
            "artifact_store",
            "s3",
            json!({"path": "s3://b", "config_kwargs": "{bad"}),
            422,
            "`config_kwargs` is not valid JSON",
        ),
        ("container_registry", "aws", json!({"uri": "x.com/y"}), 422, "uri: Cannot contain a slash"),
        ("container_registry", "aws", json!({"uri": "{{a.b}}"}), 400, "cannot be a secret reference"),
        (
            "model_registry",
            "mlflow",
            json!({"uri": "x"}),
            400,
            "The mlflow model_registry has no configuration keys 'uri'.",
        ),
        (
            "orchestrator",
            "sagemaker",
            json!({"execution_role": "r", "tags": {"a": 1}}),
            422,
            "tags.a: Must be a string",
        ),
        (
            "orchestrator",
            "sagemaker",
            json!({"execution_role": "r", "processor_role": "p"}),
            422,
            "`processor_role` is the old name of",
        ),
        (
            "orchestrator",
            "sagemaker",
            json!({"execution_role": "r", "output_data_s3_uri": {"a": "b"}}),
            422,
            "`use_training_step` requires",
        ),
        (
            "orchestrator",
            "sagemaker",
            json!({"execution_role": "r", "volume_size_in_gb": "x", "synchronous": "maybe"}),
            422,
            "synchronous: Must be a boolean; volume_size_in_gb: Must be a whole number",
        ),
        (
            "orchestrator",
            "kubernetes",
            json!({"max_parallelism": "0"}),
            422,
            "max_parallelism: Must be greater than 0",
        ),
        (
            "orchestrator",
            "kubernetes",
            json!({"interrupt_check_interval": 0.1}),
            422,
            "interrupt_check_interval: Must be at least 0.5",
        ),
        (
            "orchestrator",
            "kubernetes",
            json!({"backoff_limit_margin": 4.5}),
            422,
            "backoff_limit_margin: Must be a whole number",
        ),
        (
            "orchestrator",
            "kubernetes",
            json!({"kubernetes_context": true}),
            422,
            "kubernetes_context: Must be a string",
        ),
        (
            "orchestrator",
            "kubernetes",
            json!({"kubernetes_namespace": null}),
            422,
            "kubernetes_namespace: Must be a string",
        ),
        ("orchestrator", "kubernetes", json!({"synchronous": null}), 422, "synchronous: Must be a boolean"),
        (
            "orchestrator",
            "kubernetes",
            json!({"fail_on_container_waiting_reasons": ["a", 1]}),
            422,
            "fail_on_container_waiting_reasons.1: Must be a string",
        ),
        (
            "experiment_tracker",
            "mlflow",
            json!({"tracking_uri": "https://m"}),
            422,
            "requires exactly one of `tracking_username`",
        ),
        (
            "experiment_tracker",
            "mlflow",
            json!({"tracking_uri": "https://m", "tracking_username": "u"}),
            422,
            "`tracking_username` and `tracking_password` must be set together",
        ),
        (
            "experiment_tracker",
            "mlflow",
            json!({"tracking_uri": "https://m", "tracking_username": "u", "tracking_password": "p", "tracking_token": "t"}),
            422,
            "requires exactly one of `tracking_username`",
        ),
        (
            "experiment_tracker",
            "mlflow",
            json!({"tracking_uri": "databricks"}),
            422,
            "requires `databricks_host`",
        ),
        ("experiment_tracker", "mlflow", json!({"databricks_host": "h"}), 422, "`databricks_host` requires"),
    ] {
        let (got, text) = check(kind, flavor, &given).expect_err(&format!("{kind} {flavor} {given}"));
        assert_eq!(got, status, "{given}: {text}");
        assert!(text.contains(reason), "{given}: {text}");
    }
}

#[test]
fn an_error_never_repeats_a_value() {
    let given =
        json!({"tracking_uri": "https://hunter2", "tracking_password": "hunter2", "nested": "hunter2"});
    let (_, text) = check("experiment_tracker", "mlflow", &given).unwrap_err();
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn stored_keys_stay_valid() {
    let flavor = catalog::find("orchestrator", "local").unwrap();
    let given: BTreeMap<String, Value> = [("old".to_owned(), json!(1))].into();
    let stored = given.clone();
    check::configuration(flavor, given, Some(&stored), &BTreeMap::new()).unwrap();
}
