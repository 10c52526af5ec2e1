//! One account: its attributes, what it holds and by which path, what happened to it.

use super::accounts::account_badge;
use super::holding::{HoldingRow, Step};
use super::{Frame, Shell, render};
use crate::address;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, When, plain, value_text};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{EntitlementRef, Result};
use connector_engine::query::{self, AccountDetail, AttributeChange, Breadth, Event, HistoryEntry, Names};
use connector_text::day;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::HashMap;

/// How many events the page shows, the newest ones, unless all are asked for.
const EVENTS: usize = 50;

#[derive(Deserialize)]
pub(crate) struct Fields {
    #[serde(default)]
    all: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    shell: Shell,
    source: String,
    source_address: String,
    name: String,
    display_name: Option<String>,
    badge: Badge,
    facts: Vec<(&'static str, String)>,
    removed: Option<When>,
    attributes: Vec<Attribute>,
    groups: Vec<Group>,
    holds: usize,
    events: Vec<EventRow>,
    left_out: usize,
    findings: String,
    all_events: String,
}

struct Attribute {
    name: String,
    value: String,
    /// When it changed last, and what it was before.
    changed: Option<(When, String)>,
}

/// What it holds of one type.
struct Group {
    entitlement_type: String,
    rows: Vec<HoldingRow>,
}

struct EventRow {
    when: When,
    run: String,
    class: &'static str,
    verb: &'static str,
    entitlement: Option<(String, Step)>,
    changes: Vec<ChangeRow>,
}

/// A value before and after.
pub(super) struct ChangeRow {
    pub(super) attribute: String,
    pub(super) from: String,
    pub(super) to: String,
}

impl ChangeRow {
    pub(super) fn of(change: &AttributeChange) -> Self {
        let (from, to) = (value_text(&change.from), value_text(&change.to));
        Self { attribute: change.attribute.clone(), from, to }
    }
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Path((source, id)): Path<(String, String)>,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell(&id).in_section("sources");
    let page = state.ask(move |reach| told(reach, source, &id, &fields, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, source: String, id: &str, fields: &Fields, shell: Shell) -> Result<Page> {
    let store = reach.store_of(&source)?;
    let detail = query::account(store, &source, id, Breadth { effective: true, all_states: true })?;
    let names = Names::of(store, &source)?;
    let account = &detail.account;
    let shown = if fields.all { usize::MAX } else { EVENTS };
    let events: Vec<_> = detail
        .history
        .iter()
        .rev()
        .take(shown)
        .map(|entry| event(&source, &names, entry, reach.now))
        .collect::<Result<_>>()?;
    let mut facts = vec![("Id", account.id.clone())];
    facts.extend(Some(account.kind).filter(|kind| !kind.is_unspecified()).map(|kind| ("Kind", kind.name().to_owned())));
    facts.extend(account.owner.clone().map(|owner| ("Owner", owner)));
    facts.extend(account.alias.clone().map(|alias| ("Alias", alias)));
    Ok(Page {
        shell: Shell { title: account.name.clone(), ..shell },
        name: account.name.clone(),
        display_name: account.display_name.clone(),
        badge: account_badge(detail.removed, account.enabled, account.locked),
        facts,
        removed: account.removed_at.map(|at| When::of(at, reach.now)),
        attributes: attributes(&detail, &names, reach.now)?,
        groups: groups(&source, &detail, &names)?,
        holds: account.holdings.len(),
        left_out: detail.history.len() - events.len(),
        events,
        all_events: address::with(&address::account(&source, &account.id), &[("all", "true")]),
        findings: address::with(&address::findings(&source), &[("account", &account.id), ("severity", "info")]),
        source_address: address::source(&source),
        source,
    })
}

/// The attributes, each with its last change.
fn attributes(detail: &AccountDetail, names: &Names, now: Timestamp) -> Result<Vec<Attribute>> {
    let mut last: HashMap<&str, (Timestamp, &AttributeChange)> = HashMap::new();
    for entry in detail.history.iter().filter(|entry| entry.entitlement.is_none() && entry.event == Event::Changed) {
        last.extend(entry.changes.iter().map(|change| (change.attribute.as_str(), (entry.at, change))));
    }
    let mut attributes = Vec::new();
    for (name, value) in detail.account.attributes.entries() {
        let value = plain(value.get());
        // An attribute may refer to something by its id; the account's own id needs no name.
        let other = if value == detail.account.id { None } else { names.name(&value)?.filter(|name| *name != value) };
        let changed = last.get(&*name).map(|(at, change)| (When::of(*at, now), value_text(&change.from)));
        let value = other.map_or_else(|| value.clone(), |name| format!("{name} ({value})"));
        attributes.push(Attribute { name: name.into_owned(), value, changed });
    }
    Ok(attributes)
}

fn groups(source: &str, detail: &AccountDetail, names: &Names) -> Result<Vec<Group>> {
    let mut since: HashMap<&EntitlementRef, Timestamp> = HashMap::new();
    for entry in detail.history.iter().filter(|entry| entry.event == Event::Assigned) {
        since.extend(entry.entitlement.as_ref().map(|entitlement| (entitlement, entry.at)));
    }
    let mut groups: Vec<Group> = Vec::new();
    for holding in &detail.account.holdings {
        let mut row = HoldingRow::of(source, names, holding)?;
        row.since = since.get(&holding.entitlement).map(|at| day(*at));
        match groups.last_mut() {
            Some(group) if group.entitlement_type == row.entitlement_type => group.rows.push(row),
            _ => groups.push(Group { entitlement_type: row.entitlement_type.clone(), rows: vec![row] }),
        }
    }
    for group in &mut groups {
        group.rows.sort_by_cached_key(|row| row.name.to_lowercase());
    }
    Ok(groups)
}

fn event(source: &str, names: &Names, entry: &HistoryEntry, now: Timestamp) -> Result<EventRow> {
    let (class, verb) = match (entry.event, entry.entitlement.is_some()) {
        (Event::Added, _) => ("add", "came"),
        (Event::Restored, _) => ("add", "came back"),
        (Event::Removed, _) => ("del", "went"),
        (Event::Assigned, _) => ("add", "got"),
        (Event::Unassigned, _) => ("del", "lost"),
        (Event::Changed, true) => ("chg", "holds differently"),
        (Event::Changed, false) => ("chg", "changed"),
    };
    let entitlement = entry.entitlement.as_ref();
    let entitlement =
        entitlement.map(|held| Step::of(source, names, held).map(|step| (held.entitlement_type.to_string(), step)));
    Ok(EventRow {
        when: When::of(entry.at, now),
        run: address::run(&entry.run),
        class,
        verb,
        entitlement: entitlement.transpose()?,
        changes: entry.changes.iter().map(ChangeRow::of).collect(),
    })
}
