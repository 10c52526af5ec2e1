//! `connector account NAME ID`.

use super::accounts::plain;
use crate::arguments::AccountArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, STRONG, Table, fields, moment, paint, text_cell};
use connector_core::EntitlementRef;
use connector_engine::query::{self, AccountDetail, AttributeChange, Event, HistoryEntry};
use connector_engine::store::Store;
use serde_json::Value;

pub(crate) fn run(invocation: &Invocation, arguments: &AccountArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let source = source_name(&arguments.name);
    let detail = query::account(&store, source, &arguments.id)?;
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
    if !detail.account.entitlements.is_empty() {
        printer.result(section("Entitlements"))?;
        printer.result(held(&store, source, &detail.account.entitlements).render(printer.table_width()))?;
    }
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
    fields(
        &[
            ("id", account.id.clone()),
            ("name", account.name.clone()),
            ("display name", account.display_name.clone().unwrap_or_default()),
            ("state", state.to_owned()),
        ],
        width,
    )
}

fn held(store: &Store, source: &str, entitlements: &[EntitlementRef]) -> Table {
    let mut table = Table::new([Column::new("type"), Column::new("name").wrapping(), Column::new("id").rank(1)]);
    for held in entitlements {
        // An entitlement that the source did not show has no name.
        let name = query::entitlement(store, source, &held.to_string()).map(|known| known.entitlement.name);
        table.row([
            text_cell(held.entitlement_type.as_ref()),
            text_cell(name.unwrap_or_default()),
            text_cell(&held.id),
        ]);
    }
    table
}

fn history(entries: &[HistoryEntry]) -> Table {
    let mut table = Table::new([Column::new("when"), Column::new("event"), Column::new("what").wrapping()]);
    for entry in entries {
        let what = match &entry.entitlement {
            Some(entitlement) => entitlement.to_string(),
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
