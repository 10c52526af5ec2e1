//! Accounts of people who left.

use connector_core::{AuditedAccount, Belongs, Check, Hit, PersonState, Rule, Severity, register_rule};

register_rule! {
    Rule::new("leaver_account", "Enabled accounts of people who left", Severity::High, Check::Account(check))
        .because("whoever knows its password still gets in, and nobody expects it")
        .cured_by("disable it in a plan; the plan operation `deprovision` also takes its access where the connector supports it")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    if !audited.account.enabled {
        return;
    }
    let Belongs::To(person) = &audited.person else { return };
    let (name, authority) = (&person.name, &person.authority);
    match person.state {
        PersonState::Active => {}
        PersonState::Left => hits.push(Hit::new(format!("its person {name} is no longer in {authority}"))),
        PersonState::Disabled => {
            hits.push(
                Hit::new(format!("its person {name} is disabled in {authority}")).with_severity(Severity::Medium),
            );
        }
    }
}
