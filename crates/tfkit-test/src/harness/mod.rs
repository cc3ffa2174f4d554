//! Simulates the host in the process of the test.

mod apply;
mod ephemeral;
mod failure;
mod function;
mod input;
mod invoke;
mod plan;
mod query;
mod state;
mod wire;

use serde_json::Value as Json;
use tfkit::engine::{DataSourceRequest, ImportBy, ImportRequest, UpgradeRequest, ValidateRequest};
use tfkit::{Diag, Dyn, Kind};

pub use self::apply::Applied;
pub use self::ephemeral::OpenResource;
pub use self::failure::Failure;
pub use self::function::call_function;
pub use self::input::unknown;
pub use self::invoke::Invoked;
pub use self::plan::Planned;
use self::plan::Refresh;
pub use self::query::{Found, Query};
pub use self::state::Harness;
use self::state::Object;

impl Harness {
    /// Stores a state that another version wrote: its attributes as JSON, with the version of its schema. The
    /// provider upgrades it immediately.
    pub async fn adopt(&mut self, address: &str, version: i64, attributes: &Json) -> Result<(), Failure> {
        let (type_name, schema) = self.type_of(address)?;
        let type_name = type_name.to_owned();
        let json = attributes.to_string().into_bytes();
        let request = UpgradeRequest { type_name: type_name.clone(), version, json };
        let (state, diags) = self.engine.upgrade(request).await;
        Failure::of("upgrade of the state", diags)?;
        wire::check_state(&state, schema, "Invalid resource state upgrade")?;
        let object = Object { type_name, state, private: Vec::new(), identity: Dyn::Null, tainted: false };
        self.objects.insert(address.to_owned(), object);
        Ok(())
    }

    /// Plans a configuration after a refresh. Nothing is stored.
    pub async fn plan(&self, address: &str, config: Json) -> Result<Planned, Failure> {
        self.engine.begin_run();
        let (_, schema) = self.type_of(address)?;
        let config = input::config(&schema.attributes, &config)?;
        self.plan_for(address, config, Refresh::Yes).await
    }

    /// Plans one run with several addresses, in this order. A null configuration deletes the object. Returns the
    /// messages, including errors.
    pub async fn plan_together(&self, run: &[(&str, Json)]) -> Result<Vec<Diag>, Failure> {
        self.engine.begin_run();
        let mut told = Vec::new();
        for (address, config) in run {
            let planned = if config.is_null() {
                let (found, warnings) = self.read(self.object(address)?).await?;
                told.extend(warnings);
                let Some(object) = found else { continue };
                self.plan_from(&object.type_name.clone(), Some(object), &Dyn::Null).await
            } else {
                let (_, schema) = self.type_of(address)?;
                let config = input::config(&schema.attributes, config)?;
                self.plan_for(address, config, Refresh::Yes).await
            };
            match planned {
                Ok(planned) => told.extend(planned.warnings),
                Err(Failure::Refused { diags, .. }) => told.extend(diags),
                Err(failure) => return Err(failure),
            }
        }
        Ok(told)
    }

    /// Plans a configuration against the stored state.
    pub async fn plan_without_refresh(&self, address: &str, config: Json) -> Result<Planned, Failure> {
        self.engine.begin_run();
        let (_, schema) = self.type_of(address)?;
        let config = input::config(&schema.attributes, &config)?;
        self.plan_for(address, config, Refresh::No).await
    }

    /// Plans a configuration after a refresh, with some attributes in `ignore_changes`. Nothing is stored.
    pub async fn plan_ignoring(
        &self,
        address: &str,
        config: Json,
        ignored: &[&str],
    ) -> Result<Planned, Failure> {
        let (_, schema) = self.type_of(address)?;
        let config = self.ignoring(address, input::config(&schema.attributes, &config)?, ignored);
        self.plan_for(address, config, Refresh::Yes).await
    }

    /// Applies an earlier plan, as the host applies a saved one. Anything may have changed in the meantime. The next
    /// plan is not checked.
    pub async fn apply_planned(
        &mut self,
        address: &str,
        planned: Planned,
        config: Json,
        ignored: &[&str],
    ) -> Result<Applied, Failure> {
        let (_, schema) = self.type_of(address)?;
        let config = input::config(&schema.attributes, &config)?;
        let planning = self.ignoring(address, config.clone(), ignored);
        self.carry_out(address, planned, planning, config).await
    }

    /// Returns a configuration as the provider sees it during planning: ignored attributes are as in the state.
    fn ignoring(&self, address: &str, mut config: Dyn, ignored: &[&str]) -> Dyn {
        if let (Some(object), Dyn::Map(config)) = (self.objects.get(address), &mut config) {
            for name in ignored {
                config.insert((*name).to_owned(), object.state.attribute(name).clone());
            }
        }
        config
    }

    /// Plans and applies a configuration. Afterwards, its plan must be empty, without and with a refresh.
    pub async fn apply(&mut self, address: &str, config: Json) -> Result<Applied, Failure> {
        self.apply_late(address, config.clone(), config).await
    }

