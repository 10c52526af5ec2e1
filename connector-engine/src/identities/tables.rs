//! The temporary tables of a correlation, and how they are filled.

use connector_core::Result;
use connector_sql::{Column, Connection, ValueRef, params};
use connector_store::{fault, sql};

/// An account whose values are made again.
#[derive(Debug)]
pub(super) struct FreshAccount {
    pub(super) account: String,
    pub(super) hash: Vec<u8>,
    pub(super) gone: bool,
    pub(super) left_out: bool,
    /// The places of rules, with values.
    pub(super) values: Vec<(i64, String)>,
}

/// `fresh_accounts` and `fresh_values` have what changed; `dirty` has the accounts to decide about, `touched` the values of people
/// that changed, `decided` what the rules say, and `verdicts` what becomes of each account.
const TABLES: [(&str, &str); 7] = [
    (
        "fresh_accounts",
        "source BIGINT NOT NULL, account TEXT{C} NOT NULL, hash {BYTES} NOT NULL, gone BIGINT NOT NULL, left_out BIGINT NOT NULL, PRIMARY KEY (source, account)",
    ),
    (
        "fresh_values",
        "source BIGINT NOT NULL, account TEXT{C} NOT NULL, rule BIGINT NOT NULL, value TEXT{C} NOT NULL, gone BIGINT NOT NULL",
    ),
    ("touched", "rule BIGINT NOT NULL, value TEXT{C} NOT NULL, PRIMARY KEY (rule, value)"),
    ("dirty", "source BIGINT NOT NULL, account TEXT{C} NOT NULL, PRIMARY KEY (source, account)"),
    (
        "decided",
        "source BIGINT NOT NULL, account TEXT{C} NOT NULL, rule BIGINT NOT NULL, first TEXT{C} NOT NULL, last TEXT{C} NOT NULL, PRIMARY KEY (source, account)",
    ),
    ("rules", "rule BIGINT PRIMARY KEY, name TEXT{C} NOT NULL, confirm BIGINT NOT NULL"),
    (
        "verdicts",
        "source BIGINT NOT NULL, account TEXT{C} NOT NULL, person TEXT{C}, rule TEXT{C}, state TEXT{C} NOT NULL, PRIMARY KEY (source, account)",
    ),
];

/// Makes the tables. They end with the transaction on a server, and with the connection in a file.
pub(super) fn make(connection: &Connection) -> Result<()> {
    let (collation, bytes, end) =
        connection.dialect().pick(("", "BLOB", ""), (" COLLATE \"C\"", "BYTEA", " ON COMMIT DROP"));
    for (name, columns) in TABLES {
        let columns = columns.replace("{C}", collation).replace("{BYTES}", bytes);
        sql::batch(connection, &format!("CREATE TEMP TABLE {name} ({columns}){end}"))?;
    }
    Ok(())
}

/// So many accounts are few: whatever the plan, a statement about them is fast.
pub(super) const FEW: u64 = 500;

/// Lets the server count the rows of tables that many rows were added to, so that it plans for as many as there are.
pub(super) fn count(connection: &Connection, added: u64, tables: &[&str]) -> Result<()> {
    if added > FEW && connection.postgres().is_some() {
        tables.iter().try_for_each(|table| sql::batch(connection, &format!("ANALYZE {table}")))?;
    }
    Ok(())
}

/// Adds accounts of a source.
pub(super) fn add(connection: &Connection, source: i64, rows: &[FreshAccount]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    if let Some(server) = connection.postgres() {
        let accounts = rows.iter().map(|row| {
            Ok(vec![
                ValueRef::Integer(source),
                ValueRef::Text(row.account.as_bytes()),
                ValueRef::Blob(&row.hash),
                ValueRef::Integer(row.gone.into()),
                ValueRef::Integer(row.left_out.into()),
            ])
        });
        let columns = [Column::Integer, Column::Text, Column::Bytes, Column::Integer, Column::Integer];
        server.copy("fresh_accounts (source, account, hash, gone, left_out)", &columns, accounts).map_err(fault)?;
        let values = rows.iter().flat_map(|row| {
            row.values.iter().map(move |(rule, value)| {
                Ok(vec![
                    ValueRef::Integer(source),
                    ValueRef::Text(row.account.as_bytes()),
                    ValueRef::Integer(*rule),
                    ValueRef::Text(value.as_bytes()),
                    ValueRef::Integer(row.gone.into()),
                ])
            })
        });
        let columns = [Column::Integer, Column::Text, Column::Integer, Column::Text, Column::Integer];
        return server.copy("fresh_values (source, account, rule, value, gone)", &columns, values).map_err(fault);
    }
    let accounts = "INSERT INTO fresh_accounts (source, account, hash, gone, left_out) VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = "INSERT INTO fresh_values (source, account, rule, value, gone) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut accounts = connection.prepare_cached(accounts).map_err(fault)?;
    let mut insert = connection.prepare_cached(values).map_err(fault)?;
    for row in rows {
        accounts.execute(params![source, row.account, row.hash, row.gone, row.left_out]).map_err(fault)?;
        for (rule, value) in &row.values {
            insert.execute(params![source, row.account, rule, value, row.gone]).map_err(fault)?;
        }
    }
    Ok(())
}
