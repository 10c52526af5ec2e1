//! What an auditor would ask about.

use super::{Rows, Tool, json, read, schema_of};
use crate::reach::Reach;
use connector_core::{Error, Result, Severity};
use connector_engine::findings::{Acceptances, Facts, Shown, Wanted, check_rules, criteria, find};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) const FIND: Tool = Tool {
    name: "find_findings",
    description: "Looks for dangerous, unused, unowned and expired access and for deadlines, as `connector findings` does; counts all of them and lists some, in one source or in all.",
    schema: schema_of::<Question>,
    answer,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The name of a source; all if it is not given.
    source: Option<String>,
    /// Not those below it: `info`, `low`, `medium`, `high` or `critical`.
    severity: Option<String>,
    /// Only this rule, such as `dangerous_access`.
    rule: Option<String>,
    /// Only findings about the account with this id or name.
    account: Option<String>,
    /// How many are listed: 1 to 500, usually 50.
    limit: Option<usize>,
}

fn answer(reach: &Reach, arguments: Value) -> Result<Value> {
    let asked: Question = read(arguments)?;
    let least = match asked.severity.as_deref() {
        Some(name) => name.parse::<Severity>().map_err(|_| {
            Error::invalid(format!("there is no severity `{name}`"))
                .with_help("use info, low, medium, high or critical")
        })?,
        None => Severity::Info,
    };
    let rules: Vec<String> = asked.rule.iter().cloned().collect();
    check_rules(&rules)?;
    let names = match &asked.source {
        Some(name) => vec![name.clone()],
        None => reach.project.sources()?,
    };
    let (settings, now) = (reach.project.findings()?, Timestamp::now());
    let mut acceptances = Acceptances::new(&settings.accept, now.to_zoned(TimeZone::UTC).date());
    let wanted = Wanted { rules: &rules, account: asked.account.as_deref(), least, accepted: false };
    let (mut listed, mut number, mut summaries, mut unseen) = (Rows::new(asked.limit), 0_u64, Vec::new(), Vec::new());
    for name in &names {
        let store = match reach.store_of(name) {
            Ok(store) => store,
            Err(error) if asked.source.is_some() => return Err(error),
            Err(error) => {
                unseen.push(json!({"source": name, "reason": error.message()}));
                continue;
            }
        };
        let facts = Facts::read(&reach.project, name, now)?;
        let summary = find(&store, &facts, criteria(&settings, now), wanted, &mut acceptances, &mut |finding| {
            if wanted.look(finding) == Shown::Listed {
                number += 1;
                listed.add(finding)?;
            }
            Ok(())
        })?;
        summaries.push(json(&summary)?);
    }
    Ok(json!({
        "findings": listed.items, "number": number, "has_more": listed.has_more, "summaries": summaries, "not_searched": unseen,
    }))
}
