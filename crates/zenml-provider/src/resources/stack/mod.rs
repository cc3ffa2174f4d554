//! `zenml_stack`: components that run pipelines together.

mod check;
mod data;
mod plural;
mod slots;

use std::collections::{BTreeMap, BTreeSet};

use tfkit::model::Object as _;
use tfkit::{
    Claim, Computed, Current, Cx, Diag, Dyn, ImportId, Imported, Model, OrServer, Page, Partial, Path, Plan,
    Resource, Since,
};
use zenml_api::workspace::stack::{
    self as api, Slots, Stack as ApiStack, StackCreate, StackQuery, StackUpdate,
};
use zenml_api::{ComponentId, Patch, SecretId, StackId, WorkspaceId};
use zenml_client::{ApiError, Optional as _};

pub use self::data::StackData;
pub use self::plural::StacksData;
pub(crate) use self::slots::slots_of;
use crate::client::Client;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::batch;
use crate::in_workspace::import;
use crate::in_workspace::left_out;
use crate::in_workspace::noun::Noun;
use crate::in_workspace::scope::{self, Reach, Seen, Server};
use crate::in_workspace::text;
use crate::resources::stack_component::{HeldComponents, kind};
use crate::run_environment::{self as run, SecretChange, Variables};
use crate::succession::release_retired;

/// How messages call it.
const NOUN: Noun = Noun { words: "stack", resource: "zenml_stack" };

/// Stacks on one page of a list: some KiB each, because they tell of their components.
const LONGEST_PAGE: u64 = 400;

/// Components by type, as a configuration has them; null stands for none.
pub(crate) type Components = BTreeMap<String, Option<Id<ComponentId>>>;

/// All components of each type in their order; null stands for none.
pub(crate) type ComponentLists = BTreeMap<String, Option<Vec<Id<ComponentId>>>>;

/// A stack: an orchestrator, an artifact store and what else its pipelines need.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack")]
pub struct Stack {
    /// Workspace that the stack is in. Default: the provider's workspace.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the stack.
    #[attr(key, stable)]
    pub id: Computed<Id<StackId>>,
    /// Name of the stack, unique in its workspace.
    #[attr(check = length(1..=255), check = pattern("have no tab and no line break", text::is_one_line))]
    pub name: String,
    /// What the stack is for. Left out, it is left alone; an empty text clears it.
    #[attr(check = length(..=255), same = empty_is_null)]
    pub description: OrServer<String>,
    /// Ids of the components, one for each type: `orchestrator` and `artifact_store` must be there. All changes are made in
    /// place. A null stands for no component. Where the server has several components of a type, this is one of them, and
    /// the others stay as they are. Either this or `component_lists`.
    #[attr(same = slots::same_components, check = each_key(kind::possible()))]
    pub components: Option<Components>,
    /// Ids of the components, a list for each type; the first one of a list is the default. A stack can have several of the
    /// types `alerter`, `experiment_tracker`, `step_operator` and `sandbox`. What is not listed leaves the stack. Either
    /// this or `components`.
    #[attr(check = each_key(kind::possible()))]
    pub component_lists: Option<ComponentLists>,
    /// Environment variables of the runs. Left out, they are left alone; an empty map clears them.
    #[attr(same = empty_is_null)]
    pub environment: OrServer<Variables>,
    /// Ids of secrets whose values the runs get as environment variables. Left out, they are left alone; an empty set
    /// clears them.
    #[attr(same = empty_is_null)]
    pub secrets: OrServer<BTreeSet<Id<SecretId>>>,
    /// Labels.
    #[attr(same = empty_is_null)]
    pub labels: OrServer<BTreeMap<String, String>>,
}

/// Name of the lock under which a stack is read and written as a whole.
pub(crate) fn lock_name(stack: StackId) -> String {
    format!("stack {stack}")
}

impl Resource for Stack {
    type Model = Self;
    type Client = Client;
    type Remote = Seen<ApiStack>;

