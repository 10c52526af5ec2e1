//! `connector connectors [show NAME]`.

use crate::arguments::{ConnectorsArguments, ConnectorsCommand, ListArguments, OutputFormat};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{
    Column, Datum, List, ListColumn, STRONG, Table, clean, columns_help as columns_help_of, fields, paint, text_cell,
    wrap,
};
use crate::project_files;
use connector_core::registry;
use connector_core::{AccountSchema, AttributeSchema, Connector, EntitlementType, ReadEntitlements, Result, Writable};
use connector_keys::key_stores;
use connector_project::source::{Catalog, CatalogConnector, Project, Setting, outline, schema};
use serde::Serialize;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

pub(crate) fn run(invocation: &Invocation, arguments: &ConnectorsArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let catalog = project.catalog();
    match &arguments.command {
        None => list(invocation, catalog, &arguments.list),
        Some(ConnectorsCommand::Show { name }) => show(invocation, catalog, catalog.connector(name)?),
    }
}

/// Says which connector files can't be used. `connector validate` shows why.
pub(super) fn warn_of_unusable(invocation: &Invocation, catalog: &Catalog) {
    let problems = catalog.problems();
    let mut files: Vec<_> = problems.iter().map(|one| &one.place.file).collect();
    files.dedup();
    for file in files {
        let file = file.display();
        invocation.printer.warning(&format!("`{file}` has problems; run `connector validate` to see them"));
    }
}

/// A line of the list.
#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    description: String,
    grant_types: Vec<String>,
    secret_refs: Vec<&'static str>,
    key_refs: Vec<&'static str>,
    file: Option<PathBuf>,
}

pub(crate) fn columns_help() -> String {
    columns_help_of(&columns(false))
}

fn columns(with_file: bool) -> Vec<ListColumn<Listed>> {
    let file = ListColumn::new("file", |one: &Listed| Datum::text(shown(one.file.as_deref())));
    vec![
        ListColumn::new("name", |one: &Listed| Datum::text(&one.name)),
        ListColumn::new("title", |one: &Listed| Datum::text(&one.title)).looks(|look| look.rank(1)),
        ListColumn::new("grant_types", |one: &Listed| Datum::text(one.grant_types.join(", ")))
            .looks(|look| look.wrapping().rank(2)),
        ListColumn::new("description", |one: &Listed| Datum::text(&one.description)).looks(Column::wrapping),
        if with_file { file } else { file.on_request() },
    ]
}

fn list(invocation: &Invocation, catalog: &Catalog, arguments: &ListArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let connectors = catalog.connectors();
    warn_of_unusable(invocation, catalog);
    let rows = connectors.iter().map(|CatalogConnector { registration: one, file, .. }| Listed {
        name: one.name.to_string(),
        title: one.title.to_string(),
        description: one.description.to_string(),
        grant_types: one.grant_types.iter().map(ToString::to_string).collect(),
        secret_refs: secret_refs(),
        key_refs: key_refs(),
        file: file.clone(),
    });
    let list = List::new(columns(connectors.iter().any(|one| one.file.is_some())), arguments)?;
    list.print(printer, rows.collect())?;
    if printer.format() != OutputFormat::Human {
        return Ok(Exit::Success);
    }
    let ways: Vec<_> =
        registry::auth_strategies().iter().map(|one| (one.grant_type, one.description.to_owned())).collect();
    printer.result(format!("\n{}\n{}", paint(STRONG, "Grant types"), fields(&ways, printer.prose_width())))?;
    let places: Vec<_> =
        registry::secret_resolvers().iter().map(|one| (one.form, one.description.to_owned())).collect();
    printer.result(format!("\n{}\n{}", paint(STRONG, "Secret refs"), fields(&places, printer.prose_width())))?;
    let stores: Vec<_> = key_stores().iter().map(|one| (one.form, one.description.to_owned())).collect();
    if !stores.is_empty() {
        let title = paint(STRONG, "Key refs, for keys that never leave their device");
        printer.result(format!("\n{title}\n{}", fields(&stores, printer.prose_width())))?;
    }
    let formats: Vec<_> =
        registry::connector_formats().iter().map(|one| (one.name, one.description.to_owned())).collect();
    if !formats.is_empty() {
        let title = paint(STRONG, "Formats of connector files");
        printer.result(format!("\n{title}\n{}", fields(&formats, printer.prose_width())))?;
    }
    if let Some(CatalogConnector { registration: first, .. }) = connectors.first() {
        printer.next(&[
            (&format!("connector connectors show {}", first.name), "show settings and account schema"),
            (&format!("connector source new {} NAME", first.name), "create a source file"),
        ]);
    }
    Ok(Exit::Success)
}

