//! The start of a job: a new run, or an unfinished one that continues.

use super::column::word;
use super::definition::replace_former;
use super::holder_counts::HolderCounts;
use super::live;
use super::lock::{RunLock, Work};
use super::names::add_names_of_run;
use super::open::Store;
use super::quiet::Quiet;
use super::report;
use super::run::{Mode, RunStatus};
use super::run_state::RunState;
use super::sql;
use super::step::Step;
use super::writer::Writer;
use connector_core::{Absence, Cursor, Error, ErrorKind, Result};
use connector_files::shell_word;
use connector_project::source::Definition;
use connector_sql::{Connection, Transaction, params};
use jiff::Timestamp;
use ulid::Ulid;

/// What a job is about to do.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The name of the source.
    pub source: String,
    /// The name of the connector.
    pub connector: String,
    /// What in the source file decides what is read.
    pub definition: Definition,
    /// How much to read.
    pub mode: Mode,
    /// Drop an unfinished run instead of taking it up.
    pub restart: bool,
    /// Make the newest run, which read only changes and failed, one that reads everything.
    pub takes_over: bool,
    /// What there is to read.
    pub steps: Vec<Step>,
    /// The attributes that don't count as a change.
    pub quiet: Quiet,
    /// How changes say what is gone, for a run that reads only changes.
    pub absence: Option<Absence>,
    /// Whether those changes name all entitlements and all that entitlements hold.
    pub names_entitlements: bool,
}

/// What to do with the newest run of a source.
enum Earlier {
    /// Continue it.
    Unfinished(i64),
    /// It was not finished, but the source's file says something else now.
    Outdated,
    /// There is no run to continue.
    Over,
}

/// A run that has begun.
#[derive(Debug)]
pub struct Begun {
    pub writer: Writer,
    /// The cursors still to be read, in the order in which they came.
    pub frontier: Vec<(Step, Cursor)>,
    pub resumed: bool,
    /// Whether no page was committed yet.
    pub untouched: bool,
}

