//! What an account holds itself although something else that it holds gives the same.

use connector_core::{AuditedAccount, AuditedHolding, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("direct_beside_group", "Direct grants beside a group that gives the same", Severity::Low, Check::Account(check))
        .because("it stays when the account leaves the group")
        .cured_by("revoke the direct grant in a plan")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    let direct: Vec<&AuditedHolding<'_>> =
        audited.effective().filter(|held| !held.in_record && held.through.is_none()).collect();
    if direct.len() < 2 {
        return;
    }
    for held in &direct {
        let giver = direct.iter().find(|other| other.gives.binary_search(held.entitlement).is_ok());
        if let Some(giver) = giver {
            let detail = format!("it holds {} directly, and {} gives the same", held.title(), giver.title());
            hits.push(Hit::new(detail).about(held.entitlement.clone()));
        }
    }
}
