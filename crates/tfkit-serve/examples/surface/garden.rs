//! A garden: a resource with every kind of field, nested attribute and block.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tfkit::model::{Model as _, Object as _};
use tfkit::value::{Objects, json};
use tfkit::{
    Computed, Configured, Current, Cx, Diag, Dyn, Enum, Model, Number, Object, OrDefault, OrServer, Partial,
    Plan, Provider, Resource, Secret, Set, Since, Start, Types,
};

/// Gardens in a folder.
#[derive(Clone, Debug, Model)]
#[model(name = "surface", kind = provider)]
pub(crate) struct Config {
    /// Folder of the gardens.
    pub(crate) folder: String,
}

/// The provider.
pub(crate) struct Surface;

impl Provider for Surface {
    type Config = Config;
    type Client = PathBuf;

    fn register(types: Types<PathBuf>) -> Types<PathBuf> {
        types.resource::<Garden>()
    }

    async fn configure(&self, config: &Partial<Config>, _: &Start) -> Result<Configured<PathBuf>, Diag> {
        Ok(Configured::Ready(config.model()?.folder.into()))
    }
}

/// Light in a garden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
pub(crate) enum Light {
    /// No sun.
    Shade,
    /// Sun in the morning.
    HalfShade,
    /// Sun all day.
    #[attr(name = "full-sun")]
    Sun,
}

/// A garden.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "garden", rule = Rule::AtMostOneOf(&["bush", "tree"]))]
pub(crate) struct Garden {
    /// Identifier of the garden.
    #[attr(key, stable)]
    pub(crate) id: Computed<String>,
    /// Name of the garden.
    #[attr(replace)]
    pub(crate) name: String,
    /// A small integer.
    pub(crate) byte: Option<u8>,
    /// An integer.
    pub(crate) level: Option<i32>,
    /// A large integer.
    pub(crate) total: Option<u64>,
    /// A number of any precision.
    pub(crate) exact: Option<Number>,
    /// A long float.
    pub(crate) ratio: Option<f64>,
    /// A short float.
    pub(crate) share: Option<f32>,
    /// Short floats.
    pub(crate) shares: Option<Vec<f32>>,
    /// Light, one word.
    #[attr(default = Light::HalfShade)]
    pub(crate) light: OrDefault<Light>,
    /// Light over the day.
    pub(crate) lights: Option<BTreeSet<Light>>,
    /// A value of any type.
    pub(crate) extra: Option<Dyn>,
    /// A value of any type, or one from the server.
    pub(crate) guess: OrServer<Dyn>,
    /// The oldest plant.
    pub(crate) oldest: Option<Plant>,
    /// What is at the gate.
    pub(crate) gate: Option<Gate>,
    /// Plants in a row.
    pub(crate) row: Option<Vec<Plant>>,
    /// Plants on the lawn.
    pub(crate) lawn: Option<Set<Plant>>,
    /// Plants in pots.
    pub(crate) pots: Option<BTreeMap<String, Plant>>,
    /// The plant in the middle.
    #[attr(block)]
    pub(crate) middle: Option<Plant>,
    /// A bed.
    #[attr(block, max = 3)]
    pub(crate) bed: Vec<Plant>,
    /// A tree.
    #[attr(block)]
    pub(crate) tree: Set<Plant>,
    /// A bush.
    #[attr(block, deprecated = "Use `tree`.")]
    pub(crate) bush: Set<Plant>,
    /// A climber, by its wall.
    #[attr(block)]
    pub(crate) wall: BTreeMap<String, Plant>,
    /// The owner.
    #[attr(block = group)]
    pub(crate) owner: Owner,
    /// Number of plants in the row.
    pub(crate) planted: Computed<i64>,
}

/// A plant.
#[derive(Clone, Debug, PartialEq, Object)]
#[model(rule = Rule::AtMostOneOf(&["note", "remark"]))]
pub(crate) struct Plant {
    /// Name of the plant.
    #[attr(check = length(1..=20), same = ignoring_case)]
    pub(crate) name: String,
    /// Height in meters.
    #[attr(default = 0.1)]
    pub(crate) height: OrDefault<f32>,
    /// Light that it needs.
    pub(crate) light: Option<Light>,
    /// Where it grows.
    #[attr(replace)]
    pub(crate) origin: Option<String>,
    /// A note.
    pub(crate) note: Option<String>,
    /// Another note.
    #[attr(deprecated = "Use `note`.")]
    pub(crate) remark: Option<String>,
    /// What nobody may know.
    pub(crate) secret: Option<Secret<String>>,
    /// Number of letters of the name.
    pub(crate) letters: Computed<i64>,
}

