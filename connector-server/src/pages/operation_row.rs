//! One operation of a plan.

use crate::address;
use crate::text::{Badge, Prose, Tone, value_text};
use connector_core::Result;
use connector_engine::provision::{Standing, ValueChange};
use connector_engine::query::{Names, OperationReport};

/// An operation on the page.
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    pub(super) kind: String,
    pub(super) account: String,
    pub(super) account_address: Option<String>,
    pub(super) badge: Badge,
    pub(super) detail: Option<Prose>,
    pub(super) changes: Vec<ChangeRow>,
    pub(super) steps: Vec<StepRow>,
    pub(super) error: Option<(Prose, Option<Prose>)>,
}

/// A step of an operation.
pub(super) struct StepRow {
    pub(super) badge: Badge,
    pub(super) kind: String,
    pub(super) why: Option<Prose>,
    pub(super) changes: Vec<ChangeRow>,
}

/// A value that an operation changes, or an entitlement that it grants or revokes.
pub(super) struct ChangeRow {
    pub(super) class: &'static str,
    pub(super) what: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// The word and the tone of an outcome.
pub(super) fn standing_badge(standing: Standing) -> Badge {
    let (word, tone) = match standing {
        Standing::Planned => ("to apply", Tone::Busy),
        Standing::Applied => ("applied", Tone::Good),
        Standing::Unchanged => ("unchanged", Tone::Quiet),
        Standing::Failed => ("failed", Tone::Bad),
        Standing::Pending => ("pending", Tone::Warn),
        Standing::Abandoned => ("abandoned", Tone::Quiet),
    };
    Badge { word, tone }
}

/// An operation, its steps and what they change, with the names of what they are about.
pub(super) fn row(source: &str, operation: &OperationReport, names: &Names) -> Result<Row> {
    let known = names.name(&operation.account)?;
    let (class, sign) = match operation.kind.as_str() {
        "create" | "grant" | "enable" | "unlock" => ("add", "+"),
        "revoke" | "disable" | "lock" | "delete" | "end_sessions" | "revoke_tokens" | "deprovision" => ("del", "−"),
        _ => ("chg", "~"),
    };
    // The id that a plan names may be that of anybody: the name stands beside it.
    let is_id = operation.account.starts_with(&operation.name) && !operation.name.is_empty();
    let account = match &known {
        Some(name) if is_id && *name != operation.name => format!("{name} ({})", operation.account),
        _ => operation.name.clone(),
    };
    let explains = matches!(operation.outcome, Standing::Unchanged | Standing::Pending | Standing::Planned);
    let has_steps = operation.steps.iter().any(|step| step.outcome != operation.outcome);
    let steps = operation.steps.iter().filter(|_| has_steps).map(|step| {
        let why = step.error.as_ref().map(|error| error.message.clone()).or_else(|| step.detail.clone());
        Ok(StepRow {
            badge: standing_badge(step.outcome),
            kind: step.kind.clone(),
            why: why.map(Prose),
            changes: step.changes.iter().map(|change| change_row(change, names)).collect::<Result<_>>()?,
        })
    });
    let changes = operation.changes.iter().filter(|_| !has_steps).map(|change| change_row(change, names));
    Ok(Row {
        number: operation.operation + 1,
        class,
        sign,
        kind: operation.kind.clone(),
        account,
        account_address: known.map(|_| address::account(source, &operation.account)),
        badge: standing_badge(operation.outcome),
        detail: operation.detail.clone().filter(|_| explains).map(Prose),
        changes: changes.collect::<Result<_>>()?,
        steps: steps.collect::<Result<_>>()?,
        error: operation.error.as_ref().map(|error| (Prose(error.message.clone()), error.help.clone().map(Prose))),
    })
}

/// A change with the names of what it refers to.
fn change_row(change: &ValueChange, names: &Names) -> Result<ChangeRow> {
    let shown = |value: &serde_json::Value| -> Result<Option<String>> {
        if value.is_null() {
            return Ok(None);
        }
        let text = value_text(value);
        let name = value.as_str().map(|id| names.name(id)).transpose()?.flatten();
        Ok(Some(name.filter(|name| *name != text).map_or_else(|| text.clone(), |name| format!("{name} ({text})"))))
    };
    Ok(match change {
        ValueChange::Attribute { attribute, from, to } => {
            let (from, to) = (shown(from)?, shown(to)?);
            let class = match (&from, &to) {
                (None, _) => "add",
                (_, None) => "del",
                _ => "chg",
            };
            ChangeRow { class, what: attribute.clone(), from, to }
        }
        ValueChange::Entitlement { entitlement, name, from, to, until, until_before } => {
            let known = match name {
                Some(name) => Some(name.clone()),
                None => names.entitlement(entitlement)?,
            };
            let id = &entitlement.id;
            let plain = known.filter(|name| name != id).map_or_else(|| id.clone(), |name| format!("{name} ({id})"));
            let text = until.map_or_else(|| plain.clone(), |until| format!("{plain} until {until}"));
            let what = entitlement.entitlement_type.to_string();
            match (from, to) {
                (true, true) => {
                    let from = until_before.map(|end| format!("{plain} {end}"));
                    ChangeRow { class: "chg", what, from, to: Some(text) }
                }
                (_, true) => ChangeRow { class: "add", what, from: None, to: Some(text) },
                (_, false) => ChangeRow { class: "del", what, from: Some(text), to: None },
            }
        }
    })
}
