//! Opening a source: its auth strategy first, then its connector.

use super::definition::{AggregationSettings, Source};
use super::project::Project;
use connector_core::registry::ConnectorRegistration;
use connector_core::{Connector, Context, Result};

/// A source that is ready to be tested or read.
#[derive(Debug)]
pub struct Opened {
    /// The source's name.
    pub source: String,
    /// The connector, opened with the source's settings.
    pub connector: Box<dyn Connector>,
    /// What is known about the connector.
    pub registration: &'static ConnectorRegistration,
    /// What the connector was opened with; its meter counts the requests.
    pub context: Context,
    /// How the source is aggregated.
    pub aggregation: AggregationSettings,
}

impl Source {
    /// Makes the auth strategy and the connector. Offline: it reads no secret and sends nothing.
    ///
    /// Fails with kind `definition` when the settings contradict each other in a way that no schema can say.
    pub fn open(&self, project: &Project) -> Result<Opened> {
        let mut context = Context::new(&self.name, project.folder()).with_http(self.http.clone());
        if let Some(auth) = &self.auth {
            let strategy = (auth.strategy.open)(auth.settings.clone(), &context).map_err(|error| self.named(error))?;
            context = context.with_auth(strategy);
        }
        let connector = (self.connector.open)(self.settings.clone(), &context).map_err(|error| self.named(error))?;
        Ok(Opened {
            source: self.name.clone(),
            connector,
            registration: self.connector,
            context,
            aggregation: self.aggregation.clone(),
        })
    }

    fn named(&self, error: connector_core::Error) -> connector_core::Error {
        error.with_context("source", &self.name)
    }
}
