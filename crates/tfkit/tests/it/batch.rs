//! Reads of many objects: their cost and their completeness.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tfkit::engine::{ApplyRequest, ConfigureRequest, ReadRequest, Stored};
use tfkit::{
    Computed, Configured, Current, Cx, Diag, Dyn, Engine, Model, Page, Partial, Provider, Resource, Since,
    Start, Types,
};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::shop::summaries;

/// Number of concurrent calls of a host.
const PARALLEL: usize = 10;

/// A parcel in a depot.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "parcel")]
struct Parcel {
    /// Depot that the parcel lies in.
    #[attr(key)]
    depot: String,
    /// Number of the parcel.
    #[attr(key, stable)]
    id: Computed<u64>,
    /// What is in it.
    content: String,
}

/// The depots with their parcels, and the requests to them.
#[derive(Default)]
struct Depots {
    parcels: Mutex<BTreeMap<(String, u64), String>>,
    /// Parcels that lists omit.
    unlisted: Mutex<Vec<u64>>,
    fetches: AtomicU64,
    pages: AtomicU64,
    listed: AtomicU64,
    /// Lists in progress.
    listing: AtomicU64,
    /// Whether two lists were in progress at the same time.
    overlapped: AtomicBool,
    /// Each list waits for a permit.
    gate: Option<Semaphore>,
    /// How a list fails, if it does.
    mishap: Option<fn() -> Diag>,
}

impl Resource for Parcel {
    type Model = Self;
    type Client = Arc<Depots>;
    type Remote = String;

    async fn fetch(cx: &Cx<Arc<Depots>>, key: &ParcelKey) -> Result<Option<String>, Diag> {
        let depots = cx.client().await?;
        depots.fetches.fetch_add(1, Ordering::Relaxed);
        Ok(depots.parcels.lock().unwrap().get(&(key.depot.clone(), key.id)).cloned())
    }

    fn observe(remote: &String, since: Since<'_, Self>) -> Result<Self, Diag> {
        let (depot, id) = match since {
            Since::Import(key) => (key.depot.clone(), key.id),
            Since::State(model) | Since::Answer(model) => (model.depot.clone(), *model.id.get()?),
        };
        Ok(Self { depot, id: Computed::known(id), content: remote.clone() })
    }

    fn scope(_: &Cx<Arc<Depots>>, key: &ParcelKey) -> Option<String> {
        Some(key.depot.clone())
    }

    async fn page(
        cx: &Cx<Arc<Depots>>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<ParcelKey, String>, Diag> {
        let depots = cx.client().await?;
        depots.pages.fetch_add(1, Ordering::Relaxed);
        if depots.listing.fetch_add(1, Ordering::SeqCst) > 0 {
            depots.overlapped.store(true, Ordering::SeqCst);
        }
        if let Some(gate) = &depots.gate {
            gate.acquire().await.unwrap().forget();
        }
        depots.listing.fetch_sub(1, Ordering::SeqCst);
        if let Some(mishap) = depots.mishap {
            return Err(mishap());
        }
        let from = from.unwrap_or(0);
        let size = from.clamp(100, 400);
        let parcels = depots.parcels.lock().unwrap();
        let here: Vec<_> = parcels.iter().filter(|((depot, _), _)| depot == scope).collect();
        let unlisted = depots.unlisted.lock().unwrap();
        let rows = here.iter().skip(usize::try_from(from).unwrap()).take(usize::try_from(size).unwrap());
        let items: Vec<_> = rows
            .filter(|((_, id), _)| !unlisted.contains(id))
            .map(|((depot, id), content)| (ParcelKey { depot: depot.clone(), id: *id }, (*content).clone()))
            .collect();
        depots.listed.fetch_add(items.len() as u64, Ordering::Relaxed);
        let next = (from + size < here.len() as u64).then_some(from + size);
        Ok(Page { items, next })
    }

    async fn create(_: &Cx<Arc<Depots>>, _: Self) -> Result<Self, Diag> {
        Err(Diag::error("The depots are full"))
    }

    async fn update(_: &Cx<Arc<Depots>>, _: Current<Self>, plan: Self) -> Result<Self, Diag> {
        Ok(plan)
    }

    async fn delete(_: &Cx<Arc<Depots>>, _: Self) -> Result<(), Diag> {
        panic!("the deletion panics")
    }
}

/// Depots.
#[derive(Clone, Debug, Model)]
#[model(name = "depots", kind = provider)]
struct Config {}

struct DepotsProvider(Arc<Depots>);

impl Provider for DepotsProvider {
    type Config = Config;
    type Client = Arc<Depots>;

    fn register(types: Types<Arc<Depots>>) -> Types<Arc<Depots>> {
        types.resource::<Parcel>()
    }

