//! Certificates that end soon, have ended, or don't match their key.

use connector_core::{AuditedSource, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("certificate", "Certificates that are about to fail", Severity::High, Check::Source(check))
        .because("without a valid certificate, the source can't be read or changed")
        .cured_by("replace it with `connector cert rotate NAME`")
}

fn check(audited: &AuditedSource<'_>, hits: &mut Vec<Hit>) {
    if let Some((severity, what)) = audited.certificate {
        hits.push(Hit::new(what).with_severity(severity));
    }
}
