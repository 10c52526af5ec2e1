//! The sources.

use super::{Tool, json, read, schema_of};
use crate::reach::Reach;
use connector_core::Result;
use connector_engine::query;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) const LIST: Tool = Tool {
    name: "list_sources",
    description: "Lists the sources of the project: connector, newest run with its time and counts, accounts and entitlements in the store, and what is wrong in the file.",
    schema: schema_of::<Nothing>,
    answer: list,
};

/// No argument.
#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn list(reach: &Reach, arguments: Value) -> Result<Value> {
    let Nothing {} = read(arguments)?;
    let (store, now) = (reach.store()?, Timestamp::now());
    let mut sources = Vec::new();
    for state in query::sources(&reach.project, store.as_ref(), now)? {
        let size = match (&store, &state.last_run) {
            (Some(store), Some(_)) => Some(query::size(store, &state.name)?),
            _ => None,
        };
        let (connector, description, problems) = match &state.definition {
            Ok(source) => (Some(source.connector.name.clone()), source.description.clone(), Vec::new()),
            Err(wrong) => (None, None, wrong.0.iter().map(|problem| problem.title.clone()).collect()),
        };
        sources.push(json!({
            "name": state.name,
            "connector": connector,
            "description": description,
            "problems": problems,
            "last_run": state.last_run.as_ref().map(json).transpose()?,
            "accounts": size.as_ref().map(|size| size.accounts),
            "entitlements": size.as_ref().map(|size| size.entitlements),
            "approval_required": state.asks_for_approval(),
        }));
    }
    Ok(json!({"sources": sources, "now": now}))
}