/// The forms of secret refs, which every connector takes.
fn secret_refs() -> Vec<&'static str> {
    registry::secret_resolvers().iter().map(|one| one.form).collect()
}

/// The forms of refs to keys that never leave their device.
fn key_refs() -> Vec<&'static str> {
    key_stores().iter().map(|one| one.form).collect()
}

fn shown(file: Option<&Path>) -> String {
    file.map(|file| file.display().to_string()).unwrap_or_default()
}

fn as_json(CatalogConnector { registration: one, file, .. }: &CatalogConnector) -> Value {
    json!({
        "name": one.name,
        "title": one.title,
        "description": one.description,
        "grant_types": one.grant_types,
        "secret_refs": secret_refs(),
        "key_refs": key_refs(),
        "file": file,
    })
}

fn show(invocation: &Invocation, catalog: &Catalog, one: &CatalogConnector) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let registration = &one.registration;
    let connector = open_example(catalog, one)?;
    let account_schema = connector.schema();
    let capabilities = connector.capabilities();
    let types = capabilities.entitlements().map(ReadEntitlements::entitlement_types).unwrap_or_default();
    let settings = schema::connector_schema(registration);
    if printer.is_json() {
        let mut document = as_json(one);
        document["capabilities"] = json!(capabilities.names());
        document["settings"] = settings;
        document["account_schema"] = json!(account_schema);
        document["entitlement_types"] = json!(types);
        document["example"] = json!(registration.example);
        printer.json(&document)?;
        return Ok(Exit::Success);
    }
    let mut facts = vec![
        ("name", registration.name.to_string()),
        ("title", registration.title.to_string()),
        ("description", registration.description.to_string()),
        ("grant types", registration.grant_types.join(", ")),
        ("capabilities", capabilities.names().join(", ")),
    ];
    facts.extend(one.file.is_some().then(|| ("file", shown(one.file.as_deref()))));
    printer.result(fields(&facts, printer.prose_width()))?;
    show_settings(invocation, &settings)?;
    show_types(invocation, &types)?;
    show_attributes(invocation, &account_schema)?;
    printer.next(&[(&format!("connector source new {} NAME", registration.name), "create a source file")]);
    Ok(Exit::Success)
}

fn show_settings(invocation: &Invocation, settings: &Value) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let settings = outline(settings);
    if settings.is_empty() {
        return Ok(());
    }
    printer.result(format!("\n{}\n", paint(STRONG, "Settings")))?;
    for one in &settings {
        let indent = " ".repeat(2 * one.depth + 2);
        let notes = notes_of(one);
        let notes = if notes.is_empty() { String::new() } else { format!(" ({notes})") };
        let width = printer.prose_width().saturating_sub(indent.len() + 4);
        // A name is not broken, and what stands after it follows on the next line where there is no room.
        for (at, line) in wrap(&clean(&format!("{}{notes}", one.name)), width + 4).iter().enumerate() {
            printer.result(format!("{indent}{}{line}\n", if at == 0 { "" } else { "    " }))?;
        }
        for line in wrap(&clean(&one.description), width) {
            printer.result(format!("{indent}    {line}\n"))?;
        }
    }
    Ok(())
}

