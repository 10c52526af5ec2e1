//! `connector accounts NAME`.

use super::holding::{breadth, note_left_out};
use crate::arguments::AccountsArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, Table, clean, text_cell};
use connector_core::{Account, Error, ErrorKind, Result};
use connector_engine::query::{self, AccountQuery, Filter, WithoutEffect};
use connector_engine::store::Store;
use connector_project::source::Project;
use serde_json::Value;

/// How many rows a terminal shows without `--limit`.
const ON_A_SCREEN: u64 = 50;
/// A table needs all its rows to compute its widths; longer lists are streamed with tabs instead.
const LONGEST_TABLE: u64 = 1_000;
const DEFAULT_COLUMNS: [&str; 6] = ["id", "name", "display_name", "enabled", "locked", "entitlements"];
/// Other members of an account, shown when they are asked for.
const MORE_COLUMNS: [&str; 3] = ["kind", "owner", "alias"];

pub(crate) fn run(invocation: &Invocation, arguments: &AccountsArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let source = source_name(&arguments.name);
    let columns = columns(arguments);
    if !printer.is_json() {
        check_columns(&columns, &project, &store, &arguments.name)?;
    }
    let filter = match &arguments.condition {
        Some(condition) => Some(parse(condition, &project, &store, &arguments.name)?),
        None => None,
    };
    let mut query = AccountQuery {
        filter: filter.as_ref(),
        holding: arguments.holding.as_deref(),
        breadth: breadth(&arguments.breadth),
        limit: arguments.limit,
    };
    if printer.is_json() {
        query::accounts(&store, source, &query, |account| Ok(printer.json(account)?))?;
        return Ok(Exit::Success);
    }
    if query.limit.is_none() && printer.is_terminal() {
        query.limit = Some(ON_A_SCREEN);
    }
    match query.limit {
        Some(limit) if limit <= LONGEST_TABLE => show_table(invocation, &store, source, query, limit, &columns)?,
        _ => stream(invocation, &store, source, &query, &columns)?,
    }
    Ok(Exit::Success)
}

/// Reads a condition, knowing the connector's attributes; a name it does not know may still be in the store.
fn parse(condition: &str, project: &Project, store: &Store, name: &str) -> Result<Filter> {
    let declared = declared_attributes(project, name);
    if !declared.is_empty() {
        let known: Vec<_> = declared.iter().map(String::as_str).collect();
        if let Ok(filter) = Filter::parse(condition, &known) {
            return Ok(filter);
        }
    }
    let stored = query::attribute_names(store, source_name(name))?;
    let known: Vec<_> = stored.iter().map(String::as_str).collect();
    Filter::parse(condition, &known)
}

/// The attributes that the source's connector declares; none when its file is gone or invalid.
fn declared_attributes(project: &Project, name: &str) -> Vec<String> {
    let opened = project.load(name).ok().and_then(|source| source.open(project).ok());
    let attributes = opened.map(|opened| opened.connector.schema().attributes).unwrap_or_default();
    attributes.into_iter().map(|attribute| attribute.name).collect()
}

/// Fails with kind `definition` when a column is neither a member of every account, nor declared, nor in the store.
fn check_columns(columns: &[String], project: &Project, store: &Store, name: &str) -> Result<()> {
    let is_known = |column: &str, names: &[String]| {
        DEFAULT_COLUMNS.contains(&column)
            || MORE_COLUMNS.contains(&column)
            || names.iter().any(|known| known.eq_ignore_ascii_case(column))
    };
    if columns.iter().all(|column| is_known(column, &[])) {
        return Ok(());
    }
    let mut names = declared_attributes(project, name);
    if columns.iter().all(|column| is_known(column, &names)) {
        return Ok(());
    }
    names.extend(query::attribute_names(store, source_name(name))?);
    names.sort();
    names.dedup();
    match columns.iter().find(|column| !is_known(column, &names)) {
        None => Ok(()),
        Some(column) => Err(Error::new(ErrorKind::Definition, format!("accounts have no column `{column}`"))
            .with_help(format!(
                "known columns: {}, {}, {}",
                DEFAULT_COLUMNS.join(", "),
                MORE_COLUMNS.join(", "),
                names.join(", ")
            ))),
    }
}

