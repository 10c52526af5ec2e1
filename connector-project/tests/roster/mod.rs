//! A format of connector files that exists only for these tests: the accounts are in the file.

use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, AnySettings, Connector, ConnectorFile, ConnectorRegistration, Context, Cursor, Page,
    Result, SettingsFault, TestReport, register_connector_format,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Roster {
    /// The name for people.
    title: String,
    /// The JSON Schema of `settings:`.
    params: Map<String, Value>,
    /// Where the roster is published.
    #[serde(rename = "home_url")]
    _home_url: Option<String>,
    /// The names of the accounts.
    people: Vec<String>,
}

impl ConnectorFile for Roster {
    fn check(&self) -> Vec<SettingsFault> {
        let spaces = self.people.iter().enumerate().filter_map(|(index, name)| Some((index, name.find(' ')?)));
        let fault = |(index, at)| {
            SettingsFault::new(format!("/people/{index}"), "a name has no space")
                .at(at..at + 1)
                .with_help("write one word")
        };
        spaces.map(fault).collect()
    }

    fn load(self, name: &str) -> Result<ConnectorRegistration> {
        let example = format!("connector: {name}\nsettings:\n  floor: 1\n");
        let title = self.title.clone();
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
        self.params.clone().into()
    }

    fn check(&self, settings: Value, _: &Context) -> Result<Vec<SettingsFault>> {
        let is_unlucky = settings["floor"] == 13;
        Ok(is_unlucky.then(|| SettingsFault::new("/floor", "no house has this floor")).into_iter().collect())
    }

    fn open(&self, _: Value, _: &Context) -> Result<Box<dyn Connector>> {
        Ok(Box::new(People(self.people.clone())))
    }
}

#[derive(Debug)]
struct People(Vec<String>);

#[async_trait]
impl Connector for People {
    async fn test_connection(&self, _: &mut TestReport) {}

    async fn aggregate_accounts(&self, _: &Cursor) -> Result<Page<Account>> {
        Ok(Page::last(self.0.iter().map(|name| Account::new(name, name)).collect()))
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default()
    }
}
