//! What users write under `settings:` of a source.

use crate::connector::{{type}}Connector;
use connector_core::{Connector, Context, Result, Settings, SettingsFault};
use schemars::JsonSchema;
use serde::Deserialize;

/// The settings of a source. Users read these comments in their editor.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct {{type}}Settings {
    /// How many people the example has.
    pub people: u64,
}

impl Settings for {{type}}Settings {
    // Finds what the schema can't say. `connector validate` shows each fault with its line; nothing is sent for it.
    fn check(&self, _context: &Context) -> Vec<SettingsFault> {
        let fault = SettingsFault::new("/people", "a directory without people can't be read")
            .with_help("write 1 or more");
        if self.people == 0 {
            vec![fault]
        } else {
            Vec::new()
        }
    }

    fn open(self, _context: &Context) -> Result<Box<dyn Connector>> {
        Ok(Box::new({{type}}Connector::new(self.people)))
    }
}
