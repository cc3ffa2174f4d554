//! `zenml_stack`: the components that run pipelines.

mod check;
mod data;
mod plural;
mod slots;

use std::collections::{BTreeMap, BTreeSet};

use tfkit::check::uuid;
use tfkit::model::Object as _;
use tfkit::{Computed, Current, Cx, Diag, Dyn, Model, OrServer, Partial, Path, Plan, Since};
use zenml_api::workspace::component::Component;
use zenml_api::workspace::stack::{
    self as api, Slots, Stack as ApiStack, StackCreate, StackQuery, StackUpdate,
};
use zenml_api::{ComponentId, Patch, SecretId, StackId, WorkspaceId};
use zenml_client::{ApiError, Optional as _};

pub use self::data::StackData;
pub use self::plural::StacksData;
pub(crate) use self::slots::slots_of;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::scope::{self, Reach};
use crate::in_workspace::text::{self, non_empty};
use crate::in_workspace::{Filter, Found, InWorkspace, Noun, Objects, Place, change, left_out, read, write};
use crate::resources::stack_component::{HeldComponents, kind};
use crate::run_environment::{self as run, SecretChange, Variables};
use crate::succession::release_retired;

/// Components by type, as in a configuration; null means none.
pub(crate) type Components = BTreeMap<String, Option<Id<ComponentId>>>;

/// All components of each type in their order; null means none.
pub(crate) type ComponentLists = BTreeMap<String, Option<Vec<Id<ComponentId>>>>;

/// A stack: an orchestrator, an artifact store, and the other components that its pipelines use.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack", key = Place<StackId>)]
#[model(since = "1.0.0", needs = Needs::WORKSPACE_ADMIN.text())]
#[model(import = "NAME")]
pub struct Stack {
    /// ID of the workspace that contains the stack. Default: the provider's workspace. Null on an open-source server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the stack.
    #[attr(key, stable)]
    pub id: Computed<Id<StackId>>,
    /// Name of the stack, unique in its workspace.
    #[attr(check = length(1..=255), check = pattern("not contain tabs or line breaks", text::is_one_line))]
    pub name: String,
    /// Description of the stack. Omit it to leave the description unchanged; an empty string removes it.
    #[attr(stable, check = length(..=255), same = empty_is_null)]
    pub description: OrServer<String>,
    /// IDs of the components by type, one for each type. `orchestrator` and `artifact_store` are required. Null values
    /// are the same as missing keys. If the server has several components of a type, this argument manages one of them
    /// and leaves the others unchanged. Conflicts with `component_lists`.
    #[attr(same = slots::same_components, check = each_key(kind::possible()))]
    pub components: Option<Components>,
    /// IDs of the components by type, a list for each type. The first component of a list is the default. Only
    /// `alerter`, `experiment_tracker`, `step_operator` and `sandbox` can have several components. Components that are
    /// not listed are removed from the stack. Null values and empty lists are the same as missing keys. Conflicts with
    /// `components`.
    #[attr(check = each_key(kind::possible()))]
    pub component_lists: Option<ComponentLists>,
    /// Environment variables of the runs on the stack. Omit the argument to leave them unchanged; `{}` removes them.
    #[attr(stable, same = empty_is_null)]
    pub environment: OrServer<Variables>,
    /// IDs of the secrets whose values the runs on the stack receive as environment variables. Omit the argument to
    /// leave them unchanged; `[]` removes them.
    #[attr(stable, same = empty_is_null)]
    pub secrets: OrServer<BTreeSet<Id<SecretId>>>,
    /// Labels.
    #[attr(same = empty_is_null)]
    pub labels: OrServer<BTreeMap<String, String>>,
}

/// Returns the name of the lock for reading and writing a whole stack.
pub(crate) fn lock_name(stack: StackId) -> String {
    format!("stack {stack}")
}

