//! `connector entitlements NAME`.

use crate::arguments::EntitlementsArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, Table, count, plural, text_cell};
use connector_core::{Error, ErrorKind, ReadEntitlements};
use connector_engine::query;
use connector_engine::store::Store;
use connector_project::source::Project;
use std::collections::BTreeSet;

pub(crate) fn run(invocation: &Invocation, arguments: &EntitlementsArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let source = source_name(&arguments.name);
    let entitlement_type = arguments.entitlement_type.as_deref();
    if printer.is_json() {
        let found =
            query::entitlements(&store, source, entitlement_type, |entitlement| Ok(printer.json(entitlement)?))?;
        check_type(&project, &store, arguments, found)?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new([
        Column::new("type"),
        Column::new("name").wrapping(),
        Column::number("holders").rank(2),
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
    check_type(&project, &store, arguments, found)?;
    if !table.is_empty() {
        printer.result(table.render(printer.table_width()))?;
    }
    printer.note(if found == 0 { "no entitlements".to_owned() } else { format!("\n{}", plural(found, "entitlement")) });
    Ok(Exit::Success)
}

/// Fails with kind `definition` if the requested type does not exist; a type without entitlements is fine.
fn check_type(project: &Project, store: &Store, arguments: &EntitlementsArguments, found: u64) -> Result<(), Stop> {
    let Some(asked) = arguments.entitlement_type.as_deref().filter(|_| found == 0) else { return Ok(()) };
    let source = source_name(&arguments.name);
    let mut types = BTreeSet::new();
    if let Ok(opened) = project.load(&arguments.name).map_err(Error::from).and_then(|source| source.open(project)) {
        let declared = opened.connector.capabilities().entitlements().map(ReadEntitlements::entitlement_types);
        types.extend(declared.into_iter().flatten().map(|one| one.name.into_owned()));
    }
    query::entitlements(store, source, None, |stored| {
        if !types.contains(stored.entitlement.key.entitlement_type.as_ref()) {
            types.insert(stored.entitlement.key.entitlement_type.to_string());
        }
        Ok(())
    })?;
    if types.is_empty() || types.contains(asked) {
        return Ok(());
    }
    let types: Vec<_> = types.into_iter().collect();
    Err(Error::new(ErrorKind::Definition, format!("`{source}` has no entitlement type `{asked}`"))
        .with_help(format!("the types of this source are: {}", types.join(", ")))
        .into())
}
