//! Formats of connector files: `connectors/NAME.yaml` in a project defines a connector as a linked crate does.

use crate::error::Result;
use crate::registry::ConnectorRegistration;
use crate::settings_fault::SettingsFault;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The content of a connector file in one format: everything but the key `format`.
///
/// A crate that reads such a format implements this and registers it with
/// [`register_connector_format!`](crate::register_connector_format).
pub trait ConnectorFile: DeserializeOwned + JsonSchema {
    /// Checks what the schema can't say: an expression that must parse, two keys that exclude each other. Offline.
    ///
    /// The pointers of the faults start at the top of the file. `connector validate` shows every fault at its line and
    /// column, all of them at once.
    fn check(&self) -> Vec<SettingsFault> {
        Vec::new()
    }

    /// Makes the connector `name`. Offline: it reads no secret and sends nothing.
    ///
    /// Its schema describes the `settings:` of the sources that use it.
    fn load(self, name: &str) -> Result<ConnectorRegistration>;
}

/// A linked format of connector files. Created by [`register_connector_format!`](crate::register_connector_format).
#[derive(Debug)]
pub struct ConnectorFormat {
    /// The value of `format:` in connector files, in snake case.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// What such a file describes, in one sentence.
    pub description: &'static str,
    /// Writes the JSON Schema of the file without `format`.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Checks a file that fits the schema, see [`ConnectorFile::check`].
    pub check: fn(Value) -> Result<Vec<SettingsFault>>,
    /// Makes the connector of that name from a checked file, see [`ConnectorFile::load`].
    pub load: fn(Value, &str) -> Result<ConnectorRegistration>,
}

inventory::collect!(ConnectorFormat);

/// The linked formats of connector files by name.
pub fn connector_formats() -> Vec<&'static ConnectorFormat> {
    let mut all: Vec<_> = inventory::iter::<ConnectorFormat>().collect();
    all.sort_by_key(|format| format.name);
    all
}
