//! The list of rules.

use super::tone;
use crate::arguments::ListArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{Datum, List, ListColumn};
use connector_core::{Severity, registry};
use serde::Serialize;

#[derive(Serialize)]
struct Shown {
    rule: &'static str,
    severity: Severity,
    title: &'static str,
    reason: &'static str,
    cure: &'static str,
    /// The connector whose sources it is for; null for all.
    connector: Option<&'static str>,
}

/// Lists these rules, or all.
pub(super) fn list(invocation: &Invocation, names: &[String], arguments: &ListArguments) -> Result<Exit, Stop> {
    let rules =
        registry::rules().into_iter().filter(|rule| names.is_empty() || names.iter().any(|one| one == rule.name));
    let rules = rules.map(|rule| Shown {
        rule: rule.name,
        severity: rule.severity,
        title: rule.title,
        reason: rule.reason,
        cure: rule.cure,
        connector: rule.connector,
    });
    List::new(columns(), arguments)?.print(&invocation.printer, rules.collect())?;
    Ok(Exit::Success)
}

fn columns() -> Vec<ListColumn<Shown>> {
    vec![
        ListColumn::new("rule", |one: &Shown| Datum::text(one.rule)),
        ListColumn::new("severity", |one: &Shown| {
            Datum::ranked(one.severity as u8, one.severity.name()).toned(tone(one.severity))
        })
        .looks(|look| look.rank(3)),
        ListColumn::new("title", |one: &Shown| Datum::text(one.title))
            .looks(|look| look.titled("what it finds").wrapping()),
        ListColumn::new("reason", |one: &Shown| Datum::text(one.reason))
            .looks(|look| look.titled("why").wrapping().rank(2)),
        ListColumn::new("cure", |one: &Shown| Datum::text(one.cure))
            .looks(|look| look.titled("what to do").wrapping().rank(1)),
        ListColumn::new("connector", |one: &Shown| Datum::optional(one.connector)).looks(|look| look.rank(4)),
    ]
}
