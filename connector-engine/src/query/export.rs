//! Exports of snapshots.

use super::accounts::{AccountQuery, accounts, attribute_names, names_in};
use super::entitlements::entitlements;
use super::holding::{HeldRow, HoldingState, is_empty};
use super::reading::{Named, Reading, key_of};
use connector_core::{Attributes, Entitlement, EntitlementRef, Error, ErrorKind, Result};
use connector_sql::{Dialect, Row};
use connector_store::{Store, sql};
use connector_tables::{Table, TableFormat};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use std::io::{self, Write};

/// What to export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Accounts with their attributes and entitlements.
    Accounts,
    /// Entitlements with their attributes.
    Entitlements,
    /// Who holds what, in any state.
    Assignments,
}

/// How to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    Ndjson,
    /// A table. Each attribute is a column with its name, or `attributes.NAME` if that name is taken. Several entitlements
    /// stand in one cell with `;` between. Users can often edit their own attributes, so [`TableFormat::Csv`] changes what a
    /// spreadsheet would run as a formula; programs want [`TableFormat::PlainCsv`].
    Table(TableFormat),
}

/// How the files begin that [`export`] writes.
pub const STARTS_OF_EXPORTS: [&str; 7] = [
    "PAR1",
    "{\"id\":\"",
    "{\"type\":\"",
    "{\"account\":\"",
    "id,name,display_name,enabled,",
    "type,id,name,description",
    "account,account_name,type,id,",
];

/// One line of an export of assignments.
#[derive(Serialize)]
struct AssignmentLine<'a> {
    account: &'a str,
    account_name: Option<&'a str>,
    #[serde(rename = "type")]
    entitlement_type: &'a str,
    id: &'a str,
    name: Option<&'a str>,
    state: HoldingState,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<EntitlementRef>,
    #[serde(skip_serializing_if = "is_empty")]
    attributes: Attributes,
}

/// Each once, in the order of the table: telling them apart by `DISTINCT` would keep all of them in memory. Where the account's
/// own record and a list both name one, `max` takes the values of the record. The plus keeps
/// SQLite from another order.
pub(super) fn select_assignments(dialect: Dialect) -> &'static str {
    dialect.pick(
        "SELECT h.account, a.name,
    h.entitlement, h.through, max(h.inline), h.state, h.valid_until, h.attributes FROM assignments h
    LEFT JOIN accounts a ON a.source = h.source AND a.account_id = h.account AND a.removed_run IS NULL
    WHERE h.source = ?1 AND h.removed_run IS NULL AND +h.holder = 0
    GROUP BY h.account, h.entitlement, h.holder, h.through ORDER BY h.account, h.entitlement, h.holder, h.through",
        "SELECT DISTINCT ON (h.account, h.entitlement, h.holder, h.through) h.account, a.name,
    h.entitlement, h.through, h.inline, h.state, h.valid_until, h.attributes FROM assignments h
    LEFT JOIN accounts a ON a.source = h.source AND a.account_id = h.account AND a.removed_run IS NULL
    WHERE h.source = ?1 AND h.removed_run IS NULL AND h.holder = 0
    ORDER BY h.account, h.entitlement, h.holder, h.through, h.inline DESC",
    )
}

/// Writes a snapshot of a source with flat memory. Returns how many rows.
pub fn export(store: &Store, source: &str, what: What, format: Format, to: &mut (dyn Write + Send)) -> Result<u64> {
    let count = match (what, format) {
        (What::Accounts, Format::Ndjson) => {
            accounts(store, source, &AccountQuery::default(), |account| json_line(to, account))?
        }
        (What::Accounts, Format::Table(format)) => accounts_as_table(store, source, format, to)?,
        (What::Entitlements, Format::Ndjson) => {
            entitlements(store, source, None, |stored| json_line(to, &stored.entitlement))?
        }
        (What::Entitlements, Format::Table(format)) => entitlements_as_table(store, source, format, to)?,
        (What::Assignments, Format::Ndjson) => assignments(store, source, |line| json_line(to, line))?,
        (What::Assignments, Format::Table(format)) => assignments_as_table(store, source, format, to)?,
    };
    to.flush().map_err(unwritten)?;
    Ok(count)
}

fn json_line(to: &mut dyn Write, row: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *to, row).map_err(|cause| unwritten(cause.into()))?;
    to.write_all(b"\n").map_err(unwritten)
}

fn unwritten(cause: io::Error) -> Error {
    let is_full = cause.kind() == io::ErrorKind::StorageFull;
    let error = Error::new(ErrorKind::Internal, format!("the export could not be written: {cause}")).with_cause(cause);
    if is_full { error.with_help("free some disk space, or write it elsewhere") } else { error }
}

