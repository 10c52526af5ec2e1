//! One finding.

use connector_core::{EntitlementRef, Power, Severity};
use jiff::civil::Date;
use serde::Serialize;

/// Something that a rule found. Serializes to a line of `connector findings --output json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The name of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The source.
    pub source: String,
    /// The account that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// The entitlement that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<Entitlement>,
    /// What was found.
    pub detail: String,
    /// What proves it: powers and the paths to them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Power>,
    /// Why somebody accepted it, and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
}

/// Why a finding is accepted, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// Why.
    pub reason: String,
    /// The last day.
    pub until: Date,
}

/// The account of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// The name people log in with.
    pub name: String,
}

/// The entitlement of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entitlement {
    /// Type and id.
    #[serde(flatten)]
    pub key: EntitlementRef,
    /// Its name, where the source shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Finding {
    /// What it is about: the account, otherwise the entitlement, otherwise the source.
    pub fn subject(&self) -> String {
        match (&self.account, &self.entitlement) {
            (Some(account), _) => account.name.clone(),
            (None, Some(entitlement)) => format!(
                "{} {}",
                entitlement.key.entitlement_type,
                entitlement.name.as_deref().unwrap_or(&entitlement.key.id)
            ),
            (None, None) => self.source.clone(),
        }
    }

    /// Whether it is about the account with this id or name.
    pub fn is_about(&self, account: &str) -> bool {
        self.account.as_ref().is_some_and(|one| one.id == account || one.name.eq_ignore_ascii_case(account))
    }

    /// The same for the same thing in every audit: the rule, and the ids of what it is about.
    pub fn fingerprint(&self) -> String {
        let account = self.account.as_ref().map_or("", |account| &account.id);
        let entitlement = self.entitlement.as_ref().map(|one| one.key.to_string()).unwrap_or_default();
        // A source can have several findings of a rule, such as two guards.
        // The number of days in it changes from day to day.
        let words = |detail: &str| detail.chars().filter(|one| !one.is_ascii_digit()).collect();
        let detail: String =
            if account.is_empty() && entitlement.is_empty() { words(&self.detail) } else { String::new() };
        [self.rule, &self.source, account, &entitlement, &detail].join("|")
    }
}
