//! Opens a source of a project.

use super::definition::Source;
use super::opened::Opened;
use super::project::Project;
use connector_core::{Context, Result, SettingsFault, SigningKey};
use std::path::Path;

impl Source {
    /// Creates the auth strategy and the connector. It works offline: it reads no secret and sends nothing.
    ///
    /// Fails with kind `definition` if the settings contradict each other in a way that a schema can't express.
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

    /// What in the settings works today and should be changed soon, see [`connector_core::Settings::advise`]. Offline.
    pub fn advice(&self, project: &Project) -> Vec<SettingsFault> {
        // Settings that can't be read have been refused before.
        self.connector.advise(self.settings.clone(), &self.context(project)).unwrap_or_default()
    }

    /// The signing key of the source's auth strategy; `None` if the strategy has no key, or if its `auth:` block can't be
    /// opened. It works offline.
    pub fn signing_key(&self, project: &Project) -> Option<SigningKey> {
        let auth = self.auth.as_ref()?;
        (auth.strategy.open)(auth.settings.clone(), &self.context(project)).ok()?.signing_key()
    }
}
