//! Shows everything to every rule, once.

use super::accepted::Acceptances;
use super::facts::Facts;
use super::finding::{Account, Entitlement, Finding};
use super::wanted::Wanted;
use crate::query::{self, Described, Subject, Unseen};
use connector_core::registry::rules;
use connector_core::{
    AuditedAccount, AuditedSource, Check, Criteria, Entitlement as Shown, Hit, Result, Rule, Severity,
};
use connector_files::shell_word;
use connector_project::source::FindingsSettings;
use connector_store::Store;
use jiff::Timestamp;
use serde::Serialize;

/// What a search found.
#[derive(Clone, Debug, Serialize)]
pub struct FindingsSummary {
    /// The source.
    pub source: String,
    /// The newest run that succeeded: the findings are about what it saw.
    pub run: Option<String>,
    /// When that run began.
    pub as_of: Option<Timestamp>,
    /// How often each rule found something, the worst rules first.
    pub rules: Vec<RuleTally>,
    /// The worst severity of a finding that nobody accepted.
    pub worst: Option<Severity>,
    /// What a rule could not look at, so that its silence means nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_checked: Vec<NotChecked>,
}

/// A rule that could not look at what it is about.
#[derive(Clone, Debug, Serialize)]
pub struct NotChecked {
    /// The name of the rule.
    pub rule: &'static str,
    /// Why, and what to do.
    pub reason: String,
}

/// How often a rule found something.
#[derive(Clone, Debug, Serialize)]
pub struct RuleTally {
    /// The name of the rule.
    pub rule: &'static str,
    /// What its findings are.
    #[serde(skip)]
    pub title: &'static str,
    /// How many findings there are, with those that are accepted.
    pub found: u64,
    /// How many of them are accepted.
    pub accepted: u64,
    /// The worst of them.
    pub severity: Severity,
}

/// What `findings.yaml` measures with, at a moment.
pub fn criteria(settings: &FindingsSettings, now: Timestamp) -> Criteria {
    let mut criteria = Criteria::at(now);
    criteria.unused_after = settings.unused_after.duration();
    criteria.ending_within = settings.ending_within.duration();
    criteria
}

/// Shows the source, its entitlements and its accounts to the rules, and streams the findings that are wanted. The summary counts these findings and no
/// others. The tables are read once, in the order of account ids; memory does not depend on the number of accounts.
///
/// Fails with kind `not_found` if the source was never aggregated.
pub fn find(
    store: &Store,
    facts: &Facts,
    criteria: Criteria,
    wanted: Wanted<'_>,
    acceptances: &mut Acceptances<'_>,
    each: &mut dyn FnMut(&Finding) -> Result<()>,
) -> Result<FindingsSummary> {
    let rules: Vec<_> = rules()
        .into_iter()
        .filter(|rule| rule.connector.is_none_or(|connector| connector == facts.connector))
        .filter(|rule| wanted.has_rule(rule))
        .collect();
    let last = query::last_success(store, &facts.source)?;
    let tallies = vec![(0, 0, None); rules.len()];
    let mut found = Found { facts, rules: &rules, wanted, tallies, acceptances, worst: None, each };

    let mut source = AuditedSource::new(&facts.source, &facts.settings, criteria);
    source.loosened_guards = &facts.loosened_guards;
    source.certificate = facts.certificate.as_ref().map(|(severity, text)| (*severity, text.as_str()));
    source.last_read = last.as_ref().map(|run| run.started_at);
    found.of_source(&source)?;
    let described = Described { accounts: &facts.accounts, types: &facts.types };
    let unseen = query::audit(store, &facts.source, described, criteria, |subject| match subject {
        Subject::Entitlement(entitlement) => found.of_entitlement(entitlement),
        Subject::Account(account) => found.of_account(account),
    })?;
    let not_checked = not_checked(&rules, &unseen, &facts.source);
    Ok(FindingsSummary {
        source: facts.source.clone(),
        as_of: last.as_ref().map(|run| run.started_at),
        run: last.map(|run| run.report.run),
        worst: found.worst,
        rules: found.tallied(),
        not_checked,
    })
}

