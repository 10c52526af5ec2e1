//! Writes a plan's operations to the journal.

use super::row::{Standing, to_json};
use connector_core::{Operation, Result, SecretRef};
use connector_sql::{Connection, params};
use connector_store::fault;
use xxhash_rust::xxh3::Xxh3;

/// The room between the turns of two operations, for the steps of the first one.
pub(super) const TURNS: i64 = 1 << 16;

/// Takes operations one by one.
pub(super) struct Loading<'a> {
    connection: &'a Connection,
    plan: i64,
    next: i64,
    content: Xxh3,
}

impl<'a> Loading<'a> {
    pub(super) fn of(connection: &'a Connection, plan: i64) -> Self {
        Self { connection, plan, next: 0, content: Xxh3::new() }
    }

    pub(super) fn add(&mut self, operation: &Operation<SecretRef>) -> Result<()> {
        let number = self.next;
        let asked = to_json(operation);
        self.connection
            .prepare_cached(
                "INSERT INTO operations (plan, number, part, turn, lead, kind, account, account_key, asked, outcome)
                 VALUES (?1, ?2, 0, ?3, ?2, ?4, ?5, ?6, ?7, ?8)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    self.plan,
                    number,
                    number * TURNS,
                    operation.kind().name(),
                    operation.target(),
                    operation.target().to_lowercase(),
                    asked,
                    Standing::Planned.name(),
                ])
            })
            .map_err(fault)?;
        self.content.update(&(asked.len() as u64).to_le_bytes());
        self.content.update(asked.as_bytes());
        self.next += 1;
        Ok(())
    }

    /// Groups the operations on the same account. Returns the hash of the plan's content.
    pub(super) fn finish(self) -> Result<String> {
        // Ids may differ in letter case alone, and the source resolves names. Only the name of an
        // account that does not exist yet must be compared here.
        self.connection
            .execute(
                "UPDATE operations SET account_key = account WHERE plan = ?1 AND account_key NOT IN
                     (SELECT account_key FROM operations WHERE plan = ?1 AND kind = 'create')",
                [self.plan],
            )
            .map_err(fault)?;
        lead_by_name(self.connection, self.plan)?;
        Ok(format!("{:032x}", self.content.digest128()))
    }
}

/// Operations that name an account in the same way concern the same account.
pub(super) fn lead_by_name(connection: &Connection, plan: i64) -> Result<()> {
    connection
        .execute(
            "UPDATE operations AS o SET lead = (SELECT min(first.number) FROM operations first
                 WHERE first.plan = o.plan AND first.account_key = o.account_key)
             WHERE plan = ?1",
            [plan],
        )
        .map_err(fault)?;
    Ok(())
}
