//! Assignments whose end has passed.

use super::{days, in_days};
use connector_core::{AuditedAccount, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("expired_assignment", "Assignments whose end has passed", Severity::Low, Check::Account(check))
        .because("the source still lists it, so it can be given a new end without a request")
        .cured_by("revoke it in a plan")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    let now = audited.criteria.now;
    for held in audited.holdings {
        if let Some(until) = held.valid_until.filter(|until| *until <= now) {
            let ago = in_days(days(until, now));
            hits.push(Hit::new(format!("its {} ended {ago} ago", held.title())).about(held.entitlement.clone()));
        }
    }
}
