//! Disabled accounts that still hold something.

use connector_core::{AuditedAccount, AuditedHolding, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("disabled_account_access", "Disabled accounts that keep their access", Severity::Medium, Check::Account(check))
        .because("enabling the account gives everything back, and licenses stay occupied")
        .cured_by("revoke what it holds; the plan operation `deprovision` does so where the connector supports it")
}

/// How many of them the detail names.
const MOST_NAMED: usize = 3;

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    if audited.account.enabled {
        return;
    }
    // Its own record may have to name something, such as a profile.
    let held: Vec<_> = audited.effective().filter(|held| !held.in_record).map(AuditedHolding::title).collect();
    if held.is_empty() {
        return;
    }
    let mut named = held.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if held.len() > MOST_NAMED {
        named = format!("{named} and {} more", held.len() - MOST_NAMED);
    }
    hits.push(Hit::new(format!("it is disabled and still holds {named}")));
}
