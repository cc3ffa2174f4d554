//! The list resources of all objects of a workspace.

use std::marker::PhantomData;

use tfkit::check::{Rule, uuid};
use tfkit::field::Misfit;
use tfkit::model::{Misfits, Model, Object};
use tfkit::schema::{About, Schema};
use tfkit::{Attribute, Cx, Diag, Dyn, ListResource, Listed, Partial, Results};
use zenml_api::WorkspaceId;
use zenml_api::paging::PageQuery as _;
use zenml_api::workspace::{Crud, Named as _};

use super::filter::argument;
use super::object::{InWorkspace, Objects, QueryOf};
use super::place::Place;
use super::read::Read;
use super::scope::{self, Seen, Server};
use super::{list, lookup, text};
use crate::client::Client;
use crate::failure::Needs;
use crate::id::Id;

const WORKSPACE_ID: &str = "workspace_id";
const NAME: &str = "name";
const NAME_PREFIX: &str = "name_prefix";

/// The filters of a list of objects of a workspace: the workspace, the name, and [`InWorkspace::FILTERS`].
#[derive(Debug)]
pub struct Filters<T> {
    values: Dyn,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Filters<T> {
    fn clone(&self) -> Self {
        Self { values: self.values.clone(), of: PhantomData }
    }
}

impl<T: InWorkspace> Object for Filters<T> {
    fn attributes() -> Vec<Attribute> {
        let words = T::NOUN.plural();
        let common = [
            argument(
                WORKSPACE_ID,
                format!("ID of the workspace that contains the {words}. Default: the provider's workspace."),
            )
            .check(uuid()),
            argument(NAME, format!("List only the {words} with this name.")),
            argument(NAME_PREFIX, format!("List only {words} whose name starts with this prefix.")),
        ];
        common.into_iter().chain(T::FILTERS.iter().map(super::Filter::attribute)).collect()
    }

    fn from_object(object: &Dyn) -> Result<Self, Misfit> {
        Ok(Self { values: object.clone(), of: PhantomData })
    }

    fn to_object(&self) -> Dyn {
        self.values.clone()
    }

    fn misfits(object: &Dyn) -> Vec<Misfit> {
        Misfits::of(object).finish()
    }
}

impl<T: InWorkspace> Model for Filters<T> {
    type Key = ();

    fn type_name() -> &'static str {
        T::type_name()
    }

    fn description() -> &'static str {
        "Lists the objects that the credential can read, optionally filtered."
    }

    fn rules() -> Vec<Rule> {
        vec![Rule::AtMostOneOf(&[NAME, NAME_PREFIX])]
    }

    fn about() -> About {
        let category = T::about().category;
        About { since: Some("3.1.0"), needs: Some(Needs::WORKSPACE_VIEWER.text()), category, imports: &[] }
    }

    fn schema(version: i64) -> Schema {
        let words = T::NOUN.plural();
        Schema {
            version,
            description: format!("Lists the {words} that the credential can read, optionally filtered."),
            deprecated: None,
            attributes: Self::attributes(),
            rules: Self::rules(),
            about: Self::about(),
        }
    }
}

impl<T: InWorkspace> Filters<T> {
    fn value(&self, name: &str) -> Option<&str> {
        self.values.attribute(name).as_str()
    }

    /// Returns the workspace, if it is set. The schema ensures that it is a valid id.
    fn workspace(&self) -> Option<WorkspaceId> {
        self.value(WORKSPACE_ID).and_then(|id| id.parse().ok())
    }

    fn query(&self) -> QueryOf<T> {
        let names = match self.value(NAME) {
            Some(name) => text::exactly(name),
            None => lookup::beginning(self.value(NAME_PREFIX)),
        };
        let given = T::FILTERS.iter().filter_map(|filter| Some((filter, self.value(filter.name)?)));
        given.fold(T::query(T::Wire::named(names)), |query, (filter, wanted)| (filter.narrow)(query, wanted))
    }

    /// Returns whether an object matches: servers ignore unknown filters, and some ignore case.
    fn keeps(&self, object: &T::Wire) -> bool {
        let mut given = T::FILTERS.iter().filter_map(|filter| Some((filter, self.value(filter.name)?)));
        T::is_manageable(object)
            && self.value(NAME).is_none_or(|name| object.name() == name)
            && lookup::begins(object.name(), self.value(NAME_PREFIX))
            && given.all(|(filter, wanted)| (filter.keeps)(object, wanted))
    }
}

impl<T: InWorkspace> ListResource for Objects<T> {
    type Filters = Filters<T>;
    type Resource = Self;

    fn validate(filters: &Partial<Filters<T>>) -> Vec<Diag> {
        T::unfamiliar(filters.object())
    }

    async fn list(cx: &Cx<Client>, filters: Filters<T>, results: &mut Results<Self>) -> Result<(), Diag> {
        let server = scope::open(cx, filters.workspace()).await?;
        for query in T::split(&server, filters.query()).await? {
            let query = query.with_metadata();
            let mut next = Some(0);
            while let Some(from) = next {
                let part = list::part::<T>(&server, query.clone(), from).await;
                let (objects, following) = part.map_err(|error| lookup::unlisted(T::NOUN, &error))?;
                for object in objects.into_iter().filter(|object| filters.keeps(object)) {
                    results.push(listed(cx, &server, object, results.wants_objects())?).await;
                }
                next = following;
            }
        }
        Ok(())
    }
}

/// Returns a result. An object that the list returns only in part is read by itself.
fn listed<T: InWorkspace>(
    cx: &Cx<Client>,
    server: &Server,
    mut object: T::Wire,
    is_wanted: bool,
) -> Result<Listed<Objects<T>>, Diag> {
    let key = Place { workspace_id: server.workspace_id.map(Id), id: Id(object.id()) };
    let display_name = match T::kind_of(&object) {
        Some(kind) => format!("{kind}/{}", object.name()),
        None => object.name().to_owned(),
    };
    let is_whole = is_wanted && T::LISTED_WHOLE && object.is_complete();
    let remote = if is_whole {
        T::trim(&mut object);
        let beside = T::beside_listed(cx, &object)?;
        Some(Seen::on(server, Read { object, beside }))
    } else {
        None
    };
    Ok(Listed { key, display_name, remote })
}
