//! How many rows a source had after each of its runs.

use super::runs::Run;
use connector_store::{Counts, Mode, PerStep, RunStatus};
use jiff::Timestamp;
use serde::Serialize;

/// How many rows a source had at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Growth {
    /// The run.
    pub run: String,
    /// When it started.
    pub at: Timestamp,
    /// How many rows of each kind there were.
    pub totals: PerStep<u64>,
}

/// The totals at the end of each run that succeeded, oldest first. `runs` are those of one source, newest first.
///
/// A full run counts everything. A run of changes adds to what the run before had, so what precedes the first full run is left
/// out.
pub fn growth(runs: &[Run]) -> Vec<Growth> {
    let mut found: Vec<Growth> = Vec::new();
    for Run { report, started_at, .. } in runs.iter().rev().filter(|run| run.report.status == RunStatus::Succeeded) {
        let totals = match (report.mode, found.last()) {
            (Mode::Full, _) => report.counts.map(|counts| counts.seen),
            (_, Some(last)) => PerStep {
                accounts: after(last.totals.accounts, report.counts.accounts),
                entitlements: after(last.totals.entitlements, report.counts.entitlements),
                assignments: after(last.totals.assignments, report.counts.assignments),
            },
            (_, None) => continue,
        };
        found.push(Growth { run: report.run.clone(), at: *started_at, totals });
    }
    found
}

fn after(before: u64, counts: Counts) -> u64 {
    (before + counts.added).saturating_sub(counts.removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_store::RunReport;

    fn run(number: u64, mode: Mode, status: RunStatus, accounts: Counts) -> Run {
        let counts = PerStep { accounts, ..PerStep::default() };
        let report = RunReport {
            run: number.to_string(),
            source: "hr".to_owned(),
            mode,
            status,
            resumed: false,
            counts,
            api_calls: 0,
            retries: 0,
            bytes_received: 0,
            duration_ms: 0,
            warnings: Vec::new(),
            error: None,
            limits: std::collections::BTreeMap::new(),
        };
        Run { report, connector: "fake".to_owned(), started_at: Timestamp::UNIX_EPOCH, ended_at: None }
    }

    #[test]
    fn runs_of_changes_add_to_the_full_run_before_and_failed_runs_count_for_nothing() {
        let saw = |seen| Counts { seen, ..Counts::default() };
        let changed = Counts { seen: 4, added: 3, removed: 1, ..Counts::default() };
        let runs = [
            run(5, Mode::Delta, RunStatus::Succeeded, changed),
            run(4, Mode::Full, RunStatus::Failed, saw(3)),
            run(3, Mode::Delta, RunStatus::Succeeded, changed),
            run(2, Mode::Full, RunStatus::Succeeded, saw(10)),
            run(1, Mode::Delta, RunStatus::Succeeded, changed),
        ];
        let told: Vec<_> = growth(&runs).into_iter().map(|one| (one.run, one.totals.accounts)).collect();
        assert_eq!(told, [("2".to_owned(), 10), ("3".to_owned(), 12), ("5".to_owned(), 14)]);
    }
}
