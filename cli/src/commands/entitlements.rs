//! `connector entitlements NAME`.

use crate::arguments::EntitlementsArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, Table, count, plural, text_cell};
use connector_engine::query;

pub(crate) fn run(invocation: &Invocation, arguments: &EntitlementsArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.existing_store(&project)?;
    let source = source_name(&arguments.name);
    let entitlement_type = arguments.entitlement_type.as_deref();
    if printer.is_json() {
        query::entitlements(&store, source, entitlement_type, |entitlement| Ok(printer.json(entitlement)?))?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new([
        Column::new("type"),
        Column::new("name").wrapping(),
        Column::number("held by").rank(2),
        Column::new("id").rank(1),
        Column::new("description").wrapping().rank(3),
    ]);
    let found = query::entitlements(&store, source, entitlement_type, |stored| {
        let entitlement = &stored.entitlement;
        table.row([
            text_cell(entitlement.key.entitlement_type.as_ref()),
            text_cell(&entitlement.name),
            text_cell(count(stored.holders)),
            text_cell(&entitlement.key.id),
            text_cell(entitlement.description.clone().unwrap_or_default()),
        ]);
        Ok(())
    })?;
    if !table.is_empty() {
        printer.result(table.render(printer.table_width()))?;
    }
    printer.note(if found == 0 { "no entitlements".to_owned() } else { format!("\n{}", plural(found, "entitlement")) });
    Ok(Exit::Success)
}
