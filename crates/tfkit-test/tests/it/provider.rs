//! A provider of notes on a wall that misbehaves on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tfkit::{
    Action, Arguments, Computed, Configured, Current, Cx, DataSource, Diag, Engine, EphemeralResource,
    Function, Model, Opened, Opening, OrDefault, Partial, Plan, Provider, Renewed, Resource, Secret, Since,
    Start, Types,
};

/// A note on the wall.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "note")]
pub(crate) struct Note {
    /// Identifier of the note.
    #[attr(key, stable)]
    pub(crate) id: Computed<String>,
    /// Wall that the note hangs on.
    #[attr(replace)]
    pub(crate) wall: String,
    /// Text of the note.
    #[attr(check = length(1..=20))]
    pub(crate) text: String,
    /// Color of the paper.
    #[attr(default = "yellow")]
    pub(crate) colour: OrDefault<String>,
    /// Number of writes.
    pub(crate) revision: Computed<i64>,
    /// How the provider misbehaves.
    pub(crate) mischief: Option<String>,
}

/// The notes on the walls, as stored by the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walls(Arc<Mutex<BTreeMap<String, Note>>>);

impl Walls {
    /// Changes or deletes notes without the provider.
    pub(crate) fn tamper(&self, change: impl FnOnce(&mut BTreeMap<String, Note>)) {
        change(&mut self.0.lock().unwrap());
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

fn does(note: &Note, mischief: &str) -> bool {
    note.mischief.as_deref() == Some(mischief)
}

impl Resource for Note {
    type Model = Self;
    type Client = Walls;
    type Remote = Note;

    async fn fetch(cx: &Cx<Walls>, key: &NoteKey) -> Result<Option<Note>, Diag> {
        Ok(cx.client().await?.0.lock().unwrap().get(&key.id).cloned())
    }

    fn observe(remote: &Note, since: Since<'_, Self>) -> Result<Self, Diag> {
        let mut note = remote.clone();
        note.mischief = since.model().and_then(|model| model.mischief.clone());
        if matches!(since, Since::State(_)) && does(&note, "shout on read") {
            note.text = note.text.to_uppercase();
        }
        Ok(note)
    }

    async fn create(cx: &Cx<Walls>, plan: Self) -> Result<Self, Diag> {
        let walls = cx.client().await?;
        let id = format!("note-{}", walls.len() + 1);
        let mut note = Note { id: Computed::known(id.clone()), revision: Computed::known(1), ..plan };
        walls.0.lock().unwrap().insert(id, note.clone());
        cx.save(&note);
        let fell_off = Diag::error("The pin fell off").why("It was bent.");
        if does(&note, "break after creation") {
            cx.save_broken(&note);
            return Err(fell_off);
        }
        if does(&note, "stumble after creation") {
            return Err(fell_off);
        }
        if does(&note, "change the colour") {
            note.colour = OrDefault("green".to_owned());
        }
        Ok(note)
    }

    async fn update(cx: &Cx<Walls>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let revision = Computed::known(prior.revision.get()? + 1);
        let note = Note { revision, ..plan };
        cx.client().await?.0.lock().unwrap().insert(note.id.get()?.clone(), note.clone());
        Ok(note)
    }

    async fn delete(cx: &Cx<Walls>, prior: Self) -> Result<(), Diag> {
        if does(&prior, "stick") {
            return Err(Diag::error("The note sticks to the wall"));
        }
        cx.client().await?.0.lock().unwrap().remove(prior.id.get()?);
        Ok(())
    }

    async fn plan(_: &Cx<Walls>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if plan.is_delete() {
            plan.warn(Diag::warning("A note will be lost"));
        } else if plan.get(Self::MISCHIEF).known().is_some_and(|mischief| mischief == "promise a revision") {
            plan.set(Self::REVISION, &7);
        }
        Ok(())
    }
}

/// Straightens a note.
#[derive(Clone, Debug, Model)]
#[model(name = "straighten", kind = action)]
pub(crate) struct Straighten {
    /// Identifier of the note.
    pub(crate) id: String,
    /// By how many degrees.
    #[attr(default = 2)]
    pub(crate) degrees: OrDefault<u64>,
}

impl Action for Straighten {
    type Model = Self;
    type Client = Walls;

    async fn plan(cx: &Cx<Walls>, _: &Partial<Self>) -> Result<(), Diag> {
        cx.warn(Diag::warning("Mind the pins"));
        Ok(())
    }

    async fn invoke(cx: &Cx<Walls>, config: Self) -> Result<(), Diag> {
        if !cx.client().await?.0.lock().unwrap().contains_key(&config.id) {
            return Err(Diag::error(format!("No note {:?} found", config.id)).at(Self::ID));
        }
        (1..=*config.degrees).for_each(|degree| cx.progress(format_args!("Turned by {degree}")));
        Ok(())
    }
}

/// Counts what hangs on a wall.
#[derive(Clone, Debug, Model)]
#[model(name = "count", kind = data_source)]
pub(crate) struct Count {
    /// Wall whose notes are counted.
    pub(crate) wall: String,
    /// How many there are.
    pub(crate) notes: Computed<i64>,
}

impl DataSource for Count {
    type Model = Self;
    type Client = Walls;

    async fn read(cx: &Cx<Walls>, config: Self) -> Result<Self, Diag> {
        let notes =
            cx.client().await?.0.lock().unwrap().values().filter(|note| note.wall == config.wall).count();
        let notes = i64::try_from(notes).map_err(|_| Diag::error("Too many notes"))?;
        Ok(Self { notes: Computed::known(notes), ..config })
    }
}

/// A visit of a wall, which hangs a note there until it ends.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "visit", kind = ephemeral_resource)]
pub(crate) struct Visit {
    /// Wall to visit.
    pub(crate) wall: String,
    /// Secret of the visit.
    pub(crate) code: Computed<Secret<String>>,
}

impl EphemeralResource for Visit {
    type Model = Self;
    type Client = Walls;
    type Lease = String;

    async fn open(cx: &Opening<Walls, String>, config: Self) -> Result<Opened<Self, String>, Diag> {
        let lease = format!("visit-of-{}", config.wall);
        let note = Note {
            id: Computed::known(lease.clone()),
            wall: config.wall.clone(),
            text: "visited".to_owned(),
            colour: OrDefault("red".to_owned()),
            revision: Computed::known(0),
            mischief: None,
        };
        cx.client().await?.0.lock().unwrap().insert(lease.clone(), note);
        cx.save(&lease)?;
        if config.wall == "wet" {
            return Err(Diag::error("The wall is wet").at(Self::WALL));
        }
        let opened = Self { code: Computed::known("code".to_owned().into()), ..config };
        Ok(Opened::new(opened, lease).renew_at(SystemTime::now()))
    }

    async fn renew(cx: &Cx<Walls>, lease: String) -> Result<Renewed<String>, Diag> {
        match cx.client().await?.0.lock().unwrap().get_mut(&lease) {
            Some(note) => note.revision = Computed::known(note.revision.get()? + 1),
            None => return Err(Diag::error("The visit has ended")),
        }
        Ok(Renewed { lease, renew_at: Some(SystemTime::now()) })
    }

    async fn close(cx: &Cx<Walls>, lease: String) -> Result<(), Diag> {
        cx.client().await?.0.lock().unwrap().remove(&lease);
        Ok(())
    }
}

/// Repeats a word in capitals.
#[derive(Clone, Debug, Arguments)]
#[function(name = "shout")]
pub(crate) struct Shout {
    /// The word.
    #[arg(check = non_empty())]
    pub(crate) word: String,
    /// How often; once by default.
    pub(crate) times: Option<u64>,
}

impl Function for Shout {
    type Output = Vec<String>;

    fn call(self) -> Result<Vec<String>, Diag> {
        let times = usize::try_from(self.times.unwrap_or(1));
        let times = times.map_err(|_| Diag::error("That is too often").at(Self::TIMES))?;
        Ok(vec![self.word.to_uppercase(); times])
    }
}

/// Notes on walls.
#[derive(Clone, Debug, Model)]
#[model(name = "wall", kind = provider)]
pub(crate) struct Config {
    /// Address of the server.
    pub(crate) address: Option<String>,
}

struct Wall(Walls);

impl Provider for Wall {
    type Config = Config;
    type Client = Walls;

    fn register(types: Types<Walls>) -> Types<Walls> {
        let types = types.resource::<Note>().data_source::<Count>().action::<Straighten>();
        types.ephemeral_resource::<Visit>().function::<Shout>()
    }

    async fn configure(&self, config: &Partial<Config>, _: &Start) -> Result<Configured<Walls>, Diag> {
        if config.get(Config::ADDRESS).is_unknown() {
            return Ok(Configured::Unknown(vec![Config::ADDRESS.path()]));
        }
        Ok(Configured::Ready(self.0.clone()))
    }
}

/// A new process of the provider for the same walls.
pub(crate) fn engine(walls: &Walls) -> Engine {
    Engine::new(Wall(walls.clone()))
}
