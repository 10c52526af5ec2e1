//! A format of connector files: the accounts are in the file. Only the tests have it.

use connector_core::schemars::{Schema, SchemaGenerator, json_schema};
use connector_core::serde_json::Value;
use connector_core::{
    Account, AccountSchema, AnySettings, Connector, ConnectorFile, ConnectorRegistration, Context, Cursor, Finding,
    Page, Result, SettingsFault, TestReport, async_trait, register_connector_format, schemars, serde,
};
use std::sync::Arc;

#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "connector_core::serde", deny_unknown_fields)]
#[schemars(crate = "connector_core::schemars")]
struct Roster {
    /// The name for people.
    title: String,
    /// The names of the accounts.
    people: Vec<String>,
}

impl ConnectorFile for Roster {
    fn load(self, name: &str) -> Result<ConnectorRegistration> {
        let (title, example) = (self.title.clone(), format!("connector: {name}\nsettings:\n  floor: 1\n"));
        Ok(ConnectorRegistration::new(name.to_owned(), title, "People in a file", example, Arc::new(self)))
    }
}

register_connector_format! {
    name: "roster",
    title: "Roster",
    description: "Lists accounts in the file itself",
    file: Roster,
}

impl AnySettings for Roster {
    fn schema(&self, _: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {"floor": {"type": "integer", "description": "The floor of the people."}},
            "required": ["floor"],
            "additionalProperties": false,
        })
    }

    fn check(&self, _: Value, _: &Context) -> Result<Vec<SettingsFault>> {
        Ok(Vec::new())
    }

    fn open(&self, _: Value, _: &Context) -> Result<Box<dyn Connector>> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl Connector for Roster {
    async fn test_connection(&self, report: &mut TestReport) {
        report.step("people", async { Ok(Finding::passed(format!("{} people", self.people.len()))) }).await;
    }

    async fn aggregate_accounts(&self, _: &Cursor) -> Result<Page<Account>> {
        Ok(Page::last(self.people.iter().map(|name| Account::new(name, name)).collect()))
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default()
    }
}
