//! A provider with a map in memory. Certain item names make it misbehave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tfkit::engine::{ApplyRequest, ConfigureRequest, PlanRequest, PlanResponse, Stored};
use tfkit::plan::proposed_new;
use tfkit::timeouts::{Create, Delete, Timeouts};
use tfkit::{
    Computed, Configured, Current, Cx, DataSource, Diag, Dyn, Engine, IfSet, Kind, Model, Object, OrDefault,
    OrServer, Partial, Plan, Provider, Resource, Secret, Since, Start, Twin, Types, Upgrade,
};

/// An item on a shelf.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "item", rule = Rule::AtLeastOneOf(&["name", "note"]))]
pub(crate) struct Item {
    /// Shelf that the item lies on.
    #[attr(key = optional, replace)]
    pub shelf: OrServer<String>,
    /// Identifier of the item.
    #[attr(key, stable)]
    pub id: Computed<String>,
    /// Name of the item.
    #[attr(check = length(1..=30))]
    pub name: String,
    /// A note.
    #[attr(same = empty_is_null)]
    pub note: Option<String>,
    /// Labels of the item.
    pub labels: IfSet<BTreeSet<String>>,
    /// Size of the item.
    #[attr(default = 1)]
    pub size: OrDefault<u64>,
    /// Color of the item.
    pub colour: OrServer<String>,
    /// Where the item is shown.
    pub url: Computed<String>,
    /// Who sells the item, if anybody.
    pub seller: Computed<Option<String>>,
    /// Settings of the item.
    pub settings: Option<BTreeMap<String, Option<String>>>,
    /// Parts of the item.
    pub parts: Option<Vec<Part>>,
    /// Anything.
    pub extra: Option<Dyn>,
    /// A secret.
    pub token: Option<Secret<String>>,
    /// Code that opens the item.
    #[attr(twin, check = length(4..))]
    pub code: Twin<Secret<String>>,
    /// How long the operations may take.
    pub timeouts: Option<Timeouts<(Create, Delete)>>,
}

/// A part of an item.
#[derive(Clone, Debug, PartialEq, Object)]
pub(crate) struct Part {
    /// Name of the part.
    pub name: String,
    /// Serial number of the part.
    #[attr(stable)]
    pub serial: Computed<i64>,
}

/// What the shop stores.
#[derive(Debug, Default)]
pub(crate) struct Shop {
    pub items: Mutex<BTreeMap<String, Item>>,
    pub fetches: AtomicU64,
    /// Timeout of each operation when it started.
    pub allowed: Mutex<Vec<Duration>>,
    pub deleted_private: Mutex<Option<serde_json::Value>>,
    /// The code that each creation and each update sent, if it sent one.
    pub codes: Mutex<Vec<Option<String>>>,
}

impl Shop {
    fn sent(&self, code: Option<&Secret<String>>) {
        self.codes.lock().unwrap().push(code.map(|code| code.expose().clone()));
    }
}

impl Item {
    /// Returns the stored item, with the values that the server adds.
    fn stored(plan: Self, id: &str) -> Self {
        let parts = plan.parts.map(|parts| {
            let numbered = parts.into_iter().zip(1..);
            numbered.map(|(part, serial)| Part { serial: part.serial.or(|| serial), ..part }).collect()
        });
        Self {
            shelf: plan.shelf.or(|| "front".to_owned()),
            id: Computed::known(id.to_owned()),
            colour: plan.colour.or(|| "grey".to_owned()),
            url: Computed::known(format!("https://shop.invalid/{}", plan.name)),
            seller: Computed::known(None),
            parts,
            ..plan
        }
    }
}

