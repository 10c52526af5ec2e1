//! Makes the values of the accounts that changed since the last correlation.

use super::tables::{self, FreshAccount};
use crate::query::account_from_row;
use connector_core::{Account, Result};
use connector_project::identities::{Compared, Correlator};
use connector_sql::{Connection, Row, params};
use connector_store::sql;
use std::collections::BTreeMap;

/// Accounts in memory at a time.
const PORTION: i64 = 2_000;

/// A source that takes part.
#[derive(Clone, Debug)]
pub(super) struct Participant {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) is_authority: bool,
}

/// Accounts on which a rule can't be used: how many, and one of them with the reason.
pub(super) type Faults = BTreeMap<usize, (u64, String)>;

/// What an account of the store is now.
struct Stored {
    account: Account,
    hash: Vec<u8>,
    gone: bool,
}

/// Names the state of a source: another text means that accounts may have changed.
pub(super) fn state_of(connection: &Connection, source: i64) -> Result<String> {
    let query = "SELECT count(*), coalesce(max(number), 0), count(ended_at), coalesce(sum(active_ms), 0), coalesce(sum(accounts_seen), 0),
             coalesce(sum(accounts_added), 0), coalesce(sum(accounts_changed), 0), coalesce(sum(accounts_removed), 0)
         FROM runs WHERE source = ?1";
    sql::one(connection, query, [source], |row| {
        let numbers = (0..8).map(|column| row.get::<_, i64>(column).map(|number| number.to_string()));
        Ok(numbers.collect::<connector_sql::Result<Vec<_>>>()?.join(" "))
    })
}

/// Puts the accounts of a source that are new, changed or gone into the temporary tables. Each row of the source is compared by its hash;
/// values are made for those that differ alone. Returns how many there were.
pub(super) fn stage(
    connection: &Connection,
    correlator: &Correlator,
    source: &Participant,
    faults: &mut Faults,
) -> Result<u64> {
    // Of other sources, only accounts that are there take part; people who left are still the people of their accounts.
    let is_of_interest = if source.is_authority {
        "(i.account IS NULL OR i.hash <> a.hash OR (i.gone = 1) <> (a.removed_run IS NOT NULL))"
    } else {
        "((a.removed_run IS NULL AND (i.account IS NULL OR i.hash <> a.hash)) OR (a.removed_run IS NOT NULL AND i.account IS NOT NULL))"
    };
    let query = format!(
        "SELECT a.account_id, a.name, a.display_name, a.enabled, a.locked, a.attributes, a.kind, a.owner, a.alias, a.hash,
                CASE WHEN a.removed_run IS NULL THEN 0 ELSE 1 END
         FROM accounts a LEFT JOIN identity_accounts i ON i.source = a.source AND i.account = a.account_id
         WHERE a.source = ?1 AND a.account_id > ?2 AND {is_of_interest} ORDER BY a.account_id LIMIT {PORTION}"
    );
    let (mut after, mut count) = (String::new(), 0);
    loop {
        let stored: Vec<Stored> = sql::all(connection, &query, params![source.id, after], read)?;
        let Some(last) = stored.last() else { break };
        after.clone_from(&last.account.id);
        let rows = stored.into_iter().map(|one| fresh(correlator, source, one, faults));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        count += rows.len() as u64;
        tables::add(connection, source.id, &rows)?;
    }
    Ok(count + stage_vanished(connection, source.id)?)
}

fn read(row: &Row<'_>) -> connector_sql::Result<Stored> {
    Ok(Stored { account: account_from_row(row)?, hash: row.get(9)?, gone: row.get(10)? })
}

fn fresh(
    correlator: &Correlator,
    source: &Participant,
    Stored { account, hash, gone }: Stored,
    faults: &mut Faults,
) -> Result<FreshAccount> {
    let compared = match (source.is_authority, gone) {
        (true, _) => correlator.of_person(&account)?,
        (false, true) => Compared::LeftOut,
        (false, false) => correlator.of_account(&source.name, &account)?,
    };
    let mut fresh =
        FreshAccount { account: account.id, hash, gone, left_out: compared == Compared::LeftOut, values: Vec::new() };
    if let Compared::Values(values) = compared {
        fresh.values = values.values.into_iter().map(|(rule, value)| (place(rule), value)).collect();
        for (rule, why) in values.faults {
            let (count, _) =
                faults.entry(rule).or_insert_with(|| (0, format!("{} of `{}`: {why}", account.name, source.name)));
            *count += 1;
        }
    }
    Ok(fresh)
}

/// Rows that a guard dropped from the store as if they had never been there.
fn stage_vanished(connection: &Connection, source: i64) -> Result<u64> {
    let insert = "INSERT INTO fresh_accounts (source, account, hash, gone, left_out)
         SELECT i.source, i.account, i.hash, 2, 1 FROM identity_accounts i
         WHERE i.source = ?1 AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.source = i.source AND a.account_id = i.account)";
    sql::execute(connection, insert, [source]).map(|count| count as u64)
}

/// The place of a rule, as the store has it.
pub(super) fn place(rule: usize) -> i64 {
    i64::try_from(rule).unwrap_or(i64::MAX)
}
