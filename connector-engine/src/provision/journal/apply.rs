//! Records the intent before a request, and the outcome after it.

use super::handle::OpenPlan;
use super::row::{Standing, StepRow, failure_columns, json, steps, to_json};
use connector_core::{Change, Error, Operation, OperationKind, Result, SecretRef};
use connector_sql::{Connection, Row, params};
use connector_store::{fault, sql};
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};

/// What the source has not made after this time is sent again: it can have been declined.
const WAITS_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The outcome of a step that was sent.
#[derive(Debug)]
pub(crate) struct StepOutcome {
    /// The row of the step.
    pub(crate) id: i64,
    pub(crate) standing: Standing,
    pub(crate) detail: Option<String>,
    pub(crate) error: Option<Error>,
    /// The account's id, if the response gave it.
    pub(crate) account: Option<String>,
    /// The source accepted it and makes the change later.
    pub(crate) queued: bool,
}

impl StepOutcome {
    pub(crate) fn new(id: i64, standing: Standing) -> Self {
        Self { id, standing, detail: None, error: None, account: None, queued: false }
    }

    /// A failure with this error.
    pub(crate) fn failed(id: i64, error: Error) -> Self {
        Self { error: Some(error), ..Self::new(id, Standing::Failed) }
    }
}

impl OpenPlan {
    /// The next steps to apply after a turn.
    pub(crate) fn steps_after(&self, turn: i64, most: usize) -> Result<Vec<StepRow>> {
        let condition = "o.plan = ?1 AND o.outcome = 'planned' AND o.turn > ?2 ORDER BY o.turn LIMIT ?3";
        steps(&self.connection, condition, params![self.plan, turn, most])
    }

    /// The steps with an unknown result, of any plan for the same system.
    pub(crate) fn pending(&self) -> Result<Vec<StepRow>> {
        let condition = "p.source = ?1 AND p.status = 'applying' AND o.outcome = 'pending'
             AND (p.connector, p.definition) = (SELECT connector, definition FROM plans WHERE number = ?2)
             ORDER BY o.plan, o.turn";
        steps(&self.connection, condition, params![self.source, self.plan])
    }

    /// The accounts of this plan with an unsettled step.
    pub(crate) fn unsettled(&self) -> Result<Vec<i64>> {
        self.connection
            .prepare(
                "SELECT DISTINCT lead FROM operations
                 WHERE plan = ?1 AND outcome = 'pending' AND error_kind IS NULL AND NOT queued",
            )
            .and_then(|mut statement| statement.query_map([self.plan], |row| row.get(0))?.collect())
            .map_err(fault)
    }

    /// How many steps of this plan remain.
    pub(crate) fn left(&self) -> Result<u64> {
        self.connection
            .query_row(
                "SELECT count(*) FROM operations WHERE plan = ?1 AND outcome = 'planned' AND step IS NOT NULL",
                [self.plan],
                |row| row.get(0),
            )
            .map_err(fault)
    }

    /// Records that these steps are about to be sent. On disk when this returns.
    pub(crate) fn intend(&mut self, rows: &[i64]) -> Result<()> {
        let now = Timestamp::now().to_string();
        let transaction = self.connection.transaction().map_err(fault)?;
        self.lock.check(&transaction)?;
        for row in rows {
            transaction
                .prepare_cached(
                    "UPDATE operations SET outcome = 'pending', tries = tries + 1, asked_at = ?2, answered_at = NULL
                     WHERE id = ?1",
                )
                .and_then(|mut statement| statement.execute(params![row, now]))
                .map_err(fault)?;
        }
        transaction.commit().map_err(fault)
    }

    /// Records the outcomes of steps. On disk when this returns.
    pub(crate) fn answer(&mut self, answers: &[StepOutcome]) -> Result<()> {
        let now = Timestamp::now().to_string();
        let transaction = self.connection.transaction().map_err(fault)?;
        for answer in answers {
            write(&transaction, answer, &now)?;
        }
        transaction.commit().map_err(fault)
    }

    /// The steps to read back of the accounts after `after` up to `last`, account by account in their order.
    pub(crate) fn to_read_back(&self, after: i64, last: i64) -> Result<Vec<StepRow>> {
        let condition = "o.plan = ?1 AND o.lead > ?2 AND o.lead <= ?3 AND o.tries > 0 AND NOT o.read_back
             AND (o.outcome IN ('applied', 'unchanged') OR o.queued) ORDER BY o.lead, o.turn";
        steps(&self.connection, condition, params![self.plan, after, last])
    }

    /// Records what reading back found, and that these steps were read back.
    pub(crate) fn read_back(&mut self, rows: &[i64], answers: &[StepOutcome]) -> Result<()> {
        self.answer(answers)?;
        let transaction = self.connection.transaction().map_err(fault)?;
        for row in rows {
            transaction
                .prepare_cached("UPDATE operations SET read_back = TRUE WHERE id = ?1")
                .and_then(|mut statement| statement.execute([row]))
                .map_err(fault)?;
        }
        transaction.commit().map_err(fault)
    }

