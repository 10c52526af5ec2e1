//! Operations of a plan, like a good diff.

use super::style::{ACCENT, BAD, DIM, GOOD, STRONG, WARN, paint};
use super::text::{shorten, wrap};
use anstyle::Style;
use connector_engine::provision::{Standing, ValueChange};
use connector_engine::query::{OperationReport, OutcomeTally};
use connector_text::{clean, clean_line, count};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// Wide enough for `set_password`.
const KIND_WIDTH: usize = 12;
/// Values begin at the same column, unless a name is longer.
const NAME_WIDTH: usize = 20;
const INDENT: &str = "      ";
/// Longer values are cut.
const LONGEST_VALUE: usize = 400;

/// The name of an id, if it is known.
pub(crate) type NameOf<'a> = &'a dyn Fn(&str) -> Option<String>;

/// One operation: mark, kind and account, and below it what it changes or why it failed.
pub(crate) fn render_operation(operation: &OperationReport, width: usize, name_of: NameOf<'_>) -> String {
    let (mark, style) = mark(operation);
    let mut text = format!(
        "  {} {} {}",
        paint(style, mark),
        paint(style, format!("{:KIND_WIDTH$}", operation.kind)),
        paint(STRONG, clean_line(&account(operation, name_of)))
    );
    let explains = matches!(operation.outcome, Standing::Unchanged | Standing::Pending | Standing::Planned);
    if let Some(detail) = operation.detail.as_deref().filter(|_| explains) {
        _ = write!(text, "  {}", paint(DIM, clean_line(detail)));
    }
    text.push('\n');
    let has_steps = operation.steps.iter().any(|step| step.outcome != operation.outcome);
    for step in operation.steps.iter().filter(|_| has_steps) {
        let (mark, style) = mark_of(step.outcome, &step.kind);
        let why = step.error.as_ref().map(|error| error.message.as_str()).or(step.detail.as_deref());
        let why = why.map(|why| format!("  {}", paint(DIM, clean_line(why)))).unwrap_or_default();
        _ = writeln!(text, "{INDENT}{} {}{why}", paint(style, mark), paint(style, &step.kind));
        for change in &step.changes {
            text.push_str(&render_change(change, width, name_of));
        }
    }
    for change in operation.changes.iter().filter(|_| !has_steps) {
        text.push_str(&render_change(change, width, name_of));
    }
    if let Some(error) = &operation.error {
        below(&mut text, "", &error.message, width);
        if let Some(help) = &error.help {
            below(&mut text, "help: ", help, width);
        }
    }
    text
}

/// The account as the plan names it. If that is its id, its name comes first: another operation can name it that way.
fn account<'a>(operation: &'a OperationReport, name_of: NameOf<'_>) -> Cow<'a, str> {
    let (written, id) = (&operation.name, &operation.account);
    let is_id = !written.is_empty() && id.starts_with(written.as_str());
    match name_of(id).filter(|name| is_id && name != written) {
        Some(name) => format!("{name} ({id})").into(),
        None => written.into(),
    }
}

/// One changed value on its own line. Names come before their ids.
pub(crate) fn render_change(change: &ValueChange, width: usize, name_of: NameOf<'_>) -> String {
    let shown = |value: &Value, room: usize| {
        let name = value.as_str().and_then(name_of);
        match (name, value) {
            (Some(name), Value::String(id)) => shown(&Value::from(format!("{name} ({id})")), room),
            _ => shown(value, room),
        }
    };
    let line = match change {
        ValueChange::Attribute { attribute, from, to } => {
            let name = clean_line(attribute);
            let gap = NAME_WIDTH.saturating_sub(name.width()).max(1);
            // The user must see what they approve, so a narrow terminal breaks the line.
            let room = width.max(LONGEST_VALUE);
            let values = match (from, to) {
                (Value::Null, to) => paint(GOOD, shown(to, room)),
                (from, Value::Null) => format!("{} → {}", paint(BAD, shown(from, room)), paint(DIM, "(none)")),
                (from, to) => {
                    format!("{} → {}", paint(BAD, shown(from, room)), paint(GOOD, shown(to, room)))
                }
            };
            format!("{name}{}{values}", " ".repeat(gap))
        }
        ValueChange::Entitlement { entitlement, name, from, to, until, until_before } => {
            let name = name.clone().or_else(|| name_of(&entitlement.id));
            let mut what = clean_line(name.as_deref().unwrap_or(&entitlement.id)).into_owned();
            match (until, until_before) {
                (Some(until), Some(before)) => _ = write!(what, " {before} → until {until}"),
                (Some(until), None) => _ = write!(what, " until {until}"),
                (None, _) => {}
            }
            let (mark, style) = match (from, to) {
                (true, true) => ("~", WARN),
                (_, true) => ("+", GOOD),
                (_, false) => ("−", BAD),
            };
            format!("{} {}", paint(style, format!("{mark} {} {what}", clean_line(&entitlement.entitlement_type))), {
                let id = name.as_ref().map_or("", |_| entitlement.id.as_str());
                paint(DIM, clean_line(id))
            })
        }
    };
    format!("{INDENT}{}\n", line.trim_end())
}

