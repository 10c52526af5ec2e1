//! A job, as lists show it.

use crate::alive::IS_ALIVE;
use crate::moment::{micros, moment};
use crate::order::Order;
use connector_core::Error;
use connector_sql::Row;
use connector_store::{RunError, kind_from_name};
use jiff::Timestamp;
use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

/// Something that a worker does, will do or has done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// How it stands.
    pub state: JobState,
    /// What was asked.
    #[serde(flatten)]
    pub order: Order,
    /// Who asked: a person and their machine, or `schedule`.
    pub asked_by: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// For which moment of the schedule.
    pub due_at: Option<Timestamp>,
    /// When a worker first took it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The id of the worker that has or had it.
    pub worker: Option<String>,
    /// The machine and the process of that worker, while it is known.
    pub place: Option<String>,
    /// How many workers in a row took it and did not get further than the one before.
    pub tries: u64,
    /// The run, once it has ended.
    pub run: Option<String>,
    /// Why it did not succeed.
    pub error: Option<RunError>,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum JobState {
    /// No worker has it yet.
    Waiting,
    /// A worker does it.
    Running,
    /// Its worker does not answer any more; another one takes it.
    Recovering,
    /// Its run succeeded.
    Succeeded,
    /// Its run failed, or could not begin.
    Failed,
    /// A guard refused its run.
    Refused,
    /// Its run ended before its time, because nothing more may be asked of the source for now.
    Interrupted,
    /// Somebody ended it.
    Cancelled,
}

impl JobState {
    /// The name in machine output.
    ///
    /// ```
    /// assert_eq!(connector_queue::JobState::Waiting.name(), "waiting");
    /// ```
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it has not ended.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running | Self::Recovering)
    }
}

impl Job {
    /// What a list asks of `jobs j` and `workers w`.
    pub(crate) fn columns() -> String {
        let (asked, due, started, ended) =
            (micros("j.asked_at"), micros("j.due_at"), micros("j.started_at"), micros("j.ended_at"));
        format!(
            "{order}, j.id, j.outcome, j.worker, coalesce({IS_ALIVE}, false), j.asked_by, {asked}, {due}, {started}, {ended},
             w.machine || ' (pid ' || w.process || ')', j.tries, j.run, j.error_kind, j.error_message, j.error_help",
            order = Order::COLUMNS
        )
    }

    pub(crate) fn read(row: &Row<'_>) -> connector_sql::Result<Self> {
        let (outcome, worker, lives): (Option<String>, Option<String>, bool) = (row.get(6)?, row.get(7)?, row.get(8)?);
        let state = match (outcome, &worker, lives) {
            (Some(outcome), ..) => outcome.parse().unwrap_or(JobState::Failed),
            (None, None, _) => JobState::Waiting,
            (None, Some(_), true) => JobState::Running,
            (None, Some(_), false) => JobState::Recovering,
        };
        let error = match row.get::<_, Option<String>>(17)? {
            None => None,
            Some(kind) => {
                Some(RunError { kind: kind_from_name(&kind), message: row.get(18)?, help: row.get(19)?, step: None })
            }
        };
        Ok(Self {
            id: row.get(5)?,
            state,
            order: Order::read(row, 0)?,
            asked_by: row.get(9)?,
            asked_at: moment(row, 10)?.unwrap_or(Timestamp::UNIX_EPOCH),
            due_at: moment(row, 11)?,
            started_at: moment(row, 12)?,
            ended_at: moment(row, 13)?,
            worker,
            place: row.get(14)?,
            tries: row.get(15)?,
            run: row.get(16)?,
            error,
        })
    }

    /// Why it did not succeed, as the command that asked for it would have said.
    pub(crate) fn as_error(&self) -> Error {
        let Some(error) = &self.error else {
            return Error::internal(format!("job {} ended without a run", self.id));
        };
        let told = Error::new(error.kind, &error.message);
        match &error.help {
            Some(help) => told.with_help(help),
            None => told,
        }
    }
}
