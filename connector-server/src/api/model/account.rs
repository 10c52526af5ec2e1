//! Accounts, and what they hold.

use connector_core::{Attributes, EntitlementRef};
use connector_engine::query::{AccountDetail, AttributeChange, HistoryEntry, Holding, StoredAccount};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An account, and what it holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    /// Its id at the source.
    id: String,
    /// Its name, with which somebody signs in.
    name: String,
    /// A name for people.
    #[schema(required)]
    display_name: Option<String>,
    /// Whether it can be used.
    enabled: bool,
    /// Whether the source locked it.
    locked: bool,
    /// Who or what uses it: `person`, `service`, `machine`, `guest` or `agent`. Null if the source does not say.
    #[schema(required)]
    kind: Option<&'static str>,
    /// The id of the account that answers for this one.
    #[schema(required)]
    owner: Option<String>,
    /// Another name that the source's own lists use.
    #[schema(required)]
    alias: Option<String>,
    /// When the run began that found it gone.
    #[schema(required)]
    removed_at: Option<Timestamp>,
    /// The attributes, as the source has them.
    #[schema(value_type = BTreeMap<String, Value>)]
    attributes: Attributes,
    /// What it holds.
    entitlements: Vec<HeldEntitlement>,
}

/// An entitlement that is held, and how.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeldEntitlement {
    /// What is held.
    #[serde(flatten)]
    entitlement: EntitlementKey,
    /// `active`, `expired`, `inactive` or `scheduled`.
    state: &'static str,
    /// When it ends.
    #[schema(required)]
    valid_until: Option<Timestamp>,
    /// The entitlements that lead to it, from the one that the account itself holds. Empty for what it holds itself.
    path: Vec<EntitlementKey>,
}

/// What identifies an entitlement.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EntitlementKey {
    /// The type.
    #[serde(rename = "type")]
    entitlement_type: String,
    /// The id at the source.
    id: String,
}

/// An account with its history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountWithHistory {
    #[serde(flatten)]
    account: Account,
    /// Its history, oldest event first.
    history: Vec<AccountEvent>,
}

/// An event in the history of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountEvent {
    /// The run that noticed it.
    run: String,
    /// When that run started.
    at: Timestamp,
    /// `added`, `restored`, `changed`, `removed`, `assigned` or `unassigned`.
    event: &'static str,
    /// Which values changed.
    changes: Vec<ValueChange>,
    /// Which entitlement was assigned or revoked.
    #[schema(required)]
    entitlement: Option<EntitlementKey>,
}

/// A value that changed; null means absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueChange {
    /// The attribute.
    attribute: String,
    /// The value before.
    from: Value,
    /// The value after.
    to: Value,
}

impl From<&EntitlementRef> for EntitlementKey {
    fn from(key: &EntitlementRef) -> Self {
        Self { entitlement_type: key.entitlement_type.to_string(), id: key.id.clone() }
    }
}

impl From<&AttributeChange> for ValueChange {
    fn from(change: &AttributeChange) -> Self {
        Self { attribute: change.attribute.clone(), from: change.from.clone(), to: change.to.clone() }
    }
}

impl From<&Holding> for HeldEntitlement {
    fn from(holding: &Holding) -> Self {
        Self {
            entitlement: (&holding.entitlement).into(),
            state: holding.state.name(),
            valid_until: holding.valid_until,
            path: holding.path.iter().chain(&holding.through).map(EntitlementKey::from).collect(),
        }
    }
}

impl From<&StoredAccount> for Account {
    fn from(account: &StoredAccount) -> Self {
        let kind = Some(account.kind).filter(|kind| !kind.is_unspecified());
        Self {
            id: account.id.clone(),
            name: account.name.clone(),
            display_name: account.display_name.clone(),
            enabled: account.enabled,
            locked: account.locked,
            kind: kind.map(connector_core::AccountKind::name),
            owner: account.owner.clone(),
            alias: account.alias.clone(),
            removed_at: account.removed_at,
            attributes: account.attributes.clone(),
            entitlements: account.holdings.iter().map(HeldEntitlement::from).collect(),
        }
    }
}

impl From<&AccountDetail> for AccountWithHistory {
    fn from(detail: &AccountDetail) -> Self {
        let event = |entry: &HistoryEntry| AccountEvent {
            run: entry.run.clone(),
            at: entry.at,
            event: entry.event.name(),
            changes: entry.changes.iter().map(ValueChange::from).collect(),
            entitlement: entry.entitlement.as_ref().map(EntitlementKey::from),
        };
        Self { account: (&detail.account).into(), history: detail.history.iter().map(event).collect() }
    }
}
