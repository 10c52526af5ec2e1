//! Apps that nobody uses.

use connector_core::jiff::{SignedDuration, Timestamp};
use connector_core::{AuditedAccount, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("salesforce_unused_app", "Apps whose tokens nobody uses", Severity::Medium, Check::Account(check))
        .because("its tokens keep opening the org, and nobody notices when somebody else uses them")
        .cured_by("ask the owner, and revoke the tokens in Setup › Connected Apps OAuth Usage")
        .only_for("salesforce")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    let attributes = &audited.account.attributes;
    let Some(last) = attributes.get::<String>("LastUsedDate") else { return };
    let Ok(last) = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &last) else { return };
    let age = audited.criteria.now.duration_since(last);
    let most = SignedDuration::try_from(audited.criteria.unused_after).unwrap_or(SignedDuration::MAX);
    if age > most {
        let tokens = attributes.get::<u64>("TokenCount").unwrap_or_default();
        hits.push(Hit::new(format!("its {tokens} OAuth tokens were last used {} days ago", age.as_hours() / 24)));
    }
}
