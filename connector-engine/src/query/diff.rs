//! What changed between two runs.

use super::difference::{AttributeChange, Change, Difference, of_accounts, of_assignments, of_entitlements};
use super::lifetime::Lifetime;
use super::reading::{Reading, key_of};
use connector_core::{EntitlementRef, Error, ErrorKind, Result};
use connector_files::shell_word;
use connector_sql::{Row, params};
use connector_store::{
    AccountSnapshot, AssignmentSnapshot, EntitlementSnapshot, PerStep, Quiet, Step, Store, StoredRun, select_runs, sql,
};
use jiff::Timestamp;
use serde::Serialize;

/// The number of differences of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Rows that were added.
    pub added: u64,
    /// Rows with other values.
    pub changed: u64,
    /// Rows that were removed.
    pub removed: u64,
}

impl Tally {
    fn count(&mut self, change: Change) {
        match change {
            Change::Added => self.added += 1,
            Change::Changed => self.changed += 1,
            Change::Removed => self.removed += 1,
        }
    }
}

/// The number of differences between two runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffSummary {
    /// The earlier run; absent if everything counts as new.
    pub from: Option<String>,
    /// The later run.
    pub to: String,
    /// How many of each.
    #[serde(flatten)]
    pub counts: PerStep<Tally>,
    /// How many assignments whose holders are entitlements.
    pub nestings: Tally,
}

/// Streams what changed from the end of the run `from` to the end of the run `to`: accounts, entitlements, then
/// assignments. By default `to` is the newest run that succeeded and `from` the one that succeeded before it; when
/// there was none, everything is new.
///
/// Fails with kind `not_found` when there is no such run.
pub fn diff(
    store: &Store,
    source: &str,
    from: Option<&str>,
    to: Option<&str>,
    mut each: impl FnMut(&Difference) -> Result<()>,
) -> Result<DiffSummary> {
    let reading = Reading::of(store, source)?;
    let (from, to) = runs(&reading, source, from, to)?;
    let since = from.as_ref().map_or(0, |run| run.number);
    let span = Span { reading: &reading, quiet: reading.quiet()?, from: since, to: to.number };
    let accounts = span.rows::<AccountSnapshot>(&mut each)?;
    let entitlements = span.rows::<EntitlementSnapshot>(&mut each)?;
    let (assignments, nestings) = span.assignments(&mut each)?;
    Ok(DiffSummary {
        from: from.map(|run| run.report.run),
        to: to.report.run,
        counts: PerStep { accounts, entitlements, assignments },
        nestings,
    })
}

/// The time in which the differences between two runs were made: from the start of the earlier one to the end of the later one.
/// The runs are chosen as in [`diff`].
///
/// Fails with kind `not_found` if there is no earlier run.
pub fn window(store: &Store, source: &str, from: Option<&str>, to: Option<&str>) -> Result<(Timestamp, Timestamp)> {
    let reading = Reading::of(store, source)?;
    let (from, to) = runs(&reading, source, from, to)?;
    let from = from.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "there is no earlier run, so everything is new and nobody changed it")
            .with_help(format!("run `connector aggregate {}` again, and ask then", shell_word(source)))
    })?;
    Ok((from.started_at, to.ended_at.unwrap_or_else(Timestamp::now)))
}

/// The runs to compare.
fn runs(
    reading: &Reading,
    source: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(Option<StoredRun>, StoredRun)> {
    let to = match to {
        Some(id) => reading.run(id)?,
        None => succeeded_before(reading, i64::MAX)?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("no run of `{source}` has succeeded yet"))
                .with_help("name the runs to compare with `--from` and `--to`")
        })?,
    };
    let from = match from {
        Some(id) => Some(reading.run(id)?),
        None => succeeded_before(reading, to.number)?,
    };
    if from.as_ref().is_some_and(|run| run.number > to.number) {
        return Err(
            Error::new(ErrorKind::Definition, "`--from` names a later run than `--to`").with_help("exchange the two")
        );
    }
    Ok((from, to))
}

fn succeeded_before(reading: &Reading, number: i64) -> Result<Option<StoredRun>> {
    let mut found = select_runs(
        &reading.connection,
        "WHERE r.source = ?1 AND r.status = 'succeeded' AND r.number < ?2 ORDER BY r.number DESC LIMIT 1",
        params![reading.source, number],
    )?;
    Ok(found.pop())
}

/// The time between the ends of two runs.
struct Span<'a> {
    reading: &'a Reading,
    quiet: Quiet,
    from: i64,
    to: i64,
}

