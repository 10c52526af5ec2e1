//! `connector entitlement NAME TYPE/ID`.

use super::account::held;
use super::accounts::plain;
use super::holding::{Columns, Manner, breadth, note_left_out};
use crate::arguments::{EntitlementArguments, OutputFormat};
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{
    Column, Datum, List, ListColumn, STRONG, columns_help as columns_help_of, count, fields, only_first, paint,
};
use connector_core::Error;
use connector_engine::query::{self, Breadth, Holder, Names, Nesting, StoredEntitlement, WithoutEffect};
use connector_engine::store::Store;
use serde::Serialize;
use std::rc::Rc;

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
    let breadth = breadth(&arguments.breadth);
    let list = List::new(columns(Columns::all(), None), &arguments.list)?;
    if printer.format() == OutputFormat::Csv {
        let mut rows = list.long(printer, arguments.limit)?;
        let key = &stored.entitlement.key;
        query::holders(&store, source, key, breadth, |holder| Ok(rows.row(holder).map(drop)?))?;
        rows.end()?;
        return Ok(Exit::Success);
    }
    let limit = match arguments.limit {
        None if printer.is_terminal() && !printer.is_json() => ON_A_SCREEN,
        limit => limit.unwrap_or(u64::MAX),
    };
    let (holders, all, without_effect) = holders(&store, source, &stored, breadth, limit, &list)?;
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
        let names = Rc::new(Names::of(&store, source)?);
        let shown = List::new(columns(Columns::of(holders.iter().map(manner)), Some(names)), &arguments.list)?;
        shown.print(printer, holders.clone())?;
    }
    if (holders.len() as u64) < all {
        printer.remark(format!("\n{}; use --limit N to see more", only_first(holders.len() as u64, "holder")));
    }
    note_left_out(printer, without_effect);
    for (title, holdings) in [("Held by", &nesting.held_by), ("Holds", &nesting.holds)] {
        if !holdings.is_empty() {
            printer.result(format!("\n{} {}\n", paint(STRONG, title), count(holdings.len() as u64)))?;
            held(&Rc::new(Names::of(&store, source)?), holdings)?.print(printer, holdings.clone())?;
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
    list: &List<Holder>,
) -> Result<(Vec<Holder>, u64, WithoutEffect), Error> {
    let (mut holders, mut all) = (Vec::new(), 0);
    let without_effect = query::holders(store, source, &stored.entitlement.key, breadth, |holder| {
        if all < limit || list.is_sorted() {
            holders.push(holder.clone());
        }
        all += 1;
        // The first ones of those so far are enough, so memory depends on the limit alone.
        if holders.len() as u64 >= limit.saturating_mul(2) {
            list.sort(&mut holders);
            holders.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(())
    })?;
    list.sort(&mut holders);
    holders.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((holders, all, without_effect))
}

pub(crate) fn columns_help() -> String {
    format!("{} (of the holders)", columns_help_of(&columns(Columns::all(), None)))
}

/// The columns of holders. `names` knows the names of entitlements; without it, they are shown by their ids.
fn columns(more: Columns, names: Option<Rc<Names>>) -> Vec<ListColumn<Holder>> {
    let own = vec![
        ListColumn::new("id", |one: &Holder| Datum::text(&one.id)).looks(|look| look.rank(1)),
        ListColumn::new("name", |one: &Holder| Datum::optional(one.name.as_deref())).looks(Column::wrapping),
        ListColumn::new("display_name", |one: &Holder| Datum::optional(one.display_name.as_deref()))
            .looks(|look| look.titled("display_name").wrapping().rank(2)),
        ListColumn::new("enabled", |one: &Holder| Datum::truth(one.enabled)).looks(|look| look.rank(3)),
    ];
    own.into_iter().chain(more.of_rows(manner, names)).collect()
}

fn manner(holder: &Holder) -> Manner<'_> {
    let Holder { state, valid_until, through, path, attributes, .. } = holder;
    Manner { state: *state, valid_until: *valid_until, through: through.as_ref(), path, attributes }
}
