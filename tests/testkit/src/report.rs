//! How the trials ended.

use std::fmt;

/// How one trial ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The connector keeps the promise.
    Passed,
    /// It does not; the text says what was seen.
    Failed(String),
    /// The connector does not hand over the ability that the trial is about.
    NotApplicable(&'static str),
}

/// One trial and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialResult {
    /// The promise, as a name in snake case.
    pub name: &'static str,
    /// How it ended.
    pub verdict: Verdict,
}

/// Every trial and how it ended. `Display` prints a line each and the counts.
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

    /// The trials in the order they ran.
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