impl Resource for Item {
    type Model = Self;
    type Client = Arc<Shop>;
    type Remote = Self;
    const VERSION: i64 = 2;
    const UPGRADES: &'static [Upgrade] = &[
        Upgrade { from: 0, run: |state| Ok(renamed(state, "titel", "title")) },
        Upgrade { from: 1, run: |state| Ok(renamed(state, "title", "name")) },
    ];

    fn inherit(mut state: Dyn) -> Dyn {
        if state.attribute("name").as_str() == Some("relic") {
            state.set_at(&Self::NOTE.path(), "inherited".into());
        }
        state
    }

    async fn fetch(cx: &Cx<Arc<Shop>>, key: &ItemKey) -> Result<Option<Self>, Diag> {
        let shop = cx.client().await?;
        shop.fetches.fetch_add(1, Ordering::Relaxed);
        match key.id.as_str() {
            "forbidden" => Err(Diag::error("Item \"forbidden\" cannot be read")),
            "panic" => panic!("the fetch panics"),
            id => Ok(shop.items.lock().unwrap().get(id).cloned()),
        }
    }

    fn observe(remote: &Self, since: Since<'_, Self>) -> Result<Self, Diag> {
        let mut item = remote.clone();
        if item.name == "wandering" {
            item.id = Computed::known("elsewhere".to_owned());
        }
        if item.name == "vague" {
            item.url = Computed::unknown();
        }
        // The server does not return secrets and timeouts.
        item.token = since.model().and_then(|model| model.token.clone());
        item.code = since.model().map(|model| model.code.clone()).unwrap_or_default();
        item.timeouts = since.model().and_then(|model| model.timeouts.clone());
        Ok(item)
    }

    async fn create(cx: &Cx<Arc<Shop>>, plan: Self) -> Result<Self, Diag> {
        let shop = cx.client().await?;
        shop.allowed.lock().unwrap().push(cx.remaining());
        shop.sent(plan.code.value());
        let name = plan.name.clone();
        if name == "refused" {
            return Err(Diag::error("The shop rejects the item"));
        }
        let made = Self::stored(plan.clone(), &format!("id-{name}"));
        shop.items.lock().unwrap().insert(format!("id-{name}"), made.clone());
        cx.save(&Self { id: made.id.clone(), ..plan.clone() });
        cx.set_private("etag", json!(1))?;
        match name.as_str() {
            "panic" => panic!("the creation panics"),
            "fail" => Err(Diag::error("The shop fails").at(Self::NAME)),
            "broken" => {
                cx.save_broken(&made);
                Err(Diag::error("The shop has dropped the item"))
            }
            "slow" => {
                cx.sleep(Duration::from_hours(1)).await?;
                Ok(made)
            }
            "liar" => Ok(Self { name: "honest".to_owned(), ..made }),
            "leaky" => Ok(Self { token: Some("another".to_owned().into()), ..made }),
            "vague" => Ok(Self { url: Computed::unknown(), ..made }),
            _ => Ok(made),
        }
    }

    async fn update(cx: &Cx<Arc<Shop>>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let shop = cx.client().await?;
        let id = prior.id.get()?.clone();
        shop.sent(plan.code.changed(&prior.code));
        let changed = Self::stored(plan, &id);
        match changed.name.as_str() {
            "fail" => return Err(Diag::error("The shop fails")),
            "fail half-way" => {
                cx.save(&Self { name: "half-way".to_owned(), ..changed });
                return Err(Diag::error("The shop fails half-way"));
            }
            "moved" => return Ok(Self { id: Computed::known("elsewhere".to_owned()), ..changed }),
            _ => {}
        }
        let etag = cx.private("etag").and_then(|etag| etag.as_u64()).unwrap_or_default();
        cx.set_private("etag", json!(etag + 1))?;
        shop.items.lock().unwrap().insert(id, changed.clone());
        Ok(changed)
    }

    async fn delete(cx: &Cx<Arc<Shop>>, prior: Self) -> Result<(), Diag> {
        let shop = cx.client().await?;
        if prior.name == "glued" {
            return Err(Diag::error("The item cannot be deleted"));
        }
        *shop.deleted_private.lock().unwrap() = cx.private("farewell");
        shop.items.lock().unwrap().remove(prior.id.get()?);
        Ok(())
    }

    async fn plan(cx: &Cx<Arc<Shop>>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if plan.is_delete() {
            cx.set_private("farewell", json!("planned"))?;
            plan.warn(Diag::warning("The item will be deleted permanently"));
            return Ok(());
        }
        if plan.get(Self::NAME).known().is_some_and(|name| name == "replacing") {
            plan.requires_replace(Self::NAME);
        }
        if plan.get(Self::NAME).known().is_some_and(|name| name == "wrong hook") {
            plan.set(Self::NAME, &"other".to_owned());
        }
        if plan.get(Self::NAME).known().is_some_and(|name| name == "curious") {
            let items = cx.client().await?.items.lock().unwrap().len();
            plan.warn(Diag::warning(format!("There are {items} items")));
        }
        // The color depends on the size, so it can be promised.
        if plan.config().get(Self::COLOUR).is_null() && plan.get(Self::SIZE).known() == Some(7) {
            plan.set(Self::COLOUR, &"red".to_owned());
        }
        Ok(())
    }
}

