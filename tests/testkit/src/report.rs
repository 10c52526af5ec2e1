//! The results of the trials.

use std::fmt;

/// The verdict on one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The connector keeps the promise.
    Passed,
    /// The connector breaks the promise. The text says what the trial saw.
    Failed(String),
    /// The connector does not have the capability that the trial needs.
    NotApplicable(&'static str),
}

/// One trial and its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialResult {
    /// The promise, as a name in snake case.
    pub name: &'static str,
    /// The verdict.
    pub verdict: Verdict,
}

/// All trials and their verdicts. `Display` prints one line per trial and the counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    results: Vec<TrialResult>,
}

impl Report {
    /// Whether no trial failed and at least one passed.
    pub fn passed(&self) -> bool {
        let failed = self.results.iter().any(|result| matches!(result.verdict, Verdict::Failed(_)));
        !failed && self.results.iter().any(|result| result.verdict == Verdict::Passed)
    }

    /// The trials in the order in which they ran.
    pub fn results(&self) -> &[TrialResult] {
        &self.results
    }

    /// The names of the trials that failed.
    pub fn failed(&self) -> Vec<&'static str> {
        self.results
            .iter()
            .filter(|result| matches!(result.verdict, Verdict::Failed(_)))
            .map(|result| result.name)
            .collect()
    }

    pub(crate) fn push(&mut self, name: &'static str, verdict: Verdict) {
        self.results.push(TrialResult { name, verdict });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        for TrialResult { name, verdict } in &self.results {
            match verdict {
                Verdict::Passed => {
                    passed += 1;
                    writeln!(f, "passed          {name}")?;
                }
                Verdict::Failed(seen) => {
                    failed += 1;
                    writeln!(f, "failed          {name}: {seen}")?;
                }
                Verdict::NotApplicable(ability) => {
                    skipped += 1;
                    writeln!(f, "not applicable  {name} (needs {ability})")?;
                }
            }
        }
        write!(f, "{passed} passed, {failed} failed, {skipped} not applicable")
    }
}
