//! Values that stand for accounts that operations of the same plan create.

use super::handle::OpenPlan;
use super::row::{StepRow, steps, to_json, unreadable};
use connector_core::{Change, Operation, Result, SecretRef};
use connector_sql::types::Type;
use connector_sql::{OptionalExtension, params};
use connector_store::{fault, sql};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const STANDS_IN: &str = " (created by operation ";

/// The room between the turns of two levels: more than the turns of any plan.
const LEVEL: i64 = 1 << 46;

/// An account that an operation of the plan creates, unless it exists already.
#[derive(Clone, Debug)]
pub(crate) enum Made {
    /// The operation, and the name that it gives to the account.
    By(u64, String),
    /// The same, where the plan first deletes the account that has the name.
    Again(u64, String),
    /// The id that the account already has.
    Before(String),
}

/// The value that stands for the id of an account until the operation `number` has created it.
pub(crate) fn stand_in(name: &str, number: u64) -> String {
    format!("{name}{STANDS_IN}{number})")
}

/// The operation that creates the account that a value stands for.
fn creator(value: &Value) -> Option<u64> {
    value.as_str()?.rsplit_once(STANDS_IN)?.1.strip_suffix(')')?.parse().ok()
}

/// The values that a change sets.
pub(crate) fn values_of(change: &Change<SecretRef>) -> Option<&Map<String, Value>> {
    match change {
        Change::Create { attributes, .. } | Change::Update { set: attributes, .. } => Some(attributes),
        _ => None,
    }
}

/// The operations that must create an account before this change can be sent.
pub(crate) fn creators(change: &Change<SecretRef>) -> BTreeSet<u64> {
    values_of(change).into_iter().flat_map(Map::values).filter_map(creator).collect()
}

/// An operation that names accounts which other operations create.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) number: u64,
    pub(crate) lead: i64,
    pub(crate) creators: BTreeSet<u64>,
}

/// An operation that creates an account.
#[derive(Debug)]
pub(crate) struct Creation {
    pub(crate) lead: i64,
    pub(crate) is_planned: bool,
}

impl OpenPlan {
    /// The operation that creates the account of that name, if one does.
    pub(super) fn creator_of(&self, name: &str) -> Result<Option<Made>> {
        sql::first(
            &self.connection,
            "SELECT number, account, EXISTS (SELECT 1 FROM operations d WHERE d.plan = o.plan AND d.lead = o.lead
                 AND d.kind = 'delete' AND d.number < o.number) FROM operations o
             WHERE plan = ?1 AND account_key = ?2 AND kind = 'create' AND part = 0 ORDER BY number LIMIT 1",
            params![self.plan, name.to_lowercase()],
            |row| Ok(if row.get(2)? { Made::Again } else { Made::By }(row.get(0)?, row.get(1)?)),
        )
    }

    /// The planned operations that name accounts which other operations create, in the plan's order.
    pub(crate) fn waiting(&self) -> Result<Vec<Waiting>> {
        let condition = "o.plan = ?1 AND o.outcome = 'planned' AND instr(o.step, ?2) > 0 ORDER BY o.number, o.part";
        let mut waiting: Vec<Waiting> = Vec::new();
        for StepRow { number, lead, operation, .. } in
            steps(&self.connection, condition, params![self.plan, STANDS_IN])?
        {
            let creators = creators(&operation.change);
            match waiting.last_mut() {
                Some(last) if last.number == number => last.creators.extend(creators),
                _ if creators.is_empty() => {}
                _ => waiting.push(Waiting { number, lead, creators }),
            }
        }
        Ok(waiting)
    }

    /// The operation with this number, if it creates an account.
    pub(crate) fn creation(&self, number: u64) -> Result<Option<Creation>> {
        self.connection
            .prepare_cached(
                "SELECT lead, outcome = 'planned' FROM operations
                 WHERE plan = ?1 AND number = ?2 AND part = 0 AND kind = 'create'",
            )
            .and_then(|mut statement| {
                let of_row = |row: &connector_sql::Row<'_>| Ok(Creation { lead: row.get(0)?, is_planned: row.get(1)? });
                statement.query_row(params![self.plan, number], of_row).optional()
            })
            .map_err(fault)
    }

    /// Moves an operation and the later ones on its account behind all operations of lower levels.
    pub(crate) fn put_off(&mut self, one: &Waiting, level: i64) -> Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE operations SET turn = turn % ?4 + ?5 * ?4 WHERE plan = ?1 AND lead = ?2 AND number >= ?3",
            )
            .and_then(|mut statement| statement.execute(params![self.plan, one.lead, one.number, LEVEL, level]))
            .map_err(fault)?;
        one.creators.iter().try_for_each(|creator| self.wait_for(one.number, *creator))
    }

    /// Replaces the values of a step that stand for new accounts with their ids. If one of them was not created, returns the
    /// operation that should have created it, and whether its result is unknown.
    pub(crate) fn fill_in(&mut self, row: i64) -> Result<std::result::Result<Change<SecretRef>, (u64, bool)>> {
        let read = "SELECT step, changes, plan FROM operations WHERE id = ?1";
        let texts = |row: &connector_sql::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let (mut step, mut changes, plan): (String, Option<String>, i64) =
            self.connection.query_row(read, [row], texts).map_err(fault)?;
        let operation = parsed(&step)?;
        let values = values_of(&operation.change).into_iter().flat_map(Map::values);
        for (value, creator) in values.filter_map(|value| Some((value, creator(value)?))) {
            // The id of a create that is still to be done is that of an account that is deleted before it.
            let found: Option<(Option<String>, bool)> = self
                .connection
                .query_row(
                    "SELECT CASE WHEN outcome IN ('applied', 'unchanged') THEN account_id END, outcome = 'pending'
                     FROM operations WHERE plan = ?1 AND number = ?2 AND part = 0 AND kind = 'create'",
                    params![plan, creator],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()
                .map_err(fault)?;
            let Some((Some(id), _)) = found else {
                return Ok(Err((creator, found.is_some_and(|(_, unknown)| unknown))));
            };
            let (old, new) = (to_json(value), to_json(&id));
            step = step.replace(&old, &new);
            changes = changes.map(|text| text.replace(&old, &new));
        }
        let write = "UPDATE operations SET step = ?2, changes = ?3 WHERE id = ?1";
        self.connection.execute(write, params![row, step, changes]).map_err(fault)?;
        Ok(Ok(parsed(&step)?.change))
    }
}

fn parsed(step: &str) -> Result<Operation<SecretRef>> {
    serde_json::from_str(step)
        .map_err(|cause| unreadable(connector_sql::Error::FromSqlConversionFailure(0, Type::Text, cause.into())))
}
