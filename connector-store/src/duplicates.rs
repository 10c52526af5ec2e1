//! Rows that come twice in one run.

use super::completeness::mark_incomplete;
use super::report;
use super::run_state::RunState;
use super::step::Step;
use connector_core::Result;
use connector_sql::Connection;

impl RunState {
    /// Counts a row that the run has seen before; false, because it is not new. Two different rows with one id mean that
    /// the list or the id is wrong, so nothing of this step is removed.
    pub(crate) fn came_twice(&mut self, connection: &Connection, step: Step, id: &str, is_same: bool) -> Result<bool> {
        if !self.comes_again {
            self.duplicates[step] += 1;
            if !is_same && mark_incomplete(connection, self.run, step)? {
                let text = format!("{}: two different rows have the id `{id}`, so nothing is removed", step.name());
                report::warn(connection, self.run, &text)?;
            }
        }
        Ok(false)
    }

    /// Warns about rows that came twice, and about accounts that only a lookup found.
    pub(crate) fn warn_of_drift(&self, connection: &Connection) -> Result<()> {
        for step in [Step::Accounts, Step::Entitlements] {
            let count = self.duplicates[step];
            if count > 0 {
                report::warn(
                    connection,
                    self.run,
                    &format!("{}: the source showed {count} of them twice", step.name()),
                )?;
            }
        }
        if self.found > 0 {
            let text = format!(
                "accounts: {} were missing from the list, but a lookup found them, so they are kept",
                self.found
            );
            report::warn(connection, self.run, &text)?;
        }
        Ok(())
    }
}
