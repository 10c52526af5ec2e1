//! Assignments that exist and have no effect.

use connector_core::{AssignmentState, AuditedAccount, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("inactive_assignment", "Assignments without effect", Severity::Low, Check::Account(check))
        .because("it can take effect again without a new request")
        .cured_by("revoke it in a plan, or activate it in the source")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    for held in audited.holdings.iter().filter(|held| held.state == AssignmentState::Inactive) {
        if !held.has_ended(audited.criteria.now) {
            hits.push(Hit::new(format!("its {} is inactive", held.title())).about(held.entitlement.clone()));
        }
    }
}
