//! What a fake would register.

use connector_core::registry::{AnySettings, ConnectorRegistration};
use connector_core::{Connector, Context, Error, ErrorKind, Result, SettingsFault};
use std::sync::Arc;

/// What a fake would register; its test makes the connector itself.
#[derive(Debug)]
struct NoSettings;

impl AnySettings for NoSettings {
    fn schema(&self, _: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::Schema::default()
    }

    fn check(&self, _: serde_json::Value, _: &Context) -> Result<Vec<SettingsFault>> {
        Ok(Vec::new())
    }

    fn open(&self, _: serde_json::Value, _: &Context) -> Result<Box<dyn Connector>> {
        Err(Error::new(ErrorKind::Unsupported, "a fake is made by its test"))
    }
}

pub fn registration() -> Arc<ConnectorRegistration> {
    Arc::new(ConnectorRegistration::new("fake", "Fake", "A source in memory", "", Arc::new(NoSettings)))
}