fn renamed(state: Dyn, from: &str, to: &str) -> Dyn {
    let Dyn::Map(mut attributes) = state else { return state };
    if let Some(value) = attributes.remove(from) {
        attributes.insert(to.to_owned(), value);
    }
    Dyn::Map(attributes)
}

/// Looks an item up.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "item", kind = data_source, rule = Rule::ExactlyOneOf(&["id", "name"]))]
pub(crate) struct ItemData {
    /// Identifier of the item.
    pub id: OrServer<String>,
    /// Name of the item.
    pub name: OrServer<String>,
    /// Where the item is shown.
    pub url: Computed<String>,
}

impl DataSource for ItemData {
    type Model = Self;
    type Client = Arc<Shop>;

    async fn read(cx: &Cx<Arc<Shop>>, config: Self) -> Result<Self, Diag> {
        let items = cx.client().await?.items.lock().unwrap().clone();
        let wanted = |item: &&Item| {
            config.id.as_ref().is_none_or(|id| item.id.as_ref() == Some(id))
                && config.name.as_ref().is_none_or(|name| item.name == *name)
        };
        let Some(item) = items.values().find(wanted) else {
            return Err(Diag::error("No such item exists"));
        };
        let url = if item.name == "vague" { Computed::unknown() } else { item.url.clone() };
        Ok(Self { id: item.id.get()?.clone().into(), name: item.name.clone().into(), url })
    }
}

/// A shop in memory.
#[derive(Clone, Debug, Model)]
#[model(name = "shop", kind = provider)]
pub(crate) struct Config {
    /// Address of the shop.
    pub address: Option<String>,
    /// Number of attempts of a request.
    #[attr(default = 3)]
    pub attempts: OrDefault<u64>,
}

/// The provider; its shop is shared with the test.
pub(crate) struct ShopProvider(pub(crate) Arc<Shop>);

impl Provider for ShopProvider {
    type Config = Config;
    type Client = Arc<Shop>;

    fn register(types: Types<Arc<Shop>>) -> Types<Arc<Shop>> {
        types.resource::<Item>().data_source::<ItemData>()
    }

    async fn configure(
        &self,
        config: &Partial<Config>,
        start: &Start,
    ) -> Result<Configured<Arc<Shop>>, Diag> {
        if config.get(Config::ADDRESS).is_unknown() {
            return Ok(Configured::Unknown(config.unknown()));
        }
        let config = config.model()?;
        match config.address.as_deref() {
            Some("panic") => panic!("the configuration panics"),
            Some("closed") => Err(Diag::error("The shop is closed").at(Config::ADDRESS)),
            Some("old") => {
                start.warn(Diag::warning(format!("The shop is old, {} attempts", *config.attempts)));
                Ok(Configured::Ready(Arc::clone(&self.0)))
            }
            _ => Ok(Configured::Ready(Arc::clone(&self.0))),
        }
    }