/// `4 applied, 1 unchanged, 1 failed`; zero counts are left out.
pub(crate) fn render_tally(tally: &OutcomeTally, planned: &str) -> String {
    let parts: Vec<_> = [
        (tally.applied, "applied", GOOD),
        (tally.planned, planned, ACCENT),
        (tally.unchanged, "unchanged", DIM),
        (tally.failed, "failed", BAD),
        (tally.abandoned, "abandoned", DIM),
        (tally.pending, "pending", WARN),
    ]
    .into_iter()
    .filter(|(number, ..)| *number > 0)
    .map(|(number, what, style)| paint(style, format!("{} {what}", count(number))))
    .collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

fn mark(operation: &OperationReport) -> (&'static str, Style) {
    mark_of(operation.outcome, &operation.kind)
}

fn mark_of(outcome: Standing, kind: &str) -> (&'static str, Style) {
    match outcome {
        Standing::Failed => ("✗", BAD),
        Standing::Abandoned => ("·", DIM),
        Standing::Pending => ("?", WARN),
        Standing::Unchanged => ("=", DIM),
        Standing::Applied => ("✓", GOOD),
        Standing::Planned => match kind {
            "create" | "grant" | "enable" | "unlock" => ("+", GOOD),
            "revoke" | "disable" | "lock" | "delete" | "end_sessions" | "revoke_tokens" | "deprovision" => ("−", BAD),
            _ => ("~", WARN),
        },
    }
}

fn below(text: &mut String, label: &str, what: &str, width: usize) {
    let room = width.saturating_sub(INDENT.len() + label.len()).max(20);
    for (index, line) in wrap(&clean(&shorten(what)), room).iter().enumerate() {
        let label = if index == 0 { paint(ACCENT, label) } else { " ".repeat(label.len()) };
        _ = writeln!(text, "{INDENT}{label}{line}");
    }
}

/// A value: text without quotes, unless it is empty or has spaces around it.
fn shown(value: &Value, room: usize) -> String {
    let text = match value {
        Value::String(text) if text.is_empty() || text.trim() != text => format!("{text:?}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = clean_line(&text);
    if text.width() <= room {
        return text.into_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        if short.width() + 2 > room {
            break;
        }
        short.push(character);
    }
    short + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_core::{End, EntitlementRef, ErrorKind};
    use connector_engine::store::RunError;
    use serde_json::json;

    fn operation(kind: &str, outcome: Standing, changes: Vec<ValueChange>) -> OperationReport {
        OperationReport {
            operation: 0,
            kind: kind.to_owned(),
            account: "0052".to_owned(),
            outcome,
            changes,
            steps: Vec::new(),
            detail: None,
            error: None,
            name: "bob@acme.example".to_owned(),
            tried: false,
        }
    }

    fn operations() -> Vec<OperationReport> {
        let change = |attribute: &str, from: Value, to: Value| ValueChange::Attribute {
            attribute: attribute.to_owned(),
            from,
            to,
        };
        let set = EntitlementRef::new("permission_set", "0PS1");
        let held = |from| ValueChange::Entitlement {
            entitlement: set.clone(),
            name: Some("Sales Ops".to_owned()),
            from,
            to: !from,
            until: None,
            until_before: None,
        };
        let error = RunError {
            kind: ErrorKind::NotFound,
            message: "`salesforce` has no account `bob@acme.example`".to_owned(),
            help: Some(
                "check the spelling; `connector accounts salesforce` lists those of the last aggregation".to_owned(),
            ),
            step: None,
        };
        vec![
            operation("create", Standing::Planned, vec![change("LastName", Value::Null, json!("Roe")), held(false)]),
            operation(
                "update",
                Standing::Planned,
                vec![
                    change("ProfileId", json!("00e1"), json!("00e2")),
                    change("Title", json!("Head of everything that has to do with sales in the south"), Value::Null),
                    change("A_field_with_a_very_long_name__c", json!(5), json!(" ")),
                ],
            ),
            operation("revoke", Standing::Planned, vec![held(true)]),
            OperationReport {
                detail: Some("already disabled".to_owned()),
                ..operation("disable", Standing::Unchanged, Vec::new())
            },
            OperationReport { error: Some(error), ..operation("lock", Standing::Failed, Vec::new()) },
        ]
    }

    #[test]
    fn operations_read_like_a_diff_at_every_width() {
        let name_of = |id: &str| (id == "00e2").then(|| "Standard User".to_owned());
        for width in [100, 60, 40] {
            let text: String = operations().iter().map(|one| render_operation(one, width, &name_of)).collect();
            let plain = anstream::adapter::strip_str(&text).to_string();
            insta::assert_snapshot!(format!("operations_at_{width}"), plain);
        }
    }

    #[test]
    fn another_end_reads_like_a_change() {
        let of = |until_before| ValueChange::Entitlement {
            entitlement: EntitlementRef::new("permission_set", "0PS1"),
            name: Some("Sales Ops".to_owned()),
            from: true,
            to: true,
            until: "2027-01-31T00:00:00Z".parse().ok(),
            until_before,
        };
        let ends = "→ until 2027-01-31T00:00:00Z 0PS1";
        for (before, shown) in [
            (Some(End::Never), format!("~ permission_set Sales Ops without end {ends}")),
            (
                Some(End::At("2027-06-30T00:00:00Z".parse().unwrap())),
                format!("~ permission_set Sales Ops until 2027-06-30T00:00:00Z {ends}"),
            ),
            (None, "~ permission_set Sales Ops until 2027-01-31T00:00:00Z 0PS1".to_owned()),
        ] {
            let text = render_change(&of(before), 100, &|_| None);
            assert_eq!(anstream::adapter::strip_str(&text).to_string().trim(), shown);
        }
    }

    #[test]
    fn an_account_that_a_plan_names_by_id_has_its_name_too() {
        let name_of = |id: &str| (id == "0052").then(|| "bob@acme.example".to_owned());
        let heading = |name: &str| {
            let mut one = operation("lock", Standing::Planned, Vec::new());
            one.name = name.to_owned();
            anstream::adapter::strip_str(&render_operation(&one, 100, &name_of)).to_string()
        };
        assert!(heading("bob@acme.example").ends_with(" bob@acme.example\n"), "{}", heading("bob@acme.example"));
        // Also the short form of an id.
        for id in ["0052", "005"] {
            assert!(heading(id).ends_with(" bob@acme.example (0052)\n"), "{}", heading(id));
        }
    }

    #[test]
    fn no_name_looks_like_a_line_of_its_own() {
        let forged = "Read Only\n  = grant        bob@acme.example  already granted";
        let held = ValueChange::Entitlement {
            entitlement: EntitlementRef::new("permission_set", "0PS1\n  x"),
            name: Some(forged.to_owned()),
            from: false,
            to: true,
            until: None,
            until_before: None,
        };
        let attribute = ValueChange::Attribute { attribute: forged.to_owned(), from: Value::Null, to: json!(forged) };
        let mut one = operation("grant", Standing::Planned, vec![held, attribute]);
        one.name = forged.to_owned();
        let name_of = |_: &str| Some(forged.to_owned());
        let text = anstream::adapter::strip_str(&render_operation(&one, 200, &name_of)).to_string();
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn what_comes_from_outside_does_not_reach_the_terminal_raw() {
        let change = ValueChange::Attribute { attribute: "Title".into(), from: Value::Null, to: json!("\u{1b}[2J") };
        let text = render_operation(&operation("update", Standing::Planned, vec![change]), 80, &|_| None);
        assert!(!anstream::adapter::strip_str(&text).to_string().contains('\u{1b}'), "{text:?}");
    }
}
