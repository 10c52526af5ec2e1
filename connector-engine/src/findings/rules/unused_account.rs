//! Accounts that nobody signs in with.

use super::{after, days, in_days};
use connector_core::{AccountKind, AuditedAccount, Check, Hit, LastLogin, Rule, Severity, register_rule};

register_rule! {
    Rule::new("unused_account", "Accounts that nobody signs in with", Severity::Medium, Check::Account(check))
        .because("nobody notices when somebody else uses it")
        .cured_by("ask the owner, and disable it in a plan")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    let account = audited.account;
    // Visitors never sign in.
    if !account.enabled || account.kind == AccountKind::Guest {
        return;
    }
    match audited.last_login {
        LastLogin::NotShown => {}
        LastLogin::Never => hits.push(Hit::new("it has never signed in")),
        LastLogin::At(last) => {
            let now = audited.criteria.now;
            if after(last, audited.criteria.unused_after) < now {
                hits.push(Hit::new(format!("it last signed in {} ago", in_days(days(last, now)))));
            }
        }
    }
}
