//! Resource types, type-erased to values.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::batch::Batches;
use super::{AnyType, Work};
use crate::cx::{Call, Connection, Cx};
use crate::diag::Diag;
use crate::field::Misfit;
use crate::model::{Key as _, Model, Object as _, Operation, Partial};
use crate::plan::{Asked, Rebased, generate, rebase, show_write_only, tidy};
use crate::resource::{
    Current, Decisions, Generated, ImportId, Imported, KeyOf, Plan, Replacement, Resource, Since, Source,
    Upgrade,
};
use crate::run::Claim;
use crate::schema::{Attribute, IdentityAttribute, Schema, Who};
use crate::value::{Dyn, Path};

/// A resource type.
pub(crate) trait AnyResource: AnyType {
    fn identity(&self) -> Vec<IdentityAttribute>;
    fn identity_mutable(&self) -> bool;
    fn identity_version(&self) -> i64;
    fn identity_upgrades(&self) -> &'static [Upgrade];
    fn upgrades(&self) -> &'static [Upgrade];
    /// Returns the types that can be moved here, with the addresses of their providers.
    fn sources(&self) -> Vec<(&'static str, &'static str)>;
    /// Moves an object of another type here; `None` if nothing describes its state.
    fn take_over(&self, state: Dyn, source: &mut Source) -> Option<Result<Dyn, Diag>>;
    fn inherit(&self, state: Dyn) -> Dyn;
    fn timeout(&self, operation: Operation) -> Duration;
    /// Returns the identity of an object, read from its state.
    fn identity_of(&self, state: &Dyn) -> Result<Dyn, Misfit>;
    fn claim(&self, values: &Dyn) -> Option<Claim>;
    fn references(&self, config: &Dyn) -> Vec<String>;
    fn read(&self, call: Call, state: Dyn) -> Work<Result<Option<Dyn>, Diag>>;
    fn plan(&self, call: Call, planned: Dyn, config: Dyn, prior: Dyn) -> Work<Hooked>;
    fn create(&self, call: Call, planned: Dyn) -> Work<Result<Dyn, Diag>>;
    fn update(&self, call: Call, update: Update) -> Work<Result<Updated, Diag>>;
    fn delete(&self, call: Call, prior: Dyn) -> Work<Result<(), Diag>>;
    fn import(&self, call: Call, by: ImportBy) -> Work<Result<Option<Dyn>, Diag>>;
    /// Returns a configuration for an object.
    fn generate(&self, call: Call, state: Dyn) -> Work<Result<Dyn, Diag>>;
    /// Returns the sensitive attributes of a configuration that contain no secret.
    fn disclosed(&self, call: Call, config: Dyn) -> Work<Result<Vec<&'static str>, Diag>>;
}

/// How an import identifies its object.
#[derive(Clone, Debug)]
pub enum ImportBy {
    /// By a string.
    Id(String),
    /// By a resource identity.
    Identity(Dyn),
}

/// An update that the host requests.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) prior: Dyn,
    pub(crate) planned: Dyn,
    pub(crate) config: Dyn,
    /// The latest known values, which identify the object: the prior state, or the result of a first attempt.
    pub(crate) known: Dyn,
    /// Whether this is the second attempt.
    pub(crate) is_repeated: bool,
}

/// The result of an update.
#[derive(Debug)]
pub(crate) struct Updated {
    /// The object before the update, in the spelling of the known values.
    pub(crate) current: Dyn,
    pub(crate) now: Dyn,
}

/// The decisions of an author's plan hook.
#[derive(Debug)]
pub(crate) struct Hooked {
    pub(crate) planned: Dyn,
    /// The places that the hook has set, including those it kept.
    pub(crate) decided: BTreeSet<Path>,
    pub(crate) replaces: Vec<Replacement>,
    pub(crate) diags: Vec<Diag>,
    /// The error of the hook. Its earlier decisions still apply.
    pub(crate) error: Option<Diag>,
}

pub(crate) struct ErasedResource<R: Resource> {
    schema: Arc<LazyLock<Schema>>,
    batches: Arc<Batches<R>>,
    connection: Arc<Connection<R::Client>>,
}

/// Returns the schema of a resource. Imported values of attributes that are not managed stay in the state, so they are
/// computed for the host.
fn schema<R: Resource>() -> Schema {
    let mut schema = R::Model::schema(R::VERSION);
    let unmanaged = |attribute: &&mut Attribute| attribute.who == Who::IfSet && attribute.block.is_none();
    for attribute in schema.attributes.iter_mut().filter(unmanaged) {
        attribute.who = Who::IfSetOrImported(None);
    }
    schema
}

