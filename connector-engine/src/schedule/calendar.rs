//! What became of the moments of a schedule, and which ones come.

use super::times::Times;
use crate::query::Run;
use connector_store::{Mode, RunStatus};
use jiff::Timestamp;

/// A moment of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A run began.
    Ran {
        /// Its id.
        run: String,
        /// How it ended, or stands.
        status: RunStatus,
    },
    /// The last run was still going on.
    Skipped,
    /// Nothing watched the clock, or the run could not begin.
    Missed,
    /// It comes.
    Coming,
}

/// The moments of a schedule from one moment up to another, at most `most` of them. `runs` are those of the source, newest first; what was before
/// the oldest of them is not known, and left out.
pub fn calendar(
    times: &Times,
    runs: &[Run],
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
    most: usize,
) -> Vec<Moment> {
    let runs: Vec<&Run> = runs.iter().filter(|run| run.report.mode != Mode::Refresh).collect();
    let known_from = runs.last().map(|run| run.started_at);
    let mut moments = Vec::new();
    // A moment that is `from` itself counts.
    let mut next = times.last(from).filter(|last| *last == from).or_else(|| times.next(from));
    while let Some(at) = next.filter(|at| *at <= to) {
        if moments.len() == most {
            break;
        }
        next = times.next(at);
        if at > now {
            moments.push(Moment { at, fate: Fate::Coming });
            continue;
        }
        // The one that came first after it, and before the next moment.
        let until = next.unwrap_or(Timestamp::MAX);
        let began = runs.iter().rev().find(|run| run.started_at >= at && run.started_at < until);
        let goes_on = |run: &&&Run| {
            let is_open = matches!(run.report.status, RunStatus::Running);
            run.started_at < at && run.ended_at.map_or(is_open, |ended| ended >= at)
        };
        let fate = match began {
            Some(run) => Fate::Ran { run: run.report.run.clone(), status: run.report.status },
            None if runs.iter().any(|run| goes_on(&run)) => Fate::Skipped,
            None if known_from.is_none_or(|known| at < known) => continue,
            None => Fate::Missed,
        };
        moments.push(Moment { at, fate });
    }
    moments
}
