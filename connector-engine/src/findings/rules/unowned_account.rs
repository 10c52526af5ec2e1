//! Accounts of programs that nobody answers for.

use connector_core::{AccountKind, AuditedAccount, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("unowned_account", "Accounts of programs without an owner", Severity::Medium, Check::Account(check))
        .because("nobody answers for what the program does, and nobody renews its credentials")
        .cured_by("name an owner in the source; where it has no place for one, accept the finding with the owner as the reason")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    let account = audited.account;
    let what = match account.kind {
        AccountKind::Service => "a service",
        AccountKind::Machine => "a machine",
        AccountKind::Agent => "an agent",
        _ => return,
    };
    if account.enabled && account.owner.as_ref().is_none_or(String::is_empty) {
        hits.push(Hit::new(format!("it belongs to {what} and has no owner")));
    }
}