impl<R: Resource> ErasedResource<R> {
    pub(crate) fn new(connection: Arc<Connection<R::Client>>) -> Self {
        Self { schema: Arc::new(LazyLock::new(schema::<R>)), batches: Arc::default(), connection }
    }

    fn cx(&self, call: Call) -> Cx<R::Client> {
        Cx::new(self.connection.get(), call)
    }
}

/// Reads an object before its update. Returns its values in the known spelling, and the remote object.
async fn current<R: Resource>(
    cx: &Cx<R::Client>,
    schema: &Schema,
    known: Dyn,
) -> Result<(Dyn, Option<R::Remote>), Diag> {
    let model = R::Model::from_object(&known).map_err(unreadable_state)?;
    if R::READS_TO_UPDATE {
        return Ok((known, None));
    }
    let key = KeyOf::<R>::from_object(&known).map_err(unreadable_state)?;
    let aside = cx.aside();
    let found = R::fetch(&aside, &key).await?;
    cx.take_over(&aside);
    let remote = found.ok_or_else(|| gone(R::Model::type_name()))?;
    let now = R::observe(&remote, Since::State(&model))?.to_object();
    Ok((tidy(schema, &known, now)?, Some(remote)))
}

impl<R: Resource> AnyType for ErasedResource<R> {
    fn type_name(&self) -> &'static str {
        R::Model::type_name()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn misfits(&self, config: &Dyn) -> Vec<Misfit> {
        R::Model::misfits(config)
    }

    fn validate(&self, config: Dyn) -> Vec<Diag> {
        R::validate(&Partial::new(config))
    }
}

impl<R: Resource> AnyResource for ErasedResource<R> {
    fn identity(&self) -> Vec<IdentityAttribute> {
        KeyOf::<R>::attributes()
    }

    fn identity_mutable(&self) -> bool {
        R::IDENTITY_MUTABLE
    }

    fn identity_version(&self) -> i64 {
        R::IDENTITY_VERSION
    }

