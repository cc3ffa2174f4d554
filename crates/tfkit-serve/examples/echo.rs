//! A small provider: notes that are stored as files in a folder. The tests of this crate run it under real hosts, and
//! use texts to make it misbehave: see [`act`].

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use tfkit::{
    Action, Arguments, Computed, Configured, Current, Cx, DataSource, Diag, Dyn, EphemeralResource, Function,
    Imported, ListResource, Listed, Model, Move, Object, Opened, Opening, OrDefault, Partial, Plan,
    Predecessor, Provider, Renewed, Resource, Results, Secret, Since, Source, Start, Types,
};

fn main() -> ExitCode {
    tfkit_serve::serve("example.com/tests/echo", Echo)
}

/// Notes in a folder.
#[derive(Clone, Debug, Model)]
#[model(name = "echo", kind = provider)]
pub struct Config {
    /// Folder of the notes.
    pub folder: String,
    /// Password of the folder, which is not checked.
    pub token: Option<Secret<String>>,
}

struct Echo;

impl Provider for Echo {
    type Config = Config;
    type Client = Folder;

    fn register(types: Types<Folder>) -> Types<Folder> {
        types
            .provider_meta::<About>()
            .resource::<Note>()
            .data_source::<NoteText>()
            .list_resource::<Note>()
            .ephemeral_resource::<Visit>()
            .action::<Stamp>()
            .function::<Repeat>()
    }

    async fn configure(&self, config: &Partial<Config>, _: &Start) -> Result<Configured<Folder>, Diag> {
        if config.get(Config::FOLDER).is_unknown() {
            return Ok(Configured::Unknown(vec![Config::FOLDER.path()]));
        }
        let config = config.model()?;
        if let Some(token) = &config.token {
            act(token.expose()).await;
            // A provider should not log this. If it does, the secret must be masked.
            tracing::info!(token = token.expose().as_str(), "Configured with {:?}", token.expose());
            tracing::error!("An error with {}", token.expose());
            tracing::warn!("A warning with {}", token.expose());
            tracing::debug!("A decision with {}", token.expose());
            tracing::trace!("A call with {}", token.expose());
        }
        Ok(Configured::Ready(Folder(config.folder.into())))
    }
}

/// What a module can tell about its notes.
#[derive(Clone, Debug, Object)]
pub struct About {
    /// Signature below each new note of the module.
    pub signature: Option<String>,
}

/// The client.
pub struct Folder(PathBuf);

impl Folder {
    fn file(&self, id: &str) -> PathBuf {
        self.0.join(format!("{id}.note"))
    }

    fn read(&self, id: &str) -> Result<Option<String>, Diag> {
        match std::fs::read_to_string(self.file(id)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", id, &error)),
        }
    }

    fn write(&self, id: &str, text: &str) -> Result<(), Diag> {
        std::fs::write(self.file(id), text).map_err(|error| failed("write", id, &error))
    }
}

fn failed(what: &str, id: &str, error: &io::Error) -> Diag {
    Diag::error(format!("Cannot {what} note {id:?}"))
        .why(error.to_string())
        .fix("Check that the folder of the provider exists and belongs to you.")
}

/// A note.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "note")]
pub struct Note {
    /// Name of the file, without its extension.
    #[attr(key, stable)]
    pub id: Computed<String>,
    /// Name of the note.
    #[attr(replace)]
    pub name: String,
    /// Text of the note.
    pub text: String,
    /// Color of the paper.
    #[attr(default = "yellow")]
    pub colour: OrDefault<String>,
    /// Length of the text.
    pub length: Computed<i64>,
}

/// A note in the folder.
pub struct Remote {
    id: String,
    text: String,
}

/// A note of somebody who had no provider for notes: the name is the input of a `terraform_data`.
#[derive(Clone, Debug, Object)]
pub struct NamedByData {
    /// Name of the note.
    pub input: Dyn,
}

impl Predecessor for NamedByData {
    type Model = Note;
    const TYPE_NAME: &'static str = "terraform_data";
    const PROVIDER: &'static str = "builtin/terraform";

    fn take_over(self, _: &mut Source) -> Result<Imported<Note>, Diag> {
        match self.input.untyped().as_str() {
            Some(name) => Ok(Imported::Key(NoteKey { id: name.to_owned() })),
            None => Err(Diag::error("The input of the terraform_data is not the name of a note")),
        }
    }
}