/// The rules that see nothing, so that nobody takes their silence for an answer.
fn not_checked(rules: &[&'static Rule], unseen: &Unseen, source: &str) -> Vec<NotChecked> {
    let source = shell_word(source);
    let powers = format!(
        "no entitlement in the store says whether it gives power: run `connector aggregate {source}`, and check that the login can read permissions"
    );
    let logins = "the source shows the last sign-in of no account: no account counts as unused".to_owned();
    let authority = unseen.people.as_deref().unwrap_or_default();
    let people = format!(
        "`{authority}` did not show all of its people, so nobody knows which accounts have none: look at its last run"
    );
    let blind = [
        ("dangerous_access", unseen.powers, powers),
        ("unused_account", unseen.logins, logins),
        ("orphan_account", unseen.people.is_some(), people),
    ];
    let is_used = |name: &str| rules.iter().any(|rule| rule.name == name);
    let blind = blind.into_iter().filter(|(rule, is_blind, _)| *is_blind && is_used(rule));
    blind.map(|(rule, _, reason)| NotChecked { rule, reason }).collect()
}

struct Found<'a, 'x> {
    facts: &'a Facts,
    rules: &'a [&'static Rule],
    wanted: Wanted<'a>,
    /// For each rule: how many were found, how many of them are accepted, and the worst.
    tallies: Vec<(u64, u64, Option<Severity>)>,
    acceptances: &'a mut Acceptances<'x>,
    worst: Option<Severity>,
    each: &'a mut dyn FnMut(&Finding) -> Result<()>,
}

impl Found<'_, '_> {
    fn of_source(&mut self, source: &AuditedSource<'_>) -> Result<()> {
        let mut hits = Vec::new();
        for place in 0..self.rules.len() {
            let Check::Source(check) = self.rules[place].check else { continue };
            check(source, &mut hits);
            for hit in hits.drain(..) {
                self.tell(place, hit, None, None)?;
            }
        }
        Ok(())
    }

    fn of_entitlement(&mut self, entitlement: &Shown) -> Result<()> {
        let mut hits = Vec::new();
        for place in 0..self.rules.len() {
            let Check::Entitlement(check) = self.rules[place].check else { continue };
            check(entitlement, &mut hits);
            for hit in hits.drain(..) {
                let about = Entitlement { key: entitlement.key.clone(), name: Some(entitlement.name.clone()) };
                self.tell(place, hit, None, Some(about))?;
            }
        }
        Ok(())
    }

    fn of_account(&mut self, audited: &AuditedAccount<'_>) -> Result<()> {
        let mut hits = Vec::new();
        for place in 0..self.rules.len() {
            let Check::Account(check) = self.rules[place].check else { continue };
            check(audited, &mut hits);
            for hit in hits.drain(..) {
                let account = Account { id: audited.account.id.clone(), name: audited.account.name.clone() };
                let about = hit.entitlement.clone().map(|key| {
                    let name = audited.holdings.iter().find(|held| *held.entitlement == key).and_then(|held| held.name);
                    Entitlement { name: name.map(str::to_owned), key }
                });
                self.tell(place, hit, Some(account), about)?;
            }
        }
        Ok(())
    }

    fn tell(&mut self, place: usize, hit: Hit, account: Option<Account>, about: Option<Entitlement>) -> Result<()> {
        let rule = self.rules[place];
        let severity = hit.severity.unwrap_or(rule.severity);
        let mut finding = Finding {
            rule: rule.name,
            severity,
            source: self.facts.source.clone(),
            account,
            entitlement: about,
            detail: hit.detail,
            evidence: hit.evidence,
            accepted: None,
        };
        if !self.wanted.is_about(&finding) {
            return Ok(());
        }
        self.acceptances.mark(&mut finding);
        let (found, accepted, worst) = &mut self.tallies[place];
        *found += 1;
        *accepted += u64::from(finding.accepted.is_some());
        *worst = (*worst).max(Some(severity));
        if finding.accepted.is_none() {
            self.worst = self.worst.max(Some(severity));
        }
        (self.each)(&finding)
    }

    fn tallied(&self) -> Vec<RuleTally> {
        let tallies = self.rules.iter().zip(&self.tallies);
        let mut tallies: Vec<_> = tallies
            .filter_map(|(rule, (found, accepted, worst))| {
                worst.map(|severity| {
                    let (rule, title) = (rule.name, rule.title);
                    RuleTally { rule, title, found: *found, accepted: *accepted, severity }
                })
            })
            .collect();
        tallies.sort_by(|one, other| other.severity.cmp(&one.severity).then_with(|| one.rule.cmp(other.rule)));
        tallies
    }
}
