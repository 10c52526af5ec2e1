//! The typed contents of `identities:` in `connector.yaml`.

use crate::derive::Derivation;
use connector_core::{AccountKind, Percentage};
use schemars::JsonSchema;
use serde::Deserialize;

/// How accounts of several sources find the people they belong to.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct IdentitySettings {
    /// The source whose accounts are the people, such as the one of the HR department.
    #[schemars(length(min = 1))]
    pub authority: String,
    /// The sources whose accounts look for their people. Default: all other sources of the project.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub sources: Option<Vec<String>>,
    /// The rules, in this order. The first rule that finds somebody for an account decides: one person is linked, several are
    /// listed as ambiguous.
    #[schemars(length(min = 1))]
    pub rules: Vec<CorrelationRule>,
    /// The accounts that belong to no person.
    #[serde(default)]
    pub leave_out: LeaveOut,
    /// Refuses to end or move more than this percentage of the links at once.
    #[serde(default = "usual_threshold")]
    #[schemars(extend("default" = "10%"))]
    pub change_threshold: Percentage,
}

/// A rule: an account belongs to the person with the same value.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct CorrelationRule {
    /// A name for people, such as `employee_number`. The history of each link shows it.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The value of the account, for example `{from: EmployeeNumber}` or `{from: Email, then: [trim, lower]}`. Each text in a list
    /// counts. Without a value, the rule finds nobody.
    pub account: Derivation,
    /// The value of the person: of an account of the authority.
    pub person: Derivation,
    /// Only accounts of these sources use the rule. Default: all.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub sources: Option<Vec<String>>,
    /// Whether somebody has to confirm what the rule finds: it links nothing by itself. For weak rules, such as equal names.
    #[serde(default)]
    pub confirm: bool,
}

/// The accounts that belong to no person.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub struct LeaveOut {
    /// Accounts of these kinds.
    #[schemars(extend("default" = ["service", "machine", "agent"]))]
    pub kinds: Vec<LeftOutKind>,
    /// Accounts that match this condition, for example `name like "svc-%"`. The language is that of `connector accounts --where`.
    #[serde(rename = "where")]
    pub condition: Option<String>,
}

/// A kind of accounts that belong to no person.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum LeftOutKind {
    /// A program.
    Service,
    /// A device or a host.
    Machine,
    /// A visitor without a name.
    Guest,
    /// A bot or an AI agent.
    Agent,
}

impl LeftOutKind {
    /// The kind of account.
    pub(super) fn kind(self) -> AccountKind {
        match self {
            Self::Service => AccountKind::Service,
            Self::Machine => AccountKind::Machine,
            Self::Guest => AccountKind::Guest,
            Self::Agent => AccountKind::Agent,
        }
    }
}

impl Default for LeaveOut {
    fn default() -> Self {
        Self { kinds: vec![LeftOutKind::Service, LeftOutKind::Machine, LeftOutKind::Agent], condition: None }
    }
}

fn usual_threshold() -> Percentage {
    Percentage::new(10.0)
}

impl IdentitySettings {
    /// Whether accounts of this source look for their people.
    pub fn correlates(&self, source: &str) -> bool {
        source != self.authority && self.sources.as_ref().is_none_or(|named| named.iter().any(|one| one == source))
    }

    /// Every source that the block names, with the place of the name in the block.
    pub(crate) fn named_sources(&self) -> Vec<(String, &str)> {
        let mut all = vec![("/authority".to_owned(), self.authority.as_str())];
        for (number, name) in self.sources.iter().flatten().enumerate() {
            all.push((format!("/sources/{number}"), name));
        }
        for (place, rule) in self.rules.iter().enumerate() {
            for (number, name) in rule.sources.iter().flatten().enumerate() {
                all.push((format!("/rules/{place}/sources/{number}"), name));
            }
        }
        all
    }
}
