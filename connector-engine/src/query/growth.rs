//! How many rows a source had after each of its runs.

use connector_core::Result;
use connector_sql::params;
use connector_store::{Counts, Mode, PerStep, Store, StoredRun, select_runs, sql};
use jiff::Timestamp;
use serde::Serialize;

/// How many rows a source had at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Growth {
    /// The run.
    pub run: String,
    /// When it started.
    pub at: Timestamp,
    /// How many rows of each kind there were.
    pub totals: PerStep<u64>,
}

/// The totals at the end of each of the newest `most` runs of a source that succeeded, oldest first.
///
/// A full run counts everything. A run of changes adds to what the run before had, however long ago the last full run was. What
/// precedes the first full run is left out.
pub fn growth(store: &Store, source: &str, most: u64) -> Result<Vec<Growth>> {
    let mut found = since_full_run(store, source, i64::MAX, most)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    Ok(found.split_off(found.len().saturating_sub(most)))
}

/// The totals at the end of the run with this id; `None` if it did not succeed, or if no full run came before it.
pub fn totals_at(store: &Store, source: &str, run: &str) -> Result<Option<PerStep<u64>>> {
    let number = "SELECT number FROM runs WHERE id = ?1";
    let Some(number) = sql::first(&store.reader()?, number, [run], |row| row.get(0))? else { return Ok(None) };
    let found = since_full_run(store, source, number, 1)?.pop();
    Ok(found.filter(|last| last.run == run).map(|last| last.totals))
}

/// The growth over the newest `most` runs up to a number, from the last full run before them on.
fn since_full_run(store: &Store, source: &str, number: i64, most: u64) -> Result<Vec<Growth>> {
    let connection = store.reader()?;
    let succeeded = "FROM runs r JOIN sources s ON s.id = r.source
         WHERE s.name = ?1 AND r.status = 'succeeded' AND r.number <= ?2";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let oldest = format!(
        "SELECT min(number) FROM (SELECT r.number AS number {succeeded} ORDER BY r.number DESC LIMIT ?3) newest"
    );
    let oldest: Option<i64> = sql::one(&connection, &oldest, params![source, number, most], |row| row.get(0))?;
    let full = format!("SELECT max(r.number) {succeeded} AND r.mode = 'full'");
    let full: Option<i64> = sql::one(&connection, &full, params![source, oldest], |row| row.get(0))?;
    let from = full.or(oldest).unwrap_or(0);
    let condition = "WHERE s.name = ?1 AND r.status = 'succeeded' AND r.number BETWEEN ?2 AND ?3 ORDER BY r.number";
    Ok(summed(&select_runs(&connection, condition, params![source, from, number])?))
}

/// `runs` are those of one source that succeeded, oldest first.
fn summed(runs: &[StoredRun]) -> Vec<Growth> {
    let mut found: Vec<Growth> = Vec::new();
    for StoredRun { report, started_at, .. } in runs {
        let totals = match (report.mode, found.last()) {
            (Mode::Full, _) => report.counts.map(|counts| counts.seen),
            (_, Some(last)) => PerStep {
                accounts: after(last.totals.accounts, report.counts.accounts),
                entitlements: after(last.totals.entitlements, report.counts.entitlements),
                assignments: after(last.totals.assignments, report.counts.assignments),
            },
            (_, None) => continue,
        };
        found.push(Growth { run: report.run.clone(), at: *started_at, totals });
    }
    found
}

fn after(before: u64, counts: Counts) -> u64 {
    (before + counts.added).saturating_sub(counts.removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes runs into a store: for each its mode, its status, and the accounts that it saw, added and removed.
    fn with_runs(store: &Store, runs: &[(&str, &str, [u64; 3])]) {
        let connection = store.writer().unwrap();
        connection.execute("INSERT INTO sources (id, name) VALUES (1, 'hr')", []).unwrap();
        for (index, (mode, status, [seen, added, removed])) in runs.iter().enumerate() {
            connection
                .execute(
                    "INSERT INTO runs (id, source, connector, definition, mode, status, started_at, accounts_seen, accounts_added, accounts_removed)
                     VALUES (?1, 1, 'fake', '', ?2, ?3, '2026-11-30T00:00:00Z', ?4, ?5, ?6)",
                    params![format!("{}", index + 1), mode, status, seen, added, removed],
                )
                .unwrap();
        }
    }

    fn told(growth: &[Growth]) -> Vec<(&str, u64)> {
        growth.iter().map(|one| (one.run.as_str(), one.totals.accounts)).collect()
    }

    #[test]
    fn runs_of_changes_add_to_the_full_run_before_however_long_ago_it_was_and_failed_runs_count_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store.db")).unwrap();
        let changed = [4, 3, 1];
        with_runs(
            &store,
            &[
                ("delta", "succeeded", changed),
                ("full", "succeeded", [10, 10, 0]),
                ("delta", "succeeded", changed),
                ("full", "failed", [3, 0, 0]),
                ("delta", "succeeded", changed),
                ("delta", "succeeded", changed),
            ],
        );
        let all = [("2", 10), ("3", 12), ("5", 14), ("6", 16)];
        assert_eq!(told(&growth(&store, "hr", 30).unwrap()), all);
        for most in 1..4 {
            assert_eq!(told(&growth(&store, "hr", most).unwrap()), all[all.len() - usize::try_from(most).unwrap()..]);
        }
        assert_eq!(growth(&store, "nobody", 5).unwrap(), []);
        let at = |run| totals_at(&store, "hr", run).unwrap().map(|totals| totals.accounts);
        assert_eq!((at("1"), at("2"), at("4"), at("5"), at("9")), (None, Some(10), None, Some(14), None));
    }
}
