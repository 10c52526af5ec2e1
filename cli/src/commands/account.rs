//! `connector account NAME ID`.

use super::accounts::plain;
use super::holding::{Columns, Manner, breadth, name, note_left_out};
use crate::arguments::AccountArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, STRONG, Table, fields, moment, paint, text_cell};
use connector_core::EntitlementRef;
use connector_engine::query::{self, AccountDetail, AttributeChange, Event, HistoryEntry, Holding, StoredAccount};
use connector_engine::store::Store;
use serde_json::Value;

pub(crate) fn run(invocation: &Invocation, arguments: &AccountArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let source = source_name(&arguments.name);
    let detail = query::account(&store, source, &arguments.id, breadth(&arguments.breadth))?;
    if printer.is_json() {
        printer.json(&detail)?;
        return Ok(Exit::Success);
    }
    printer.result(head(&detail, printer.prose_width()))?;
    let attributes: Vec<_> = detail.account.attributes.entries();
    if !attributes.is_empty() {
        printer.result(section("Attributes"))?;
        let pairs: Vec<_> = attributes.iter().map(|(name, value)| (name.as_ref(), plain(value.get()))).collect();
        printer.result(fields(&pairs, printer.prose_width()))?;
    }
    let StoredAccount { holdings, without_effect, .. } = &detail.account;
    if !holdings.is_empty() {
        printer.result(section("Entitlements"))?;
        printer.result(held(&store, source, holdings).render(printer.table_width()))?;
    }
    note_left_out(printer, *without_effect);
    if !detail.history.is_empty() {
        printer.result(section("History"))?;
        printer.result(history(&detail.history).render(printer.table_width()))?;
    }
    Ok(Exit::Success)
}

fn section(title: &str) -> String {
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
    ];
    if !account.kind.is_unspecified() {
        pairs.push(("kind", account.kind.name().to_owned()));
    }
    pairs.extend(account.owner.clone().map(|owner| ("owner", owner)));
    pairs.extend(account.alias.clone().map(|alias| ("alias", alias)));
    fields(&pairs, width)
}

pub(super) fn held(store: &Store, source: &str, holdings: &[Holding]) -> Table {
    let more = Columns::of(holdings.iter().map(Manner::of));
    let columns = [Column::new("type"), Column::new("name").wrapping(), Column::new("id").rank(1)];
    let mut table = Table::new(columns.into_iter().chain(more.titles()));
    for holding in holdings {
        let EntitlementRef { entitlement_type, id } = &holding.entitlement;
        let name = name(store, source, &holding.entitlement).unwrap_or_default();
        let cells = [text_cell(entitlement_type.as_ref()), text_cell(name), text_cell(id)];
        table.row(cells.into_iter().chain(more.cells(store, source, Manner::of(holding))));
    }
    table
}

fn history(entries: &[HistoryEntry]) -> Table {
    let mut table = Table::new([Column::new("when"), Column::new("event"), Column::new("what").wrapping()]);
    for entry in entries {
        let what = match &entry.entitlement {
            Some(entitlement) if entry.changes.is_empty() => entitlement.to_string(),
            Some(entitlement) => format!("{entitlement}: {}", changes(&entry.changes)),
            None if entry.event == Event::Changed => changes(&entry.changes),
            None => String::new(),
        };
        table.row([text_cell(moment(entry.at)), text_cell(entry.event.name()), text_cell(what)]);
    }
    table
}

/// `Department: Sales → Finance, Title: – → CFO`.
pub(super) fn changes(changes: &[AttributeChange]) -> String {
    let shown = |value: &Value| match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let all: Vec<_> = changes
        .iter()
        .map(|change| format!("{}: {} → {}", change.attribute, shown(&change.from), shown(&change.to)))
        .collect();
    all.join(", ")
}
