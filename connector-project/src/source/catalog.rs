//! The connectors that the sources of a project can use.

use crate::document::Problems;
use connector_core::registry::{self, ConnectorRegistration};
use connector_core::{Error, ErrorKind, Problem, Result, nearest};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The connectors that the sources of a project can use: those linked into this program, and those that the project
/// defines in `connectors/`, by name.
///
/// A connector file with problems makes only its own connector unusable.
#[derive(Clone, Debug)]
pub struct Catalog {
    connectors: Vec<CatalogConnector>,
    broken: Vec<BrokenFile>,
}

/// A connector, and where it comes from.
#[derive(Clone, Debug)]
pub struct CatalogConnector {
    /// What it registered.
    pub registration: Arc<ConnectorRegistration>,
    /// The project's file that defines it; `None` for a linked connector.
    pub file: Option<PathBuf>,
    /// A hash of what that file says.
    pub(super) content: Option<String>,
}

#[derive(Clone, Debug)]
struct BrokenFile {
    name: String,
    path: PathBuf,
    problems: Vec<Problem>,
}

impl Catalog {
    /// The linked connectors alone.
    pub fn linked() -> Self {
        let linked = registry::connectors().into_iter().map(|linked| CatalogConnector {
            registration: Arc::new(linked.clone()),
            file: None,
            content: None,
        });
        Self { connectors: linked.collect(), broken: Vec::new() }
    }

    /// Adds the connector of a file.
    pub(super) fn add(&mut self, registration: ConnectorRegistration, path: PathBuf, content: String) {
        let registration = Arc::new(registration);
        self.connectors.push(CatalogConnector { registration, file: Some(path), content: Some(content) });
        self.connectors.sort_by(|a, b| a.registration.name.cmp(&b.registration.name));
    }

    /// Adds a file with problems. Its connector can't be used.
    pub(super) fn add_broken(&mut self, name: String, path: PathBuf, Problems(problems): Problems) {
        self.broken.push(BrokenFile { name, path, problems });
    }

    /// All usable connectors by name.
    pub fn connectors(&self) -> &[CatalogConnector] {
        &self.connectors
    }

    /// The usable connector of that name.
    pub fn find(&self, name: &str) -> Option<&CatalogConnector> {
        self.connectors.iter().find(|one| one.registration.name == name)
    }

    /// The connector of that name; otherwise an error of kind `definition` with the problems of its file, or with the
    /// known names.
    pub fn connector(&self, name: &str) -> Result<&CatalogConnector> {
        if let Some(found) = self.find(name) {
            return Ok(found);
        }
        if let Some(broken) = self.broken.iter().find(|one| one.name == name) {
            return Err(Problems(broken.problems.clone()).into());
        }
        let known: Vec<_> = self.names();
        let help = match nearest(name, known.iter().copied()) {
            Some(guess) => format!("did you mean `{guess}`?"),
            None if known.is_empty() => "this program has no connector".to_owned(),
            None => format!("known names: {}", known.join(", ")),
        };
        Err(Error::new(ErrorKind::Definition, format!("unknown connector `{name}`")).with_help(help))
    }

    /// The problems of all connector files.
    pub fn problems(&self) -> Vec<Problem> {
        self.broken.iter().flat_map(|one| one.problems.iter().cloned()).collect()
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.connectors.iter().map(|one| &*one.registration.name).collect()
    }

    /// The file of a connector that its problems make unusable.
    pub(super) fn broken_file(&self, name: &str) -> Option<&Path> {
        self.broken.iter().find(|one| one.name == name).map(|one| one.path.as_path())
    }

    /// The problems of the connector file of this file name.
    pub(super) fn problems_of(&self, file: &Path) -> Vec<Problem> {
        let of_it = self.broken.iter().filter(|one| one.path.file_name() == file.file_name());
        of_it.flat_map(|one| one.problems.iter().cloned()).collect()
    }
}
