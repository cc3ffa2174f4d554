//! Lists of objects.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tfkit::engine::{ConfigureRequest, List, ListEvent, ListRequest, ValidateRequest};
use tfkit::{
    Computed, Configured, Current, Cx, Diag, Dyn, Engine, Kind, ListResource, Listed, Model, OrDefault,
    OrServer, Partial, Provider, Resource, Results, Since, Start, Types,
};
use tokio::sync::oneshot;

use crate::shop::summaries;

/// A crate in a warehouse.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "crate")]
struct Crate {
    /// Number of the crate.
    #[attr(key, stable)]
    pub id: Computed<u64>,
    /// What is in it.
    pub content: String,
}

/// A warehouse with numbered crates, which are listed in pages of a hundred.
#[derive(Default)]
struct Warehouse {
    size: u64,
    pages: AtomicU64,
    fetches: AtomicU64,
    /// Told when the list is cancelled.
    cancelled: Mutex<Option<oneshot::Sender<()>>>,
}

const PAGE: u64 = 100;

impl Resource for Crate {
    type Model = Self;
    type Client = Arc<Warehouse>;
    type Remote = u64;

    async fn fetch(cx: &Cx<Arc<Warehouse>>, key: &CrateKey) -> Result<Option<u64>, Diag> {
        cx.client().await?.fetches.fetch_add(1, Ordering::Relaxed);
        match key.id {
            13 => Err(Diag::error("Crate 13 is locked").why("Nobody has the key.")),
            14 => Ok(None),
            id => Ok(Some(id)),
        }
    }

    fn observe(remote: &u64, _: Since<'_, Self>) -> Result<Self, Diag> {
        match remote {
            666 => Err(Diag::error("Crate 666 cannot be described")),
            id => Ok(Self { id: Computed::known(*id), content: format!("content {id}") }),
        }
    }

    async fn create(_: &Cx<Arc<Warehouse>>, plan: Self) -> Result<Self, Diag> {
        Ok(plan)
    }

    async fn update(_: &Cx<Arc<Warehouse>>, _: Current<Self>, plan: Self) -> Result<Self, Diag> {
        Ok(plan)
    }

    async fn delete(_: &Cx<Arc<Warehouse>>, _: Self) -> Result<(), Diag> {
        Ok(())
    }
}

/// Selects crates.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "crate", kind = list_resource)]
struct CrateFilters {
    /// The first number.
    #[attr(default = 0, check = number(..=1_000_000))]
    pub from: OrDefault<u64>,
    /// Whether the list contains whole crates.
    #[attr(default = true)]
    pub whole: OrDefault<bool>,
    /// What goes wrong.
    pub trouble: Option<String>,
}

/// Tells when the list is cancelled.
struct Guard<'a>(&'a Warehouse);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(sender) = self.0.cancelled.lock().unwrap().take() {
            let _ = sender.send(());
        }
    }
}

impl ListResource for Crate {
    type Filters = CrateFilters;
    type Resource = Self;

    async fn list(
        cx: &Cx<Arc<Warehouse>>,
        filters: CrateFilters,
        results: &mut Results<Self>,
    ) -> Result<(), Diag> {
        let warehouse = cx.client().await?;
        let _guard = Guard(warehouse);
        let trouble = filters.trouble.as_deref();
        let mut from = *filters.from;
        while from < warehouse.size {
            warehouse.pages.fetch_add(1, Ordering::Relaxed);
            let page = from..warehouse.size.min(from + PAGE);
            for id in page {
                match (trouble, id) {
                    (Some("warning"), 2) => cx.warn(Diag::warning("Crate 2 is damaged")),
                    (Some("error"), 5) => return Err(Diag::error("The forklift broke down")),
                    (Some("panic"), 5) => panic!("the forklift exploded"),
                    (Some("hang"), 5) => std::future::pending().await,
                    _ => {}
                }
                let remote = filters.whole.then_some(id);
                results
                    .push(Listed { key: CrateKey { id }, display_name: format!("crate {id}"), remote })
                    .await;
            }
            from += PAGE;
        }
        if trouble == Some("late warning") {
            cx.warn(Diag::warning("Some crates are lost"));
        }
        Ok(())
    }

    fn validate(filters: &Partial<CrateFilters>) -> Vec<Diag> {
        let odd = filters.get(CrateFilters::TROUBLE).known().is_some_and(|trouble| trouble == "odd");
        odd.then(|| Diag::error("No such trouble").at(CrateFilters::TROUBLE)).into_iter().collect()
    }
}

/// A warehouse.
#[derive(Clone, Debug, Model)]
#[model(name = "store", kind = provider)]
struct Config {
    /// Address.
    pub address: Option<String>,
}

struct Store(Arc<Warehouse>);

impl Provider for Store {
    type Config = Config;
    type Client = Arc<Warehouse>;

    fn register(types: Types<Arc<Warehouse>>) -> Types<Arc<Warehouse>> {
        types.resource::<Crate>().list_resource::<Crate>()
    }

