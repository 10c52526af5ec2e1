//! The rows of jobs that a worker has.
//!
//! A job belongs to the worker that took it last. `claim` names that one time: whoever had the job before, and is only slow, can't end it
//! any more.

use crate::ask::flag_of;
use crate::job::JobState;
use crate::order::Order;
use crate::queue::Queue;
use crate::steer::count_retry;
use connector_core::{ErrorKind, Result};
use connector_sql::params;
use connector_store::{RunError, RunStatus, sql};

/// A job that a worker took.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) job: i64,
    pub(super) order: Order,
    /// Grows whenever the job is taken.
    pub(super) number: i64,
    /// How many workers in a row took it and did not get further than the one before.
    pub(super) tries: i64,
    /// Whether the worker that had it is gone.
    pub(super) recovered: bool,
    /// Whether somebody wants it to end.
    pub(super) cancel: bool,
    after_run: i64,
}

/// The run of a job that an earlier worker began.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) run: String,
    pub(super) status: RunStatus,
    /// Whether the run was closed, and not only left.
    pub(super) is_over: bool,
}

impl Queue {
    /// Takes the job that a row of the queue is about; `None` if it has ended, or if another row is about it.
    pub(super) fn claim(&self, job: i64, row: i64, worker: &str) -> Result<Option<Claim>> {
        let take = format!(
            "WITH b AS (
                 SELECT o.id, o.worker IS NOT NULL AS recovered, (
                     SELECT coalesce(max(r.accounts_seen + r.entitlements_seen + r.assignments_seen), 0)
                     FROM runs r JOIN sources s ON s.id = r.source WHERE s.name = o.source AND r.number > o.after_run
                 ) AS seen
                 FROM jobs o WHERE o.id = ?1 AND o.queue_job = ?2 AND o.ended_at IS NULL FOR UPDATE
             )
             UPDATE jobs j SET worker = ?3, claim = claim + 1, seen = b.seen, started_at = coalesce(started_at, now()),
                 tries = CASE WHEN b.recovered AND b.seen <= j.seen THEN tries + 1 ELSE 1 END,
                 after_run = coalesce(after_run, (SELECT coalesce(max(number), 0) FROM runs))
             FROM b WHERE j.id = b.id RETURNING {}, j.claim, j.tries, b.recovered, j.cancel, j.after_run",
            Order::COLUMNS
        );
        self.ask_server(|connection| {
            let claim = sql::first(connection, &take, params![job, row, worker], |row| {
                Ok(Claim {
                    job,
                    order: Order::read(row, 0)?,
                    number: row.get(5)?,
                    tries: row.get(6)?,
                    recovered: row.get(7)?,
                    cancel: row.get(8)?,
                    after_run: row.get(9)?,
                })
            })?;
            if let Some(claim) = claim.as_ref().filter(|claim| claim.recovered) {
                count_retry(connection, &claim.order.source, "recovered")?;
            }
            Ok(claim)
        })
    }

    /// The run that an earlier worker began for a job.
    pub(super) fn begun(&self, claim: &Claim) -> Result<Option<Begun>> {
        let query = "SELECT r.id, r.status, r.ended_at IS NOT NULL FROM runs r JOIN sources s ON s.id = r.source
             WHERE s.name = ?1 AND r.number > ?2 AND r.mode <> 'refresh' ORDER BY r.number DESC LIMIT 1";
        self.ask_server(|connection| {
            sql::first(connection, query, params![claim.order.source, claim.after_run], |row| {
                let status: String = row.get(1)?;
                Ok(Begun {
                    run: row.get(0)?,
                    status: status.parse().unwrap_or(RunStatus::Interrupted),
                    is_over: row.get(2)?,
                })
            })
        })
    }

    /// Writes how a job ended. False if another worker has it by now.
    pub(super) fn end(
        &self,
        claim: &Claim,
        outcome: JobState,
        run: Option<&str>,
        error: Option<&RunError>,
    ) -> Result<bool> {
        let end = "UPDATE jobs SET ended_at = now(), outcome = ?3, run = ?4, error_kind = ?5, error_message = ?6, error_help = ?7
             WHERE id = ?1 AND claim = ?2 AND ended_at IS NULL";
        let values = params![
            claim.job,
            claim.number,
            outcome.name(),
            run,
            error.map(|error| error.kind.name()),
            error.map(|error| &error.message),
            error.and_then(|error| error.help.as_ref()),
        ];
        self.ask_server(|connection| sql::execute(connection, end, values)).map(|rows| rows == 1)
    }

    /// Whether somebody wants the job to end. An end that nobody asked for is none.
    pub(super) fn is_cancelled(&self, claim: &Claim) -> Result<bool> {
        let query = "SELECT cancel FROM jobs WHERE id = ?1 AND claim = ?2 AND ended_at IS NULL";
        let values = params![claim.job, claim.number];
        let cancel = self.ask_server(|connection| sql::first(connection, query, values, |row| row.get(0)))?;
        Ok(cancel.unwrap_or(false))
    }

    /// Puts a job back for another worker, or for this one. False if another worker has it by now. A job that was `lost` counts as one
    /// whose worker is gone.
    pub(super) fn give_back(&self, claim: &Claim, lost: bool) -> Result<bool> {
        let mine =
            "UPDATE jobs SET worker = CASE WHEN ?3 THEN worker END WHERE id = ?1 AND claim = ?2 AND ended_at IS NULL";
        self.ask_server(|connection| {
            sql::atomically(connection, || {
                if sql::execute(connection, mine, params![claim.job, claim.number, lost])? != 1 {
                    return Ok(false);
                }
                self.put(connection, claim.job, &claim.order.source).map(|()| true)
            })
        })
    }

    /// The jobs that a worker has, and whether somebody wants them to end.
    pub(super) fn held_by(&self, worker: &str) -> Result<Vec<(i64, bool)>> {
        let query = "SELECT id, cancel FROM jobs WHERE worker = ?1 AND ended_at IS NULL";
        self.ask_server(|connection| sql::all(connection, query, [worker], |row| Ok((row.get(0)?, row.get(1)?))))
    }
}

/// The flags of the jobs that a worker takes.
pub(super) fn flags(sources: &[String]) -> Vec<String> {
    sources.iter().map(|source| flag_of(source)).collect()
}

/// What a run that ended makes of its job.
pub(super) fn outcome_of(status: RunStatus) -> JobState {
    match status {
        RunStatus::Succeeded => JobState::Succeeded,
        RunStatus::Refused => JobState::Refused,
        RunStatus::Failed => JobState::Failed,
        RunStatus::Interrupted | RunStatus::Running => JobState::Interrupted,
    }
}

/// What an error before a run makes of its job.
pub(super) fn outcome_of_error(kind: ErrorKind) -> JobState {
    if kind == ErrorKind::Guard { JobState::Refused } else { JobState::Failed }
}