    async fn configure(&self, _: &Partial<Config>, _: &Start) -> Result<Configured<Arc<Depots>>, Diag> {
        Ok(Configured::Ready(Arc::clone(&self.0)))
    }
}

struct Bench {
    engine: Engine,
    depots: Arc<Depots>,
}

impl Bench {
    /// Depots `a` and `b` with parcels 0, 1, ...
    async fn new(parcels: u64, depots: Depots) -> Self {
        for id in 0..parcels {
            for depot in ["a", "b"] {
                let content = format!("{depot}{id}");
                depots.parcels.lock().unwrap().insert((depot.to_owned(), id), content);
            }
        }
        let depots = Arc::new(depots);
        let bench = Self { engine: Engine::new(DepotsProvider(Arc::clone(&depots))), depots };
        bench.configure().await;
        bench
    }

    async fn configure(&self) {
        let config = Dyn::map::<String>([]);
        let request = ConfigureRequest { host_version: "1.14.0".to_owned(), config };
        assert_eq!(self.engine.configure(request).await, []);
    }

    /// Reads parcels as a host does. The results are in the order of the ids.
    async fn read(&self, depot: &str, ids: impl IntoIterator<Item = u64>) -> Vec<Stored> {
        let permits = Arc::new(Semaphore::new(PARALLEL));
        let mut reads = JoinSet::new();
        for (index, id) in ids.into_iter().enumerate() {
            let (engine, permits) = (self.engine.clone(), Arc::clone(&permits));
            let state = state(depot, id, "old");
            reads.spawn(async move {
                let _permit = permits.acquire().await.unwrap();
                let type_name = "depots_parcel".to_owned();
                let request = ReadRequest { type_name, state, private: Vec::new(), identity: Dyn::Null };
                (index, engine.read(request).await)
            });
        }
        let mut answers = reads.join_all().await;
        answers.sort_by_key(|(index, _)| *index);
        answers.into_iter().map(|(_, stored)| stored).collect()
    }

    /// Returns the contents of parcels after a read, without those that no longer exist.
    async fn contents(&self, depot: &str, ids: impl IntoIterator<Item = u64>) -> Vec<Option<String>> {
        let content = |stored: Stored| {
            assert_eq!(stored.diags, []);
            stored.state.attribute("content").as_str().map(str::to_owned)
        };
        self.read(depot, ids).await.into_iter().map(content).collect()
    }

    fn change(&self, depot: &str, id: u64, content: &str) {
        self.depots.parcels.lock().unwrap().insert((depot.to_owned(), id), content.to_owned());
    }

    async fn apply(&self, prior: Dyn, planned: Dyn) -> Vec<Diag> {
        let request = ApplyRequest {
            type_name: "depots_parcel".to_owned(),
            prior,
            config: planned.clone(),
            planned,
            private: Vec::new(),
            identity: Dyn::Null,
        };
        self.engine.apply(request).await.diags
    }

    fn fetches(&self) -> u64 {
        self.depots.fetches.load(Ordering::Relaxed)
    }

