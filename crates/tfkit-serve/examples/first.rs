//! A first provider: notes, each a file in a folder.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{fs, io};

use tfkit::{
    Computed, Configured, Current, Cx, Diag, Model, Partial, Provider, Resource, Since, Start, Types,
};

/// Notes in a folder.
#[derive(Clone, Debug, Model)]
#[model(name = "pinboard", kind = provider)]
pub struct Config {
    /// Folder of the notes. It must exist.
    pub folder: String,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "note")]
pub struct Note {
    /// Name of the note and of its file.
    #[attr(key, replace, check = pattern("not contain a slash", |name| !name.contains(['/', '\\'])))]
    pub name: String,
    /// Text of the note.
    #[attr(check = length(1..=280))]
    pub text: String,
    /// Size of the text in bytes.
    pub size: Computed<u64>,
}

fn failed(error: &io::Error) -> Diag {
    Diag::error("The note is not accessible").why(error.to_string()).fix("Check the folder of the notes.")
}

impl Resource for Note {
    type Model = Self;
    type Client = PathBuf;
    type Remote = Self;

    async fn fetch(cx: &Cx<PathBuf>, key: &NoteKey) -> Result<Option<Self>, Diag> {
        match fs::read_to_string(cx.client().await?.join(&key.name)) {
            Ok(text) => Ok(Some(Note { name: key.name.clone(), size: (text.len() as u64).into(), text })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    fn observe(note: &Self, _: Since<'_, Self>) -> Result<Self, Diag> {
        Ok(note.clone())
    }

    async fn create(cx: &Cx<PathBuf>, plan: Self) -> Result<Self, Diag> {
        fs::write(cx.client().await?.join(&plan.name), &plan.text).map_err(|error| failed(&error))?;
        Ok(Note { size: (plan.text.len() as u64).into(), ..plan })
    }

    async fn update(cx: &Cx<PathBuf>, _: Current<Self>, plan: Self) -> Result<Self, Diag> {
        Self::create(cx, plan).await
    }

    async fn delete(cx: &Cx<PathBuf>, prior: Self) -> Result<(), Diag> {
        fs::remove_file(cx.client().await?.join(prior.name)).map_err(|error| failed(&error))
    }
}

struct Pinboard;

impl Provider for Pinboard {
    type Config = Config;
    type Client = PathBuf;

    fn register(types: Types<PathBuf>) -> Types<PathBuf> {
        types.resource::<Note>()
    }

    async fn configure(&self, config: &Partial<Config>, _: &Start) -> Result<Configured<PathBuf>, Diag> {
        match config.get(Config::FOLDER).known() {
            Some(folder) => Ok(Configured::Ready(folder.into())),
            None => Ok(Configured::Unknown(vec![Config::FOLDER.path()])),
        }
    }
}

fn main() -> ExitCode {
    tfkit_serve::serve("registry.terraform.io/acme/pinboard", Pinboard)
}
