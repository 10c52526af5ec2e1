//! A source that is ready to use.

use super::definition::{AggregationSettings, Source};
use connector_core::registry::ConnectorRegistration;
use connector_core::{Connector, Context, Error};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_128;

/// A source that is ready to use: its connector is open.
#[derive(Debug)]
pub struct Opened {
    /// The source's name.
    pub source: String,
    /// The connector, opened with the source's settings.
    pub connector: Box<dyn Connector>,
    /// The registration of the connector.
    pub registration: &'static ConnectorRegistration,
    /// The context that the connector was opened with. Its meter counts the requests.
    pub context: Context,
    /// A hash of the parts of the file that decide what is read: the connector, `settings:`, and `auth:` without its refs and
    /// its rotation.
    pub definition: String,
    /// The aggregation settings of the source.
    pub aggregation: AggregationSettings,
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
        let mut context = Context::new(&source.name, project)
            .with_http(source.http.clone())
            .with_token_errors(source.connector.token_errors);
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

/// These changes keep the hash the same: a key in another place, another app for the same user (a certificate rotation
/// switches between two apps), another order of lines, and another day to rotate a certificate.
fn definition_of(source: &Source) -> String {
    let fields = source.auth.iter().filter_map(|auth| auth.settings.as_object()).flatten();
    let auth: BTreeMap<_, _> = fields
        .filter(|(name, _)| !name.ends_with("_ref") && *name != "rotation" && *name != "issuer")
        .map(|(name, value)| (name.as_str(), sorted(value)))
        .collect();
    let text = format!("{} {auth:?} {}", source.connector.name, sorted(&source.settings));
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

/// The value as text, with the members of objects sorted.
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
