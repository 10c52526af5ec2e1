//! Guards that are off or loosened.

use connector_core::{AuditedSource, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("guard_off", "Guards that are off or loosened", Severity::Medium, Check::Source(check))
        .because("one run or one plan can remove more than anybody wants")
        .cured_by("remove the setting from the source's file, so that the usual limit counts again")
}

fn check(audited: &AuditedSource<'_>, hits: &mut Vec<Hit>) {
    hits.extend(audited.loosened_guards.iter().map(Hit::new));
}