/// What else there is to say about a setting, in a few words.
fn notes_of(one: &Setting) -> String {
    let values = one.values.replace('`', "");
    let notes = [
        one.required.then(|| "required".to_owned()),
        (!values.is_empty()).then_some(values),
        one.default.as_ref().map(|default| format!("default {default}")),
        one.same_as.as_ref().map(|same| format!("as {same}")),
    ];
    notes.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn show_types(invocation: &Invocation, types: &[EntitlementType]) -> Result<(), Stop> {
    if types.is_empty() {
        return Ok(());
    }
    let printer = &invocation.printer;
    printer.result(format!("\n{}\n", paint(STRONG, "Entitlement types")))?;
    let mut table = Table::new([
        Column::new("type"),
        Column::new("title").rank(1),
        Column::new("meaning for the holder").wrapping(),
    ]);
    for one in types {
        table.row([text_cell(&*one.name), text_cell(&*one.title), text_cell(&*one.description)]);
    }
    printer.result(table.render(printer.table_width()))
}

fn show_attributes(invocation: &Invocation, account_schema: &AccountSchema) -> Result<(), Stop> {
    if account_schema.attributes.is_empty() {
        return Ok(());
    }
    let printer = &invocation.printer;
    printer.result(format!("\n{}\n", paint(STRONG, "Account attributes")))?;
    let mut table = Table::new([
        Column::new("attribute"),
        Column::new("type"),
        Column::new("writable").rank(2),
        Column::new("meaning").wrapping().rank(1),
    ]);
    for attribute in &account_schema.attributes {
        table.row([
            text_cell(&attribute.name),
            text_cell(type_of(attribute)),
            text_cell(writable(attribute)),
            text_cell(&attribute.description),
        ]);
    }
    printer.result(table.render(printer.table_width()))
}

fn type_of(attribute: &AttributeSchema) -> String {
    let name = json!(attribute.attribute_type);
    let name = name.as_str().unwrap_or_default();
    if attribute.multi { format!("list of {name}") } else { name.to_owned() }
}

fn writable(attribute: &AttributeSchema) -> &'static str {
    match (attribute.writable, attribute.required) {
        (Writable::OnCreate, true) => "on create, required",
        (Writable::OnCreate, false) => "on create",
        (Writable::Always, true) => "yes, required",
        (Writable::Always, false) => "yes",
        (_, _) => "no",
    }
}

/// Opens the connector with its own example, offline. The example goes through a file, like every source.
fn open_example(catalog: &Catalog, one: &CatalogConnector) -> Result<Box<dyn Connector>> {
    let registration = &one.registration;
    let folder = std::env::temp_dir().join(format!("connector-example-{}", process::id()));
    project_files::make_private_folder(&folder)?;
    let file = folder.join(format!("{}.yaml", registration.name));
    let opened = project_files::write_private(&file, &registration.example).and_then(|()| {
        let project = Project::at(&folder).with_catalog(catalog.clone());
        project.load(&file.to_string_lossy())?.open(&project)
    });
    // The folder is a temporary one; it does no harm if it stays.
    let _ = fs::remove_dir_all(&folder);
    opened.map(|opened| opened.connector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A crate that Cargo.toml names and no `use … as _` does is silently not linked.
    #[test]
    fn every_connector_of_the_workspace_is_linked() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors");
        let folders: BTreeSet<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().join("Cargo.toml").is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        let linked: BTreeSet<String> = registry::connectors().iter().map(|one| one.name.replace('_', "-")).collect();
        assert_eq!(linked, folders);
    }

    #[test]
    fn every_linked_connector_opens_with_its_own_example() {
        let catalog = Catalog::linked();
        for one in catalog.connectors() {
            open_example(&catalog, one).unwrap();
        }
    }
}
