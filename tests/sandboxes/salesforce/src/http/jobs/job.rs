//! The jobs of the org, and how they come to an end.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::id::Id;
use crate::soql::{Bound, Columns, Rows};

/// The key prefix of job ids.
const PREFIX: &str = "750";

/// How rows are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) delimiter: u8,
    pub(super) crlf: bool,
}

/// The names of delimiters.
const DELIMITERS: [(&str, u8); 6] =
    [("COMMA", b','), ("TAB", b'\t'), ("SEMICOLON", b';'), ("PIPE", b'|'), ("CARET", b'^'), ("BACKQUOTE", b'`')];

impl Form {
    /// The form with these names; `None` if one of them is unknown.
    pub(super) fn named(delimiter: &str, line_ending: &str) -> Option<Self> {
        let (_, delimiter) = *DELIMITERS.iter().find(|(name, _)| *name == delimiter)?;
        match line_ending {
            "LF" => Some(Self { delimiter, crlf: false }),
            "CRLF" => Some(Self { delimiter, crlf: true }),
            _ => None,
        }
    }

    pub(super) fn delimiter_name(self) -> &'static str {
        DELIMITERS.iter().find(|(_, byte)| *byte == self.delimiter).map_or("COMMA", |(name, _)| name)
    }

    pub(super) fn line_ending(self) -> &'static str {
        if self.crlf { "CRLF" } else { "LF" }
    }

    pub(super) fn line_end(self) -> &'static [u8] {
        if self.crlf { b"\r\n" } else { b"\n" }
    }
}

/// What a job asks for, and the rows that it found.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) operation: &'static str,
    pub(super) version: String,
    pub(super) bound: Bound,
    pub(super) columns: Columns,
    pub(super) rows: Rows,
    pub(super) form: Form,
}

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    UploadComplete,
    InProgress,
    JobComplete,
    Failed,
    Aborted,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UploadComplete => "UploadComplete",
            Self::InProgress => "InProgress",
            Self::JobComplete => "JobComplete",
            Self::Failed => "Failed",
            Self::Aborted => "Aborted",
        }
    }

    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::JobComplete | Self::Failed | Self::Aborted)
    }
}

/// One job.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: Id,
    pub(super) query: Arc<Query>,
    pub(super) author: u64,
    pub(super) created: Timestamp,
    pub(super) state: State,
    /// How the job ends, and after how many polls.
    pub(super) end: State,
    pub(super) polls_left: u64,
}

impl Job {
    /// Moves on by one step.
    pub(super) fn advance(&mut self) {
        if self.state.is_final() {
            return;
        }
        if self.polls_left == 0 {
            self.state = self.end;
        } else {
            self.polls_left -= 1;
            self.state = State::InProgress;
        }
    }
}

/// The jobs of the org.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    jobs: BTreeMap<Id, Job>,
    made: u64,
}

impl Jobs {
    /// The id of the next job.
    pub(super) fn next_id(&mut self) -> Id {
        self.made += 1;
        Id::new(PREFIX, 9_000_000 + self.made)
    }

    pub(super) fn add(&mut self, job: Job) {
        self.jobs.insert(job.id, job);
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values()
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Job> {
        self.jobs.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: Id) {
        self.jobs.remove(&id);
    }

    /// How many jobs the org keeps.
    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Deletes all of them.
    pub(crate) fn clear(&mut self) {
        self.jobs.clear();
    }
}
