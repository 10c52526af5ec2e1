//! Plans.

use super::EntitlementKey;
use connector_engine::provision::{Standing, ValueChange};
use connector_engine::query;
use connector_engine::store::RunError;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Changes of a source that somebody wrote.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Plan {
    /// The id, a ULID.
    id: String,
    /// The source's name.
    source: String,
    /// Its file, as its author named it.
    file: String,
    /// `previewing`, `previewed`, `applying`, `interrupted` or `ended`.
    stage: &'static str,
    /// Identifies the preview that somebody saw last: pass it to approve or apply the plan.
    #[schema(required)]
    digest: Option<String>,
    /// Who wrote it.
    #[schema(required)]
    author: Option<String>,
    /// Who approved the preview with that digest.
    #[schema(required)]
    approver: Option<String>,
    /// When they did.
    #[schema(required)]
    approved_at: Option<Timestamp>,
    /// When somebody saw its preview last.
    #[schema(required)]
    previewed_at: Option<Timestamp>,
    /// When the first operation was sent.
    #[schema(required)]
    began_at: Option<Timestamp>,
    /// When nothing was left to do.
    #[schema(required)]
    ended_at: Option<Timestamp>,
    /// Requests that were sent for it.
    api_calls: u64,
    /// How many operations have which outcome.
    outcomes: Outcomes,
}

/// How many operations have which outcome.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Outcomes {
    /// Not sent yet.
    planned: u64,
    /// Applied.
    applied: u64,
    /// Already in the requested state.
    unchanged: u64,
    /// Refused.
    failed: u64,
    /// Sent; the result is unknown.
    pending: u64,
    /// Not sent, because somebody ended the plan.
    abandoned: u64,
}

/// One operation of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanOperation {
    /// Its position in the plan, from 0.
    pub(crate) operation: u64,
    /// `create`, `update`, `grant`, …
    kind: String,
    /// The account's id if it is known, otherwise its name in the plan.
    account: String,
    /// The account as the plan names it.
    name: String,
    /// `planned`, `applied`, `unchanged`, `failed`, `pending` or `abandoned`.
    outcome: &'static str,
    /// What it changes.
    changes: Vec<PlanChange>,
    /// The steps of an operation that takes several.
    steps: Vec<PlanStep>,
    /// The reason, for people.
    #[schema(required)]
    detail: Option<String>,
    /// Why it failed, or why its result is unknown.
    #[schema(required)]
    error: Option<OperationError>,
}

/// One step of an operation that takes several.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanStep {
    /// `lock`, `disable`, `revoke`, …
    kind: String,
    /// As that of an operation.
    outcome: &'static str,
    /// What it changes.
    changes: Vec<PlanChange>,
    /// The reason, for people.
    #[schema(required)]
    detail: Option<String>,
    /// Why it failed, or why its result is unknown.
    #[schema(required)]
    error: Option<OperationError>,
}

/// A value that an operation changes: an attribute, or an entitlement with whether it is held.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanChange {
    /// The attribute; null for an entitlement.
    #[schema(required)]
    attribute: Option<String>,
    /// The entitlement; null for an attribute.
    #[schema(required)]
    entitlement: Option<EntitlementKey>,
    /// Before.
    from: Value,
    /// After.
    to: Value,
    /// When the grant ends.
    #[schema(required)]
    until: Option<Timestamp>,
    /// When what the account holds before ends, if the grant changes that: `never` or a time.
    #[schema(required)]
    until_before: Option<String>,
}

/// Why an operation failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OperationError {
    /// The kind of error.
    kind: &'static str,
    /// What was wrong.
    message: String,
    /// What to do about it.
    #[schema(required)]
    help: Option<String>,
}

impl From<query::Plan> for Plan {
    fn from(plan: query::Plan) -> Self {
        let outcomes = plan.outcomes;
        Self {
            id: plan.plan,
            source: plan.source,
            file: plan.file,
            stage: plan.stage.name(),
            digest: plan.digest,
            author: plan.author,
            approver: plan.approver,
            approved_at: plan.approved_at,
            previewed_at: plan.previewed_at,
            began_at: plan.began_at,
            ended_at: plan.ended_at,
            api_calls: plan.api_calls,
            outcomes: Outcomes {
                planned: outcomes.planned,
                applied: outcomes.applied,
                unchanged: outcomes.unchanged,
                failed: outcomes.failed,
                pending: outcomes.pending,
                abandoned: outcomes.abandoned,
            },
        }
    }
}

impl From<query::OperationReport> for PlanOperation {
    fn from(report: query::OperationReport) -> Self {
        Self {
            operation: report.operation,
            kind: report.kind,
            account: report.account,
            name: report.name,
            outcome: report.outcome.name(),
            changes: report.changes.iter().map(PlanChange::from).collect(),
            steps: report.steps.into_iter().map(PlanStep::from).collect(),
            detail: report.detail,
            error: report.error.map(OperationError::from),
        }
    }
}

impl From<query::StepReport> for PlanStep {
    fn from(step: query::StepReport) -> Self {
        Self {
            kind: step.kind,
            outcome: Standing::name(step.outcome),
            changes: step.changes.iter().map(PlanChange::from).collect(),
            detail: step.detail,
            error: step.error.map(OperationError::from),
        }
    }
}

impl From<&ValueChange> for PlanChange {
    fn from(change: &ValueChange) -> Self {
        match change {
            ValueChange::Attribute { attribute, from, to } => Self {
                attribute: Some(attribute.clone()),
                entitlement: None,
                from: from.clone(),
                to: to.clone(),
                until: None,
                until_before: None,
            },
            ValueChange::Entitlement { entitlement, from, to, until, until_before, .. } => Self {
                attribute: None,
                entitlement: Some(EntitlementKey::from(entitlement)),
                from: Value::Bool(*from),
                to: Value::Bool(*to),
                until: *until,
                until_before: until_before.map(String::from),
            },
        }
    }
}

impl From<RunError> for OperationError {
    fn from(error: RunError) -> Self {
        Self { kind: error.kind.name(), message: error.message, help: error.help }
    }
}