/// A gate.
#[derive(Clone, Debug, PartialEq, Object)]
pub(crate) struct Gate {
    /// Whether it is open.
    #[attr(default = false)]
    pub(crate) open: OrDefault<bool>,
    /// What hangs on it.
    pub(crate) sign: Option<Dyn>,
}

/// An owner.
#[derive(Clone, Debug, PartialEq, Object)]
pub(crate) struct Owner {
    /// Name of the owner.
    pub(crate) name: Option<String>,
    /// A telephone.
    #[attr(block)]
    pub(crate) phone: Vec<Phone>,
}

/// A telephone.
#[derive(Clone, Debug, PartialEq, Object)]
pub(crate) struct Phone {
    /// Its number.
    pub(crate) number: String,
}

impl Plant {
    fn grown(mut self) -> Self {
        self.letters = Computed::known(i64::try_from(self.name.len()).unwrap_or(i64::MAX));
        self
    }
}

impl Garden {
    /// What the server makes of a plan.
    fn grown(mut self) -> Self {
        self.id = Computed::known(self.name.clone());
        // The server stores JSON, which does not tell a list from a tuple.
        self.extra = self.extra.map(|extra| extra.without_types().dynamic());
        self.oldest = self.oldest.map(Plant::grown);
        self.row = self.row.map(|plants| plants.into_iter().map(Plant::grown).collect());
        self.lawn = self.lawn.map(|plants| plants.into_iter().map(Plant::grown).collect());
        self.pots =
            self.pots.map(|plants| plants.into_iter().map(|(key, plant)| (key, plant.grown())).collect());
        self.middle = self.middle.map(Plant::grown);
        self.bed = self.bed.into_iter().map(Plant::grown).collect();
        self.bush = self.bush.into_iter().map(Plant::grown).collect();
        self.tree = self.tree.into_iter().map(Plant::grown).collect();
        self.wall = self.wall.into_iter().map(|(key, plant)| (key, plant.grown())).collect();
        self.guess = self.guess.or(|| Dyn::string("guessed").dynamic());
        let planted = self.row.as_ref().map_or(0, Vec::len);
        self.planted = Computed::known(i64::try_from(planted).unwrap_or(i64::MAX));
        self
    }

    async fn store(self, cx: &Cx<PathBuf>) -> Result<Self, Diag> {
        let garden = self.grown();
        let ty = Self::schema(0).ty();
        let text = json::encode(&garden.to_object(), &ty).map_err(|error| Diag::bug(error.to_string()))?;
        let file = cx.client().await?.join(garden.id.get()?);
        std::fs::write(file, text).map_err(|error| Diag::error(error.to_string()))?;
        Ok(garden)
    }
}

impl Resource for Garden {
    type Model = Self;
    type Client = PathBuf;
    type Remote = Garden;

    async fn fetch(cx: &Cx<PathBuf>, key: &GardenKey) -> Result<Option<Self>, Diag> {
        let Ok(text) = std::fs::read(cx.client().await?.join(&key.id)) else { return Ok(None) };
        let object = json::decode(&text, &Self::schema(0).ty(), Objects::Lenient);
        let object = object.map_err(|error| Diag::bug(error.to_string()))?;
        Self::from_object(&object).map(Some).map_err(Diag::from)
    }

    fn observe(remote: &Self, _: Since<'_, Self>) -> Result<Self, Diag> {
        Ok(remote.clone())
    }

    async fn plan(_: &Cx<PathBuf>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        // The number of letters of the oldest plant is known as soon as its name is.
        if let Some(name) = plan.get(Self::OLDEST.at(Plant::NAME)).known() {
            let letters = i64::try_from(name.len()).unwrap_or(i64::MAX);
            plan.set(Self::OLDEST.at(Plant::LETTERS), &letters);
        }
        if plan.get(Self::ROW.index(0).at(Plant::NAME)).known().is_some_and(|name| name == "weed") {
            plan.error(Diag::error("Weeds are not planted").at(Self::ROW.index(0).at(Plant::NAME)));
        }
        Ok(())
    }

    async fn create(cx: &Cx<PathBuf>, plan: Self) -> Result<Self, Diag> {
        plan.store(cx).await
    }

    async fn update(cx: &Cx<PathBuf>, _: Current<Self>, plan: Self) -> Result<Self, Diag> {
        plan.store(cx).await
    }

    async fn delete(cx: &Cx<PathBuf>, prior: Self) -> Result<(), Diag> {
        // A garden that is already gone needs no deletion.
        let _ = std::fs::remove_file(cx.client().await?.join(prior.id.get()?));
        Ok(())
    }
}
