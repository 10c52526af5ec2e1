//! Opening a source of a project.

use super::definition::Source;
use super::opened::Opened;
use super::project::Project;
use connector_core::{Context, Result, SigningKey};

impl Source {
    /// Makes the auth strategy and the connector. Offline: it reads no secret and sends nothing.
    ///
    /// Fails with kind `definition` when the settings contradict each other in a way that no schema can say.
    pub fn open(&self, project: &Project) -> Result<Opened> {
        Opened::from_source(self, project.folder()).map_err(|not_opened| not_opened.error)
    }

    /// The key that the source signs in with, as its auth strategy says; `None` when it signs with none, or when its
    /// `auth:` block can't be opened. Offline.
    pub fn signing_key(&self, project: &Project) -> Option<SigningKey> {
        let auth = self.auth.as_ref()?;
        let context = Context::new(&self.name, project.folder());
        (auth.strategy.open)(auth.settings.clone(), &context).ok()?.signing_key()
    }
}