fn accounts_as_table(store: &Store, source: &str, format: TableFormat, to: &mut (dyn Write + Send)) -> Result<u64> {
    let own = ["id", "name", "display_name", "enabled", "locked", "entitlements", "kind", "owner", "alias"];
    let mut table = Table::new(to, format, &own, attribute_names(store, source)?)?;
    let count = accounts(store, source, &AccountQuery::default(), |account| {
        let held: Vec<_> = account.entitlements.iter().map(ToString::to_string).collect();
        let own = [
            account.id.as_str(),
            &account.name,
            account.display_name.as_deref().unwrap_or_default(),
            truth(account.enabled),
            truth(account.locked),
            &held.join(";"),
            if account.kind.is_unspecified() { "" } else { account.kind.name() },
            account.owner.as_deref().unwrap_or_default(),
            account.alias.as_deref().unwrap_or_default(),
        ];
        table.row(&own, &account.attributes)
    })?;
    table.finish()?;
    Ok(count)
}

fn entitlements_as_table(store: &Store, source: &str, format: TableFormat, to: &mut (dyn Write + Send)) -> Result<u64> {
    let names = names_in(
        &Reading::of(store, source)?,
        "SELECT attributes FROM entitlements
         WHERE source = ?1 AND first_run IS NOT NULL AND removed_run IS NULL",
    )?;
    let mut table = Table::new(to, format, &["type", "id", "name", "description"], names)?;
    let count = entitlements(store, source, None, |stored| {
        let Entitlement { key, name, description, attributes, .. } = &stored.entitlement;
        table.row(&[&*key.entitlement_type, &key.id, name, description.as_deref().unwrap_or_default()], attributes)
    })?;
    table.finish()?;
    Ok(count)
}

fn assignments_as_table(store: &Store, source: &str, format: TableFormat, to: &mut (dyn Write + Send)) -> Result<u64> {
    let own = ["account", "account_name", "type", "id", "name", "state", "valid_until", "through", "attributes"];
    let mut table = Table::new(to, format, &own, Vec::new())?;
    let none = Attributes::empty();
    let count = assignments(store, source, |line| {
        let text = |value: Option<String>| value.unwrap_or_default();
        let own = [
            line.account,
            line.account_name.unwrap_or_default(),
            line.entitlement_type,
            line.id,
            line.name.unwrap_or_default(),
            line.state.name(),
            &text(line.valid_until.map(|until| until.to_string())),
            &text(line.through.as_ref().map(ToString::to_string)),
            if is_empty(&line.attributes) { "" } else { line.attributes.as_str() },
        ];
        table.row(&own, &none)
    })?;
    table.finish()?;
    Ok(count)
}

/// Streams who holds what, in any state, in the order of account, type and id.
fn assignments(store: &Store, source: &str, mut each: impl FnMut(&AssignmentLine<'_>) -> Result<()>) -> Result<u64> {
    let reading = Reading::of(store, source)?;
    let named: HashMap<i64, Named> = reading.named()?;
    let now = Timestamp::now();
    let read = |row: &Row<'_>| {
        let (account, name): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        Ok((account, name, HeldRow::from_row(row, 2)?))
    };
    let key = |row: i64| (row > 0).then(|| key_of(named.get(&row)));
    let mut count = 0;
    let mut tell = |account: &str, account_name: Option<&str>, rows: &mut Vec<HeldRow>| -> Result<()> {
        // The rows of entitlements are in the order in which the pages came, which differs from run to run.
        rows.sort_by_cached_key(|row| (key(row.entitlement), key(row.through)));
        for row in rows.drain(..) {
            let entitlement = named.get(&row.entitlement);
            let EntitlementRef { entitlement_type, id } = key_of(entitlement);
            count += 1;
            each(&AssignmentLine {
                account,
                account_name,
                entitlement_type: &entitlement_type,
                id: &id,
                name: entitlement.and_then(|entitlement| entitlement.name.as_deref()),
                state: HoldingState::of(&row.values, now),
                valid_until: row.values.valid_until,
                through: key(row.through),
                attributes: row.values.attributes,
            })?;
        }
        Ok(())
    };
    // The assignments of one account at a time.
    let (mut last, mut rows) = ((String::new(), None), Vec::new());
    let query = select_assignments(reading.connection.dialect());
    sql::each(&reading.connection, query, [reading.source], read, |(account, account_name, row)| {
        if account != last.0 {
            tell(&last.0, last.1.as_deref(), &mut rows)?;
            last = (account, account_name);
        }
        rows.push(row);
        Ok(())
    })?;
    tell(&last.0, last.1.as_deref(), &mut rows)?;
    Ok(count)
}

fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
