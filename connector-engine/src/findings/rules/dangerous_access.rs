//! Accounts with power, and by which path.

use connector_core::{AuditedAccount, Check, Hit, Power, Rule, Severity, register_rule};
use std::cmp::Reverse;

register_rule! {
    Rule::new("dangerous_access", "Accounts with dangerous access", Severity::High, Check::Account(check))
        .because("whoever uses the account can read, change or give away more than their work needs")
        .cured_by("revoke what gives it, along the path; accept it for the few accounts that need it")
}

fn check(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
    if !audited.account.enabled {
        return;
    }
    // Every path to the same power is shown: all of them have to be cut.
    let mut powers: Vec<&Power> = audited.effective().flat_map(|held| held.powers).collect();
    powers.sort_by_key(|power| (Reverse(power.severity), power.path.len(), &power.way, &power.title));
    let Some(worst) = powers.first().map(|power| power.severity) else { return };
    let mut ways: Vec<(&str, Vec<&str>)> = Vec::new();
    for power in &powers {
        match ways.iter_mut().find(|(way, _)| *way == power.way) {
            Some((_, titles)) => titles.push(&power.title),
            None => ways.push((&power.way, vec![&power.title])),
        }
    }
    let said = ways.iter().map(|(way, titles)| format!("{} by {way}", some(titles, ", ")));
    let detail = some(&said.collect::<Vec<_>>(), "; ");
    let hit = Hit::new(format!("it can {detail}")).with_severity(worst);
    hits.push(hit.proved_by(powers.into_iter().cloned().collect()));
}

/// How many of a list are named; the evidence has all.
const MOST_NAMED: usize = 4;

fn some(list: &[impl AsRef<str>], between: &str) -> String {
    let named: Vec<_> = list.iter().take(MOST_NAMED).map(AsRef::as_ref).collect();
    let named = named.join(between);
    if list.len() > MOST_NAMED { format!("{named}{between}{} more", list.len() - MOST_NAMED) } else { named }
}
