//! What a plan takes away, and what the store knows.

use super::handle::OpenPlan;
use connector_core::Result;
use connector_project::source::Capped;
use connector_sql::params;
use connector_store::sql;

impl OpenPlan {
    /// How many operations a guard refused.
    pub(crate) fn guarded(&self) -> Result<u64> {
        let query = "SELECT count(*) FROM operations WHERE plan = ?1 AND part = 0 AND error_kind = 'guard'";
        sql::one(&self.connection, query, [self.plan], |row| row.get(0))
    }

    /// How many accounts the plan disables, locks, signs out or deletes, or how many assignments it revokes. Accounts that the plan
    /// itself creates don't count.
    pub(crate) fn planned(&self, capped: Capped) -> Result<u64> {
        let (what, kinds) = match capped {
            Capped::Disable => ("DISTINCT lead", "'disable', 'lock', 'end_sessions', 'revoke_tokens'"),
            Capped::Revoke => ("*", "'revoke'"),
            Capped::Delete => ("DISTINCT lead", "'delete'"),
        };
        let kind = self.connection.dialect().pick("json_extract(step, '$.kind')", "step::json ->> 'kind'");
        let query = format!(
            "SELECT count({what}) FROM operations WHERE plan = ?1 AND outcome = 'planned' AND step IS NOT NULL
                 AND account_id IS NOT NULL AND {kind} IN ({kinds})"
        );
        sql::one(&self.connection, &query, [self.plan], |row| row.get(0))
    }

    /// How many of them the store has.
    pub(crate) fn known(&self, capped: Capped) -> Result<u64> {
        let query = match capped {
            Capped::Disable => {
                "SELECT count(*) FROM accounts WHERE source = ?1 AND removed_run IS NULL AND enabled = 1"
            }
            Capped::Delete => "SELECT count(*) FROM accounts WHERE source = ?1 AND removed_run IS NULL",
            Capped::Revoke => {
                "SELECT count(*) FROM assignments WHERE source = ?1 AND removed_run IS NULL AND holder = 0
                     AND state IS NULL"
            }
        };
        sql::one(&self.connection, query, params![self.source], |row| row.get(0))
    }
}
