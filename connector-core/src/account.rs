//! Accounts: logins on a source.

use crate::attributes::Attributes;
use crate::end::End;
use crate::entitlement::EntitlementRef;
use crate::error::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use strum::{EnumString, IntoStaticStr};

/// A login on a source.
///
/// Start from [`Account::new`] and set what the source says:
///
/// ```
/// use connector_core::{Account, AccountKind};
///
/// let mut account = Account::new("0042", "build-bot");
/// account.kind = AccountKind::Service;
/// account.owner = Some("0007".to_owned());
/// assert!(account.enabled && !account.locked);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Account {
    /// The source's own stable id, never an e-mail address or anything else that can be renamed.
    pub id: String,
    /// The name people log in with.
    pub name: String,
    /// The name for people, where the source has one.
    pub display_name: Option<String>,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether it is blocked for now although enabled: frozen, or locked after wrong passwords.
    pub locked: bool,
    /// Who or what uses it.
    #[serde(skip_serializing_if = "AccountKind::is_unspecified")]
    pub kind: AccountKind,
    /// The id of the account that answers for this one, where the source names it. Mostly for accounts that no person uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What the source's own lists call it, such as its DN, where that is not the id. [`Holder::Alias`](crate::Holder::Alias)
    /// finds it. A new alias alone is no change of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The named values in the source's own spelling.
    pub attributes: Attributes,
    /// The entitlements that the account's own record names, such as its profile. Entitlements from other tables
    /// come as [`Assignment`](crate::Assignment)s instead. Never report the same entitlement both ways. Only what has effect
    /// belongs here: nothing expired, inactive or scheduled.
    pub entitlements: Vec<EntitlementRef>,
    /// When the account stops holding entitlements of [`entitlements`](Self::entitlements), as far as the source shows it. Only
    /// [`FindAccounts::find_accounts`](crate::FindAccounts::find_accounts) fills it, see [`hold`](Self::hold); an aggregation takes
    /// the end from the [`Assignment`](crate::Assignment). Of an entitlement that is not here, the end is unknown, so each
    /// grant with an end is sent.
    #[serde(skip_serializing)]
    pub ends: BTreeMap<EntitlementRef, End>,
}

impl Account {
    /// An enabled account with this id and login name, and nothing else yet.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            display_name: None,
            enabled: true,
            locked: false,
            kind: AccountKind::Unspecified,
            owner: None,
            alias: None,
            attributes: Attributes::empty(),
            entitlements: Vec::new(),
            ends: BTreeMap::new(),
        }
    }

    /// Says that the account holds an entitlement, and when it stops. If it holds it in several ways, the latest end counts.
    ///
    /// ```
    /// use connector_core::{Account, End, EntitlementRef};
    ///
    /// let group = EntitlementRef::new("group", "g-17");
    /// let mut account = Account::new("0042", "jane");
    /// account.hold(group.clone(), End::Never);
    /// assert_eq!(account.ends.get(&group), Some(&End::Never));
    /// ```
    pub fn hold(&mut self, entitlement: EntitlementRef, end: End) {
        if !self.entitlements.contains(&entitlement) {
            self.entitlements.push(entitlement.clone());
            self.ends.insert(entitlement, end);
        } else if let Some(known) = self.ends.get_mut(&entitlement) {
            *known = end.later(*known);
        }
    }

    /// Says whether the account is enabled.
    #[must_use]
    pub fn with_enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Sets the attributes from a JSON object, such as `json!({"email": email})`. Fails with kind `protocol` if it is none.
    pub fn with_attributes(mut self, attributes: &Value) -> Result<Self> {
        self.attributes = Attributes::from_json(attributes)?;
        Ok(self)
    }
}

/// Who or what uses an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum AccountKind {
    /// The source doesn't say.
    #[default]
    Unspecified,
    /// A person.
    Person,
    /// A program: an integration, a scheduled job.
    Service,
    /// A device or a host.
    Machine,
    /// Somebody who never signs in with a name: an anonymous visitor of a site.
    Guest,
    /// A bot or an AI agent.
    Agent,
}

impl AccountKind {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the source doesn't say.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub fn is_unspecified(&self) -> bool {
        matches!(self, Self::Unspecified)
    }
}
