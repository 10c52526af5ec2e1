//! `connector entitlements NAME`.

use crate::arguments::{EntitlementsArguments, OutputFormat};
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, Datum, List, ListColumn, columns_help as columns_help_of, plural};
use connector_core::{Error, ErrorKind, ReadEntitlements};
use connector_engine::query::{self, StoredEntitlement};
use connector_engine::store::Store;
use connector_project::source::Project;
use std::collections::BTreeSet;

pub(crate) fn run(invocation: &Invocation, arguments: &EntitlementsArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let source = source_name(&arguments.name);
    let entitlement_type = arguments.entitlement_type.as_deref();
    let list = List::new(columns(), &arguments.list)?;
    let mut rows = list.rows(printer)?;
    query::entitlements(&store, source, entitlement_type, |stored| Ok(rows.row(stored).map(drop)?))?;
    check_type(&project, &store, arguments, rows.found())?;
    rows.end()?;
    if printer.format() == OutputFormat::Human {
        let found = rows.found();
        printer.remark(if found == 0 {
            "no entitlements".to_owned()
        } else {
            format!("\n{}", plural(found, "entitlement"))
        });
    }
    Ok(Exit::Success)
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns())
}

fn columns() -> Vec<ListColumn<StoredEntitlement>> {
    vec![
        ListColumn::new("type", |one: &StoredEntitlement| Datum::text(one.entitlement.key.entitlement_type.as_ref())),
        ListColumn::new("name", |one: &StoredEntitlement| Datum::text(&one.entitlement.name)).looks(Column::wrapping),
        ListColumn::new("holders", |one: &StoredEntitlement| Datum::number(one.holders))
            .looks(|look| look.on_the_right().rank(2)),
        ListColumn::new("id", |one: &StoredEntitlement| Datum::text(&one.entitlement.key.id))
            .looks(|look| look.rank(1)),
        ListColumn::new("description", |one: &StoredEntitlement| {
            Datum::optional(one.entitlement.description.as_deref())
        })
        .looks(|look| look.wrapping().rank(3)),
    ]
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
