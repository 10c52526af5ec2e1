//! The beginning of a job: a new run, or an unfinished one taken up.

use super::fault::fault;
use super::lock::RunLock;
use super::open::Store;
use super::pass::Pass;
use super::run::{Mode, RunStatus};
use super::step::Step;
use super::writer::Writer;
use connector_core::{Cursor, Result};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use ulid::Ulid;

/// What a job is about to do.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    pub(crate) source: String,
    pub(crate) connector: String,
    pub(crate) mode: Mode,
    /// Drop an unfinished run instead of taking it up.
    pub(crate) restart: bool,
    /// What there is to read.
    pub(crate) steps: Vec<Step>,
}

/// A run that has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) writer: Writer,
    /// The cursors still to be read, in the order in which they came.
    pub(crate) frontier: Vec<(Step, Cursor)>,
    pub(crate) resumed: bool,
}

impl Beginning {
    /// Takes the source and begins. Fails with kind `guard` when another job holds the source.
    pub(crate) fn begin(&self, store: &Store) -> Result<Begun> {
        let lock = RunLock::take(store, &self.source)?;
        let mut connection = store.writer()?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        let (source, fence) = transaction
            .query_row(
                "INSERT INTO sources (name, fence) VALUES (?1, 1)
                 ON CONFLICT (name) DO UPDATE SET fence = fence + 1 RETURNING id, fence",
                [&self.source],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(fault)?;
        let unfinished = if self.restart { None } else { self.unfinished(&transaction, source)? };
        let run = match unfinished {
            Some(run) => self.take_up(&transaction, run)?,
            None => self.start(&transaction, source)?,
        };
        let frontier = frontier(&transaction, run)?;
        let pass = Pass::load(&transaction, source, run)?;
        let (id, active_ms, usage) = transaction
            .query_row(
                "SELECT id, active_ms, api_calls, retries, bytes_received FROM runs WHERE number = ?1",
                [run],
                |row| Ok((row.get::<_, String>(0)?, row.get(1)?, [row.get(2)?, row.get(3)?, row.get(4)?])),
            )
            .map_err(fault)?;
        transaction.commit().map_err(fault)?;
        tracing::debug!(run = id, source = self.source, resumed = unfinished.is_some(), "run begun");
        let writer = Writer::new(connection, pass, fence, lock, active_ms, usage);
        Ok(Begun { writer, frontier, resumed: unfinished.is_some() })
    }

    /// The newest run of the source, when it is to be taken up.
    fn unfinished(&self, transaction: &Transaction<'_>, source: i64) -> Result<Option<i64>> {
        let newest = transaction
            .query_row(
                "SELECT number, status, mode, connector FROM runs WHERE source = ?1 ORDER BY number DESC LIMIT 1",
                [source],
                |row| {
                    let status = RunStatus::from_name(&row.get::<_, String>(1)?);
                    let same =
                        row.get::<_, String>(2)? == self.mode.name() && row.get::<_, String>(3)? == self.connector;
                    Ok((status.is_unfinished() && same).then_some(row.get(0)?))
                },
            )
            .optional()
            .map_err(fault)?;
        Ok(newest.flatten())
    }

    fn take_up(&self, transaction: &Transaction<'_>, run: i64) -> Result<i64> {
        transaction
            .execute(
                "UPDATE runs SET status = 'running', resumed = 1, ended_at = NULL, error_kind = NULL,
                     error_message = NULL, error_help = NULL, error_step = NULL
                 WHERE number = ?1",
                [run],
            )
            .map_err(fault)?;
        self.add_starts(transaction, run)?;
        Ok(run)
    }

    fn start(&self, transaction: &Transaction<'_>, source: i64) -> Result<i64> {
        for statement in [
            "UPDATE runs SET status = 'interrupted' WHERE source = ?1 AND status = 'running'",
            "DELETE FROM frontier WHERE run IN (SELECT number FROM runs WHERE source = ?1)",
            "DELETE FROM seen WHERE run IN (SELECT number FROM runs WHERE source = ?1)",
        ] {
            transaction.execute(statement, [source]).map_err(fault)?;
        }
        transaction
            .execute(
                "INSERT INTO runs (id, source, connector, mode, status, started_at)
                 VALUES (?1, ?2, ?3, ?4, 'running', ?5)",
                params![
                    Ulid::new().to_string(),
                    source,
                    self.connector,
                    self.mode.name(),
                    Timestamp::now().to_string()
                ],
            )
            .map_err(fault)?;
        let run = transaction.last_insert_rowid();
        self.add_starts(transaction, run)?;
        Ok(run)
    }

    /// Adds the beginning of each read, unless the run has it already.
    fn add_starts(&self, transaction: &Transaction<'_>, run: i64) -> Result<()> {
        for step in &self.steps {
            transaction
                .execute(
                    "INSERT INTO frontier (run, step, cursor) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                    params![run, step.name(), Cursor::start().as_str()],
                )
                .map_err(fault)?;
        }
        Ok(())
    }
}

fn frontier(connection: &Connection, run: i64) -> Result<Vec<(Step, Cursor)>> {
    let mut statement = connection
        .prepare("SELECT step, cursor FROM frontier WHERE run = ?1 AND done = 0 ORDER BY id")
        .map_err(fault)?;
    let mut rows = statement.query([run]).map_err(fault)?;
    let mut cursors = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        let step: String = row.get(0).map_err(fault)?;
        if let Some(step) = Step::from_name(&step) {
            cursors.push((step, Cursor::from_text(row.get::<_, String>(1).map_err(fault)?)));
        }
    }
    Ok(cursors)
}
