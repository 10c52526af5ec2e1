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
    let at = |name: &str| {
        let text = attributes.get::<String>(name)?;
        Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &text).ok()
    };
    let used = at("LastUsedDate");
    // Tokens that were never used have no last use, and are as old as the first of them.
    let Some(since) = used.or_else(|| at("FirstTokenDate")) else { return };
    let age = audited.criteria.now.duration_since(since);
    let most = SignedDuration::try_from(audited.criteria.unused_after).unwrap_or(SignedDuration::MAX);
    if age > most {
        let (tokens, days) = (attributes.get::<u64>("TokenCount").unwrap_or_default(), age.as_hours() / 24);
        hits.push(Hit::new(match used {
            Some(_) => format!("its {tokens} OAuth tokens were last used {days} days ago"),
            None => format!("its {tokens} OAuth tokens were never used; the oldest is {days} days old"),
        }));
    }
}
