//! Assignments that end soon.

use super::{after, days_left, in_days};
use connector_core::{AuditedAccount, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("ending_assignment", "Assignments that end soon", Severity::Info, Check::Account(check))
        .because("the account loses what it may still need")
        .cured_by("let it end, or grant it again with a later `until`")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    let now = audited.criteria.now;
    let soon = after(now, audited.criteria.ending_within);
    for held in audited.effective() {
        if let Some(until) = held.valid_until.filter(|until| *until <= soon) {
            let left = in_days(days_left(now, until));
            hits.push(Hit::new(format!("its {} ends in {left}", held.title())).about(held.entitlement.clone()));
        }
    }
}