impl Beginning {
    /// Takes the source and begins. Fails with kind `guard` when another job holds the source.
    pub fn begin(&self, store: &Store) -> Result<Begun> {
        let lock = RunLock::take(store, Work::Aggregation, &self.source)?;
        let connection = store.writer()?;
        let transaction = sql::begin(&connection)?;
        let (source, fence) = sql::one(
            &transaction,
            "INSERT INTO sources (name, fence, quiet) VALUES (?1, 1, ?2)
                 ON CONFLICT (name) DO UPDATE SET fence = sources.fence + 1, quiet = excluded.quiet RETURNING id, fence",
            [&self.source, &self.quiet.to_text()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        replace_former(&transaction, source, &self.definition)?;
        let earlier = match self.mode {
            Mode::Refresh => self.leave_others_alone(&transaction, source)?,
            _ if self.restart => Earlier::Over,
            _ => self.earlier(&transaction, source)?,
        };
        let run = match (&earlier, self.takes_over) {
            (Earlier::Unfinished(run), _) => self.take_up(&transaction, *run)?,
            (_, true) => self.take_over(&transaction, source)?,
            (Earlier::Outdated | Earlier::Over, false) => self.start(&transaction, source)?,
        };
        if matches!(earlier, Earlier::Outdated) {
            let text = "the source file changed after the unfinished run began, so this run starts from the beginning";
            report::warn(&transaction, run, text)?;
        }
        let resumed = matches!(earlier, Earlier::Unfinished(_));
        let frontier = frontier(&transaction, run)?;
        let untouched = "SELECT NOT EXISTS (SELECT 1 FROM frontier WHERE run = ?1 AND done = 1)";
        let untouched = sql::one(&transaction, untouched, [run], |row| row.get(0))?;
        let mut state = RunState::load(&transaction, source, run)?;
        state.absence = self.absence;
        state.names_entitlements = self.names_entitlements;
        state.holder_counts =
            HolderCounts::take(&transaction, source, self.mode == Mode::Delta && untouched && !resumed)?;
        let (id, active_ms, usage) = sql::one(
            &transaction,
            "SELECT id, active_ms, api_calls, retries, bytes_received FROM runs WHERE number = ?1",
            [run],
            |row| Ok((row.get::<_, String>(0)?, row.get(1)?, [row.get(2)?, row.get(3)?, row.get(4)?])),
        )?;
        sql::commit(transaction)?;
        tracing::debug!(run = id, source = self.source, resumed, "run begun");
        let writer = Writer::new(store, connection, state, fence, lock, active_ms, usage);
        Ok(Begun { writer, frontier, resumed, untouched })
    }

    /// What to do with the newest run of the source. A run must not mix rows of two systems.
    fn earlier(&self, transaction: &Transaction<'_>, source: i64) -> Result<Earlier> {
        let newest = sql::first(
            transaction,
            "SELECT number, status, mode = ?2 AND connector = ?3, definition = ?4 FROM runs
                 WHERE source = ?1 AND mode <> 'refresh' ORDER BY number DESC LIMIT 1",
            params![source, self.mode.name(), self.connector, self.definition.hash],
            |row| {
                let status: RunStatus = word(row, 1)?;
                let (same_kind, same_definition): (bool, bool) = (row.get(2)?, row.get(3)?);
                Ok(match (status.is_unfinished() && same_kind, same_definition) {
                    (false, _) => Earlier::Over,
                    (true, false) => Earlier::Outdated,
                    (true, true) => Earlier::Unfinished(row.get(0)?),
                })
            },
        )?;
        Ok(newest.unwrap_or(Earlier::Over))
    }

    /// What a few accounts hold now must not be mixed with what an unfinished run read of them before.
    fn leave_others_alone(&self, transaction: &Transaction<'_>, source: i64) -> Result<Earlier> {
        let newest = "SELECT status, EXISTS (SELECT 1 FROM frontier WHERE run = number AND done = 1) FROM runs
             WHERE source = ?1 AND mode <> 'refresh' ORDER BY number DESC LIMIT 1";
        let newest: Option<(RunStatus, bool)> =
            sql::first(transaction, newest, [source], |row| Ok((word(row, 0)?, row.get(1)?)))?;
        if newest.is_some_and(|(status, has_pages)| status.is_unfinished() && has_pages) {
            let source = shell_word(&self.source);
            return Err(Error::new(ErrorKind::Guard, format!("a run of `{}` is not finished", self.source)).with_help(
                format!(
                    "finish it first: `connector aggregate {source}`; with `--restart` it starts from the beginning"
                ),
            ));
        }
        Ok(Earlier::Over)
    }

    /// Lets a run of changes that failed read everything. What it changed so far stays counted.
    fn take_over(&self, transaction: &Transaction<'_>, source: i64) -> Result<i64> {
        let newest = "SELECT number FROM runs WHERE source = ?1 AND mode = 'delta' AND status = 'failed' AND number =
             (SELECT max(number) FROM runs WHERE source = ?1 AND mode <> 'refresh')";
        let Some(run) = sql::first(transaction, newest, [source], |row| row.get(0))? else {
            return self.start(transaction, source);
        };
        for table in
            ["frontier", "seen", "gone", "counted", "counted_types", "skipped", "incomplete", "unresolved_holders"]
        {
            sql::execute(transaction, &format!("DELETE FROM {table} WHERE run = ?1"), [run])?;
        }
        let update =
            "UPDATE runs SET mode = 'full', status = 'running', ended_at = NULL, watermark = NULL, error_kind = NULL,
                 error_message = NULL, error_help = NULL, error_step = NULL, accounts_seen = 0, entitlements_seen = 0,
                 assignments_seen = 0, accounts_repeated = 0, entitlements_repeated = 0
             WHERE number = ?1";
        sql::execute(transaction, update, [run])?;
        self.add_starts(transaction, run, &Cursor::start())?;
        Ok(run)
    }

    fn take_up(&self, transaction: &Transaction<'_>, run: i64) -> Result<i64> {
        sql::execute(
            transaction,
            "UPDATE runs SET status = 'running', resumed = 1, ended_at = NULL, error_kind = NULL,
                     error_message = NULL, error_help = NULL, error_step = NULL
                 WHERE number = ?1",
            [run],
        )?;
        live::restore(transaction, run)?;
        if self.mode == Mode::Full {
            self.add_starts(transaction, run, &Cursor::start())?;
        }
        Ok(run)
    }

    fn start(&self, transaction: &Transaction<'_>, source: i64) -> Result<i64> {
        let start = match self.mode {
            Mode::Full | Mode::Refresh => Cursor::start(),
            Mode::Delta => self.watermark(transaction, source)?,
        };
        if self.mode != Mode::Refresh {
            forget_new_accounts(transaction, source)?;
        }
        let drop_earlier = [
            "UPDATE runs SET status = 'interrupted' WHERE source = ?1 AND status = 'running'",
            "DELETE FROM frontier WHERE run IN (SELECT number FROM runs WHERE source = ?1)",
            "DELETE FROM seen WHERE run IN (SELECT number FROM runs WHERE source = ?1)",
            "DELETE FROM unresolved_holders WHERE run IN (SELECT number FROM runs WHERE source = ?1)",
            "DELETE FROM waiting_assignments WHERE run IN (SELECT number FROM runs WHERE source = ?1)",
            "DELETE FROM gone WHERE run IN (SELECT number FROM runs WHERE source = ?1)",
            "DELETE FROM counted WHERE run IN (SELECT number FROM runs WHERE source = ?1)",
            "DELETE FROM counted_types WHERE run IN (SELECT number FROM runs WHERE source = ?1)",
        ];
        for statement in drop_earlier.iter().filter(|_| self.mode != Mode::Refresh) {
            sql::execute(transaction, statement, [source])?;
        }
        let run = sql::insert(
            transaction,
            "INSERT INTO runs (id, source, connector, definition, mode, status, started_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6) RETURNING number",
            params![
                Ulid::new().to_string(),
                source,
                self.connector,
                self.definition.hash,
                self.mode.name(),
                Timestamp::now().to_string()
            ],
        )?;
        self.add_starts(transaction, run, &start)?;
        Ok(run)
    }

    /// Where changes are read from: what the last run of this definition that succeeded says.
    fn watermark(&self, transaction: &Transaction<'_>, source: i64) -> Result<Cursor> {
        let newest = sql::first(
            transaction,
            "SELECT CASE WHEN connector = ?2 AND definition = ?3 THEN watermark END FROM runs
                 WHERE source = ?1 AND status = 'succeeded' AND mode <> 'refresh' ORDER BY number DESC LIMIT 1",
            params![source, self.connector, self.definition.hash],
            |row| row.get::<_, Option<String>>(0),
        )?;
        newest.flatten().map(Cursor::from_text).ok_or_else(|| {
            Error::definition(format!("`{}` has no watermark to read changes from", self.source))
                .with_help(format!("run a full aggregation first: `connector aggregate {} --full`", self.source))
        })
    }

    /// Adds the beginning of each read, unless the run has it already.
    fn add_starts(&self, transaction: &Transaction<'_>, run: i64, start: &Cursor) -> Result<()> {
        for step in &self.steps {
            sql::execute(
                transaction,
                "INSERT INTO frontier (run, step, cursor) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![run, step.name(), start.as_str()],
            )?;
        }
        Ok(())
    }
}

/// What new accounts hold by their own records may wait in a run that is dropped: those accounts are compared again.
fn forget_new_accounts(transaction: &Transaction<'_>, source: i64) -> Result<()> {
    let query = "SELECT DISTINCT w.run FROM waiting_assignments w JOIN runs r ON r.number = w.run WHERE r.source = ?1";
    let dropped: Vec<i64> = sql::all(transaction, query, [source], |row| row.get(0))?;
    for run in dropped {
        let update = "UPDATE accounts SET hash = x'' WHERE source = ?1 AND first_run = ?2";
        sql::execute(transaction, update, params![source, run])?;
        add_names_of_run(transaction, source, run)?;
    }
    Ok(())
}

fn frontier(connection: &Connection, run: i64) -> Result<Vec<(Step, Cursor)>> {
    let query = "SELECT step, cursor FROM frontier WHERE run = ?1 AND done = 0 ORDER BY id";
    sql::all(connection, query, [run], |row| Ok((word(row, 0)?, Cursor::from_text(row.get::<_, String>(1)?))))
}
