//! What every tool can reach.

use connector_core::{Error, Result};
use connector_engine::query;
use connector_engine::store::{Place, Store};
use connector_project::source::Project;

/// How many rows an answer has at most, and unless the caller says so.
pub(crate) const MOST_ROWS: usize = 500;
pub(crate) const USUAL_ROWS: usize = 50;

/// The files of a project as they are now, and its store.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) project: Project,
    place: Place,
}

impl Reach {
    pub(crate) fn new(project: Project, place: Place) -> Self {
        Self { project, place }
    }

    /// The store; `None` until something was aggregated.
    pub(crate) fn store(&self) -> Result<Option<Store>> {
        Store::open_existing(self.place.clone())
    }

    /// The store with what was read from the source with this name. Only a name of the project is one: a path would reach any
    /// file of the machine.
    pub(crate) fn store_of(&self, name: &str) -> Result<Store> {
        let known = self.project.sources()?;
        if !known.iter().any(|one| one == name) {
            return Err(Error::not_found(format!("this project has no source `{name}`"))
                .with_help(format!("it has {}", known.join(", "))));
        }
        if let Some(store) = self.store()?
            && query::last_run(&store, name)?.is_some()
        {
            return Ok(store);
        }
        Err(Error::not_found(format!("`{name}` was never aggregated"))
            .with_help(format!("ask the user to run `connector aggregate {name}`")))
    }
}

/// How many rows to give.
pub(crate) fn rows(limit: Option<usize>) -> usize {
    limit.unwrap_or(USUAL_ROWS).clamp(1, MOST_ROWS)
}