    fn validate(config: &Partial<Config>) -> Vec<Diag> {
        let empty = config.get(Config::ADDRESS).known().is_some_and(|address| address.is_empty());
        empty.then(|| Diag::error("The address is empty").at(Config::ADDRESS)).into_iter().collect()
    }
}

/// A configured engine and the shop behind it.
pub(crate) struct Bench {
    pub engine: Engine,
    pub shop: Arc<Shop>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let bench = Self::unconfigured();
        let diags = bench.configure(Dyn::Null).await;
        assert_eq!(diags, []);
        bench
    }

    pub(crate) fn unconfigured() -> Self {
        let shop = Arc::new(Shop::default());
        Self { engine: Engine::new(ShopProvider(Arc::clone(&shop))), shop }
    }

    pub(crate) async fn configure(&self, address: Dyn) -> Vec<Diag> {
        let config = Dyn::map([("address", address), ("attempts", Dyn::Null)]);
        self.engine.configure(ConfigureRequest { host_version: "1.14.0".to_owned(), config }).await
    }

    /// Plans as the host does.
    pub(crate) async fn plan(&self, prior: &Dyn, config: &Dyn) -> PlanResponse {
        self.plan_with(prior, config, Vec::new(), Dyn::Null).await
    }

    pub(crate) async fn plan_with(
        &self,
        prior: &Dyn,
        config: &Dyn,
        private: Vec<u8>,
        identity: Dyn,
    ) -> PlanResponse {
        let schema = self.engine.schema(Kind::Resource, "shop_item").unwrap();
        let proposed = proposed_new(&schema.attributes, prior, config);
        let request = PlanRequest {
            type_name: "shop_item".to_owned(),
            prior: prior.clone(),
            proposed,
            config: config.clone(),
            private,
            identity,
        };
        self.engine.plan(request).await
    }

    /// Plans and applies as the host does. The plan must have no errors.
    pub(crate) async fn apply(&self, prior: &Stored, config: &Dyn) -> Stored {
        let plan = self.plan_with(&prior.state, config, prior.private.clone(), prior.identity.clone()).await;
        assert!(!plan.diags.iter().any(Diag::is_error), "{:?}", plan.diags);
        self.apply_plan(prior, config, plan).await
    }

    pub(crate) async fn apply_plan(&self, prior: &Stored, config: &Dyn, plan: PlanResponse) -> Stored {
        let request = ApplyRequest {
            type_name: "shop_item".to_owned(),
            prior: prior.state.clone(),
            planned: plan.planned,
            config: config.clone(),
            private: plan.private,
            identity: plan.identity,
        };
        self.engine.apply(request).await
    }

    /// Creates an item.
    pub(crate) async fn create(&self, config: &Dyn) -> Stored {
        self.apply(&nothing(), config).await
    }
}

/// Returns what the host has stored before a creation.
pub(crate) fn nothing() -> Stored {
    Stored { state: Dyn::Null, private: Vec::new(), identity: Dyn::Null, diags: Vec::new() }
}

/// Returns the configuration of an item: every attribute, null if it is not set.
pub(crate) fn config<const N: usize>(given: [(&str, Dyn); N]) -> Dyn {
    let names = [
        "shelf",
        "id",
        "name",
        "note",
        "labels",
        "size",
        "colour",
        "url",
        "seller",
        "settings",
        "parts",
        "extra",
        "token",
        "code",
        "code_wo",
        "code_wo_version",
        "timeouts",
    ];
    let mut object: BTreeMap<String, Dyn> = names.map(|name| (name.to_owned(), Dyn::Null)).into();
    for (name, value) in given {
        assert!(object.insert(name.to_owned(), value).is_some(), "{name} is not an attribute");
    }
    Dyn::Map(object)
}

/// The configuration of an item with a name.
pub(crate) fn named(name: &str) -> Dyn {
    config([("name", name.into())])
}

/// The summaries of messages.
pub(crate) fn summaries(diags: &[Diag]) -> Vec<&str> {
    diags.iter().map(|diag| diag.summary.as_str()).collect()
}
