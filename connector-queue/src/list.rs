//! Lists jobs and workers.

use crate::alive::IS_ALIVE;
use crate::job::Job;
use crate::moment::{micros, moment};
use crate::queue::Queue;
use connector_core::{Error, Result};
use connector_sql::Params;
use connector_store::sql;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// A process that takes jobs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Station {
    /// Its id, as jobs name it.
    pub id: String,
    /// Whether it said so within the last 20 seconds.
    pub is_alive: bool,
    /// The name of its machine.
    pub machine: String,
    /// Its process id there.
    pub process: u32,
    /// Its version of Connector.
    pub version: String,
    /// The most jobs that it does at the same time.
    pub concurrency: u64,
    /// The sources that it takes; `None` if it takes all.
    pub sources: Option<Vec<String>>,
    /// The sources that it reads now.
    pub reads: Vec<String>,
    /// When it started.
    pub started_at: Timestamp,
    /// When it said that it lives.
    pub seen_at: Timestamp,
}

impl Station {
    /// Whether it takes jobs of a source.
    pub fn takes(&self, source: &str) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.iter().any(|one| one == source))
    }
}

/// How full the queue is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Jobs that no worker has yet.
    pub waiting: u64,
    /// Jobs that a worker does.
    pub running: u64,
    /// Jobs whose worker does not answer any more.
    pub recovering: u64,
    /// Sources whose newest job did not succeed.
    pub failed: u64,
    /// When the oldest waiting job was asked.
    pub oldest_waiting: Option<Timestamp>,
    /// How often jobs of a source were taken again, and why: `asked` or `recovered`.
    pub retries: BTreeMap<(String, String), u64>,
    /// Workers that live.
    pub workers: u64,
    /// The most jobs that they do at the same time.
    pub slots: u64,
}

const NEEDS_A_LOOK: &str = "j.ended_at IS NULL OR (j.outcome <> 'succeeded'
     AND NOT EXISTS (SELECT 1 FROM jobs later WHERE later.source = j.source AND later.id > j.id))";

impl Queue {
    /// The jobs that wait or run, and those that did not succeed and that no later job of the source made up for; oldest first.
    pub fn jobs(&self) -> Result<Vec<Job>> {
        self.jobs_where(NEEDS_A_LOOK, [])
    }

    /// A job. Fails with kind `not_found`.
    pub fn job(&self, id: i64) -> Result<Job> {
        self.jobs_where("j.id = ?1", [id])?.pop().ok_or_else(|| {
            Error::not_found(format!("the queue has no job {id}"))
                .with_help("`connector queue` lists the jobs; what ended more than 30 days ago is forgotten")
        })
    }

    pub(crate) fn jobs_where(&self, condition: &str, parameters: impl Params) -> Result<Vec<Job>> {
        let query = format!(
            "SELECT {} FROM jobs j LEFT JOIN workers w ON w.id = j.worker WHERE {condition} ORDER BY j.id",
            Job::columns()
        );
        self.ask_server(|connection| sql::all(connection, &query, parameters, Job::read))
    }

    /// The workers, those that live first. One that is gone stays in the list for a day.
    pub fn workers(&self) -> Result<Vec<Station>> {
        let query = format!(
            "SELECT w.id, {IS_ALIVE}, w.machine, w.process, w.version, w.concurrency, w.sources, {}, {},
                 (SELECT json_agg(j.source ORDER BY j.source)::text FROM jobs j WHERE j.worker = w.id AND j.ended_at IS NULL)
             FROM workers w ORDER BY 2 DESC, w.started_at",
            micros("w.started_at"),
            micros("w.seen_at")
        );
        let names = |text: Option<String>| text.and_then(|text| serde_json::from_str::<Vec<String>>(&text).ok());
        self.ask_server(|connection| {
            sql::all(connection, &query, [], |row| {
                Ok(Station {
                    id: row.get(0)?,
                    is_alive: row.get(1)?,
                    machine: row.get(2)?,
                    process: row.get(3)?,
                    version: row.get(4)?,
                    concurrency: row.get(5)?,
                    sources: names(row.get(6)?),
                    started_at: moment(row, 7)?.unwrap_or(Timestamp::UNIX_EPOCH),
                    seen_at: moment(row, 8)?.unwrap_or(Timestamp::UNIX_EPOCH),
                    reads: names(row.get(9)?).unwrap_or_default(),
                })
            })
        })
    }

    /// Whether a worker lives that takes jobs of a source.
    pub fn has_worker_for(&self, source: &str) -> Result<bool> {
        Ok(self.workers()?.iter().any(|worker| worker.is_alive && worker.takes(source)))
    }

    /// How full it is.
    pub fn figures(&self) -> Result<Figures> {
        let mut figures = Figures::default();
        for job in self.jobs()? {
            use crate::job::JobState::{Recovering, Running, Waiting};
            match job.state {
                Waiting => {
                    figures.waiting += 1;
                    let oldest = figures.oldest_waiting.map_or(job.asked_at, |oldest| oldest.min(job.asked_at));
                    figures.oldest_waiting = Some(oldest);
                }
                Running => figures.running += 1,
                Recovering => figures.recovering += 1,
                _ => figures.failed += 1,
            }
        }
        for worker in self.workers()?.iter().filter(|worker| worker.is_alive) {
            figures.workers += 1;
            figures.slots += worker.concurrency;
        }
        let query = "SELECT source, reason, count FROM job_retries";
        figures.retries = self.ask_server(|connection| {
            sql::all(connection, query, [], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))
        })?;
        Ok(figures)
    }
}
