//! Actions: their plans, their progress and their ends.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tfkit::engine::{ActionRequest, ConfigureRequest, ValidateRequest};
use tfkit::timeouts::{Invoke, Timeouts};
use tfkit::{
    Action, Computed, Configured, Cx, Diag, Dyn, Engine, Kind, Model, OrDefault, Partial, Provider, Secret,
    Start, Types,
};
use tokio::sync::mpsc;

use crate::shop::summaries;

/// Lets a lamp blink.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "blink", kind = action)]
struct Blink {
    /// Name of the lamp.
    #[attr(check = length(1..=9))]
    pub lamp: String,
    /// Number of times.
    #[attr(default = 2)]
    pub count: OrDefault<u64>,
    /// Code of the switch.
    #[attr(write_only)]
    pub code: Option<Secret<String>>,
    /// How long it may take.
    pub timeouts: Option<Timeouts<(Invoke,)>>,
}

/// What the lamps have seen.
#[derive(Default)]
struct House {
    runs: Mutex<Vec<(Blink, Duration)>>,
    secrets: Mutex<Vec<String>>,
}

impl Action for Blink {
    type Model = Self;
    type Client = Arc<House>;

    async fn plan(cx: &Cx<Arc<House>>, config: &Partial<Self>) -> Result<(), Diag> {
        let Some(lamp) = config.get(Self::LAMP).known() else { return Ok(()) };
        cx.client().await?;
        match lamp.as_str() {
            "missing" => Err(Diag::error("No lamp \"missing\" found").at(Self::LAMP)),
            "crash" => panic!("the plan panics"),
            "old" => {
                cx.warn(Diag::warning("The lamp is old"));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn invoke(cx: &Cx<Arc<House>>, config: Self) -> Result<(), Diag> {
        let house = cx.client().await?;
        house.runs.lock().unwrap().push((config.clone(), cx.remaining()));
        match config.lamp.as_str() {
            "panic" => panic!("the lamp explodes"),
            "dark" => return Err(Diag::error("The lamp stays dark")),
            "slow" => {
                cx.progress("Waiting");
                cx.sleep(Duration::from_hours(1)).await?;
            }
            _ => cx.warn(Diag::warning("The lamp is hot")),
        }
        for time in 1..=*config.count {
            cx.progress(format_args!("Blinked {time} of {} times", *config.count));
        }
        Ok(())
    }

    fn timeout() -> Duration {
        Duration::from_mins(3)
    }
}

/// A house.
#[derive(Clone, Debug, Model)]
#[model(name = "house", kind = provider)]
struct Config {
    /// Street of the house.
    pub street: Option<String>,
}

struct Lamps(Arc<House>);

impl Provider for Lamps {
    type Config = Config;
    type Client = Arc<House>;

    fn register(types: Types<Arc<House>>) -> Types<Arc<House>> {
        types.action::<Blink>()
    }

    async fn configure(&self, config: &Partial<Config>, _: &Start) -> Result<Configured<Arc<House>>, Diag> {
        if config.get(Config::STREET).is_unknown() {
            return Ok(Configured::Unknown(vec![Config::STREET.path()]));
        }
        Ok(Configured::Ready(Arc::clone(&self.0)))
    }

    fn conceal(house: &Arc<House>, secrets: &[String]) {
        house.secrets.lock().unwrap().extend(secrets.iter().cloned());
    }
}

struct Bench {
    engine: Engine,
    house: Arc<House>,
}

impl Bench {
    async fn new(street: Dyn) -> Self {
        let house = Arc::new(House::default());
        let engine = Engine::new(Lamps(Arc::clone(&house)));
        let config = Dyn::map([("street", street)]);
        let request = ConfigureRequest { host_version: "1.14.0".to_owned(), config };
        assert_eq!(engine.configure(request).await, []);
        Self { engine, house }
    }

    async fn plan(&self, config: Dyn) -> Vec<Diag> {
        self.engine.plan_action(request(config)).await
    }

    /// Runs the action. Returns its progress and its diagnostics.
    async fn invoke(&self, config: Dyn) -> (Vec<String>, Vec<Diag>) {
        let (sender, mut progress) = mpsc::channel(8);
        let diags = self.engine.invoke_action(request(config), sender).await;
        let mut messages = Vec::new();
        while let Ok(message) = progress.try_recv() {
            messages.push(message);
        }
        (messages, diags)
    }
}

fn request(config: Dyn) -> ActionRequest {
    ActionRequest { type_name: "house_blink".to_owned(), config }
}

fn blink<const N: usize>(given: [(&'static str, Dyn); N]) -> Dyn {
    let mut values =
        vec![("lamp", Dyn::Null), ("count", Dyn::Null), ("code", Dyn::Null), ("timeouts", Dyn::Null)];
    for (name, value) in given {
        values.retain(|(other, _)| *other != name);
        values.push((name, value));
    }
    Dyn::map(values)
}

fn lamp(name: &str) -> Dyn {
    blink([("lamp", name.into())])
}

#[tokio::test]
async fn an_action_gets_its_defaults_and_write_only_values_and_tells_its_progress() {
    let bench = Bench::new(Dyn::Null).await;
    let config = blink([("lamp", "hall".into()), ("code", "4711-0815".into())]);
    let (progress, diags) = bench.invoke(config).await;
    assert_eq!(progress, ["Blinked 1 of 2 times", "Blinked 2 of 2 times"]);
    assert_eq!(summaries(&diags), ["The lamp is hot"]);
    assert!(!diags[0].is_error());
    let runs = bench.house.runs.lock().unwrap();
    let (config, remaining) = &runs[0];
    assert_eq!(config.code.as_ref().map(|code| code.expose().as_str()), Some("4711-0815"));
    assert!(*remaining > Duration::from_mins(2) && *remaining <= Duration::from_mins(3));
    assert_eq!(*bench.house.secrets.lock().unwrap(), ["4711-0815"], "messages can mask it");
}

#[tokio::test]
async fn the_configuration_sets_the_timeout_of_an_action() {
    let bench = Bench::new(Dyn::Null).await;
    let timeouts = Dyn::map([("invoke", "90m".into())]);
    bench.invoke(blink([("lamp", "hall".into()), ("timeouts", timeouts)])).await;
    assert!(bench.house.runs.lock().unwrap()[0].1 > Duration::from_mins(89));
    let default = bench.engine.default_timeout(Kind::Action, "house_blink", tfkit::model::Operation::Invoke);
    assert_eq!(default, Some(Duration::from_mins(3)));
}

#[tokio::test]
async fn each_failure_is_one_diagnostic_and_the_engine_continues() {
    let bench = Bench::new(Dyn::Null).await;
    let cases: &[(Dyn, &str)] = &[
        (lamp("dark"), "The lamp stays dark"),
        (lamp("panic"), "The run of house_blink crashed"),
        (lamp("much too long"), "Attribute \"lamp\" has an invalid value"),
        (lamp(""), "Attribute \"lamp\" has an invalid value"),
        (blink([]), "Attribute \"lamp\" is required"),
        // A host sends null for an action without a block of arguments.
        (Dyn::Null, "Attribute \"lamp\" is required"),
        (blink([("lamp", "hall".into()), ("count", Dyn::Unknown)]), "Attribute \"count\" must be known here"),
    ];
    for (config, summary) in cases {
        let (_, diags) = bench.invoke(config.clone()).await;
        assert_eq!(summaries(&diags), [*summary], "{config:?}");
        assert!(diags[0].is_error(), "{config:?}");
    }
    assert!(!bench.invoke(lamp("hall")).await.1[0].is_error());

    let unknown = ActionRequest { type_name: "house_wink".to_owned(), config: Dyn::Null };
    for diags in [
        bench.engine.plan_action(unknown.clone()).await,
        bench.engine.invoke_action(unknown, mpsc::channel(1).0).await,
    ] {
        assert_eq!(summaries(&diags), ["The provider has no action named house_wink"]);
    }
}

#[tokio::test]
async fn a_plan_rejects_what_cannot_succeed_and_waits_for_unknown_values() {
    let bench = Bench::new(Dyn::Null).await;
    let cases: &[(Dyn, &[&str])] = &[
        (lamp("hall"), &[]),
        (lamp("missing"), &["No lamp \"missing\" found"]),
        (lamp("crash"), &["The plan of house_blink crashed"]),
        (lamp("old"), &["The lamp is old"]),
        (blink([("lamp", Dyn::Unknown)]), &[]),
        (blink([("lamp", Dyn::Unknown), ("count", Dyn::Unknown), ("code", Dyn::Unknown)]), &[]),
        (lamp("much too long"), &["Attribute \"lamp\" has an invalid value"]),
        (Dyn::Null, &["Attribute \"lamp\" is required"]),
    ];
    for (config, expected) in cases {
        assert_eq!(summaries(&bench.plan(config.clone()).await), *expected, "{config:?}");
    }
    assert!(bench.house.runs.lock().unwrap().is_empty(), "a plan runs nothing");
}

#[tokio::test]
async fn a_provider_with_unknown_values_plans_an_action_and_does_not_run_it() {
    let bench = Bench::new(Dyn::Unknown).await;
    assert_eq!(bench.plan(lamp("hall")).await, []);
    let (_, diags) = bench.invoke(lamp("hall")).await;
    assert_eq!(summaries(&diags), ["The provider's configuration is not known yet: street"]);
    assert!(bench.house.runs.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_stop_ends_an_action_that_waits_and_starts_no_other() {
    let bench = Bench::new(Dyn::Null).await;
    let (sender, mut progress) = mpsc::channel(8);
    let run = bench.engine.invoke_action(request(lamp("slow")), sender);
    let stop = async {
        assert_eq!(progress.recv().await.as_deref(), Some("Waiting"));
        bench.engine.stop();
    };
    let (diags, ()) = tokio::join!(run, stop);
    assert_eq!(summaries(&diags), ["The operation was interrupted"]);
    let (_, diags) = bench.invoke(lamp("hall")).await;
    assert_eq!(summaries(&diags), ["The operation was interrupted"]);
    assert_eq!(bench.house.runs.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_action_does_not_wait_for_a_host_that_reads_its_progress_too_slowly() {
    let bench = Bench::new(Dyn::Null).await;
    let many = blink([("lamp", "hall".into()), ("count", 10_000_i64.into())]);
    let (progress, diags) = bench.invoke(many.clone()).await;
    assert_eq!(progress.len(), 8, "the rest is dropped");
    assert_eq!(summaries(&diags), ["The lamp is hot"]);
    let (sender, gone) = mpsc::channel(1);
    drop(gone);
    let diags = bench.engine.invoke_action(request(many), sender).await;
    assert_eq!(summaries(&diags), ["The lamp is hot"]);
}

#[tokio::test]
async fn the_configuration_of_an_action_is_validated_without_a_client() {
    let engine = Engine::new(Lamps(Arc::default()));
    let cases = [
        (lamp("hall"), 0),
        (lamp(""), 1),
        (blink([("lamp", Dyn::Unknown), ("code", "0000".into())]), 0),
        (blink([("lamp", "hall".into()), ("timeouts", Dyn::map([("invoke", "soon".into())]))]), 1),
    ];
    for (config, errors) in cases {
        let request = ValidateRequest {
            type_name: "house_blink".to_owned(),
            config: config.clone(),
            write_only_allowed: true,
        };
        assert_eq!(engine.validate(Kind::Action, request).await.len(), errors, "{config:?}");
    }
}

/// Cannot exist: an action returns nothing.
#[derive(Clone, Debug, Model)]
#[model(name = "measure", kind = action)]
struct Measure {
    /// What is measured.
    pub count: String,
    /// What was measured.
    pub result: Computed<String>,
}

impl Action for Measure {
    type Model = Self;
    type Client = Arc<House>;

    async fn invoke(_: &Cx<Arc<House>>, _: Self) -> Result<(), Diag> {
        Ok(())
    }
}

struct Meters;

impl Provider for Meters {
    type Config = Config;
    type Client = Arc<House>;

    fn register(types: Types<Arc<House>>) -> Types<Arc<House>> {
        types.action::<Measure>().action::<Measure>()
    }

    async fn configure(&self, _: &Partial<Config>, _: &Start) -> Result<Configured<Arc<House>>, Diag> {
        Ok(Configured::Ready(Arc::default()))
    }
}

#[test]
fn an_action_with_a_result_or_a_name_that_is_taken_is_reported_as_a_bug() {
    // `count` is reserved in blocks of resources, not in the block of arguments of an action.
    assert_eq!(Engine::new(Lamps(Arc::default())).problems(), []);
    assert_eq!(
        summaries(&Engine::new(Meters).problems()),
        [
            "The action house_measure is registered twice",
            "action house_measure: attribute \"result\" is set by the provider, but an action has no result",
        ]
    );
}