    async fn configure(
        &self,
        config: &Partial<Config>,
        _: &Start,
    ) -> Result<Configured<Arc<Warehouse>>, Diag> {
        let unknown = config.unknown();
        if unknown.is_empty() {
            Ok(Configured::Ready(Arc::clone(&self.0)))
        } else {
            Ok(Configured::Unknown(unknown))
        }
    }
}

async fn store(size: u64) -> (Engine, Arc<Warehouse>) {
    let warehouse = Arc::new(Warehouse { size, ..Warehouse::default() });
    let engine = Engine::new(Store(Arc::clone(&warehouse)));
    assert_eq!(engine.problems(), []);
    assert_eq!(configure(&engine, Dyn::Null).await, []);
    (engine, warehouse)
}

async fn configure(engine: &Engine, address: Dyn) -> Vec<Diag> {
    let config = Dyn::map([("address", address)]);
    engine.configure(ConfigureRequest { host_version: "1.14.0".to_owned(), config }).await
}

fn filters(trouble: &str) -> Dyn {
    let trouble = if trouble.is_empty() { Dyn::Null } else { trouble.into() };
    Dyn::map([("from", Dyn::Null), ("whole", Dyn::Null), ("trouble", trouble)])
}

fn request(config: Dyn, include_resource: bool, limit: Option<u64>) -> ListRequest {
    ListRequest { type_name: "store_crate".to_owned(), config, include_resource, limit }
}

async fn validate(engine: &Engine, type_name: &str, config: Dyn) -> Vec<Diag> {
    let request = ValidateRequest { type_name: type_name.to_owned(), config, write_only_allowed: true };
    engine.validate(Kind::ListResource, request).await
}

async fn rest(mut list: List) -> Vec<ListEvent> {
    let mut events = Vec::new();
    while let Some(event) = list.next().await {
        events.push(event);
    }
    assert!(list.next().await.is_none(), "an ended list stays ended");
    events
}

fn names(events: &[ListEvent]) -> Vec<&str> {
    events.iter().map(|event| event.display_name.as_str()).filter(|name| !name.is_empty()).collect()
}

#[tokio::test]
async fn a_list_ends_at_the_limit_and_reads_no_page_after_it() {
    for (limit, expected, pages) in [
        (Some(1), 1, 1),
        (Some(100), 100, 1),
        (Some(250), 250, 3),
        (Some(20_000), 10_000, 100),
        (None, 10_000, 100),
    ] {
        let (engine, warehouse) = store(10_000).await;
        let events = rest(engine.list(request(filters(""), false, limit))).await;
        assert_eq!(events.len(), expected);
        tokio::task::yield_now().await;
        assert_eq!(warehouse.pages.load(Ordering::Relaxed), pages, "{limit:?}");
        assert_eq!(events[0].identity, Dyn::map([("id", 0.into())]));
        assert!(events.iter().all(|event| event.object.is_null()));
    }
}

#[tokio::test]
async fn a_page_is_read_only_when_the_host_is_ready_for_it() {
    let (engine, warehouse) = store(10_000).await;
    let mut list = engine.list(request(filters(""), true, None));
    for read in 1..=350_u64 {
        list.next().await.unwrap();
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        // One result waits in the channel, and another one to get in.
        assert!(warehouse.pages.load(Ordering::Relaxed) <= (read + 2).div_ceil(PAGE), "after {read} results");
    }
}

