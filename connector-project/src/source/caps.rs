//! The caps of plans: how much one plan may take away.

use connector_core::{Error, ErrorKind, Percentage, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// So many accounts or assignments are never too many for a cap that the file doesn't set.
const FEW: u64 = 10;

/// How much one plan may take away. A plan that passes a cap is refused before anything is sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct ProvisioningSettings {
    /// The most accounts that one plan may disable, lock, or sign out of sessions and apps: a number, or a percentage of the
    /// enabled accounts in the store. Without it: 10%, or ten accounts where that is more.
    pub max_disable: Option<Cap>,
    /// The most assignments that one plan may revoke: a number, or a percentage of the assignments in the store. Without it:
    /// 20%, or ten assignments where that is more.
    pub max_revoke: Option<Cap>,
    /// The most accounts that one plan may delete: a number, or a percentage of the accounts in the store. Without it: 10%,
    /// or ten accounts where that is more.
    pub max_delete: Option<Cap>,
    /// The accounts that no plan may change, by id or name, such as the service account of this source.
    pub protected: Vec<String>,
    /// Whether somebody other than its author must approve a plan before it is applied: `optional` (the default) or `required`.
    pub approval: Approval,
}

/// Whether somebody other than its author must approve a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Approval {
    /// Whoever may apply plans may apply their own.
    #[default]
    Optional,
    /// Somebody else must approve each plan on the console.
    Required,
}

/// The most that a plan may change: a number, or a share of what the store knows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cap {
    /// So many.
    Count(u64),
    /// This share.
    Share(Percentage),
}

impl JsonSchema for Cap {
    fn schema_name() -> Cow<'static, str> {
        "Cap".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let share = Percentage::json_schema(generator);
        json_schema!({
            "type": ["integer", "string", "null"],
            "minimum": 0,
            "pattern": share.get("pattern"),
            "description": "A whole number, or a percentage: 50, 5%",
        })
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Share(share) => share.fmt(f),
        }
    }
}

/// What a cap counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capped {
    /// Accounts that are disabled, locked, or signed out of sessions and apps.
    Disable,
    /// Assignments that are revoked.
    Revoke,
    /// Accounts that are deleted.
    Delete,
}

impl Capped {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Disable, Self::Revoke, Self::Delete];

    /// The key in the source file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Disable => "max_disable",
            Self::Revoke => "max_revoke",
            Self::Delete => "max_delete",
        }
    }

    pub(super) fn usual(self) -> Percentage {
        Percentage::new(if self == Self::Revoke { 20.0 } else { 10.0 })
    }
}

impl ProvisioningSettings {
    /// The cap in the file.
    pub fn cap(&self, capped: Capped) -> Option<Cap> {
        match capped {
            Capped::Disable => self.max_disable,
            Capped::Revoke => self.max_revoke,
            Capped::Delete => self.max_delete,
        }
    }

    /// How many of `known` a plan may change; `None` for a share of an unknown number.
    pub fn most(&self, capped: Capped, known: u64) -> Option<u64> {
        match self.cap(capped) {
            Some(Cap::Count(count)) => Some(count),
            Some(Cap::Share(share)) if known > 0 => Some(part(share, known)),
            None if known > 0 => Some(part(capped.usual(), known).max(FEW)),
            Some(Cap::Share(_)) | None => None,
        }
    }

    /// That a cap in numbers allows more of `known` than is usual. Only the store shows this.
    pub fn loosened(&self, capped: Capped, known: u64) -> Option<String> {
        let Some(Cap::Count(count)) = self.cap(capped) else { return None };
        let (key, usual) = (capped.key(), capped.usual());
        (known > 0 && count > part(usual, known).max(FEW))
            .then(|| format!("the guard is loosened: `provisioning.{key}` is {count} of {known}; usual is {usual}"))
    }

    /// Fails with kind `guard` if a plan would change `count` of `known` and the cap allows fewer. Returns a warning if the cap
    /// is a share of an unknown number.
    pub fn check(&self, capped: Capped, count: u64, known: u64) -> Result<Option<String>> {
        let (what, of) = match capped {
            Capped::Disable => ("disables, locks or signs out", "enabled accounts"),
            Capped::Revoke => ("revokes", "assignments"),
            Capped::Delete => ("deletes", "accounts"),
        };
        let key = capped.key();
        let Some(most) = self.most(capped, known) else {
            return Ok((count > FEW).then(|| {
                format!(
                    "`provisioning.{key}` is a share of the {of} in the store, which has none: run `connector aggregate` first"
                )
            }));
        };
        if count <= most {
            return Ok(None);
        }
        let cap = match self.cap(capped) {
            Some(Cap::Share(share)) => format!("{share}, which is {most}"),
            _ => most.to_string(),
        };
        let message = format!(
            "the plan {what} {count} of {known} {of}, more than `provisioning.{key}` allows ({cap}): nothing was sent"
        );
        Err(Error::new(ErrorKind::Guard, message).with_help(format!(
            "check where the plan comes from. If it is right, set `provisioning: {{{key}: {count}}}` in the source file for this plan, or split the plan"
        )))
    }

    /// Whether no plan may change the account with this id or name.
    pub fn protects(&self, account: &str) -> bool {
        let account = account.to_lowercase();
        self.protected.iter().any(|one| one.to_lowercase() == account)
    }
}

/// A share of `known`, rounded up: a percentage above zero allows at least one.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts stay far below 2^52, and a share is between 0 and 100"
)]
fn part(share: Percentage, known: u64) -> u64 {
    (share.percent() * known as f64 / 100.0 - 1e-9).ceil().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_allows_at_least_one_and_a_missing_cap_allows_a_few() {
        let share = |percent| ProvisioningSettings {
            max_disable: Some(Cap::Share(Percentage::new(percent))),
            ..ProvisioningSettings::default()
        };
        assert_eq!(share(5.0).most(Capped::Disable, 100), Some(5));
        assert_eq!(share(5.0).most(Capped::Disable, 7), Some(1));
        assert_eq!(share(0.0).most(Capped::Disable, 7), Some(0));
        assert_eq!(share(5.0).most(Capped::Disable, 0), None);
        let usual = ProvisioningSettings::default();
        let count = ProvisioningSettings { max_disable: Some(Cap::Count(11)), ..ProvisioningSettings::default() };
        assert!(count.loosened(Capped::Disable, 50).is_some() && count.loosened(Capped::Disable, 110).is_none());
        assert_eq!((usual.most(Capped::Disable, 50), usual.most(Capped::Disable, 1_000)), (Some(10), Some(100)));
    }
}
