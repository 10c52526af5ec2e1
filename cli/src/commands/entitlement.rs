//! `connector entitlement NAME TYPE/ID`.

use super::account::held;
use super::accounts::plain;
use super::holding::{Columns, Manner, breadth, note_left_out};
use crate::arguments::EntitlementArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, STRONG, Table, count, fields, paint, text_cell};
use connector_core::Error;
use connector_engine::query::{self, Breadth, Holder, Nesting, StoredEntitlement, WithoutEffect};
use connector_engine::store::Store;
use serde::Serialize;

/// How many holders a terminal shows without `--limit`.
const ON_A_SCREEN: u64 = 50;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    entitlement: &'a StoredEntitlement,
    holders: Vec<Holder>,
    #[serde(flatten)]
    nesting: Nesting,
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
    let breadth = breadth(&arguments.breadth);
    let (holders, all, without_effect) = holders(&store, source, &stored, breadth, limit)?;
    let nesting = query::nesting(&store, source, &stored.entitlement.key, breadth)?;
    if printer.is_json() {
        printer.json(&Document { entitlement: &stored, holders, nesting })?;
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
    pairs.extend(entitlement.alias.clone().map(|alias| ("alias", alias)));
    pairs.extend(attributes.iter().map(|(name, value)| (name.as_ref(), plain(value.get()))));
    printer.result(fields(&pairs, printer.prose_width()))?;
    printer.result(format!("\n{} {}\n", paint(STRONG, "Holders"), count(all)))?;
    if !holders.is_empty() {
        printer.result(table(&store, source, &holders).render(printer.table_width()))?;
    }
    if (holders.len() as u64) < all {
        printer.note(format!("\nonly the first {} holders are shown; use --limit N to see more", holders.len()));
    }
    note_left_out(printer, without_effect);
    for (title, holdings) in [("Held by", &nesting.held_by), ("Holds", &nesting.holds)] {
        if !holdings.is_empty() {
            printer.result(format!("\n{} {}\n", paint(STRONG, title), count(holdings.len() as u64)))?;
            printer.result(held(&store, source, holdings).render(printer.table_width()))?;
        }
    }
    Ok(Exit::Success)
}

/// The first holders, how many there are, and how many assignments are left out.
fn holders(
    store: &Store,
    source: &str,
    stored: &StoredEntitlement,
    breadth: Breadth,
    limit: u64,
) -> Result<(Vec<Holder>, u64, WithoutEffect), Error> {
    let (mut holders, mut all) = (Vec::new(), 0);
    let without_effect = query::holders(store, source, &stored.entitlement.key, breadth, |holder| {
        if all < limit {
            holders.push(holder.clone());
        }
        all += 1;
        Ok(())
    })?;
    Ok((holders, all, without_effect))
}

fn table(store: &Store, source: &str, holders: &[Holder]) -> Table {
    let more = Columns::of(holders.iter().map(manner));
    let columns = [
        Column::new("id").rank(1),
        Column::new("name").wrapping(),
        Column::new("display_name").wrapping().rank(2),
        Column::new("enabled").rank(3),
    ];
    let mut table = Table::new(columns.into_iter().chain(more.titles()));
    for holder in holders {
        let enabled = match holder.enabled {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let cells = [
            text_cell(&holder.id),
            text_cell(holder.name.clone().unwrap_or_default()),
            text_cell(holder.display_name.clone().unwrap_or_default()),
            text_cell(enabled),
        ];
        table.row(cells.into_iter().chain(more.cells(store, source, manner(holder))));
    }
    table
}

fn manner(holder: &Holder) -> Manner<'_> {
    let Holder { state, valid_until, through, path, attributes, .. } = holder;
    Manner { state: *state, valid_until: *valid_until, through: through.as_ref(), path, attributes }
}
