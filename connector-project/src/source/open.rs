//! Opening a source of a project.

use super::definition::Source;
use super::opened::Opened;
use super::project::Project;
use connector_core::Result;

impl Source {
    /// Makes the auth strategy and the connector. Offline: it reads no secret and sends nothing.
    ///
    /// Fails with kind `definition` when the settings contradict each other in a way that no schema can say.
    pub fn open(&self, project: &Project) -> Result<Opened> {
        Opened::from_source(self, project.folder()).map_err(|not_opened| not_opened.error)
    }
}
