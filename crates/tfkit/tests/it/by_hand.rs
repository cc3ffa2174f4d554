//! A model without the derive macro, and a resource that uses uncommon features: a custom import, a mutable identity,
//! a check of its whole configuration, a shared lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tfkit::engine::{
    ApplyRequest, ConfigureRequest, IdentityAttribute, ImportBy, ImportRequest, ValidateRequest,
};
use tfkit::field::{Field, Misfit};
use tfkit::model::{Fields, Key, Misfits, Model, Object, Parts, Token};
use tfkit::{
    Attribute, Configured, Current, Cx, Diag, Dyn, Engine, ImportId, Imported, Kind, Maybe, Partial,
    Provider, Resource, Since, Start, Types,
};

/// A seat in a row, written by hand.
#[derive(Clone, Debug, PartialEq)]
struct Seat {
    row: String,
    number: u64,
}

impl Seat {
    const ROW: Token<Self, String> = Token::new("row");
    const NUMBER: Token<Self, u64> = Token::new("number");
}

impl Object for Seat {
    fn attributes() -> Vec<Attribute> {
        vec![
            Attribute::field::<String>("row", "Row of the seat."),
            Attribute::field::<u64>("number", "Number of the seat."),
        ]
    }

    fn from_object(object: &Dyn) -> Result<Self, Misfit> {
        let fields = Fields::of(object)?;
        Ok(Self { row: fields.get("row")?, number: fields.get("number")? })
    }

    fn to_object(&self) -> Dyn {
        Fields::new().with("row", &self.row).with("number", &self.number).into_object()
    }

    fn misfits(object: &Dyn) -> Vec<Misfit> {
        Misfits::of(object).check::<String>("row").check::<u64>("number").finish()
    }
}

impl Model for Seat {
    type Key = SeatKey;

    fn type_name() -> &'static str {
        "seat"
    }

    fn description() -> &'static str {
        "A seat in a row."
    }
}

#[derive(Clone, Debug, PartialEq)]
struct SeatKey {
    row: String,
    number: u64,
}

impl Key for SeatKey {
    fn attributes() -> Vec<IdentityAttribute> {
        let one = |name, ty, description: &str| IdentityAttribute {
            name,
            ty,
            description: description.to_owned(),
            required: true,
        };
        vec![one("row", tfkit::Type::String, "Row."), one("number", tfkit::Type::Number, "Number.")]
    }

    fn from_object(object: &Dyn) -> Result<Self, Misfit> {
        let Seat { row, number } = Seat::from_object(object)?;
        Ok(Self { row, number })
    }

    fn to_object(&self) -> Dyn {
        Fields::new().with("row", &self.row).with("number", &self.number).into_object()
    }

    fn from_parts(parts: &[Option<&str>]) -> Result<Self, Misfit> {
        let parts = Parts::new(parts);
        Ok(Self { row: parts.get(0, "row")?, number: parts.get(1, "number")? })
    }
}

/// Counts the concurrent holders of the lock.
#[derive(Default)]
struct House {
    inside: AtomicU32,
    most: AtomicU32,
}

impl Resource for Seat {
    type Model = Self;
    type Client = Arc<House>;
    type Remote = SeatKey;
    const IDENTITY_MUTABLE: bool = true;

    async fn fetch(_: &Cx<Arc<House>>, key: &SeatKey) -> Result<Option<SeatKey>, Diag> {
        Ok((key.number < 100).then(|| key.clone()))
    }

    fn observe(remote: &SeatKey, _: Since<'_, Self>) -> Result<Self, Diag> {
        Ok(Self { row: remote.row.clone(), number: remote.number })
    }

    async fn create(cx: &Cx<Arc<House>>, plan: Self) -> Result<Self, Diag> {
        let house = cx.client().await?;
        let _row = cx.lock(format!("row {}", plan.row)).await;
        let inside = house.inside.fetch_add(1, Ordering::SeqCst) + 1;
        house.most.fetch_max(inside, Ordering::SeqCst);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        house.inside.fetch_sub(1, Ordering::SeqCst);
        Ok(plan)
    }

    async fn update(_: &Cx<Arc<House>>, _: Current<Self>, plan: Self) -> Result<Self, Diag> {
        Ok(plan)
    }

    async fn delete(_: &Cx<Arc<House>>, _: Self) -> Result<(), Diag> {
        Ok(())
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        match (config.get(Self::ROW), config.get(Self::NUMBER)) {
            (Maybe::Known(row), Maybe::Known(13)) => {
                vec![Diag::error(format!("Row {row:?} has no seat 13")).at(Self::NUMBER)]
            }
            _ => Vec::new(),
        }
    }

