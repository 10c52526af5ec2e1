//! The results of the trials.

use std::fmt;

/// The outcome on one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialOutcome {
    /// The connector keeps the promise.
    Passed,
    /// The connector breaks the promise. The text says what the trial saw.
    Failed(String),
    /// The connector does not have the capability that the trial needs, or did nothing that the promise is about. The text
    /// names what the trial needs.
    NotApplicable(&'static str),
}

/// One trial and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialResult {
    /// The promise, as a name in snake case.
    pub name: &'static str,
    /// The outcome.
    pub outcome: TrialOutcome,
}

/// All trials and their outcomes. `Display` prints one line per trial and the counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    results: Vec<TrialResult>,
}

impl Report {
    /// Whether no trial failed and at least one passed.
    pub fn passed(&self) -> bool {
        let failed = self.results.iter().any(|result| matches!(result.outcome, TrialOutcome::Failed(_)));
        !failed && self.results.iter().any(|result| result.outcome == TrialOutcome::Passed)
    }

    /// The trials in the order in which they ran.
    pub fn results(&self) -> &[TrialResult] {
        &self.results
    }

    /// The names of the trials that failed.
    pub fn failed(&self) -> Vec<&'static str> {
        self.results
            .iter()
            .filter(|result| matches!(result.outcome, TrialOutcome::Failed(_)))
            .map(|result| result.name)
            .collect()
    }

    pub(crate) fn push(&mut self, name: &'static str, outcome: TrialOutcome) {
        self.results.push(TrialResult { name, outcome });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        for TrialResult { name, outcome } in &self.results {
            match outcome {
                TrialOutcome::Passed => {
                    passed += 1;
                    writeln!(f, "passed          {name}")?;
                }
                TrialOutcome::Failed(seen) => {
                    failed += 1;
                    writeln!(f, "failed          {name}: {seen}")?;
                }
                TrialOutcome::NotApplicable(ability) => {
                    skipped += 1;
                    writeln!(f, "not applicable  {name} (needs {ability})")?;
                }
            }
        }
        write!(f, "{passed} passed, {failed} failed, {skipped} not applicable")
    }
}
