//! What the clock of this server did.

use connector_core::Error;
use connector_engine::schedule::{Event, Reason};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// How many events are remembered.
const EVENTS: usize = 100;

/// What the clock of this server did, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Diary {
    entries: Arc<Mutex<VecDeque<DiaryEntry>>>,
}

/// Something that the clock did or could not do.
#[derive(Clone, Debug)]
pub(crate) struct DiaryEntry {
    pub(crate) at: Timestamp,
    /// Empty if it is about no source.
    pub(crate) source: String,
    /// What happened, in a word.
    pub(crate) what: &'static str,
    /// More about it.
    pub(crate) detail: String,
    /// Whether somebody should look at it.
    pub(crate) is_bad: bool,
}

impl Diary {
    pub(crate) fn entries(&self) -> Vec<DiaryEntry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Writes what happens to the clock.
    pub(crate) fn write(&self, event: Event) {
        let Some(entry) = entry(event) else { return };
        if entry.is_bad {
            tracing::warn!(source = entry.source, what = entry.what, detail = entry.detail, "the clock");
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push_front(entry);
        entries.truncate(EVENTS);
    }
}

fn entry(event: Event) -> Option<DiaryEntry> {
    let at = Timestamp::now();
    let new = |source: String, what, detail: String, is_bad| DiaryEntry { at, source, what, detail, is_bad };
    let failed = |source: String, what, error: &Error| {
        let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
        new(source, what, format!("{}{help}", error.message()), true)
    };
    let moment = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    Some(match event {
        Event::Watching { .. } => return None,
        Event::Started { source, due } => match due.reason {
            Reason::OnTime => new(source, "started", String::new(), false),
            Reason::Missed => new(source, "started late", format!("the run of {} was missed", moment(due.at)), false),
            Reason::Unfinished => new(source, "continued", "its last run was not finished".to_owned(), false),
        },
        Event::Skipped { source, due } => {
            new(source, "skipped", format!("{}: its last run was still going on", moment(due.at)), false)
        }
        Event::Ended { run } => {
            let is_bad = run.status.name() != "succeeded";
            let detail = run.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
            new(run.source.clone(), run.status.name(), detail, is_bad)
        }
        Event::NotStarted { source, error } => failed(source, "not started", &error),
        Event::Invalid { source, error } => failed(source, "not watched", &error),
        Event::Unreadable { error } => failed(String::new(), "nothing is started", &error),
    })
}