    fn pages(&self) -> u64 {
        self.depots.pages.load(Ordering::Relaxed)
    }
}

fn state(depot: &str, id: u64, content: &str) -> Dyn {
    Dyn::map([("depot", depot.into()), ("id", Dyn::Number(id.into())), ("content", content.into())])
}

/// Numbers in an order that is unrelated to that of a list.
fn shuffled(count: u64, below: u64) -> Vec<u64> {
    (0..count).map(|index| index * 7919 % below).collect()
}

#[tokio::test]
async fn reads_cost_few_requests_and_a_list_stays_in_proportion_to_them() {
    // Parcels in the depot, reads, maximum of requests, maximum of listed parcels.
    let cases = [
        (1, 1, 1, 0),
        (2, 2, 2, 2),
        (1000, 1, 1, 0),
        (100, 100, 2, 100),
        (1000, 1000, 12, 1000),
        (5000, 5000, 80, 5000),
        (50_000, 3, 6, 400),
        (50_000, 100, 115, 4500),
        (50_000, 1000, 1000, 27_000),
    ];
    for (parcels, reads, most_requests, most_listed) in cases {
        let bench = Bench::new(parcels, Depots::default()).await;
        let ids = shuffled(reads, parcels);
        let expected: Vec<_> = ids.iter().map(|id| Some(format!("a{id}"))).collect();
        assert_eq!(bench.contents("a", ids).await, expected);
        let requests = bench.fetches() + bench.pages();
        let listed = bench.depots.listed.load(Ordering::Relaxed);
        let told = format!("{reads} of {parcels}: {requests} requests, {listed} listed");
        assert!(requests <= most_requests && listed <= most_listed, "{told}");
        assert!(!bench.depots.overlapped.load(Ordering::SeqCst), "{told}");
    }
}

#[tokio::test]
async fn an_object_that_a_list_omits_is_fetched_by_itself_before_it_counts_as_deleted() {
    let bench = Bench::new(20, Depots::default()).await;
    bench.depots.unlisted.lock().unwrap().extend([5, 6]);
    bench.depots.parcels.lock().unwrap().remove(&("a".to_owned(), 7));
    let contents = bench.contents("a", 0..20).await;
    let expected: Vec<_> = (0..20).map(|id| (id != 7).then(|| format!("a{id}"))).collect();
    assert_eq!(contents, expected);
    assert_eq!(
        (bench.fetches(), bench.pages()),
        (4, 1),
        "the first, two that are not listed, one that was deleted"
    );
}

#[tokio::test]
async fn objects_are_still_read_when_a_list_fails_or_panics() {
    let depots = Depots { mishap: Some(|| Diag::error("Lists are forbidden")), ..Depots::default() };
    let bench = Bench::new(20, depots).await;
    let expected: Vec<_> = (0..20).map(|id| Some(format!("a{id}"))).collect();
    assert_eq!(bench.contents("a", 0..20).await, expected);
    assert_eq!((bench.fetches(), bench.pages()), (20, 1), "the list is requested once");

    // A panic is a bug. The object whose read hit it reports it; no other object is affected.
    let depots = Depots { mishap: Some(|| panic!("the list panics")), ..Depots::default() };
    let bench = Bench::new(3, depots).await;
    let read = bench.read("a", [0]).await.remove(0);
    assert_eq!(summaries(&read.diags), Vec::<&str>::new());
    let read = bench.read("a", [1]).await.remove(0);
    assert_eq!(summaries(&read.diags), ["The read of depots_parcel crashed"]);
    assert_eq!(read.state, state("a", 1, "old"));
    let again = bench.read("a", [1]).await.remove(0);
    assert_eq!(summaries(&again.diags), ["The read of depots_parcel crashed"]);
}

#[tokio::test]
async fn reads_that_arrive_together_share_one_list() {
    let depots = Depots { gate: Some(Semaphore::new(0)), ..Depots::default() };
    let bench = Bench::new(10, depots).await;
    let open = async {
        // The list is in progress, so all other reads have arrived.
        while bench.pages() == 0 {
            tokio::task::yield_now().await;
        }
        bench.depots.gate.as_ref().unwrap().add_permits(1);
    };
    let (contents, ()) = tokio::join!(bench.contents("a", 0..10), open);
    assert_eq!(contents, (0..10).map(|id| Some(format!("a{id}"))).collect::<Vec<_>>());
    assert_eq!((bench.fetches(), bench.pages()), (1, 1));
}

#[tokio::test]
async fn reads_that_wait_for_a_list_end_when_the_user_stops() {
    let depots = Depots { gate: Some(Semaphore::new(0)), ..Depots::default() };
    let bench = Bench::new(10, depots).await;
    let stop = async {
        while bench.pages() == 0 {
            tokio::task::yield_now().await;
        }
        bench.engine.stop();
    };
    let (stored, ()) = tokio::join!(bench.read("a", 0..10), stop);
    let stopped = stored.iter().filter(|stored| {
        summaries(&stored.diags) == ["The operation was interrupted"]
            && stored.state.attribute("content") == &Dyn::string("old")
    });
    assert!(stopped.count() >= 9, "all but the first wait for the list");
}

#[tokio::test]
async fn a_second_read_of_an_object_returns_fresh_data() {
    let bench = Bench::new(10, Depots::default()).await;
    bench.contents("a", 0..10).await;
    bench.change("a", 0, "new");
    bench.change("a", 9, "newer");
    assert_eq!(bench.contents("a", [0, 9]).await, [Some("new".to_owned()), Some("newer".to_owned())]);
}

#[tokio::test]
async fn a_write_and_a_new_configuration_drop_listed_objects() {
    let state = |content: &str| state("b", 3, content);
    let events: [(&str, Dyn, Dyn, &[&str]); 4] = [
        ("update", state("old"), state("new"), &[]),
        ("failed creation", Dyn::Null, state("new"), &["The depots are full"]),
        ("deletion that panics", state("old"), Dyn::Null, &["The delete of depots_parcel crashed"]),
        ("configuration", Dyn::Null, Dyn::Null, &[]),
    ];
    for (event, prior, planned, expected) in events {
        let bench = Bench::new(10, Depots::default()).await;
        bench.contents("a", [0, 1]).await;
        assert_eq!(bench.contents("a", [2]).await, [Some("a2".to_owned())]);
        assert_eq!((bench.fetches(), bench.pages()), (1, 1), "{event}: parcel 2 was in the list");
        bench.change("a", 3, "new");
        if event == "configuration" {
            bench.configure().await;
        } else {
            assert_eq!(summaries(&bench.apply(prior, planned).await), expected, "{event}");
        }
        assert_eq!(bench.contents("a", [3]).await, [Some("new".to_owned())], "{event}");
    }
}

#[tokio::test]
async fn each_scope_has_its_own_list() {
    let bench = Bench::new(10, Depots::default()).await;
    for depot in ["a", "b"] {
        let expected: Vec<_> = (0..10).map(|id| Some(format!("{depot}{id}"))).collect();
        assert_eq!(bench.contents(depot, 0..10).await, expected);
    }
    assert_eq!((bench.fetches(), bench.pages()), (2, 2));
}
