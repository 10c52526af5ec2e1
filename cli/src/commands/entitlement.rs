//! `connector entitlement NAME TYPE/ID`.

use super::accounts::plain;
use crate::arguments::EntitlementArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, STRONG, Table, count, fields, paint, text_cell};
use connector_core::Error;
use connector_engine::query::{self, Holder, StoredEntitlement};
use connector_engine::store::Store;
use serde::Serialize;

/// How many holders a terminal shows without `--limit`.
const ON_A_SCREEN: u64 = 50;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    entitlement: &'a StoredEntitlement,
    holders: Vec<Holder>,
}

pub(crate) fn run(invocation: &Invocation, arguments: &EntitlementArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let source = source_name(&arguments.name);
    let stored = query::entitlement(&store, source, &arguments.entitlement)?;
    let limit = match arguments.limit {
        None if printer.is_terminal() && !printer.is_json() => ON_A_SCREEN,
        limit => limit.unwrap_or(u64::MAX),
    };
    let holders = holders(&store, source, &stored, limit)?;
    if printer.is_json() {
        printer.json(&Document { entitlement: &stored, holders })?;
        return Ok(Exit::Success);
    }
    let entitlement = &stored.entitlement;
    let attributes: Vec<_> = entitlement.attributes.entries();
    let mut pairs = vec![
        ("type", entitlement.key.entitlement_type.to_string()),
        ("id", entitlement.key.id.clone()),
        ("name", entitlement.name.clone()),
        ("description", entitlement.description.clone().unwrap_or_default()),
    ];
    pairs.extend(attributes.iter().map(|(name, value)| (name.as_ref(), plain(value.get()))));
    printer.result(fields(&pairs, printer.prose_width()))?;
    printer.result(format!("\n{} {}\n", paint(STRONG, "Holders"), count(stored.holders)))?;
    if !holders.is_empty() {
        printer.result(table(&holders).render(printer.table_width()))?;
    }
    if (holders.len() as u64) < stored.holders {
        printer.note(format!("\nonly the first {} holders are shown; use --limit N to see more", holders.len()));
    }
    Ok(Exit::Success)
}

/// The first holders.
fn holders(store: &Store, source: &str, stored: &StoredEntitlement, limit: u64) -> Result<Vec<Holder>, Error> {
    let mut holders = Vec::new();
    query::holders(store, source, &stored.entitlement.key, |holder| {
        if (holders.len() as u64) < limit {
            holders.push(holder.clone());
        }
        Ok(())
    })?;
    Ok(holders)
}

fn table(holders: &[Holder]) -> Table {
    let mut table = Table::new([
        Column::new("id").rank(1),
        Column::new("name").wrapping(),
        Column::new("display_name").wrapping().rank(2),
        Column::new("enabled").rank(3),
    ]);
    for holder in holders {
        let enabled = match holder.enabled {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        table.row([
            text_cell(&holder.id),
            text_cell(holder.name.clone().unwrap_or_default()),
            text_cell(holder.display_name.clone().unwrap_or_default()),
            text_cell(enabled),
        ]);
    }
    table
}
