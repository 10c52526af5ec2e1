//! Finding accounts and entitlements by what people remember of them.

use super::{Tool, read, schema_of};
use crate::reach::{Reach, rows};
use connector_core::Result;
use connector_engine::query::{self, Found};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) const SEARCH: Tool = Tool {
    name: "search",
    description: "Finds accounts whose name, id or alias begins with a text, and entitlements whose name contains it, in one source or in all.",
    schema: schema_of::<Question>,
    answer: search,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The text.
    text: String,
    /// The name of a source; all if it is not given.
    source: Option<String>,
    /// How many accounts and how many entitlements of a source are listed: 1 to 500, usually 50.
    limit: Option<usize>,
}

fn search(reach: &Reach, arguments: Value) -> Result<Value> {
    let question: Question = read(arguments)?;
    let names = match &question.source {
        Some(name) => vec![name.clone()],
        None => reach.project.sources()?,
    };
    let (mut found, mut unseen) = (Vec::new(), Vec::new());
    for name in names {
        let store = match reach.store_of(&name) {
            Ok(store) => store,
            Err(error) if question.source.is_some() => return Err(error),
            Err(error) => {
                unseen.push(json!({"source": name, "reason": error.message()}));
                continue;
            }
        };
        for one in query::find(&store, &name, &question.text, rows(question.limit))? {
            found.push(match one {
                Found::Account { id, name: login, display_name } => {
                    json!({"source": name, "what": "account", "id": id, "name": login, "display_name": display_name})
                }
                Found::Entitlement { key, name: title } => json!({
                    "source": name, "what": "entitlement", "type": key.entitlement_type, "id": key.id, "name": title,
                }),
            });
        }
    }
    Ok(json!({"found": found, "not_searched": unseen}))
}
