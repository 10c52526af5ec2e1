//! `connector account NAME ID`.

use super::accounts::plain;
use super::holding::{Columns, Manner, breadth, note_left_out, written};
use super::trail;
use crate::arguments::{AccountArguments, ListArguments};
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{
    Column, Datum, List, ListColumn, NameOf, Printer, STRONG, Table, exactly, fields, paint, text_cell, time,
};
use connector_core::{Result, TrailEvent};
use connector_engine::query::{
    self, AccountDetail, AttributeChange, Event, HistoryEntry, Holding, Names, StoredAccount,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::rc::Rc;

/// How many events a terminal shows without `--limit`.
const EVENTS_ON_A_SCREEN: u64 = 50;

pub(crate) fn run(invocation: &Invocation, arguments: &AccountArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let source = source_name(&arguments.name);
    let mut detail = query::account(&store, source, &arguments.id, breadth(&arguments.breadth))?;
    let events = detail.history.len();
    let limit = arguments.limit.or((printer.is_terminal() && !printer.is_json()).then_some(EVENTS_ON_A_SCREEN));
    if let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) {
        detail.history.drain(..events.saturating_sub(limit));
    }
    let trail = if arguments.who {
        let since = detail.history.first().map_or_else(Timestamp::now, |first| first.at);
        let who = trail::read(invocation, &project, &store, &arguments.name, (since, Timestamp::now()))?;
        Some(who.about_account(&detail.account.id, &detail.account.name)?)
    } else {
        None
    };
    if printer.is_json() {
        printer.json(&WithTrail { detail: &detail, trail: trail.as_deref() })?;
        return Ok(Exit::Success);
    }
    let names = Rc::new(Names::of(&store, source)?);
    printer.result(head(&detail, printer.prose_width()))?;
    let attributes: Vec<_> = detail.account.attributes.entries();
    let name_of = |id: &str| names.name(id).ok().flatten().filter(|name| name != id);
    if !attributes.is_empty() {
        printer.result(section("Attributes"))?;
        // The name of what an attribute refers to; the account's own id needs none.
        let with_name = |value: String| match name_of(&value).filter(|_| value != detail.account.id) {
            Some(name) => format!("{name} ({value})"),
            None => value,
        };
        let pairs: Vec<_> =
            attributes.iter().map(|(name, value)| (name.as_ref(), with_name(plain(value.get())))).collect();
        printer.result(fields(&pairs, printer.prose_width()))?;
    }
    let StoredAccount { holdings, without_effect, .. } = &detail.account;
    if !holdings.is_empty() {
        printer.result(section("Entitlements"))?;
        held(&names, holdings)?.print(printer, holdings.clone())?;
    }
    note_left_out(printer, *without_effect);
    if !detail.history.is_empty() {
        printer.result(section("History"))?;
        printer.result(history(&detail.history, &names, &name_of, printer).render(printer.table_width()))?;
        if detail.history.len() < events {
            let shown = detail.history.len();
            printer.remark(format!("\nonly the last {shown} of {events} events are shown; use --limit N to see more"));
        }
    }
    if let Some(events) = trail {
        printer.result(section("Audit trail"))?;
        let lines: Vec<_> = events.iter().map(trail::sentence).collect();
        let lines = if lines.is_empty() { vec!["nothing about this account".to_owned()] } else { lines };
        let width = printer.prose_width();
        printer.result(lines.iter().map(|line| trail::indented(line, width)).collect::<String>())?;
    }
    Ok(Exit::Success)
}

/// An account, and what the trail of its source says about it, if somebody asks.
#[derive(Serialize)]
struct WithTrail<'a> {
    #[serde(flatten)]
    detail: &'a AccountDetail,
    #[serde(skip_serializing_if = "Option::is_none")]
    trail: Option<&'a [TrailEvent]>,
}

pub(super) fn section(title: &str) -> String {
    format!("\n{}\n", paint(STRONG, title))
}

fn head(detail: &AccountDetail, width: usize) -> String {
    let account = &detail.account;
    let state = match (detail.removed, account.enabled, account.locked) {
        (true, _, _) => "removed from the source",
        (false, true, false) => "enabled",
        (false, true, true) => "enabled, locked",
        (false, false, false) => "disabled",
        (false, false, true) => "disabled, locked",
    };
    let mut pairs = vec![
        ("id", account.id.clone()),
        ("name", account.name.clone()),
        ("display name", account.display_name.clone().unwrap_or_default()),
        ("state", state.to_owned()),
        ("removed", account.removed_at.map(exactly).unwrap_or_default()),
    ];
    if !account.kind.is_unspecified() {
        pairs.push(("kind", account.kind.name().to_owned()));
    }
    pairs.extend(account.owner.clone().map(|owner| ("owner", owner)));
    pairs.extend(account.alias.clone().map(|alias| ("alias", alias)));
    fields(&pairs, width)
}

/// The list of what is held.
pub(super) fn held(names: &Rc<Names>, holdings: &[Holding]) -> Result<List<Holding>> {
    let known = names.clone();
    let columns = [
        ListColumn::new("type", |one: &Holding| Datum::text(one.entitlement.entitlement_type.as_ref())),
        ListColumn::new("name", move |one: &Holding| {
            Datum::optional(known.entitlement(&one.entitlement).ok().flatten())
        })
        .looks(Column::wrapping),
        ListColumn::new("id", |one: &Holding| Datum::text(&one.entitlement.id)).looks(|look| look.rank(1)),
    ];
    let more = Columns::of(holdings.iter().map(Manner::of)).of_rows(|one| Manner::of(one), Some(names.clone()));
    List::new(columns.into_iter().chain(more).collect(), &ListArguments::default())
}

fn history(entries: &[HistoryEntry], names: &Names, name_of: NameOf<'_>, printer: &Printer) -> Table {
    let now = printer.now();
    let mut table = Table::new([Column::new("when"), Column::new("event"), Column::new("what").wrapping()]);
    for entry in entries {
        let what = match &entry.entitlement {
            Some(entitlement) if entry.changes.is_empty() => written(Some(names), entitlement),
            Some(entitlement) => {
                format!("{}: {}", written(Some(names), entitlement), changes(&entry.changes, name_of))
            }
            None if entry.event == Event::Changed => changes(&entry.changes, name_of),
            None => String::new(),
        };
        table.row([text_cell(time(entry.at, now)), text_cell(entry.event.name()), text_cell(what)]);
    }
    table
}

/// `Department: Sales → Finance, Title: – → CFO`. Ids have their names in front, if they are known.
pub(super) fn changes(changes: &[AttributeChange], name_of: NameOf<'_>) -> String {
    let shown = |value: &Value| match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => name_of(text).map_or_else(|| text.clone(), |name| format!("{name} ({text})")),
        other => other.to_string(),
    };
    let all: Vec<_> = changes
        .iter()
        .map(|change| format!("{}: {} → {}", change.attribute, shown(&change.from), shown(&change.to)))
        .collect();
    all.join(", ")
}