/// A kind of row whose values are compared between two runs.
trait Compared: Clone {
    const STEP: Step;
    /// The rows that a run since `?2` touched: the row, its four runs, then the columns for `read`.
    const QUERY: &'static str;
    /// The values that identify it.
    type Key;

    fn read(row: &Row<'_>) -> connector_sql::Result<(Self::Key, Self)>;
    fn from_text(text: &str) -> Result<Self>;
    fn changes(from: Option<&Self>, to: Option<&Self>, key: &Self::Key, quiet: &Quiet) -> Vec<AttributeChange>;
    fn difference(self, change: Change, key: Self::Key, changes: Vec<AttributeChange>) -> Difference;
}

impl Compared for AccountSnapshot {
    const STEP: Step = Step::Accounts;
    const QUERY: &'static str = "SELECT id, first_run, added_run, changed_run, removed_run,
                account_id, name, display_name, enabled, locked, attributes, kind, owner
         FROM accounts INDEXED BY accounts_by_id
         WHERE source = ?1 AND (added_run > ?2 OR changed_run > ?2 OR removed_run > ?2) ORDER BY account_id";
    type Key = String;

    fn read(row: &Row<'_>) -> connector_sql::Result<(String, Self)> {
        Ok((row.get(5)?, Self::from_row(row, 6)?))
    }

    fn from_text(text: &str) -> Result<Self> {
        Self::from_text(text)
    }

    fn changes(from: Option<&Self>, to: Option<&Self>, _: &String, quiet: &Quiet) -> Vec<AttributeChange> {
        of_accounts(from, to, quiet)
    }

    fn difference(self, change: Change, id: String, changes: Vec<AttributeChange>) -> Difference {
        Difference::Account { change, id, name: self.name, changes }
    }
}

impl Compared for EntitlementSnapshot {
    const STEP: Step = Step::Entitlements;
    const QUERY: &'static str = "SELECT id, first_run, added_run, changed_run, removed_run,
                type, entitlement_id, name, description, attributes
         FROM entitlements INDEXED BY entitlements_by_id
         WHERE source = ?1 AND (added_run > ?2 OR changed_run > ?2 OR removed_run > ?2)
         ORDER BY type, entitlement_id";
    type Key = EntitlementRef;

    fn read(row: &Row<'_>) -> connector_sql::Result<(EntitlementRef, Self)> {
        Ok((EntitlementRef::new(row.get::<_, String>(5)?, row.get::<_, String>(6)?), Self::from_row(row, 7)?))
    }

    fn from_text(text: &str) -> Result<Self> {
        Self::from_text(text)
    }

    fn changes(from: Option<&Self>, to: Option<&Self>, key: &EntitlementRef, quiet: &Quiet) -> Vec<AttributeChange> {
        of_entitlements(from, to, quiet.of_type(&key.entitlement_type))
    }

    fn difference(self, change: Change, entitlement: EntitlementRef, changes: Vec<AttributeChange>) -> Difference {
        Difference::Entitlement { change, entitlement, name: self.name, changes }
    }
}

impl Span<'_> {
    /// Streams the changes of accounts or entitlements.
    fn rows<T: Compared>(&self, each: &mut impl FnMut(&Difference) -> Result<()>) -> Result<Tally> {
        let mut tally = Tally::default();
        let read = |row: &Row<'_>| Ok((row.get(0)?, life(row)?, T::read(row)?));
        let parameters = params![self.reading.source, self.from];
        sql::each(&self.reading.connection, T::QUERY, parameters, read, |(row, life, (key, now))| {
            let past = self.reading.past(T::STEP, row, &life)?;
            let at = |run| {
                let then = || Lifetime::values_at(&past, run).map_or_else(|| Ok(now.clone()), T::from_text);
                life.is_alive(&past, run).then(then).transpose()
            };
            let (old, new) = (at(self.from)?, at(self.to)?);
            let changes = T::changes(old.as_ref(), new.as_ref(), &key, &self.quiet);
            let Some(change) = change_of(old.is_some(), new.is_some(), !changes.is_empty()) else { return Ok(()) };
            tally.count(change);
            new.or(old).map_or(Ok(()), |image| each(&image.difference(change, key, changes)))
        })?;
        Ok(tally)
    }

