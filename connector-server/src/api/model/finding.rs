//! What the rules find.

use super::EntitlementKey;
use connector_engine::findings;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that a rule found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Finding {
    /// The name of the rule.
    rule: &'static str,
    /// `critical`, `high`, `medium`, `low` or `info`.
    severity: &'static str,
    /// The source's name.
    source: String,
    /// The account that it is about.
    #[schema(required)]
    account: Option<FindingAccount>,
    /// The entitlement that it is about.
    #[schema(required)]
    entitlement: Option<EntitlementKey>,
    /// What was found, for people.
    detail: String,
    /// What proves it: powers, each with the way to it.
    evidence: Vec<Evidence>,
    /// Why somebody accepted it, and until when. Null if nobody did.
    #[schema(required)]
    accepted: Option<Acceptance>,
    /// The same for the same thing in every search.
    fingerprint: String,
}

/// The account of a finding.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingAccount {
    /// The id.
    id: String,
    /// The name people log in with.
    name: String,
}

/// Something that an entitlement allows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Evidence {
    /// What it allows.
    power: String,
    /// The entitlements that lead to it, in words.
    way: String,
}

/// Why a finding is accepted, and until when.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Acceptance {
    /// Why.
    reason: String,
    /// The last day, as `YYYY-MM-DD`.
    until: String,
}

/// A page of findings, the worst first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingPage {
    /// When the run began that the findings are about.
    #[schema(required)]
    pub(crate) as_of: Option<Timestamp>,
    /// The findings.
    pub(crate) items: Vec<Finding>,
    /// What rules could not look at: their silence means nothing.
    pub(crate) not_checked: Vec<NotChecked>,
    /// Where the next page begins: pass it as `after`. Null on the last page.
    #[schema(required)]
    pub(crate) next: Option<String>,
}

/// A rule that could not look at what it is about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotChecked {
    /// The name of the rule.
    rule: &'static str,
    /// Why, and what to do.
    reason: String,
}

impl From<findings::Finding> for Finding {
    fn from(found: findings::Finding) -> Self {
        let evidence = found.evidence.iter();
        Self {
            fingerprint: found.fingerprint(),
            rule: found.rule,
            severity: found.severity.name(),
            account: found.account.map(|one| FindingAccount { id: one.id, name: one.name }),
            entitlement: found.entitlement.map(|one| EntitlementKey::from(&one.key)),
            detail: found.detail,
            evidence: evidence.map(|one| Evidence { power: one.title.clone(), way: one.way.clone() }).collect(),
            accepted: found.accepted.map(|one| Acceptance { reason: one.reason, until: one.until.to_string() }),
            source: found.source,
        }
    }
}

impl From<&findings::NotChecked> for NotChecked {
    fn from(one: &findings::NotChecked) -> Self {
        Self { rule: one.rule, reason: one.reason.clone() }
    }
}
