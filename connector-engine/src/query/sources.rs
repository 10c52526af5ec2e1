//! The sources of a project, and how each of them stands.

use super::runs::{Run, last_run};
use connector_core::Result;
use connector_project::certificate::{self, Watched};
use connector_project::source::{Approval, Problems, Project, Source, loosened_guards};
use connector_store::Store;
use jiff::Timestamp;
use std::path::PathBuf;

/// A source of a project, and how it stands.
#[derive(Debug)]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: Option<PathBuf>,
    /// What the file says, or everything that is wrong in it.
    pub definition: Result<Source, Problems>,
    /// The guards that it turns off or loosens, in a sentence each.
    pub loosened: Vec<String>,
    /// Its certificate, if it names one in a file.
    pub certificate: Option<Watched>,
    /// Its newest run.
    pub last_run: Option<Run>,
}

impl SourceState {
    /// Whether somebody other than its author must approve a plan for it. So it is where the file is not valid.
    pub fn asks_for_approval(&self) -> bool {
        self.definition.as_ref().map_or(true, |source| source.provisioning.approval == Approval::Required)
    }

    /// How the source with this name stands. `store` is absent until something was aggregated. Sends nothing, runs no program
    /// and opens no key.
    pub fn of(project: &Project, store: Option<&Store>, name: &str, now: Timestamp) -> Result<Self> {
        let last_run = store.map(|store| last_run(store, name)).transpose()?.flatten();
        let definition = project.load(name);
        let loaded = definition.as_ref().ok();
        Ok(Self {
            name: name.to_owned(),
            path: project.source_file(name).ok(),
            loosened: loaded.map(|one| loosened_guards(&one.aggregation, &one.provisioning)).unwrap_or_default(),
            certificate: loaded.and_then(|source| certificate::glance(project, source, now)),
            last_run,
            definition,
        })
    }
}

/// The sources of a project in the order of their names.
pub fn sources(project: &Project, store: Option<&Store>, now: Timestamp) -> Result<Vec<SourceState>> {
    project.sources()?.iter().map(|name| SourceState::of(project, store, name, now)).collect()
}