    /// Streams the changes of assignments; counts those of accounts and those of entitlements. An assignment is identified
    /// by holder, entitlement and path; if a record and a list both name it, it counts once.
    fn assignments(&self, each: &mut impl FnMut(&Difference) -> Result<()>) -> Result<(Tally, Tally)> {
        let (mut tally, mut nestings) = (Tally::default(), Tally::default());
        let named = self.reading.named()?;
        let query = "SELECT DISTINCT account, entitlement, holder, through FROM assignments
             WHERE source = ?1 AND (added_run > ?2 OR changed_run > ?2 OR removed_run > ?2)
             ORDER BY account, entitlement, holder, through";
        let parameters = params![self.reading.source, self.from];
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, [row.get(1)?, row.get(2)?, row.get(3)?]));
        let mut tell = |account: String, rows: [i64; 3]| -> Result<()> {
            let (old, new) = self.held(&account, rows)?;
            let changes = of_assignments(old.as_ref(), new.as_ref());
            let Some(change) = change_of(old.is_some(), new.is_some(), !changes.is_empty()) else { return Ok(()) };
            let [entitlement, holder, through] = rows;
            let key = |row: i64| (row > 0).then(|| key_of(named.get(&row)));
            let named = named.get(&entitlement);
            let (entitlement, entitlement_name) = (key_of(named), named.and_then(|named| named.name.clone()));
            if let Some(holder) = key(holder) {
                nestings.count(change);
                return each(&Difference::Nesting { change, holder, entitlement, entitlement_name, changes });
            }
            tally.count(change);
            each(&Difference::Assignment {
                change,
                account_name: self.account_name(&account)?,
                account,
                entitlement,
                entitlement_name,
                through: key(through),
                changes,
            })
        };
        // The assignments of one holder at a time, by what they are: rows are in the order in which the pages came.
        let mut tell_all = |account: &str, rows: &mut Vec<[i64; 3]>| {
            let key = |row: i64| (row > 0).then(|| key_of(named.get(&row)));
            rows.sort_by_cached_key(|[entitlement, holder, through]| (key(*holder), key(*entitlement), key(*through)));
            rows.drain(..).try_for_each(|row| tell(account.to_owned(), row))
        };
        let (mut last, mut rows) = (String::new(), Vec::new());
        sql::each(&self.reading.connection, query, parameters, read, |(account, row)| {
            if account != last {
                tell_all(&last, &mut rows)?;
                last = account;
            }
            rows.push(row);
            Ok(())
        })?;
        tell_all(&last, &mut rows)?;
        Ok((tally, nestings))
    }

    /// The values of an assignment at the end of each run, if it existed: the account's own record comes first.
    fn held(
        &self,
        account: &str,
        [entitlement, holder, through]: [i64; 3],
    ) -> Result<(Option<AssignmentSnapshot>, Option<AssignmentSnapshot>)> {
        let ways: Vec<(i64, Lifetime, AssignmentSnapshot)> = sql::all(
            &self.reading.connection,
            "SELECT id, first_run, added_run, changed_run, removed_run, state, valid_until, attributes FROM assignments
                 WHERE source = ?1 AND account = ?2 AND entitlement = ?3 AND holder = ?4 AND through = ?5
                 ORDER BY inline DESC",
            params![self.reading.source, account, entitlement, holder, through],
            |row| Ok((row.get(0)?, life(row)?, AssignmentSnapshot::from_row(row, 5)?)),
        )?;
        let (mut old, mut new) = (None, None);
        for (row, life, now) in ways {
            let past = self.reading.past(Step::Assignments, row, &life)?;
            let at = |run| {
                let then =
                    || Lifetime::values_at(&past, run).map_or_else(|| Ok(now.clone()), AssignmentSnapshot::from_text);
                life.is_alive(&past, run).then(then).transpose()
            };
            old = old.or(at(self.from)?);
            new = new.or(at(self.to)?);
        }
        Ok((old, new))
    }

    fn account_name(&self, id: &str) -> Result<Option<String>> {
        sql::first(
            &self.reading.connection,
            "SELECT name FROM accounts WHERE source = ?1 AND account_id = ?2",
            params![self.reading.source, id],
            |row| row.get(0),
        )
    }
}

fn life(row: &Row<'_>) -> connector_sql::Result<Lifetime> {
    Ok(Lifetime { first: row.get(1)?, added: row.get(2)?, changed: row.get(3)?, removed: row.get(4)? })
}

fn change_of(before: bool, after: bool, differs: bool) -> Option<Change> {
    match (before, after) {
        (false, true) => Some(Change::Added),
        (true, false) => Some(Change::Removed),
        (true, true) if differs => Some(Change::Changed),
        _ => None,
    }
}
