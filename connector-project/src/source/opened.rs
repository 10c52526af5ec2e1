//! A source that is ready to use.

use super::caps::ProvisioningSettings;
use super::definition::{AggregationSettings, Source};
use super::limits::LimitSettings;
use super::meaning::Definition;
use crate::derive::Deriving;
use connector_core::registry::ConnectorRegistration;
use connector_core::{Connector, Context, Error};
use std::path::Path;
use std::sync::Arc;

/// A source that is ready to use: its connector is open.
#[derive(Debug)]
pub struct Opened {
    /// The source's name.
    pub source: String,
    /// The connector, opened with the source's settings.
    pub connector: Box<dyn Connector>,
    /// The registration of the connector.
    pub registration: Arc<ConnectorRegistration>,
    /// The context that the connector was opened with. Its meter counts the requests.
    pub context: Context,
    /// What in the file decides what is read and changed.
    pub definition: Definition,
    /// The aggregation settings of the source.
    pub aggregation: AggregationSettings,
    /// The caps of plans for the source.
    pub provisioning: ProvisioningSettings,
    /// How much of what the source allows may be used.
    pub limits: LimitSettings,
}

/// The block of a source that can't be opened, as a JSON pointer, and the error.
#[derive(Debug)]
pub(super) struct NotOpened {
    pub(super) pointer: &'static str,
    pub(super) error: Error,
}

impl Opened {
    /// Opens the auth strategy of a source, then its connector. `project` is the project folder.
    pub(super) fn from_source(source: &Source, project: &Path) -> Result<Self, NotOpened> {
        let at = |pointer| move |error: Error| NotOpened { pointer, error: error.with_context("source", &source.name) };
        let mut context = source.context_in(project);
        // A recording needs no sign-in, and nobody who replays it has the secrets.
        if let Some(auth) = source.auth.as_ref().filter(|_| !source.http.tape.is_replay()) {
            let strategy = (auth.strategy.open)(auth.settings.clone(), &context).map_err(at("/auth"))?;
            context = context.with_auth(strategy);
        }
        let connector = source.connector.open(source.settings.clone(), &context).map_err(at("/settings"))?;
        let derivations = source.derivations().map_err(at("/attributes"))?;
        derivations.fit(&connector.schema()).map_err(at("/attributes"))?;
        let connector =
            if derivations.is_empty() { connector } else { Box::new(Deriving::new(connector, derivations)) };
        Ok(Self {
            source: source.name.clone(),
            connector,
            registration: source.connector.clone(),
            context,
            definition: Definition::of(source),
            aggregation: source.aggregation.clone(),
            provisioning: source.provisioning.clone(),
            limits: source.limits.clone(),
        })
    }
}
