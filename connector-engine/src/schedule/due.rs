//! Whether a source is due.

use super::times::Times;
use crate::query::Run;
use connector_store::RunStatus;
use jiff::Timestamp;

/// A source is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The moment of the schedule.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// Why a source is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The moment has come.
    OnTime,
    /// The moment was missed, because nothing watched the clock. However many were missed, one run makes up for them.
    Missed,
    /// The last run did not end.
    Unfinished,
}

/// Whether a source is due at `now`, and for which moment. `since` is when the clock began to be watched. `last` is the newest run.
///
/// A source that was never read has missed nothing. A run that was going on at a moment counts for that moment.
pub fn due(times: &Times, last: Option<&Run>, since: Timestamp, now: Timestamp) -> Option<Due> {
    let at = times.last(now)?;
    let reason = if at >= since { Reason::OnTime } else { Reason::Missed };
    let Some(last) = last else { return (reason == Reason::OnTime).then_some(Due { at, reason }) };
    if last.report.status == RunStatus::Interrupted && last.started_at < since {
        return Some(Due { at, reason: Reason::Unfinished });
    }
    (last.ended_at.unwrap_or(last.started_at) < at).then_some(Due { at, reason })
}