    /// The steps that plans of the last week sent and the source has yet to make: account and step. A create has the name as the
    /// account, because the account may have no id yet. One that a later plan overrode is not among them, because the source waits
    /// for the later one.
    pub(crate) fn queued(&self) -> Result<HashSet<(String, String)>> {
        let since = (Timestamp::now() - WAITS_AT_MOST).to_string();
        let account = "CASE WHEN o.kind = 'create' AND o.part = 0 THEN o.account ELSE o.account_id END";
        let sent = format!(
            "FROM operations o JOIN plans p ON p.number = o.plan
             WHERE p.source = ?1 AND p.number <> ?2 AND o.step IS NOT NULL AND {account} IS NOT NULL AND o.asked_at >= ?3"
        );
        let waits = "o.outcome = 'pending' AND o.queued";
        let waiting = format!("(SELECT {account} {sent} AND {waits})");
        let query = format!(
            "SELECT {account}, o.account, o.step, {waits} {sent} AND (o.outcome = 'applied' OR {waits})
                 AND ({account} IN {waiting} OR o.account IN {waiting})
             ORDER BY o.asked_at, o.id"
        );
        let mut waiting: HashMap<String, Vec<Operation<SecretRef>>> = HashMap::new();
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, json(row, 2)?, row.get(3)?));
        sql::each(&self.connection, &query, params![self.source, self.plan, since], read, |row| {
            let (account, named, step, waits): (String, String, Operation<SecretRef>, bool) = row;
            if step.kind() == OperationKind::Delete {
                // The account was there, so its create no longer waits.
                waiting.remove(&named);
            }
            let waiting = waiting.entry(account).or_default();
            waiting.retain(|earlier| !overrides(&step.change, &earlier.change));
            waiting.extend(waits.then_some(step));
            Ok(())
        })?;
        let of_account = |(account, steps): (String, Vec<_>)| {
            steps.into_iter().map(move |step| (account.clone(), to_json(&step))).collect::<Vec<_>>()
        };
        Ok(waiting.into_iter().flat_map(of_account).collect())
    }

    /// Drops all steps that were not sent. Returns their number.
    pub(crate) fn abandon(&mut self, error: &Error) -> Result<usize> {
        let (kind, message, help) = failure_columns(Some(error));
        self.connection.execute("UPDATE plans SET verify = FALSE WHERE number = ?1", [self.plan]).map_err(fault)?;
        self.connection
            .execute(
                "UPDATE operations SET outcome = 'abandoned', detail = NULL, error_kind = ?2, error_message = ?3,
                     error_help = ?4, answered_at = ?5
                 WHERE plan = ?1 AND outcome = 'planned'",
                params![self.plan, kind, message, help, Timestamp::now().to_string()],
            )
            .map_err(fault)
    }

    /// Fails the remaining steps of the account that a step failed to create. Returns their number.
    pub(crate) fn give_up(&mut self, create: i64, error: &Error) -> Result<usize> {
        let (kind, message, help) = failure_columns(Some(error));
        let give_up = |standing: Standing| {
            self.connection
                .execute(
                    "UPDATE operations SET outcome = 'failed', detail = NULL, error_kind = ?3, error_message = ?4,
                         error_help = ?5, answered_at = ?6
                     WHERE (plan, lead) = (SELECT plan, lead FROM operations WHERE id = ?1) AND id <> ?1
                         AND +number >= (SELECT number FROM operations WHERE id = ?1) AND outcome = ?2",
                    params![create, standing.name(), kind, message, help, Timestamp::now().to_string()],
                )
                .map_err(fault)
        };
        // Steps that were unchanged because of the create fail, too.
        give_up(Standing::Unchanged)?;
        give_up(Standing::Planned)
    }
}

/// Whether a source that gets both changes of one account makes only the later one.
fn overrides(later: &Change<SecretRef>, earlier: &Change<SecretRef>) -> bool {
    use OperationKind::{Disable, Enable, Grant, Lock, Revoke, Unlock};
    const OPPOSITES: [[OperationKind; 2]; 3] = [[Disable, Enable], [Grant, Revoke], [Lock, Unlock]];
    if let (Change::Update { set, .. }, Change::Update { set: before, add, remove, .. }) = (later, earlier) {
        return set.keys().any(|name| before.contains_key(name) || add.contains_key(name) || remove.contains_key(name));
    }
    let kinds = [later.kind(), earlier.kind()];
    let concern_one_thing =
        kinds[0] == kinds[1] || OPPOSITES.iter().any(|pair| kinds.iter().all(|kind| pair.contains(kind)));
    concern_one_thing && later.entitlement() == earlier.entitlement()
}

fn write(connection: &Connection, answer: &StepOutcome, now: &str) -> Result<()> {
    let (kind, message, help) = failure_columns(answer.error.as_ref());
    let is_answered = !matches!(answer.standing, Standing::Planned | Standing::Pending);
    connection
        .prepare_cached(
            "UPDATE operations SET outcome = ?2, detail = ?3, error_kind = ?4, error_message = ?5, error_help = ?6,
                 answered_at = ?7, queued = ?8
             WHERE id = ?1",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                answer.id,
                answer.standing.name(),
                answer.detail,
                kind,
                message,
                help,
                is_answered.then_some(now),
                answer.queued,
            ])
        })
        .map_err(fault)?;
    if let Some(account) = &answer.account {
        connection
            .prepare_cached("UPDATE operations SET account_id = ?2 WHERE id = ?1")
            .and_then(|mut statement| statement.execute(params![answer.id, account]))
            .map_err(fault)?;
        // The steps after a create concern the account that it created. The plus keeps the index of accounts in use.
        connection
            .prepare_cached(
                "UPDATE operations SET account_id = ?2
                 WHERE (plan, lead) = (SELECT plan, lead FROM operations WHERE id = ?1 AND kind = 'create' AND part = 0)
                     AND +number >= (SELECT number FROM operations WHERE id = ?1)",
            )
            .and_then(|mut statement| statement.execute(params![answer.id, account]))
            .map_err(fault)?;
    }
    Ok(())
}
