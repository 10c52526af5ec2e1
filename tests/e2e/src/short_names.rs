//! A rule of a third party. Only the tests have it.

use connector_core::{AuditedAccount, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("acme_short_name", "Names that are too short", Severity::Low, Check::Account(check))
        .because("two people may have it")
        .cured_by("choose a longer one")
        .only_for("acme")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    let letters = audited.account.name.chars().count();
    if letters < 4 {
        hits.push(Hit::new(format!("its name has {letters} letters")));
    }
}