    fn identity_upgrades(&self) -> &'static [Upgrade] {
        R::IDENTITY_UPGRADES
    }

    fn upgrades(&self) -> &'static [Upgrade] {
        R::UPGRADES
    }

    fn sources(&self) -> Vec<(&'static str, &'static str)> {
        R::MOVES.iter().map(|one| (one.type_name, one.provider)).collect()
    }

    fn take_over(&self, state: Dyn, source: &mut Source) -> Option<Result<Dyn, Diag>> {
        let fitting = R::MOVES.iter().find(|one| one.fits(source))?;
        Some(fitting.run(state, source).map(|taken| match taken {
            Imported::Model(model) => model.to_object(),
            Imported::Key(key) => key.to_object(),
        }))
    }

    fn inherit(&self, state: Dyn) -> Dyn {
        R::inherit(state)
    }

    fn timeout(&self, operation: Operation) -> Duration {
        R::timeout(operation)
    }

    fn identity_of(&self, state: &Dyn) -> Result<Dyn, Misfit> {
        KeyOf::<R>::from_object(state).map(|key| key.to_object())
    }

    fn claim(&self, values: &Dyn) -> Option<Claim> {
        if values.is_null() {
            None
        } else {
            R::claim(&Partial::new(values.clone())).map(|claim| claim.of(R::Model::type_name()))
        }
    }

    fn references(&self, config: &Dyn) -> Vec<String> {
        let mut ids = Vec::new();
        for value in R::references().iter().filter_map(|path| config.get(path)) {
            value.walk(&mut |value| ids.extend(value.as_str().map(str::to_owned)));
        }
        ids
    }

    fn read(&self, call: Call, state: Dyn) -> Work<Result<Option<Dyn>, Diag>> {
        let cx = self.cx(call);
        let batches = Arc::clone(&self.batches);
        Box::pin(async move {
            let key = KeyOf::<R>::from_object(&state).map_err(unreadable_state)?;
            let Some(remote) = batches.read(&cx, &key).await? else { return Ok(None) };
            // State that lacks a required value, for example because an earlier version wrote it, is treated like an
            // import by key.
            let observed = match R::Model::from_object(&state) {
                Ok(model) => R::observe(&remote, Since::State(&model)),
                Err(_) => R::observe(&remote, Since::Import(&key)),
            };
            observed.map(|model| Some(model.to_object()))
        })
    }

    fn plan(&self, call: Call, planned: Dyn, config: Dyn, prior: Dyn) -> Work<Hooked> {
        let cx = self.cx(call);
        Box::pin(async move {
            let mut plan = Plan::<R::Model>::new(planned, config, prior);
            let error = R::plan(&cx, &mut plan).await.err();
            let Decisions { planned, decided, replaces, diags } = plan.into_decisions();
            Hooked { planned, decided, replaces, diags, error }
        })
    }

    fn create(&self, call: Call, planned: Dyn) -> Work<Result<Dyn, Diag>> {
        let cx = self.cx(call);
        Box::pin(async move {
            let plan = R::Model::from_object(&planned).map_err(Misfit::into_diag)?;
            let _writing = cx.shared().writing();
            R::create(&cx, plan).await.map(|model| model.to_object())
        })
    }

    fn update(&self, call: Call, update: Update) -> Work<Result<Updated, Diag>> {
        let cx = self.cx(call);
        let schema = Arc::clone(&self.schema);
        Box::pin(async move {
            let Update { prior, planned, config, known, is_repeated } = update;
            let (current, remote) = current::<R>(&cx, &schema, known).await?;
            let asked = Asked { prior: &prior, planned: &planned, config: &config };
            let Rebased { base, target } = rebase(&schema.attributes, asked, &current);
            let base = R::Model::from_object(&base).map_err(unreadable_state)?;
            // Write-only values are only in the configuration. They are removed again from what the author returns.
            let plan = R::Model::from_object(&show_write_only(&schema.attributes, &config, target));
            let plan = plan.map_err(Misfit::into_diag)?;
            let _writing = cx.shared().writing();
            let now = R::update(&cx, Current { model: base, remote, is_repeated }, plan).await?;
            Ok(Updated { current, now: now.to_object() })
        })
    }

    fn delete(&self, call: Call, prior: Dyn) -> Work<Result<(), Diag>> {
        let cx = self.cx(call);
        Box::pin(async move {
            let prior = R::Model::from_object(&prior).map_err(unreadable_state)?;
            let _writing = cx.shared().writing();
            R::delete(&cx, prior).await
        })
    }

    fn import(&self, call: Call, by: ImportBy) -> Work<Result<Option<Dyn>, Diag>> {
        let cx = self.cx(call);
        Box::pin(async move {
            let id = match &by {
                ImportBy::Id(text) => ImportId::Text(text),
                ImportBy::Identity(identity) => {
                    ImportId::Key(KeyOf::<R>::from_object(identity).map_err(Misfit::into_diag)?)
                }
            };
            let key = match R::import(&cx, id).await? {
                Imported::Model(model) => return Ok(Some(model.to_object())),
                Imported::Key(key) => key,
            };
            let Some(remote) = R::fetch(&cx, &key).await? else { return Ok(None) };
            R::observe(&remote, Since::Import(&key)).map(|model| Some(model.to_object()))
        })
    }

    fn generate(&self, call: Call, state: Dyn) -> Work<Result<Dyn, Diag>> {
        let cx = self.cx(call);
        let config = generate(&self.schema, &state);
        Box::pin(async move {
            let mut generated = Generated::new(state, config);
            R::generate(&cx, &mut generated).await?;
            Ok(generated.into_config())
        })
    }

    fn disclosed(&self, call: Call, config: Dyn) -> Work<Result<Vec<&'static str>, Diag>> {
        let cx = self.cx(call);
        Box::pin(async move { R::disclosed(&cx, &Partial::new(config)).await })
    }
}

/// Returns the error of an update whose object no longer exists.
fn gone(type_name: &str) -> Diag {
    let words = type_name.replace('_', " ");
    Diag::error(format!("The {words} no longer exists"))
        .why(format!(
            "The plan updates it in place, but the server no longer has it: somebody deleted the {words} after the \
             plan was created."
        ))
        .fix("Create a new plan. It re-creates the object:\n  terraform plan")
}

/// Returns the error of a state that does not fit its model although the host checked its types.
fn unreadable_state(misfit: Misfit) -> Diag {
    let diag = misfit.into_diag();
    Diag {
        summary: format!("The state of the object is invalid: {}", diag.summary),
        ..diag.why("The state was written by another version of the provider, or edited by hand.").fix(
            "Remove the object from the state and import it again:\n  terraform state rm ADDRESS\n  \
             terraform import ADDRESS ID",
        )
    }
}
