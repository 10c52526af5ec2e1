//! Accounts.

use super::{Rows, Tool, json, read, schema_of};
use crate::reach::{Reach, rows};
use connector_core::Result;
use connector_engine::query::{self, AccountQuery, Breadth};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) const LIST: Tool = Tool {
    name: "list_accounts",
    description: "Lists accounts of a source with their attributes and what they hold, in the order of their ids; a condition such as `Department = \"Sales\" and not enabled` narrows the list.",
    schema: schema_of::<Question>,
    answer: list,
};

pub(super) const ONE: Tool = Tool {
    name: "get_account",
    description: "Shows one account: its attributes, what it holds directly, and its history, which says what changed in which run.",
    schema: schema_of::<One>,
    answer: one,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The name of the source.
    source: String,
    /// A condition, as `connector accounts --where` takes it: `email like "%@acme.example" and not enabled`.
    #[serde(rename = "where")]
    condition: Option<String>,
    /// Only accounts that hold this entitlement directly: `TYPE/ID` or `TYPE/NAME`.
    holding: Option<String>,
    /// Begin behind the account with this id: `next` of the answer before.
    after: Option<String>,
    /// How many accounts are listed: 1 to 500, usually 50.
    limit: Option<usize>,
}

fn list(reach: &Reach, arguments: Value) -> Result<Value> {
    let question: Question = read(arguments)?;
    let store = reach.store_of(&question.source)?;
    let source = question.source.as_str();
    let filter = question.condition.as_deref();
    let filter = filter.map(|text| query::condition(&reach.project, &store, source, source, text)).transpose()?;
    let limit = rows(question.limit);
    let asked = AccountQuery {
        filter: filter.as_ref(),
        holding: question.holding.as_deref(),
        after: question.after.as_deref(),
        // One more says whether there are others.
        limit: Some(limit as u64 + 1),
        ..AccountQuery::default()
    };
    let (mut listed, mut last) = (Rows::new(question.limit), None);
    query::accounts(&store, source, &asked, |account| {
        if !listed.is_full() {
            last = Some(account.id.clone());
        }
        listed.add(account)
    })?;
    Ok(json!({"accounts": listed.items, "next": last.filter(|_| listed.has_more)}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct One {
    /// The name of the source.
    source: String,
    /// The id or the name of the account.
    account: String,
}

fn one(reach: &Reach, arguments: Value) -> Result<Value> {
    let asked: One = read(arguments)?;
    json(&query::account(&reach.store_of(&asked.source)?, &asked.source, &asked.account, Breadth::default())?)
}
