//! Opens a source of a project.

use super::definition::Source;
use super::opened::Opened;
use super::project::Project;
use connector_core::{Context, Result, SigningKey};

impl Source {
    /// Creates the auth strategy and the connector. It works offline: it reads no secret and sends nothing.
    ///
    /// Fails with kind `definition` if the settings contradict each other in a way that a schema can't express.
    pub fn open(&self, project: &Project) -> Result<Opened> {
        Opened::from_source(self, project.folder()).map_err(|not_opened| not_opened.error)
    }

    /// The signing key of the source's auth strategy; `None` if the strategy has no key, or if its `auth:` block can't be
    /// opened. It works offline.
    pub fn signing_key(&self, project: &Project) -> Option<SigningKey> {
        let auth = self.auth.as_ref()?;
        let context = Context::new(&self.name, project.folder());
        (auth.strategy.open)(auth.settings.clone(), &context).ok()?.signing_key()
    }
}