impl Resource for Note {
    type Model = Self;
    type Client = Folder;
    type Remote = Remote;
    const MOVES: &'static [Move<Self>] = &[Move::of::<NamedByData>()];

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        if let Some(text) = config.get(Note::TEXT).known() {
            block(&text);
        }
        Vec::new()
    }

    async fn plan(_: &Cx<Folder>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if let Some(text) = plan.get(Note::TEXT).known() {
            act(&text).await;
        }
        Ok(())
    }

    async fn fetch(cx: &Cx<Folder>, key: &NoteKey) -> Result<Option<Remote>, Diag> {
        let text = cx.client().await?.read(&key.id)?;
        act(text.as_deref().and_then(|text| text.split_once('\n')).unwrap_or_default().1).await;
        Ok(text.map(|text| Remote { id: key.id.clone(), text }))
    }

    fn observe(remote: &Remote, since: Since<'_, Self>) -> Result<Self, Diag> {
        let (colour, text) = remote.text.split_once('\n').unwrap_or_default();
        Ok(Note {
            id: Computed::known(remote.id.clone()),
            name: since.model().map_or_else(|| remote.id.clone(), |note| note.name.clone()),
            text: text.to_owned(),
            colour: OrDefault(colour.to_owned()),
            length: Computed::known(length(text)),
        })
    }

    async fn create(cx: &Cx<Folder>, plan: Self) -> Result<Self, Diag> {
        assert!(plan.text != "panic", "asked to panic");
        let about: Option<About> = cx.provider_meta()?;
        if let Some(signature) = about.and_then(|about| about.signature) {
            cx.client().await?.write(&format!("{}-signature", plan.name), &signature)?;
        }
        let id = plan.name.clone();
        if plan.text == "wait for a renewal" {
            while cx.client().await?.read(RENEWED)?.is_none() {
                cx.sleep(Duration::from_millis(20)).await?;
            }
        }
        cx.client().await?.write(&id, &content(&plan))?;
        cx.save(&Note { id: Computed::known(id.clone()), ..plan.clone() });
        tokio::select! {
            () = act(&plan.text) => (),
            () = cx.until_stopped() => return Err(Cx::<Folder>::cancelled()),
        }
        Ok(Note { length: Computed::known(length(&plan.text)), id: Computed::known(id), ..plan })
    }

    async fn update(cx: &Cx<Folder>, _: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let id = plan.id.get()?.clone();
        act(&plan.text).await;
        cx.client().await?.write(&id, &content(&plan))?;
        Ok(Note { length: Computed::known(length(&plan.text)), ..plan })
    }

    async fn delete(cx: &Cx<Folder>, prior: Self) -> Result<(), Diag> {
        let id = prior.id.get()?.clone();
        act(&prior.text).await;
        match std::fs::remove_file(cx.client().await?.file(&id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &id, &error)),
            _ => Ok(()),
        }
    }
}

/// Selects notes.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "note", kind = list_resource)]
pub struct Notes {
    /// What the list does first.
    pub text: Option<String>,
}

impl ListResource for Note {
    type Filters = Notes;
    type Resource = Self;

    async fn list(cx: &Cx<Folder>, filters: Notes, results: &mut Results<Self>) -> Result<(), Diag> {
        act(filters.text.as_deref().unwrap_or_default()).await;
        let files = std::fs::read_dir(&cx.client().await?.0);
        let files = files.map_err(|error| failed("list", "*", &error))?;
        let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
        for name in names.collect::<BTreeSet<String>>() {
            let Some(id) = name.strip_suffix(".note") else { continue };
            let key = NoteKey { id: id.to_owned() };
            results.push(Listed { key, display_name: id.to_owned(), remote: None }).await;
        }
        Ok(())
    }
}

/// Misbehaves as a text asks for, and returns otherwise.
///
/// - `block PIPE`: [blocks](block).
/// - `hold PIPE`: writes to the pipe, and waits forever. Whoever reads from the pipe notices when this is dropped.
async fn act(text: &str) {
    block(text);
    if let Some(pipe) = text.strip_prefix("hold ") {
        let mut pipe = std::fs::File::options().write(true).open(pipe);
        let _ = pipe.as_mut().map(|pipe| pipe.write_all(b"."));
        std::future::pending::<()>().await;
    }
}

/// For the text `block PIPE`, blocks the thread until somebody has opened the pipe for writing, and closed it again.
fn block(text: &str) {
    if let Some(pipe) = text.strip_prefix("block ") {
        let _ = std::fs::read(pipe);
    }
}

fn content(note: &Note) -> String {
    format!("{}\n{}", note.colour.0, note.text)
}

fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// The text of a note that is managed elsewhere.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "note", kind = data_source)]
pub struct NoteText {
    /// Name of the note.
    pub name: String,
    /// Text of the note.
    pub text: Computed<String>,
}

impl DataSource for NoteText {
    type Model = Self;
    type Client = Folder;

    async fn read(cx: &Cx<Folder>, config: Self) -> Result<Self, Diag> {
        let Some(content) = cx.client().await?.read(&config.name)? else {
            return Err(Diag::error(format!("No note {:?} found", config.name)).at(NoteText::NAME));
        };
        let text = content.split_once('\n').unwrap_or_default().1.to_owned();
        act(&text).await;
        Ok(NoteText { text: Computed::known(text), ..config })
    }
}