fn columns(arguments: &AccountsArguments) -> Vec<String> {
    let asked: Vec<_> = arguments.columns.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
    let names = if asked.is_empty() { DEFAULT_COLUMNS.to_vec() } else { asked };
    names.into_iter().map(str::to_owned).collect()
}

fn show_table(
    invocation: &Invocation,
    store: &Store,
    source: &str,
    query: AccountQuery<'_>,
    limit: u64,
    columns: &[String],
) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let mut table = Table::new(columns.iter().enumerate().map(|(index, name)| column(index, name)));
    let mut shown = 0;
    let mut without_effect = WithoutEffect::default();
    // One more than is shown, to know whether there are more.
    let more = AccountQuery { limit: Some(limit.saturating_add(1)), ..query };
    let found = query::accounts(store, source, &more, |account| {
        if shown < limit {
            table.row(columns.iter().map(|name| text_cell(value(account, name))));
            without_effect.add(account.without_effect);
            shown += 1;
        }
        Ok(())
    })?;
    if shown > 0 {
        printer.result(table.render(printer.table_width()))?;
    }
    printer.note(match (found, found > limit) {
        (0, _) => "no accounts".to_owned(),
        (_, true) => format!(
            "\nonly the first {limit} accounts are shown; use --limit N, --where or --output json to see others"
        ),
        (1, false) => "\n1 account".to_owned(),
        (_, false) => format!("\n{found} accounts"),
    });
    note_left_out(printer, without_effect);
    Ok(())
}

/// `name` identifies the account and is always shown. On a narrow terminal the other columns are hidden, the last one first.
fn column(index: usize, name: &str) -> Column {
    let rank = match name {
        "id" if index == 0 => 1,
        "name" => 0,
        _ => u8::try_from(index).unwrap_or(u8::MAX).saturating_add(1),
    };
    let column = match name {
        "entitlements" => Column::number("entitlements"),
        _ => Column::new(name),
    };
    match name {
        "id" | "name" | "enabled" | "locked" | "entitlements" => column.rank(rank),
        _ => column.wrapping().rank(rank),
    }
}

fn stream(
    invocation: &Invocation,
    store: &Store,
    source: &str,
    query: &AccountQuery<'_>,
    columns: &[String],
) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let heading = || printer.result(format!("{}\n", columns.join("\t")));
    // A question that fails prints nothing, so the heading waits for the first row.
    let mut first = true;
    let mut without_effect = WithoutEffect::default();
    query::accounts(store, source, query, |account| {
        without_effect.add(account.without_effect);
        if std::mem::take(&mut first) {
            heading()?;
        }
        let cells: Vec<_> = columns.iter().map(|name| clean(&value(account, name)).replace('\n', " ")).collect();
        printer.result(format!("{}\n", cells.join("\t"))).map_err(Error::from)
    })?;
    if first {
        heading()?;
    }
    note_left_out(printer, without_effect);
    Ok(())
}

/// The value of a column: one of the account's own members, otherwise the attribute of that name.
pub(super) fn value(account: &Account, column: &str) -> String {
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    match column {
        "id" => account.id.clone(),
        "name" => account.name.clone(),
        "display_name" => account.display_name.clone().unwrap_or_default(),
        "enabled" => yes_or_no(account.enabled),
        "locked" => yes_or_no(account.locked),
        "entitlements" => account.entitlements.len().to_string(),
        "kind" if account.kind.is_unspecified() => String::new(),
        "kind" => account.kind.name().to_owned(),
        "owner" => account.owner.clone().unwrap_or_default(),
        "alias" => account.alias.clone().unwrap_or_default(),
        _ => {
            let entries = account.attributes.entries();
            let found = entries.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
            found.map(|(_, value)| plain(value.get())).unwrap_or_default()
        }
    }
}

/// A JSON value for people: text without quotes, the rest as it is.
pub(super) fn plain(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => json.to_owned(),
    }
}
