//! Accounts that belong to no known person.

use connector_core::{AuditedAccount, Belongs, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("orphan_account", "Accounts that belong to no known person", Severity::Medium, Check::Account(check))
        .because("nobody answers for what is done with it, and nobody takes it away when its user leaves")
        .cured_by("find its person: `connector identities confirm` links them, and `connector identities refuse` says that it belongs to nobody")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    if !audited.account.enabled {
        return;
    }
    match &audited.person {
        Belongs::Nobody => hits.push(Hit::new("no rule finds a person for it")),
        Belongs::Ambiguous { rule } => {
            hits.push(Hit::new(format!("the rule `{rule}` can't say which person it belongs to")));
        }
        _ => {}
    }
}