    /// Plans one configuration and applies another one, in which unknown values are known. Afterwards, the plan of
    /// the second one must be empty.
    pub async fn apply_late(&mut self, address: &str, early: Json, late: Json) -> Result<Applied, Failure> {
        let applied = self.apply_unsettled(address, early, late.clone()).await?;
        for (when, planned) in [
            ("without a refresh", self.plan_without_refresh(address, late.clone()).await?),
            ("after a refresh", self.plan(address, late).await?),
        ] {
            planned.must_be_empty(when)?;
        }
        Ok(applied)
    }

    /// Like [`apply_late`](Self::apply_late), but does not check the next plan.
    pub async fn apply_unsettled(
        &mut self,
        address: &str,
        early: Json,
        late: Json,
    ) -> Result<Applied, Failure> {
        let (_, schema) = self.type_of(address)?;
        let late = input::config(&schema.attributes, &late)?;
        let planned = self.plan(address, early).await?;
        self.carry_out(address, planned, late.clone(), late).await
    }

    /// Refreshes an object and stores the result. Returns false if it no longer exists; it is then removed from the
    /// state.
    pub async fn refresh(&mut self, address: &str) -> Result<bool, Failure> {
        let object = self.object(address)?;
        let (found, _) = self.read(object).await?;
        let is_there = found.is_some();
        match found {
            Some(object) => self.objects.insert(address.to_owned(), object),
            None => self.objects.remove(address),
        };
        Ok(is_there)
    }

    /// Imports an object and reads it, as the host does.
    pub async fn import(&mut self, address: &str, by: ImportBy) -> Result<(), Failure> {
        let imported = self.imported(address, by).await?;
        self.objects.insert(address.to_owned(), imported);
        Ok(())
    }

    /// Imports an object that is already in the state, without storing it, and compares both. The named attributes
    /// may differ: those that only the configuration contains.
    pub async fn import_equals_state(
        &self,
        address: &str,
        by: ImportBy,
        except: &[&str],
    ) -> Result<(), Failure> {
        let imported = self.imported(address, by).await?;
        let state = self.object(address)?;
        let (_, schema) = self.type_of(address)?;
        let differing = schema.attributes.iter().map(|attribute| attribute.name).filter(|name| {
            !except.contains(name) && imported.state.attribute(name) != state.state.attribute(name)
        });
        let attributes: Vec<String> = differing.map(str::to_owned).collect();
        if attributes.is_empty() { Ok(()) } else { Err(Failure::ImportDiffers { attributes }) }
    }

    /// Deletes an object.
    pub async fn destroy(&mut self, address: &str) -> Result<Vec<Diag>, Failure> {
        self.engine.begin_run();
        let object = self.object(address)?;
        let (found, mut warnings) = self.read(object).await?;
        let Some(object) = found else {
            self.objects.remove(address);
            return Ok(warnings);
        };
        warnings.extend(self.remove(address, object).await?);
        Ok(warnings)
    }

    /// Reads a data source, by the full name of its type.
    pub async fn read_data_source(&self, type_name: &str, config: Json) -> Result<Dyn, Failure> {
        let schema = self.engine.schema(Kind::DataSource, type_name);
        let schema = schema.ok_or_else(|| Failure::Mistake(format!("unknown data source {type_name}")))?;
        let config = wire::cross(&input::config(&schema.attributes, &config)?, schema)?;
        let type_name = type_name.to_owned();
        let request = ValidateRequest {
            type_name: type_name.clone(),
            config: config.clone(),
            write_only_allowed: self.write_only_allowed,
        };
        Failure::of("validation", self.engine.validate(Kind::DataSource, request).await)?;
        let (state, diags) = self.engine.read_data_source(DataSourceRequest { type_name, config }).await;
        Failure::of("read", diags)?;
        if state.is_null() {
            return Err(Failure::host("Provider produced null object", "the data source is null"));
        }
        wire::check_state(&state, schema, "Provider produced invalid object")?;
        Ok(state)
    }

    async fn imported(&self, address: &str, by: ImportBy) -> Result<Object, Failure> {
        let (type_name, schema) = self.type_of(address)?;
        let type_name = type_name.to_owned();
        let request = ImportRequest { type_name: type_name.clone(), by };
        let stored = self.engine.import(request).await;
        Failure::of("import", stored.diags)?;
        if stored.state.is_null() {
            return Err(Failure::host("Import returned no resources", "the imported state is null"));
        }
        wire::check_state(&stored.state, schema, "Provider produced invalid object")?;
        let (state, private, identity) = (stored.state, stored.private, stored.identity);
        let (found, _) = self.read(&Object { type_name, state, private, identity, tainted: false }).await?;
        found.ok_or_else(|| {
            Failure::host("Cannot import non-existent remote object", "the read after it found nothing")
        })
    }
}