    async fn fetch(cx: &Cx<Client>, key: &StackKey) -> Result<Option<Seen<ApiStack>>, Diag> {
        scope::read(cx, key.workspace_id, async |server| {
            let found = server.api.call(&api::GET, key.id.0).await.optional();
            found.map_err(|error| {
                cannot(format_args!("read the stack {}", key.id), Needs::WORKSPACE_VIEWER, &error)
            })
        })
        .await
    }

    fn scope(_: &Cx<Client>, key: &StackKey) -> Option<String> {
        Some(batch::scope_of(key.workspace_id))
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<StackKey, Seen<ApiStack>>, Diag> {
        let query = StackQuery { hydrate: Some(true), ..StackQuery::default() };
        batch::page(cx, scope, from, LONGEST_PAGE, (&api::LIST, query), |workspace_id, stack| {
            (StackKey { workspace_id, id: Id(stack.id) }, stack)
        })
        .await
    }

    async fn complete(cx: &Cx<Client>, item: Seen<ApiStack>) -> Result<Seen<ApiStack>, Diag> {
        scope::complete(cx, item).await
    }

    fn observe(remote: &Seen<ApiStack>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let Some((workspace, stack)) = remote.found() else { return scope::unseen(&since) };
        let Some(metadata) = &stack.metadata else { return Err(NOUN.unreadable(&stack.name)) };
        let slots = slots_of(stack);
        let (components, component_lists) = match since {
            // What somebody else has put into the stack meanwhile is seen by the next read.
            Since::Answer(plan) => (plan.components.clone(), plan.component_lists.clone()),
            Since::State(Self { component_lists: Some(known), .. }) => {
                (None, Some(slots::observed_lists(&slots, known)))
            }
            Since::State(Self { components: Some(known), .. }) => {
                (Some(slots::observed(&slots, Some(known))), None)
            }
            Since::State(_) | Since::Import(_) if slots.values().any(|ids| ids.len() > 1) => {
                (None, Some(slots::observed_lists(&slots, &ComponentLists::new())))
            }
            Since::State(_) | Since::Import(_) => (Some(slots::observed(&slots, None)), None),
        };
        let labels = metadata.labels.as_ref().filter(|labels| !labels.is_empty());
        let description = OrServer::from_option(metadata.description.clone().filter(|text| !text.is_empty()));
        let environment = OrServer::from_option(run::variables(metadata.environment.as_ref()));
        let secrets = OrServer::from_option(run::secrets(&metadata.secrets));
        let (description, environment, secrets) = match since {
            // What is left alone may have been changed by somebody meanwhile, which is seen by the next read.
            Since::Answer(plan) => (
                plan.description.clone().or_prior(description),
                plan.environment.clone().or_prior(environment),
                plan.secrets.clone().or_prior(secrets),
            ),
            Since::State(_) | Since::Import(_) => (description, environment, secrets),
        };
        Ok(Self {
            workspace_id: OrServer::from_option(workspace.map(Id)),
            id: Computed::known(Id(stack.id)),
            name: stack.name.clone(),
            description,
            components,
            component_lists,
            environment,
            secrets,
            labels: OrServer::from_option(labels.map(text::label_texts)),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, plan.workspace_id.as_ref().map(|id| id.0)).await?;
        let joining = slots::places(&Partial::new(plan.to_object()));
        if let Some(misplaced) = check::misplaced(&server, &joining).await?.into_iter().next() {
            return Err(misplaced);
        }
        let stack = make(cx, &server, &plan).await?;
        cx.save(&Self { id: Computed::known(Id(stack.id)), ..plan.clone() });
        Self::observe(&Seen::on(&server, stack), Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let id = prior.id.get()?.0;
        let server = scope::open(cx, prior.workspace_id.as_ref().map(|id| id.0)).await?;
        let before = slots::named(&prior);
        let joining = slots::joining(&before, &Partial::new(plan.to_object()));
        if let Some(misplaced) = check::misplaced(&server, &joining).await?.into_iter().next() {
            return Err(misplaced);
        }
        // A component that is deleted at the same time takes itself out of its stacks.
        let _alone = cx.lock(lock_name(id)).await;
        let failed = |error: &ApiError| plan.failed("change", error);
        let now = server.api.call(&api::GET, id).await.optional().map_err(|error| failed(&error))?;
        let found = now.ok_or_else(|| NOUN.vanished(&prior.name))?;
        let now = slots_of(&found);
        let wanted = slots::changed(&now, &before, &plan);
        let mut let_go: Vec<ComponentId> = now.values().flatten().copied().collect();
        let_go.retain(|id| !wanted.values().any(|ids| ids.contains(id)));
        let text = |stack: &Self| stack.description.as_ref().filter(|text| !text.is_empty()).cloned();
        let linked = found.metadata.as_ref().map(|metadata| metadata.secrets.as_slice()).unwrap_or_default();
        let SecretChange { add, remove } =
            run::secret_change(linked, prior.secrets.as_ref(), plan.secrets.as_ref());
        let change = StackUpdate {
            name: Patch::between(Some(&prior.name), Some(plan.name.clone())),
            description: Patch::between(text(&prior).as_ref(), text(&plan)),
            components: (wanted != now).then_some(wanted),
            labels: text::labels_change(prior.labels.as_ref(), plan.labels.as_ref()),
            environment: run::variables_change(prior.environment.as_ref(), plan.environment.as_ref()),
            add_secrets: add,
            remove_secrets: remove,
            ..StackUpdate::default()
        };
        let stack = if change == StackUpdate::default() {
            found
        } else {
            match server.api.send(&api::UPDATE, id, (), change).await {
                Ok(stack) => stack,
                Err(error @ ApiError::Conflict(_)) => {
                    return Err(match named(&server, &plan.name).await? {
                        Some(other) => {
                            NOUN.exists(&plan.name, server.workspace_id, Some(other.id), Self::NAME)
                        }
                        None => failed(&error),
                    });
                }
                Err(error) => return Err(failed(&error)),
            }
        };
        let components = components_of(&stack);
        let changed = Self::observe(&Seen::on(&server, stack), Since::Answer(&plan))?;
        cx.save(&changed);
        release_retired::<HeldComponents>(cx, &server, &let_go, &components).await;
        run::release(cx, &server, prior.secrets.as_ref(), changed.secrets.as_ref()).await;
        Ok(changed)
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let id = prior.id.get()?.0;
        let Some(server) = scope::open_to_delete(cx, prior.workspace_id.as_ref().map(|id| id.0)).await?
        else {
            return Ok(());
        };
        let _alone = cx.lock(lock_name(id)).await;
        let failed = |error: ApiError| prior.failed("delete", &error);
        server.api.call(&api::DELETE, id).await.optional().map_err(failed)?;
        // One that is deleted at the same time may be retired only now.
        let let_go: Vec<ComponentId> = slots::named(&prior).into_values().flatten().collect();
        release_retired::<HeldComponents>(cx, &server, &let_go, &[]).await;
        run::release(cx, &server, prior.secrets.as_ref(), None).await;
        Ok(())
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        check::configuration(config)
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        NOUN.claim(values.get(Self::WORKSPACE_ID), values.get(Self::NAME), &[])
    }

    fn references() -> Vec<Path> {
        vec![Self::COMPONENTS.path(), Self::COMPONENT_LISTS.path(), Self::SECRETS.path()]
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if plan.is_delete() {
            return Ok(());
        }
        left_out::left_out(plan, Self::LABELS);
        left_out::left_alone(plan, Self::DESCRIPTION);
        left_out::left_alone(plan, Self::ENVIRONMENT);
        left_out::left_alone(plan, Self::SECRETS);
        scope::plan_home(cx, plan, Self::WORKSPACE_ID).await?;
        let changes = plan.changes(Self::COMPONENTS) || plan.changes(Self::COMPONENT_LISTS);
        if !(plan.is_create() || changes) {
            return Ok(());
        }
        let wrong = check::contents(plan.config());
        if !wrong.is_empty() {
            for diag in wrong {
                plan.error(diag);
            }
            return Ok(());
        }
        let own = plan.get(Self::WORKSPACE_ID).known();
        let is_place_known = own.is_some() || plan.config().get(Self::WORKSPACE_ID).is_null();
        let before = plan.prior().map(slots::named).unwrap_or_default();
        let joining = slots::joining(&before, plan.planned());
        if joining.is_empty() || !is_place_known {
            return Ok(());
        }
        // A component that exists already may be checked before anything is changed.
        let Reach::Open(server) = scope::reach(cx, own.map(|id| id.0)).await? else { return Ok(()) };
        for misplaced in check::misplaced(&server, &joining).await? {
            plan.error(misplaced);
        }
        Ok(())
    }

    fn inherit(state: Dyn) -> Dyn {
        left_out::inherited(state)
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, StackKey>) -> Result<Imported<Self>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let wanted = import::named(cx.client().await?, text).await?;
        let with_name = async |server: &Server, name: &str| named(server, name).await;
        let (workspace_id, id) = import::located(cx, NOUN, wanted, with_name).await?;
        Ok(Imported::Key(StackKey { workspace_id, id }))
    }
}

impl Stack {
    /// The diagnostic of a call that failed, at the attribute that it is about.
    fn failed(&self, verb: &str, error: &ApiError) -> Diag {
        let diag = cannot(format_args!("{verb} stack {:?}", self.name), Needs::WORKSPACE_ADMIN, error);
        let Some(refused) = error.answer() else { return diag };
        let message = refused.body.summary();
        let places = slots::places(&Partial::new(self.to_object()));
        if let Some(place) = places.into_iter().find(|place| message.contains(&place.id.to_string())) {
            return diag.at(place.path);
        }
        if let Some(place) = check::crowded(self, &message) {
            return diag.at(place);
        }
        match error {
            ApiError::NotFound(_) if message.contains("secret") => diag.at(Self::SECRETS),
            ApiError::Invalid(_) if message.contains("environment") => diag.at(Self::ENVIRONMENT),
            ApiError::Invalid(_) if message.contains("name") => diag.at(Self::NAME),
            ApiError::Invalid(_) if message.contains("components") => diag.at(check::given(self)),
            _ => diag,
        }
    }
}

/// The components of a stack, each with its name.
fn components_of(stack: &ApiStack) -> Vec<(ComponentId, String)> {
    let components = stack.metadata.iter().flat_map(|metadata| &metadata.components);
    let components = components.flat_map(|(_, components)| components);
    components.map(|component| (component.id, component.name.clone())).collect()
}

/// Makes the stack. One that has the name already is never taken over, except after a lost answer, when it was not there
/// before.
async fn make(cx: &Cx<Client>, server: &Server, plan: &Stack) -> Result<ApiStack, Diag> {
    let exists = |existing: Option<&ApiStack>| {
        NOUN.exists(&plan.name, server.workspace_id, existing.map(|existing| existing.id), Stack::NAME)
    };
    let look = || named(server, &plan.name);
    let all = (&api::LIST, StackQuery::default());
    if !crate::in_workspace::names::is_free_old(cx.client().await?, server, NOUN.words, &plan.name, all).await
        && let Some(existing) = look().await?
    {
        return Err(exists(Some(&existing)));
    }
    let request = StackCreate {
        name: plan.name.clone(),
        description: plan.description.as_ref().cloned().unwrap_or_default(),
        components: slots::there(slots::changed(&Slots::new(), &Slots::new(), plan)),
        labels: plan.labels.as_ref().map(text::labels),
        environment: plan.environment.as_ref().cloned(),
        secrets: run::sent_secrets(plan.secrets.as_ref()),
        ..StackCreate::default()
    };
    let answer = server.api.send(&api::CREATE, (), (), request).await;
    creation::outcome(answer, look(), exists, |error| plan.failed("create", error)).await
}

/// The stack of a name, with all that is known of it.
async fn named(server: &Server, name: &str) -> Result<Option<ApiStack>, Diag> {
    let query = StackQuery { name: text::exactly(name), hydrate: Some(true), ..StackQuery::default() };
    let listed = server.api.list_all(&api::LIST, (), query).await.map_err(|error| {
        cannot(format_args!("look for the stack {name:?}"), Needs::WORKSPACE_VIEWER, &error)
    })?;
    // A filter that a server does not know is ignored by it.
    Ok(listed.into_iter().find(|stack| stack.name == name))
}