#[tokio::test]
async fn whole_objects_come_from_the_list_and_are_fetched_one_by_one_only_if_it_does_not_have_them() {
    for (whole, fetches) in [(true, 0), (false, 10)] {
        let (engine, warehouse) = store(10).await;
        let config = Dyn::map([("from", Dyn::Null), ("whole", whole.into()), ("trouble", Dyn::Null)]);
        let events = rest(engine.list(request(config.clone(), true, None))).await;
        assert_eq!(events[7].object, Dyn::map([("id", 7.into()), ("content", "content 7".into())]));
        assert_eq!(warehouse.fetches.swap(0, Ordering::Relaxed), fetches);
        rest(engine.list(request(config, false, None))).await;
        assert_eq!(warehouse.fetches.load(Ordering::Relaxed), 0, "an identity needs no object");
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_a_warning_and_one_that_is_gone_is_left_out() {
    let (engine, _) = store(700).await;
    let config = Dyn::map([("from", 12.into()), ("whole", false.into()), ("trouble", Dyn::Null)]);
    let events = rest(engine.list(request(config, true, Some(3)))).await;
    assert_eq!(names(&events), ["crate 12", "crate 13", "crate 15"]);
    assert!(events[1].object.is_null() && !events[2].object.is_null());
    assert_eq!(
        summaries(&events[1].diags),
        ["\"crate 13\" is listed without its attributes: Crate 13 is locked"]
    );
    assert!(!events[1].diags[0].is_error());

    let config = Dyn::map([("from", 666.into()), ("whole", Dyn::Null), ("trouble", Dyn::Null)]);
    let events = rest(engine.list(request(config, true, Some(2)))).await;
    assert_eq!(
        summaries(&events[0].diags),
        ["\"crate 666\" is listed without its attributes: Crate 666 cannot be described"]
    );
}

#[tokio::test]
async fn an_error_ends_a_list_after_its_earlier_results() {
    for (trouble, results, last) in
        [("error", 5, vec!["The forklift broke down"]), ("panic", 5, vec!["The list of store_crate crashed"])]
    {
        let (engine, _) = store(10).await;
        let events = rest(engine.list(request(filters(trouble), false, None))).await;
        assert_eq!(names(&events).len(), results, "{trouble}");
        assert_eq!(events.len(), results + 1);
        assert_eq!(summaries(&events[results].diags), last);
        assert!(events[results].identity.is_null());
    }
}

#[tokio::test]
async fn a_warning_arrives_with_a_result_or_at_the_end() {
    for (trouble, expected) in [("warning", "Crate 2 is damaged"), ("late warning", "Some crates are lost")] {
        let (engine, _) = store(10).await;
        let events = rest(engine.list(request(filters(trouble), false, None))).await;
        let told: Vec<&str> = events.iter().flat_map(|event| summaries(&event.diags)).collect();
        assert_eq!((names(&events).len(), told), (10, vec![expected]));
    }
}

#[tokio::test]
async fn a_list_is_cancelled_when_the_host_closes_it_or_the_user_stops() {
    for stops in [false, true] {
        let (engine, warehouse) = store(10).await;
        let (sender, cancelled) = oneshot::channel();
        *warehouse.cancelled.lock().unwrap() = Some(sender);
        let mut list = engine.list(request(filters("hang"), false, None));
        for _ in 0..5 {
            list.next().await.unwrap();
        }
        if stops {
            engine.stop();
            let events = rest(list).await;
            assert_eq!(summaries(&events[0].diags), ["The operation was interrupted"]);
        } else {
            drop(list);
        }
        tokio::time::timeout(Duration::from_secs(10), cancelled).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn filters_are_checked_before_anything_is_listed() {
    let (engine, warehouse) = store(10).await;
    let too_far = Dyn::map([("from", 2_000_000.into()), ("whole", Dyn::Null), ("trouble", Dyn::Null)]);
    for (config, place) in [(filters("odd"), "trouble"), (too_far.clone(), "from")] {
        let diags = validate(&engine, "store_crate", config).await;
        let places: Vec<String> = diags.iter().map(|diag| diag.path.as_ref().unwrap().to_string()).collect();
        assert_eq!(places, [place], "{diags:?}");
    }
    assert_eq!(validate(&engine, "store_crate", filters("")).await, []);
    assert_eq!(validate(&engine, "store_bag", filters("")).await.len(), 1);
    let events = rest(engine.list(request(too_far, false, None))).await;
    assert!(events.len() == 1 && events[0].diags[0].is_error(), "{events:?}");
    assert_eq!(warehouse.pages.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_list_fails_while_the_provider_is_not_configured_or_its_values_are_unknown() {
    let engine = Engine::new(Store(Arc::default()));
    let events = rest(engine.list(request(filters(""), false, None))).await;
    assert_eq!(summaries(&events[0].diags), ["The provider is not configured"]);
    configure(&engine, Dyn::Unknown).await;
    let events = rest(engine.list(request(filters(""), false, None))).await;
    assert!(events[0].diags[0].summary.contains("address"), "{events:?}");
}

/// A list of something that is not a resource, with a computed filter.
struct Wrong;

impl Provider for Wrong {
    type Config = Config;
    type Client = Arc<Warehouse>;

    fn register(types: Types<Arc<Warehouse>>) -> Types<Arc<Warehouse>> {
        types.list_resource::<WrongList>()
    }

    async fn configure(&self, _: &Partial<Config>, _: &Start) -> Result<Configured<Arc<Warehouse>>, Diag> {
        Ok(Configured::Ready(Arc::default()))
    }
}

struct WrongList;

/// Selects bags.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "bag", kind = list_resource)]
struct BagFilters {
    /// A color.
    pub color: OrServer<String>,
}

impl ListResource for WrongList {
    type Filters = BagFilters;
    type Resource = Crate;

    async fn list(_: &Cx<Arc<Warehouse>>, _: BagFilters, _: &mut Results<Crate>) -> Result<(), Diag> {
        Ok(())
    }
}

#[test]
fn a_list_without_its_resource_and_a_computed_filter_are_reported_with_the_schema() {
    let engine = Engine::new(Wrong);
    assert_eq!(engine.names(Kind::ListResource), ["store_bag"]);
    let problems = engine.problems();
    let told = summaries(&problems);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("there is no resource store_bag with an identity"), "{told:?}");
    assert!(told[1].contains("\"color\" is computed, but filters have no result"), "{told:?}");
}
