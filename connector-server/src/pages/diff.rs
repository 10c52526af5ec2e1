//! What changed between two runs: as a picture, as a table of attributes, as a list.

use super::account::ChangeRow;
use super::part::{Delta, Tabs};
use super::{Frame, Shell, render};
use crate::address;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::picture::Bar;
use crate::state::{Reach, State as ServerState};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{EntitlementRef, Result};
use connector_engine::query::{self, Change, Difference, Run};
use connector_engine::store::{RunStatus, Store};
use connector_text::{count, relative};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many differences stand on a page.
const ON_A_PAGE: u64 = 200;

/// How many runs can be chosen, newest first.
const RUNS: u64 = 100;

/// How many attributes the table has, those that changed most.
const ATTRIBUTES: usize = 12;

#[derive(Deserialize)]
pub(crate) struct Fields {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    /// Only accounts, entitlements, assignments or nestings.
    #[serde(default)]
    what: String,
    /// How many differences stand on the pages before.
    #[serde(default)]
    skip: u64,
}

#[derive(Template)]
#[template(path = "diff.html")]
struct Page {
    shell: Shell,
    tabs: Tabs,
    source: String,
    address: String,
    from: Vec<Choice>,
    to: Vec<Choice>,
    what: String,
    is_nothing: bool,
    kinds: Vec<Kind>,
    attributes: Vec<Attribute>,
    rows: Vec<Row>,
    next: Option<String>,
}

/// A run that can be chosen.
struct Choice {
    id: String,
    words: String,
    is_current: bool,
}

struct Kind {
    name: &'static str,
    address: String,
    is_current: bool,
    delta: Delta,
    bar: Bar,
}

/// For how many accounts an attribute changed. One that changed for all of them is a slip, not news.
struct Attribute {
    name: String,
    number: String,
    share: u64,
}

struct Row {
    class: &'static str,
    sign: &'static str,
    verb: &'static str,
    subject: Subject,
    object: Option<Subject>,
    changes: Vec<ChangeRow>,
}

