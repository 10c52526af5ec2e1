//! Opening a source of a project.

use super::definition::Source;
use super::opened::Opened;
use super::project::Project;
use connector_core::{Context, Result, SigningKey};
use std::path::Path;

impl Source {
    /// Makes the auth strategy and the connector. Offline: it reads no secret and sends nothing.
    ///
    /// Fails with kind `definition` when the settings contradict each other in a way that no schema can say.
    pub fn open(&self, project: &Project) -> Result<Opened> {
        Opened::from_source(self, project.folder()).map_err(|not_opened| not_opened.error)
    }

    /// What gives the values of the source's refs: the secrets and certificates that its `auth:` block names. Offline until
    /// it is asked for one.
    pub fn context(&self, project: &Project) -> Context {
        self.context_in(project.folder())
    }

    /// The context with the HTTP options of the source, for its strategy and its connector.
    pub(super) fn context_in(&self, folder: &Path) -> Context {
        Context::new(&self.name, folder)
            .with_http(self.http.clone())
            .with_token_errors(self.connector.provider.token_errors)
    }

    /// The key that the source signs in with, as its auth strategy says; `None` when it signs with none, or when its
    /// `auth:` block can't be opened. Offline.
    pub fn signing_key(&self, project: &Project) -> Option<SigningKey> {
        let auth = self.auth.as_ref()?;
        (auth.strategy.open)(auth.settings.clone(), &self.context(project)).ok()?.signing_key()
    }
}
