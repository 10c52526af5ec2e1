//! Asks for jobs.

use crate::job::Job;
use crate::order::Order;
use crate::queue::Queue;
use connector_core::{Error, Result};
use connector_engine::aggregate::Wanted;
use connector_sql::{Connection, params};
use connector_store::sql;
use jiff::Timestamp;

/// The task of `graphile_worker`.
pub(crate) const TASK: &str = "aggregate";

/// Somebody waits for what a person asked; what a schedule asks can wait. The smaller number comes first.
const PRIORITY: &str = "CASE WHEN due_at IS NULL THEN 0 ELSE 20 END";

/// The queue gives a job to no worker after so many. How often is decided elsewhere, by whether the job gets further.
const MOST_ATTEMPTS: i16 = i16::MAX;

/// For how long jobs that ended stay in the list.
const KEPT: &str = "30 days";

/// What became of a wish.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// It is a new job, with this number.
    New(i64),
    /// The source has this job, which has not ended.
    Open(Box<Job>),
}

impl Queue {
    /// Asks for a job. A source has one open job at a time, so the answer may be that one.
    pub fn ask(&self, order: &Order, by: &str) -> Result<Asked> {
        // The open job may end between two looks.
        for _ in 0..5 {
            if let Some(new) = self.add(order, by, None)? {
                return Ok(Asked::New(new));
            }
            if let Some(open) = self.open_job(&order.source)? {
                return Ok(Asked::Open(Box::new(open)));
            }
        }
        Err(Error::unavailable(format!("`{}` could not be put in the queue", order.source))
            .with_help("run the command again"))
    }

    /// Asks for the job of a moment of a schedule. The answer is the open job of the source if that one is not for this moment; `None`
    /// if another clock asked for this moment.
    pub fn ask_when_due(&self, source: &str, due: Timestamp) -> Result<Option<Asked>> {
        if let Some(new) = self.add(&Order::due(source), "schedule", Some(due))? {
            return Ok(Some(Asked::New(new)));
        }
        // Which of the two it was; the server keeps microseconds.
        let is_known = "SELECT EXISTS (SELECT 1 FROM jobs WHERE source = ?1 AND due_at = (?2::text)::timestamptz)";
        let values = params![source, due.to_string()];
        if self.ask_server(|connection| sql::one(connection, is_known, values, |row| row.get(0)))? {
            return Ok(None);
        }
        Ok(self.open_job(source)?.map(|open| Asked::Open(Box::new(open))))
    }

    fn add(&self, order: &Order, by: &str, due: Option<Timestamp>) -> Result<Option<i64>> {
        let insert = "INSERT INTO jobs (source, wanted, restart, accept_new_system, remove, asked_by, due_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, (?7::text)::timestamptz) ON CONFLICT DO NOTHING RETURNING id";
        let Order { source, wanted, restart, accept_new_system, remove } = order;
        let wanted: &str = (*wanted).into();
        let due_at = due.map(|due| due.to_string());
        let values = params![source, wanted, restart, accept_new_system, remove, by, due_at];
        self.ask_server(|connection| {
            sql::atomically(connection, || {
                let Some(id) = sql::first(connection, insert, values, |row| row.get(0))? else { return Ok(None) };
                self.put(connection, id, source)?;
                let forget = format!("DELETE FROM jobs WHERE ended_at < now() - interval '{KEPT}'");
                sql::execute(connection, &forget, [])?;
                Ok(Some(id))
            })
        })
    }

    /// Puts a job into the queue, within a transaction. A worker takes only the row of the queue that was put last.
    pub(crate) fn put(&self, connection: &Connection, id: i64, source: &str) -> Result<()> {
        let put = format!(
            "UPDATE jobs SET queue_job = ({}('{TASK}', json_build_object('job', ?1::BIGINT),
                 priority => {PRIORITY}, max_attempts => {MOST_ATTEMPTS}, flags => ARRAY[?2::TEXT])).id WHERE id = ?1",
            self.function("add_job")
        );
        sql::execute(connection, &put, params![id, flag_of(source)]).map(drop)
    }

    /// The job of a source that has not ended.
    pub fn open_job(&self, source: &str) -> Result<Option<Job>> {
        Ok(self.jobs_where("j.source = ?1 AND j.ended_at IS NULL", [source])?.pop())
    }

    /// Whether both ask for the same.
    pub fn is_same(open: &Job, order: &Order) -> bool {
        let begins_anew = |order: &Order| order.restart || order.accept_new_system;
        open.order == *order
            || (order.wanted == Wanted::Due && !begins_anew(order) && open.order.remove == order.remove)
    }
}

/// Names the source of a job, so that workers can take only some sources.
pub(crate) fn flag_of(source: &str) -> String {
    format!("source:{source}")
}