struct Subject {
    kind: String,
    name: String,
    address: String,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Path(source): Path<String>,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell(&format!("Changes of {source}")).in_section("sources");
    let page = state.ask(move |reach| told(reach, source, &fields, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, source: String, fields: &Fields, shell: Shell) -> Result<Page> {
    let store = reach.store_of(&source)?;
    let named = |id: &str| Some(id.to_owned()).filter(|id| !id.is_empty());
    let (from, to) = (named(&fields.from), named(&fields.to));
    let (mut rows, mut position) = (Vec::new(), 0);
    let mut changed: BTreeMap<String, u64> = BTreeMap::new();
    let summary = query::diff(store, &source, from.as_deref(), to.as_deref(), |difference| {
        if let Difference::Account { change: Change::Changed, changes, .. } = difference {
            for change in changes {
                *changed.entry(change.attribute.clone()).or_default() += 1;
            }
        }
        if fields.what.is_empty() || fields.what == kind_of(difference) {
            if position >= fields.skip && position < fields.skip.saturating_add(ON_A_PAGE) {
                rows.push(row(&source, difference));
            }
            position += 1;
        }
        Ok(())
    })?;
    let runs = query::runs(store, Some(&source), Some(RUNS))?;
    let path = format!("{}/diff", address::source(&source));
    let (from, to) = (summary.from.unwrap_or_default(), summary.to);
    let linked = |what: &str, skip: u64| {
        let skip = if skip == 0 { String::new() } else { skip.to_string() };
        address::with(&path, &[("from", &from), ("to", &to), ("what", what), ("skip", &skip)])
    };
    let before = totals_at(store, &source, &from)?;
    let mut kinds: Vec<_> = summary
        .counts
        .named()
        .into_iter()
        .zip(before)
        .map(|((name, tally), before)| {
            let delta = Delta::from(*tally);
            let stayed = before.saturating_sub(delta.changed + delta.removed);
            let is_current = fields.what == name;
            let address = linked(if is_current { "" } else { name }, 0);
            Kind { name, address, is_current, delta, bar: Bar::of(name, stayed, delta) }
        })
        .collect();
    let nestings = Delta::from(summary.nestings);
    if !nestings.is_nothing() {
        let is_current = fields.what == "nestings";
        let address = linked(if is_current { "" } else { "nestings" }, 0);
        let bar = Bar::of("nested entitlements", 0, nestings);
        kinds.push(Kind { name: "nestings", address, is_current, delta: nestings, bar });
    }
    let accounts_changed = summary.counts.accounts.changed.max(1);
    let mut attributes: Vec<_> = changed.into_iter().collect();
    attributes.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    attributes.truncate(ATTRIBUTES);
    let end = fields.skip.saturating_add(ON_A_PAGE);
    Ok(Page {
        shell,
        tabs: Tabs::of(&source, "diff"),
        next: (position > end).then(|| linked(&fields.what, end)),
        from: choices(&runs, &from, reach),
        to: choices(&runs, &to, reach),
        what: fields.what.clone(),
        is_nothing: kinds.iter().all(|kind| kind.delta.is_nothing()),
        kinds,
        attributes: attributes
            .into_iter()
            .map(|(name, number)| Attribute { name, number: count(number), share: number * 100 / accounts_changed })
            .collect(),
        rows,
        address: path,
        source,
    })
}

/// How many rows of each kind there were at the end of a run.
fn totals_at(store: &Store, source: &str, run: &str) -> Result<[u64; 3]> {
    let found = query::totals_at(store, source, run)?;
    Ok(found.map_or([0; 3], |totals| totals.named().map(|(_, total)| *total)))
}

fn choices(runs: &[Run], current: &str, reach: &Reach) -> Vec<Choice> {
    let choice = |run: &Run| Choice {
        words: format!(
            "{} ({}, {})",
            run.started_at.strftime("%Y-%m-%d %H:%M:%S"),
            relative(run.started_at, reach.now),
            run.report.status.name()
        ),
        is_current: run.report.run == current,
        id: run.report.run.clone(),
    };
    let ended = |run: &&Run| run.report.status == RunStatus::Succeeded || run.report.run == current;
    runs.iter().filter(ended).map(choice).collect()
}

fn kind_of(difference: &Difference) -> &'static str {
    match difference {
        Difference::Account { .. } => "accounts",
        Difference::Entitlement { .. } => "entitlements",
        Difference::Assignment { .. } => "assignments",
        Difference::Nesting { .. } => "nestings",
    }
}

fn row(source: &str, difference: &Difference) -> Row {
    let change = difference.change();
    let entitlement = |held: &EntitlementRef, name: Option<&str>| Subject {
        kind: held.entitlement_type.to_string(),
        name: name.map_or_else(|| held.id.clone(), str::to_owned),
        address: address::entitlement(source, &held.entitlement_type, &held.id),
    };
    let account = |id: &str, name: Option<&str>| Subject {
        kind: "account".to_owned(),
        name: name.unwrap_or(id).to_owned(),
        address: address::account(source, id),
    };
    let (subject, object) = match difference {
        Difference::Account { id, name, .. } => (account(id, Some(name)), None),
        Difference::Entitlement { entitlement: held, name, .. } => (entitlement(held, Some(name)), None),
        Difference::Assignment { account: id, account_name, entitlement: held, entitlement_name, .. } => {
            (account(id, account_name.as_deref()), Some(entitlement(held, entitlement_name.as_deref())))
        }
        Difference::Nesting { holder, entitlement: held, entitlement_name, .. } => {
            (entitlement(holder, None), Some(entitlement(held, entitlement_name.as_deref())))
        }
    };
    let (class, sign) = match change {
        Change::Added => ("add", "+"),
        Change::Changed => ("chg", "~"),
        Change::Removed => ("del", "−"),
    };
    let verb = match (change, object.is_some()) {
        (Change::Added, false) => "came",
        (Change::Removed, false) => "went",
        (Change::Changed, false) => "changed",
        (Change::Added, true) => "got",
        (Change::Removed, true) => "lost",
        (Change::Changed, true) => "holds differently",
    };
    // Only a changed row lists values; for another one it would be all of them.
    let changes =
        if change == Change::Changed { difference.changes().iter().map(ChangeRow::of).collect() } else { Vec::new() };
    Row { class, sign, verb, subject, object, changes }
}