    async fn import(_: &Cx<Arc<House>>, id: ImportId<'_, SeatKey>) -> Result<Imported<Self>, Diag> {
        match id {
            // As it is printed on tickets.
            ImportId::Text(text) if text.contains('-') => {
                let (row, number) = text.split_once('-').unwrap_or_default();
                let key = SeatKey::from_parts(&[Some(row), Some(number)])?;
                Ok(Imported::Model(Box::new(Self { row: key.row, number: key.number })))
            }
            other => other.key().map(Imported::Key),
        }
    }
}

/// The provider block, by hand as well.
#[derive(Clone)]
struct Nothing;

impl Object for Nothing {
    fn attributes() -> Vec<Attribute> {
        Vec::new()
    }

    fn from_object(_: &Dyn) -> Result<Self, Misfit> {
        Ok(Self)
    }

    fn to_object(&self) -> Dyn {
        Fields::new().into_object()
    }

    fn misfits(_: &Dyn) -> Vec<Misfit> {
        Vec::new()
    }
}

impl Model for Nothing {
    type Key = ();

    fn type_name() -> &'static str {
        "house"
    }

    fn description() -> &'static str {
        "A house."
    }
}

struct HouseProvider(Arc<House>);

impl Provider for HouseProvider {
    type Config = Nothing;
    type Client = Arc<House>;

    fn register(types: Types<Arc<House>>) -> Types<Arc<House>> {
        types.resource::<Seat>()
    }

    async fn configure(&self, _: &Partial<Nothing>, _: &Start) -> Result<Configured<Arc<House>>, Diag> {
        Ok(Configured::Ready(Arc::clone(&self.0)))
    }
}

async fn engine() -> (Engine, Arc<House>) {
    let house = Arc::new(House::default());
    let engine = Engine::new(HouseProvider(Arc::clone(&house)));
    let config = Nothing.to_object();
    assert_eq!(engine.configure(ConfigureRequest { host_version: String::new(), config }).await, []);
    (engine, house)
}

fn seat(row: &str, number: u64) -> Dyn {
    Dyn::map([("row", row.into()), ("number", number.to_dyn())])
}

fn apply(prior: Dyn, planned: Dyn, identity: Dyn) -> ApplyRequest {
    let config = planned.clone();
    ApplyRequest { type_name: "house_seat".to_owned(), prior, planned, config, private: Vec::new(), identity }
}

#[tokio::test]
async fn a_model_written_by_hand_works_like_a_derived_one() {
    let (engine, _) = engine().await;
    assert_eq!(engine.problems(), []);
    let made = engine.apply(apply(Dyn::Null, seat("a", 1), Dyn::Null)).await;
    assert_eq!((made.state, made.identity, made.diags), (seat("a", 1), seat("a", 1), vec![]));
}

#[tokio::test]
async fn a_mutable_identity_may_change() {
    let (engine, _) = engine().await;
    let moved = engine.apply(apply(seat("a", 1), seat("b", 2), seat("a", 1))).await;
    assert_eq!((moved.state, moved.identity, moved.diags), (seat("b", 2), seat("b", 2), vec![]));
}

#[tokio::test]
async fn an_import_can_support_other_formats() {
    let (engine, _) = engine().await;
    let cases: &[(&str, Result<Dyn, &str>)] = &[
        ("a/1", Ok(seat("a", 1))),
        ("a-1", Ok(seat("a", 1))),
        ("a/one", Err("Invalid import id \"a/one\"")),
        ("a", Err("Invalid import id \"a\"")),
        ("a-one", Err("Attribute \"number\" must be a number")),
        ("a/100", Err("No house_seat found with id \"a/100\"")),
    ];
    for (id, expected) in cases {
        let by = ImportBy::Id((*id).to_owned());
        let imported = engine.import(ImportRequest { type_name: "house_seat".to_owned(), by }).await;
        match expected {
            Ok(seat) => assert_eq!((&imported.state, &imported.diags), (seat, &vec![]), "{id}"),
            Err(summary) => assert_eq!(imported.diags[0].summary, *summary, "{id}"),
        }
    }
}

#[tokio::test]
async fn a_whole_configuration_is_checked_once_it_is_known() {
    let (engine, _) = engine().await;
    let unknown_row = Dyn::map([("row", Dyn::Unknown), ("number", 13_u64.to_dyn())]);
    let cases = [(seat("a", 12), 0), (seat("a", 13), 1), (unknown_row, 0)];
    for (config, errors) in cases {
        let request =
            ValidateRequest { type_name: "house_seat".to_owned(), config, write_only_allowed: true };
        assert_eq!(engine.validate(Kind::Resource, request).await.len(), errors);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_named_lock_has_one_holder_per_process_at_a_time() {
    let (engine, house) = engine().await;
    let one = |number| engine.apply(apply(Dyn::Null, seat("a", number), Dyn::Null));
    tokio::join!(one(1), one(2), one(3), one(4));
    assert_eq!(house.most.load(Ordering::SeqCst), 1);
}