impl InWorkspace for Stack {
    type Wire = ApiStack;
    type Beside = ();
    const NOUN: Noun = Noun { words: "stack", resource: "zenml_stack" };
    const FILTERS: &'static [Filter<StackQuery, ApiStack>] = &[Filter {
        name: "component_id",
        description: "List only stacks that contain the component with this ID.",
        check: Some(uuid),
        narrow: |query, id| StackQuery { component_id: vec![id.to_owned()], ..query },
        keeps: |stack, id| {
            let components = stack.metadata.as_ref().map(|metadata| &metadata.components);
            let is_it = |component: &Component| component.id.to_string() == id.to_lowercase();
            components.is_none_or(|components| components.values().flatten().any(is_it))
        },
    }];

    fn wanted(&self) -> Result<StackCreate, Diag> {
        Ok(StackCreate {
            name: self.name.clone(),
            description: self.description.as_ref().cloned().unwrap_or_default(),
            components: slots::there(slots::changed(&Slots::new(), &Slots::new(), self)),
            labels: self.labels.as_ref().map(text::labels),
            environment: self.environment.as_ref().cloned(),
            secrets: run::sent_secrets(self.secrets.as_ref()),
            ..StackCreate::default()
        })
    }

    /// Omits what depends on the current components and secrets of the stack: see [`Self::update`].
    fn change(prior: &Self, plan: &Self) -> Result<Option<StackUpdate>, Diag> {
        let description = |stack: &Self| non_empty(stack.description.as_ref());
        Ok(change::any(StackUpdate {
            name: Patch::between(Some(&prior.name), Some(plan.name.clone())),
            description: Patch::between(description(prior).as_ref(), description(plan)),
            labels: text::labels_change(prior.labels.as_ref(), plan.labels.as_ref()),
            environment: run::variables_change(prior.environment.as_ref(), plan.environment.as_ref()),
            ..StackUpdate::default()
        }))
    }

    fn observe(found: &Found<'_, Self>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let metadata = found.body(&found.object.metadata)?;
        let slots = slots_of(found.object);
        let (components, component_lists) = match since {
            // The next read shows what somebody else has added to the stack meanwhile.
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
            // Somebody may have changed unmanaged attributes meanwhile; the next read shows that.
            Since::Answer(plan) => (
                plan.description.clone().or_prior(description),
                plan.environment.clone().or_prior(environment),
                plan.secrets.clone().or_prior(secrets),
            ),
            Since::State(_) | Since::Import(_) => (description, environment, secrets),
        };
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: found.id(),
            name: found.name(),
            description,
            components,
            component_lists,
            environment,
            secrets,
            labels: OrServer::from_option(labels.map(text::label_texts)),
        })
    }

    fn failed(&self, verb: &str, error: &ApiError) -> Diag {
        explained(self, verb, error)
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, write::home_of(&plan)).await?;
        let joining = slots::places(&Partial::new(plan.to_object()));
        if let Some(misplaced) = check::misplaced(&server, &joining).await?.into_iter().next() {
            return Err(misplaced);
        }
        write::create(cx, plan).await
    }

    async fn update(cx: &Cx<Client>, current: Current<Objects<Self>>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let id = prior.id.get()?.0;
        let server = scope::open(cx, write::home_of(&prior)).await?;
        let before = slots::named(&prior);
        let joining = slots::joining(&before, &Partial::new(plan.to_object()));
        if let Some(misplaced) = check::misplaced(&server, &joining).await?.into_iter().next() {
            return Err(misplaced);
        }
        // A component that is deleted at the same time removes itself from its stacks.
        let _alone = cx.lock(lock_name(id)).await;
        let now = server.api.call(&api::GET, id).await.optional();
        let now = now.map_err(|error| plan.failed("change", &error))?;
        let found = now.ok_or_else(|| Self::NOUN.vanished(&prior.name))?;
        let now = slots_of(&found);
        let wanted = slots::changed(&now, &before, &plan);
        let mut let_go: Vec<ComponentId> = now.values().flatten().copied().collect();
        let_go.retain(|id| !wanted.values().any(|ids| ids.contains(id)));
        let linked = found.metadata.as_ref().map(|metadata| metadata.secrets.as_slice()).unwrap_or_default();
        let SecretChange { add, remove } =
            run::secret_change(linked, prior.secrets.as_ref(), plan.secrets.as_ref());
        let change = StackUpdate {
            components: (wanted != now).then_some(wanted),
            add_secrets: add,
            remove_secrets: remove,
            ..Self::change(&prior, &plan)?.unwrap_or_default()
        };
        let stack = match change::any(change) {
            None => found,
            Some(change) => {
                let changed = write::send(&server, id, change, &plan).await?;
                changed.ok_or_else(|| Self::NOUN.vanished(&plan.name))?
            }
        };
        let components = components_of(&stack);
        let changed = read::observed(&server, &stack, &plan)?;
        cx.save(&changed);
        release_retired::<HeldComponents>(cx, &server, &let_go, &components).await;
        run::release(cx, &server, prior.secrets.as_ref(), changed.secrets.as_ref()).await;
        Ok(changed)
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let id = prior.id.get()?.0;
        let Some(server) = scope::open_to_delete(cx, write::home_of(&prior)).await? else { return Ok(()) };
        let _alone = cx.lock(lock_name(id)).await;
        let gone = server.api.call(&api::DELETE, id).await.optional();
        gone.map_err(|error| prior.failed("delete", &error))?;
        // A component that is deleted at the same time may have been retired only now.
        let let_go: Vec<ComponentId> = slots::named(&prior).into_values().flatten().collect();
        release_retired::<HeldComponents>(cx, &server, &let_go, &[]).await;
        run::release(cx, &server, prior.secrets.as_ref(), None).await;
        Ok(())
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        check::configuration(config)
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
        // An existing component can be checked before anything is changed.
        let Reach::Open(server) = scope::reach(cx, own.map(|id| id.0)).await? else { return Ok(()) };
        for misplaced in check::misplaced(&server, &joining).await? {
            plan.error(misplaced);
        }
        Ok(())
    }

    fn inherit(state: Dyn) -> Dyn {
        left_out::inherited(state)
    }
}

/// Returns the diagnostic of a failed request, at the attribute that caused it.
fn explained(stack: &Stack, verb: &str, error: &ApiError) -> Diag {
    let diag = cannot(format_args!("{verb} stack {:?}", stack.name), Needs::WORKSPACE_ADMIN, error);
    let Some(refused) = error.answer() else { return diag };
    let message = refused.body.summary();
    let places = slots::places(&Partial::new(stack.to_object()));
    if let Some(place) = places.into_iter().find(|place| message.contains(&place.id.to_string())) {
        return diag.at(place.path);
    }
    if let Some(place) = check::crowded(stack, &message) {
        return diag.at(place);
    }
    match error {
        ApiError::NotFound(_) if message.contains("secret") => diag.at(Stack::SECRETS),
        ApiError::Invalid(_) if message.contains("environment") => diag.at(Stack::ENVIRONMENT),
        ApiError::Invalid(_) if message.contains("name") => diag.at(Stack::NAME),
        ApiError::Invalid(_) if message.contains("components") => diag.at(check::components_path(stack)),
        _ => diag,
    }
}

/// Returns the components of a stack with their names.
fn components_of(stack: &ApiStack) -> Vec<(ComponentId, String)> {
    let components = stack.metadata.iter().flat_map(|metadata| &metadata.components);
    let components = components.flat_map(|(_, components)| components);
    components.map(|component| (component.id, component.name.clone())).collect()
}
