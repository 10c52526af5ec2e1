//! Ends jobs, and begins them again.

use crate::job::{Job, JobState};
use crate::queue::Queue;
use connector_core::{Error, ErrorKind, Result};
use connector_sql::{Connection, params};
use connector_store::sql;

/// What became of the wish to end a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It was waiting, and is gone from the queue.
    Now,
    /// Its worker ends it; the run keeps what was read.
    Soon,
}

impl Queue {
    /// Ends a job: at once if it waits, or as soon as its worker hears of it. Its run can be continued.
    ///
    /// Fails with kind `not_found` if there is no such job, and with kind `conflict` if it has ended.
    pub fn cancel(&self, id: i64) -> Result<Cancelled> {
        let job = self.job(id)?;
        if !job.state.is_open() {
            return Err(Error::conflict(format!("job {id} has ended: it {}", past(job.state)))
                .with_help("`connector queue` lists the jobs that can be canceled"));
        }
        self.ask_server(|connection| {
            sql::atomically(connection, || {
                let wish = "UPDATE jobs SET cancel = true WHERE id = ?1 AND ended_at IS NULL RETURNING queue_job";
                let Some(row): Option<Option<i64>> = sql::first(connection, wish, [id], |row| row.get(0))? else {
                    return Err(
                        Error::conflict(format!("job {id} ended just now")).with_help("`connector queue` shows how")
                    );
                };
                let Some(row) = row.filter(|_| job.state != JobState::Running) else { return Ok(Cancelled::Soon) };
                if !self.take_out(connection, row)? {
                    return Ok(Cancelled::Soon);
                }
                let end = "UPDATE jobs SET ended_at = now(), outcome = 'cancelled', error_kind = 'cancelled',
                         error_message = 'the job was canceled while no worker had it' WHERE id = ?1";
                sql::execute(connection, end, [id])?;
                Ok(Cancelled::Now)
            })
        })
    }

    /// Takes a row out of the queue; false if a worker has it.
    fn take_out(&self, connection: &Connection, row: i64) -> Result<bool> {
        let take = format!("SELECT count(*) FROM {}(ARRAY[?1::BIGINT])", self.function("complete_jobs"));
        sql::one(connection, &take, [row], |row| row.get::<_, i64>(0)).map(|taken| taken > 0)
    }

    /// Puts a job that ended back into the queue. A run that did not finish is continued.
    ///
    /// Fails with kind `not_found` if there is no such job, and with kind `conflict` if it succeeded, has not ended, or if the
    /// source has another job that has not.
    pub fn retry(&self, id: i64) -> Result<Job> {
        let job = self.job(id)?;
        let source = &job.order.source;
        if job.state.is_open() || job.state == JobState::Succeeded {
            return Err(Error::conflict(format!("job {id} {}", past(job.state))).with_help(format!(
                "only a job that did not succeed can be retried; `connector aggregate {source}` asks for a new one"
            )));
        }
        if let Some(open) = self.open_job(source)? {
            return Err(busy(source, open.id));
        }
        self.ask_server(|connection| {
            sql::atomically(connection, || {
                let again = "UPDATE jobs SET asked_at = now(), worker = NULL, tries = 0, seen = 0, after_run = NULL, started_at = NULL,
                         restart = restart AND run IS NULL, accept_new_system = accept_new_system AND run IS NULL,
                         ended_at = NULL, cancel = false, outcome = NULL, run = NULL, error_kind = NULL,
                         error_message = NULL, error_help = NULL
                     WHERE id = ?1 AND ended_at IS NOT NULL
                         AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.source = jobs.source AND o.ended_at IS NULL)";
                if sql::execute(connection, again, [id])? != 1 {
                    return Err(busy(source, id));
                }
                self.put(connection, id, source)?;
                count_retry(connection, source, "asked")
            })
        })?;
        self.job(id)
    }
}

/// Counts that a job was taken again.
pub(crate) fn count_retry(connection: &Connection, source: &str, reason: &str) -> Result<()> {
    let count = "INSERT INTO job_retries (source, reason, count) VALUES (?1, ?2, 1)
         ON CONFLICT (source, reason) DO UPDATE SET count = job_retries.count + 1";
    sql::execute(connection, count, params![source, reason]).map(drop)
}

fn busy(source: &str, open: i64) -> Error {
    Error::new(ErrorKind::Conflict, format!("`{source}` has job {open} in the queue"))
        .with_help(format!("wait until it ends, or run `connector queue cancel {open}`"))
}

fn past(state: JobState) -> &'static str {
    match state {
        JobState::Waiting => "waits for a worker",
        JobState::Running => "is running",
        JobState::Recovering => "is taken over by another worker",
        JobState::Succeeded => "succeeded",
        JobState::Failed => "failed",
        JobState::Refused => "was refused by a guard",
        JobState::Interrupted => "was interrupted",
        JobState::Cancelled => "was canceled",
    }
}
