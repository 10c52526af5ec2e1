//! A source that is ready to be used.

use super::definition::{AggregationSettings, Source};
use connector_core::registry::ConnectorRegistration;
use connector_core::{Connector, Context, Error};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_128;

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
    /// A hash of what in the file decides what is read: connector, `auth:` but for where its secrets are kept and when
    /// they are renewed, and `settings:`.
    pub definition: String,
    /// How the source is aggregated.
    pub aggregation: AggregationSettings,
}

/// The block of a source that could not be used, as a JSON pointer, and why.
#[derive(Debug)]
pub(super) struct NotOpened {
    pub(super) pointer: &'static str,
    pub(super) error: Error,
}

impl Opened {
    /// Opens the auth strategy of a source first, then its connector. `project` is the project folder.
    pub(super) fn from_source(source: &Source, project: &Path) -> Result<Self, NotOpened> {
        let at = |pointer| move |error: Error| NotOpened { pointer, error: error.with_context("source", &source.name) };
        let mut context = source.context_in(project);
        if let Some(auth) = &source.auth {
            let strategy = (auth.strategy.open)(auth.settings.clone(), &context).map_err(at("/auth"))?;
            context = context.with_auth(strategy);
        }
        let connector = (source.connector.open)(source.settings.clone(), &context).map_err(at("/settings"))?;
        Ok(Self {
            source: source.name.clone(),
            connector,
            registration: source.connector,
            context,
            definition: definition_of(source),
            aggregation: source.aggregation.clone(),
        })
    }
}

/// A key that moves to another place, another app for the same user (they take turns when a certificate is replaced), a
/// block whose lines change places, or another day to renew a certificate leaves the definition the same.
fn definition_of(source: &Source) -> String {
    let fields = source.auth.iter().filter_map(|auth| auth.settings.as_object()).flatten();
    let auth: BTreeMap<_, _> = fields
        .filter(|(name, _)| !name.ends_with("_ref") && *name != "rotation" && *name != "issuer")
        .map(|(name, value)| (name.as_str(), sorted(value)))
        .collect();
    let text = format!("{} {auth:?} {}", source.connector.name, sorted(&source.settings));
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

/// The value as text, with the members of objects in order.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().map(|(name, value)| (name, sorted(value))).collect();
            format!("{members:?}")
        }
        Value::Array(items) => format!("{:?}", items.iter().map(sorted).collect::<Vec<_>>()),
        plain => plain.to_string(),
    }
}
