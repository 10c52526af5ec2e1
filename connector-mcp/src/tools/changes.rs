//! What changed, and when the sources were read.

use super::{Rows, Tool, json, read, schema_of};
use crate::reach::{Reach, rows};
use connector_core::Result;
use connector_engine::query;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) const DIFF: Tool = Tool {
    name: "show_diff",
    description: "Says what changed in a source between two runs: accounts, entitlements and assignments that came, went or have other values, with counts; usually between the two newest runs that succeeded.",
    schema: schema_of::<Question>,
    answer: diff,
};

pub(super) const RUNS: Tool = Tool {
    name: "list_runs",
    description: "Lists the runs that read the sources, newest first: when, how they ended, counts, and errors with their cure.",
    schema: schema_of::<Runs>,
    answer: runs,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The name of the source.
    source: String,
    /// The id of the earlier run; the one before `to` if it is not given.
    from: Option<String>,
    /// The id of the later run; the newest one that succeeded if it is not given.
    to: Option<String>,
    /// How many changes are listed: 1 to 500, usually 50. All are counted.
    limit: Option<usize>,
}

fn diff(reach: &Reach, arguments: Value) -> Result<Value> {
    let asked: Question = read(arguments)?;
    let store = reach.store_of(&asked.source)?;
    let mut listed = Rows::new(asked.limit);
    let (from, to) = (asked.from.as_deref(), asked.to.as_deref());
    let summary = query::diff(&store, &asked.source, from, to, |difference| listed.add(difference))?;
    Ok(json!({"summary": json(&summary)?, "changes": listed.items, "has_more": listed.has_more}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Runs {
    /// The name of a source; all if it is not given.
    source: Option<String>,
    /// How many are listed: 1 to 500, usually 50.
    limit: Option<usize>,
}

fn runs(reach: &Reach, arguments: Value) -> Result<Value> {
    let asked: Runs = read(arguments)?;
    let store = match &asked.source {
        Some(name) => Some(reach.store_of(name)?),
        None => reach.store()?,
    };
    let Some(store) = store else { return Ok(json!({"runs": []})) };
    let found = query::runs(&store, asked.source.as_deref(), Some(rows(asked.limit) as u64))?;
    Ok(json!({"runs": found.iter().map(json).collect::<Result<Vec<_>>>()?}))
}
