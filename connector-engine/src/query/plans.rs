//! The plans of sources.

use super::operations::OutcomeTally;
use crate::provision::time;
use connector_core::{Error, Result};
use connector_sql::{Connection, Row, params};
use connector_store::{RunLock, Store, Work, sql};
use jiff::Timestamp;
use serde::Serialize;
use strum::IntoStaticStr;

/// How far a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PlanStage {
    /// Its preview is being made for the first time.
    Previewing,
    /// Somebody can approve or apply it.
    Previewed,
    /// It is being applied.
    Applying,
    /// It was started, and nothing goes on.
    Interrupted,
    /// Nothing is left to do.
    Ended,
}

impl PlanStage {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A plan of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Its id, a ULID.
    pub plan: String,
    /// The source.
    pub source: String,
    /// Its file, as the user named it.
    pub file: String,
    /// How far it is.
    pub stage: PlanStage,
    /// Identifies the preview that somebody saw last.
    pub digest: Option<String>,
    /// Who wrote it, if that is known.
    pub author: Option<String>,
    /// Who approved the preview with that digest.
    pub approver: Option<String>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// When somebody saw its preview last.
    pub previewed_at: Option<Timestamp>,
    /// When the first operation was sent.
    pub began_at: Option<Timestamp>,
    /// When nothing was left to do.
    pub ended_at: Option<Timestamp>,
    /// Requests that were sent for it.
    pub api_calls: u64,
    /// How many operations have which outcome.
    pub outcomes: OutcomeTally,
    #[serde(skip)]
    number: i64,
}

/// The plans of a source, or of all sources, newest first; those before the plan `before`, if it is given.
///
/// Fails with kind `not_found` if there is no plan `before`.
pub fn plans(store: &Store, source: Option<&str>, before: Option<&str>, limit: u64) -> Result<Vec<Plan>> {
    let connection = store.reader()?;
    let before = match before {
        Some(id) => number(&connection, id)?,
        None => i64::MAX,
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let condition = "(CAST(?1 AS TEXT) IS NULL OR s.name = ?1) AND p.number < ?2 ORDER BY p.number DESC LIMIT ?3";
    let found: Vec<Plan> = sql::all(&connection, &select(condition), params![source, before, limit], row)?;
    found.into_iter().map(|plan| completed(store, &connection, plan)).collect()
}

/// The plan of a source with this id. Fails with kind `not_found`.
pub fn plan(store: &Store, source: &str, id: &str) -> Result<Plan> {
    let connection = store.reader()?;
    let found = sql::first(&connection, &select("s.name = ?1 AND p.id = ?2"), params![source, id], row)?;
    let found = found.ok_or_else(|| Error::not_found(format!("`{source}` has no plan `{id}`")))?;
    completed(store, &connection, found)
}

fn number(connection: &Connection, id: &str) -> Result<i64> {
    let found = sql::first(connection, "SELECT number FROM plans WHERE id = ?1", [id], |row| row.get(0))?;
    found.ok_or_else(|| Error::not_found(format!("there is no plan `{id}`")))
}

fn select(condition: &str) -> String {
    format!(
        "SELECT p.number, p.id, s.name, p.file, p.status, p.digest, p.author,
                CASE WHEN p.approved_digest = p.digest OR p.status IN ('applying', 'ended') THEN p.approver END, p.approved_at, p.previewed_at,
                p.began_at, p.ended_at, p.api_calls
         FROM plans p JOIN sources s ON s.id = p.source WHERE {condition}"
    )
}

fn row(row: &Row<'_>) -> connector_sql::Result<Plan> {
    let stage = match row.get_ref(4)?.as_str()? {
        "previewing" => PlanStage::Previewing,
        "previewed" => PlanStage::Previewed,
        "applying" => PlanStage::Interrupted,
        _ => PlanStage::Ended,
    };
    let approver: Option<String> = row.get(7)?;
    Ok(Plan {
        number: row.get(0)?,
        plan: row.get(1)?,
        source: row.get(2)?,
        file: row.get(3)?,
        stage,
        digest: row.get(5)?,
        author: row.get(6)?,
        approved_at: time(row, 8)?.filter(|_| approver.is_some()),
        approver,
        previewed_at: time(row, 9)?,
        began_at: time(row, 10)?,
        ended_at: time(row, 11)?,
        api_calls: row.get(12)?,
        outcomes: OutcomeTally::default(),
    })
}

/// Counts the operations, and looks whether a process works on the plan.
fn completed(store: &Store, connection: &Connection, mut plan: Plan) -> Result<Plan> {
    if plan.stage == PlanStage::Interrupted && RunLock::is_held(store, Work::Provisioning, &plan.source) {
        plan.stage = PlanStage::Applying;
    }
    plan.outcomes = OutcomeTally::of_plan(connection, plan.number)?;
    Ok(plan)
}