/// Puts a stamp on a note.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stamp", kind = action)]
pub struct Stamp {
    /// Name of the note.
    pub name: String,
    /// Text of the stamp.
    #[attr(default = "seen")]
    pub text: OrDefault<String>,
    /// Signature next to it.
    #[attr(write_only)]
    pub signature: Option<String>,
}

impl Action for Stamp {
    type Model = Self;
    type Client = Folder;

    async fn plan(_: &Cx<Folder>, config: &Partial<Self>) -> Result<(), Diag> {
        match config.get(Self::TEXT).known() {
            Some(text) if text == "forged" => Err(Diag::error("The stamp is forged").at(Self::TEXT)),
            _ => Ok(()),
        }
    }

    async fn invoke(cx: &Cx<Folder>, config: Self) -> Result<(), Diag> {
        let folder = cx.client().await?;
        cx.progress(format_args!("Looking for note {:?}", config.name));
        let Some(content) = folder.read(&config.name)? else {
            return Err(Diag::error(format!("No note {:?} found", config.name)).at(Self::NAME));
        };
        match config.text.as_str() {
            "panic" => panic!("asked to panic"),
            "wait" => cx.sleep(Duration::from_hours(1)).await?,
            "host-test-token" => cx.progress("Stamping host-test-token\u{1b}[2J"),
            text => tokio::select! {
                () = act(text) => {}
                () = cx.until_stopped() => return Err(Cx::<Folder>::cancelled()),
            },
        }
        cx.warn(Diag::warning("The ink is wet"));
        let signature = config.signature.unwrap_or_default();
        let stamp = format!("{} {signature} on {} characters", *config.text, length(&content));
        std::fs::write(folder.0.join(format!("{}.stamp", config.name)), stamp)
            .map_err(|error| failed("stamp", &config.name, &error))?;
        cx.progress("Stamped");
        Ok(())
    }
}

/// A visit of the folder, with a password that is valid until it ends.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "visit", kind = ephemeral_resource)]
pub struct Visit {
    /// Who visits the folder.
    pub name: String,
    /// The password of the visit.
    pub password: Computed<Secret<String>>,
}

/// Name of the note that tells that a visit was renewed.
const RENEWED: &str = "renewed";

fn soon() -> SystemTime {
    SystemTime::now() + Duration::from_millis(200)
}

impl EphemeralResource for Visit {
    type Model = Self;
    type Client = Folder;
    type Lease = String;

    async fn open(cx: &Opening<Folder, String>, config: Self) -> Result<Opened<Self, String>, Diag> {
        act(&config.name).await;
        let lease = format!("visit-of-{}", config.name);
        cx.client().await?.write(&lease, "open")?;
        cx.save(&lease)?;
        if config.name == "guest" {
            let pipe = cx.client().await?.0.join("guest.pipe");
            act(&format!("hold {}", pipe.display())).await;
        }
        if config.name == "nobody" {
            return Err(Diag::error("Nobody came").at(Self::NAME));
        }
        let password = format!("password-of-{}", config.name);
        let model = Self { password: Computed::known(password.into()), ..config };
        Ok(Opened::new(model, lease).renew_at(soon()))
    }

    async fn renew(cx: &Cx<Folder>, lease: String) -> Result<Renewed<String>, Diag> {
        cx.client().await?.write(RENEWED, &lease)?;
        Ok(Renewed { lease, renew_at: Some(soon()) })
    }

    async fn close(cx: &Cx<Folder>, lease: String) -> Result<(), Diag> {
        let folder = cx.client().await?;
        match std::fs::rename(folder.file(&lease), folder.file(&format!("end-of-{lease}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("close", &lease, &error)),
            _ => Ok(()),
        }
    }
}

/// Repeats a text.
///
/// The text is not changed.
#[derive(Clone, Debug, Arguments)]
#[function(name = "repeat")]
pub struct Repeat {
    /// How often.
    pub times: u64,
    /// Between the repetitions, nothing by default.
    pub between: Option<String>,
    /// The texts.
    #[arg(variadic, check = non_empty())]
    pub texts: Vec<String>,
}

impl Function for Repeat {
    type Output = String;

    fn call(self) -> Result<String, Diag> {
        assert!(self.times != 13, "asked to panic");
        self.texts.iter().for_each(|text| block(text));
        let Ok(times @ ..=100) = usize::try_from(self.times) else {
            return Err(Diag::error("That is too often").fix("Use at most 100.").at(Self::TIMES));
        };
        let texts = self.texts.iter().cycle().take(self.texts.len() * times).cloned();
        Ok(texts.collect::<Vec<_>>().join(self.between.as_deref().unwrap_or_default()))
    }
}
