//! Who holds what, and by which path.

use super::{Rows, Tool, json, read, schema_of};
use crate::reach::Reach;
use connector_core::Result;
use connector_engine::query::{self, Breadth};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Everything that gives access, also by way of other entitlements.
const EFFECTIVE: Breadth = Breadth { effective: true, all_states: false };

pub(super) const EXPLAIN: Tool = Tool {
    name: "explain_access",
    description: "Says what an account holds, directly and through other entitlements, each with the path that leads to it; with `entitlement`, only why the account holds that one, or that it does not.",
    schema: schema_of::<OfAccount>,
    answer: explain,
};

pub(super) const WHO: Tool = Tool {
    name: "who_holds",
    description: "Lists the accounts that hold an entitlement, directly and through other entitlements, each with the path, and which entitlements hold it or are held by it.",
    schema: schema_of::<OfEntitlement>,
    answer: who,
};

pub(super) const ENTITLEMENTS: Tool = Tool {
    name: "list_entitlements",
    description: "Lists what accounts of a source can hold, with the number of direct holders, in the order of type and id; one type or all.",
    schema: schema_of::<Listing>,
    answer: entitlements,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfAccount {
    /// The name of the source.
    source: String,
    /// The id or the name of the account.
    account: String,
    /// An entitlement: `TYPE/ID` or `TYPE/NAME`.
    entitlement: Option<String>,
    /// Whether assignments without effect are listed, too: expired, inactive and scheduled ones.
    #[serde(default)]
    all_states: bool,
}

fn explain(reach: &Reach, arguments: Value) -> Result<Value> {
    let asked: OfAccount = read(arguments)?;
    let store = reach.store_of(&asked.source)?;
    let breadth = Breadth { all_states: asked.all_states, ..EFFECTIVE };
    let found = query::account(&store, &asked.source, &asked.account, breadth)?;
    let wanted = match &asked.entitlement {
        Some(written) => Some(query::entitlement(&store, &asked.source, written)?.entitlement),
        None => None,
    };
    let held = found.account.holdings.iter();
    let held = held.filter(|one| wanted.as_ref().is_none_or(|wanted| wanted.key == one.entitlement));
    let holds: Vec<Value> = held.map(json).collect::<Result<_>>()?;
    let mut answer = json!({
        "account": {"id": found.account.id, "name": found.account.name, "enabled": found.account.enabled, "removed": found.removed},
        "holds": holds,
    });
    if let Some(wanted) = wanted {
        answer["is_held"] = (!answer["holds"].as_array().is_none_or(Vec::is_empty)).into();
        answer["entitlement"] = json(&wanted)?;
    }
    Ok(answer)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfEntitlement {
    /// The name of the source.
    source: String,
    /// The entitlement: `TYPE/ID` or `TYPE/NAME`.
    entitlement: String,
    /// Whether only accounts that hold it directly are listed.
    #[serde(default)]
    direct: bool,
    /// How many accounts are listed: 1 to 500, usually 50.
    limit: Option<usize>,
}

fn who(reach: &Reach, arguments: Value) -> Result<Value> {
    let asked: OfEntitlement = read(arguments)?;
    let store = reach.store_of(&asked.source)?;
    let found = query::entitlement(&store, &asked.source, &asked.entitlement)?;
    let breadth = if asked.direct { Breadth::default() } else { EFFECTIVE };
    let (mut listed, mut number) = (Rows::new(asked.limit), 0_u64);
    query::holders(&store, &asked.source, &found.entitlement.key, breadth, |holder| {
        number += 1;
        listed.add(holder)
    })?;
    let nesting = query::nesting(&store, &asked.source, &found.entitlement.key, Breadth::default())?;
    Ok(json!({
        "entitlement": json(&found)?, "holders": listed.items, "number": number, "has_more": listed.has_more,
        "nesting": json(&nesting)?,
    }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// The name of the source.
    source: String,
    /// A type, such as `group`; all if it is not given.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// How many are listed: 1 to 500, usually 50.
    limit: Option<usize>,
}

fn entitlements(reach: &Reach, arguments: Value) -> Result<Value> {
    let asked: Listing = read(arguments)?;
    let store = reach.store_of(&asked.source)?;
    let mut listed = Rows::new(asked.limit);
    let number = query::entitlements(&store, &asked.source, asked.kind.as_deref(), |stored| {
        let mut row = json(stored)?;
        row["holders"] = stored.holders.into();
        listed.add(&row)
    })?;
    Ok(json!({"entitlements": listed.items, "number": number, "has_more": listed.has_more}))
}
