//! Wanted changes.

use crate::entitlement::EntitlementRef;
use crate::operation_kind::OperationKind;
use crate::secret::SecretRef;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One wanted change of one account.
///
/// `P` is what stands for a password. Plans, previews and journals hold an `Operation<SecretRef>`, which says where the
/// password is kept. The password itself exists only in the `Operation` that
/// [`Connector::provision`](crate::Connector::provision) gets, and that one can't be written down.
///
/// ```
/// use connector_core::{Change, EntitlementRef, Operation, OperationKind, SecretRef};
///
/// let group = EntitlementRef::new("group", "g-17");
/// let until = "2027-01-31T00:00:00Z".parse().ok();
/// let grant: Operation<SecretRef> = Operation::new("0042", Change::grant(group, until));
/// assert_eq!(grant.kind(), OperationKind::Grant);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Operation<P = SecretString> {
    /// The account's id. Empty for an account that doesn't exist yet: the change creates it, or an earlier operation does.
    pub account: String,
    /// What changes.
    pub change: Change<P>,
}

impl<P> Operation<P> {
    /// A change of the account with this id.
    pub fn new(account: impl Into<String>, change: Change<P>) -> Self {
        Self { account: account.into(), change }
    }

    /// Its kind.
    pub fn kind(&self) -> OperationKind {
        self.change.kind()
    }

    /// The name of the account to create, or else the account.
    pub fn target(&self) -> &str {
        match &self.change {
            Change::Create { name, .. } => name,
            _ => &self.account,
        }
    }
}

/// What an operation changes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change<P = SecretString> {
    /// Creates an account.
    #[non_exhaustive]
    Create {
        /// The name people log in with.
        name: String,
        /// The values to set, in the source's own spelling.
        attributes: Map<String, Value>,
        /// What the account holds from the start. Empty in what [`Connector::provision`](crate::Connector::provision) gets:
        /// by then each one is a grant of its own, or part of the attributes.
        entitlements: Vec<EntitlementRef>,
        /// The first password, where one is given.
        password: Option<P>,
    },
    /// Sets attributes of an account.
    #[non_exhaustive]
    Update {
        /// The values to set; a null clears one.
        set: Map<String, Value>,
        /// The values to add to multi-valued attributes. The other values stay.
        add: BTreeMap<String, Vec<Value>>,
        /// The values to remove from multi-valued attributes. The other values stay.
        remove: BTreeMap<String, Vec<Value>>,
    },
    /// Lets an account hold an entitlement.
    #[non_exhaustive]
    Grant {
        /// The entitlement.
        entitlement: EntitlementRef,
        /// When the account stops holding it; `None` for no end.
        until: Option<Timestamp>,
    },
    /// Takes an entitlement from an account.
    #[non_exhaustive]
    Revoke {
        /// The entitlement.
        entitlement: EntitlementRef,
    },
    /// Blocks an account for good.
    Disable,
    /// Allows an account to be used again.
    Enable,
    /// Blocks an account for now.
    Lock,
    /// Lifts a lock.
    Unlock,
    /// Gives an account a new password.
    #[non_exhaustive]
    SetPassword {
        /// The password; `None` asks the source to reset it and notify the user.
        password: Option<P>,
    },
    /// Deletes an account.
    Delete,
    /// Ends the sessions that are open now.
    EndSessions,
    /// Revokes the tokens with which programs act as the account.
    RevokeTokens,
    /// Takes everything from an account whose person or program leaves. A connector prepares it as several steps.
    #[non_exhaustive]
    Deprovision {
        /// The id or name of the account that takes over what can be handed over; `None` for nobody.
        transfer_to: Option<String>,
    },
    /// Lets another account take over what others refer to this one for, such as the people whom it manages. A connector prepares it
    /// as a step for each thing.
    #[non_exhaustive]
    Transfer {
        /// The id or name of the account that takes over. In a step, its id.
        to: String,
        /// What is handed over, in the connector's own words; `None` for everything. In a step, always one thing.
        what: Option<String>,
    },
}

impl<P> Change<P> {
    /// Creates an account.
    pub fn create(
        name: impl Into<String>,
        attributes: Map<String, Value>,
        entitlements: Vec<EntitlementRef>,
        password: Option<P>,
    ) -> Self {
        Self::Create { name: name.into(), attributes, entitlements, password }
    }

    /// Sets attributes.
    pub fn set(set: Map<String, Value>) -> Self {
        Self::update(set, BTreeMap::new(), BTreeMap::new())
    }

    /// Sets attributes, and adds and removes values of multi-valued ones.
    pub fn update(
        set: Map<String, Value>,
        add: BTreeMap<String, Vec<Value>>,
        remove: BTreeMap<String, Vec<Value>>,
    ) -> Self {
        Self::Update { set, add, remove }
    }

    /// Grants an entitlement, with an end or without.
    pub fn grant(entitlement: EntitlementRef, until: Option<Timestamp>) -> Self {
        Self::Grant { entitlement, until }
    }

    /// Revokes an entitlement.
    pub fn revoke(entitlement: EntitlementRef) -> Self {
        Self::Revoke { entitlement }
    }

    /// Sets a password, or asks the source to reset it.
    pub fn set_password(password: Option<P>) -> Self {
        Self::SetPassword { password }
    }

    /// Takes everything, and hands over to another account what can be handed over.
    pub fn deprovision(transfer_to: Option<String>) -> Self {
        Self::Deprovision { transfer_to }
    }

    /// Hands over one thing, or everything.
    pub fn transfer(to: impl Into<String>, what: Option<String>) -> Self {
        Self::Transfer { to: to.into(), what }
    }

    /// Its kind.
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Create { .. } => OperationKind::Create,
            Self::Update { .. } => OperationKind::Update,
            Self::Grant { .. } => OperationKind::Grant,
            Self::Revoke { .. } => OperationKind::Revoke,
            Self::Disable => OperationKind::Disable,
            Self::Enable => OperationKind::Enable,
            Self::Lock => OperationKind::Lock,
            Self::Unlock => OperationKind::Unlock,
            Self::SetPassword { .. } => OperationKind::SetPassword,
            Self::Delete => OperationKind::Delete,
            Self::EndSessions => OperationKind::EndSessions,
            Self::RevokeTokens => OperationKind::RevokeTokens,
            Self::Deprovision { .. } => OperationKind::Deprovision,
            Self::Transfer { .. } => OperationKind::Transfer,
        }
    }

    /// The entitlement that it grants or revokes.
    pub fn entitlement(&self) -> Option<&EntitlementRef> {
        match self {
            Self::Grant { entitlement, .. } | Self::Revoke { entitlement } => Some(entitlement),
            _ => None,
        }
    }

    /// The password that it sets.
    pub fn password(&self) -> Option<&P> {
        match self {
            Self::Create { password, .. } | Self::SetPassword { password } => password.as_ref(),
            _ => None,
        }
    }

    /// The same change with this password in place of its own.
    #[must_use]
    pub fn with_password<Q>(self, password: Option<Q>) -> Change<Q> {
        match self {
            Self::Create { name, attributes, entitlements, .. } => {
                Change::Create { name, attributes, entitlements, password }
            }
            Self::Update { set, add, remove } => Change::Update { set, add, remove },
            Self::Grant { entitlement, until } => Change::Grant { entitlement, until },
            Self::Revoke { entitlement } => Change::Revoke { entitlement },
            Self::Disable => Change::Disable,
            Self::Enable => Change::Enable,
            Self::Lock => Change::Lock,
            Self::Unlock => Change::Unlock,
            Self::SetPassword { .. } => Change::SetPassword { password },
            Self::Delete => Change::Delete,
            Self::EndSessions => Change::EndSessions,
            Self::RevokeTokens => Change::RevokeTokens,
            Self::Deprovision { transfer_to } => Change::Deprovision { transfer_to },
            Self::Transfer { to, what } => Change::Transfer { to, what },
        }
    }
}

/// An operation as journals and machine output show it, in one flat object.
#[derive(Serialize, Deserialize)]
struct Flat {
    // The other names are those of earlier versions, whose journals stay readable.
    #[serde(alias = "step")]
    kind: OperationKind,
    /// The account, or the name of the one to create.
    #[serde(default, alias = "name", skip_serializing_if = "String::is_empty")]
    account: String,
    #[serde(default, alias = "set", skip_serializing_if = "Map::is_empty")]
    attributes: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    entitlements: Vec<EntitlementRef>,
    #[serde(default, skip_serializing)]
    entitlement: Option<EntitlementRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password_ref: Option<SecretRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    add: BTreeMap<String, Vec<Value>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    remove: BTreeMap<String, Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transfer_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    what: Option<String>,
}

impl Serialize for Operation<SecretRef> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut flat = Flat {
            kind: self.kind(),
            account: self.target().to_owned(),
            attributes: Map::new(),
            entitlements: self.change.entitlement().cloned().into_iter().collect(),
            entitlement: None,
            password_ref: self.change.password().cloned(),
            until: None,
            add: BTreeMap::new(),
            remove: BTreeMap::new(),
            transfer_to: None,
            to: None,
            what: None,
        };
        match &self.change {
            Change::Create { attributes, entitlements, .. } => {
                flat.attributes.clone_from(attributes);
                flat.entitlements.clone_from(entitlements);
            }
            Change::Update { set, add, remove } => {
                flat.attributes.clone_from(set);
                flat.add.clone_from(add);
                flat.remove.clone_from(remove);
            }
            Change::Grant { until, .. } => flat.until = *until,
            Change::Deprovision { transfer_to } => flat.transfer_to.clone_from(transfer_to),
            Change::Transfer { to, what } => {
                flat.to = Some(to.clone());
                flat.what.clone_from(what);
            }
            _ => {}
        }
        flat.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Operation<SecretRef> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let flat = Flat::deserialize(deserializer)?;
        let mut entitlements = flat.entitlements;
        entitlements.extend(flat.entitlement);
        let only = |entitlements: Vec<EntitlementRef>| {
            <[EntitlementRef; 1]>::try_from(entitlements)
                .map(|[one]| one)
                .map_err(|all| D::Error::invalid_length(all.len(), &"one entitlement"))
        };
        let change = match flat.kind {
            OperationKind::Create => {
                Change::create(flat.account.clone(), flat.attributes, entitlements, flat.password_ref)
            }
            OperationKind::Update => Change::update(flat.attributes, flat.add, flat.remove),
            OperationKind::Grant => Change::grant(only(entitlements)?, flat.until),
            OperationKind::Revoke => Change::revoke(only(entitlements)?),
            OperationKind::Disable => Change::Disable,
            OperationKind::Enable => Change::Enable,
            OperationKind::Lock => Change::Lock,
            OperationKind::Unlock => Change::Unlock,
            OperationKind::SetPassword => Change::set_password(flat.password_ref),
            OperationKind::Delete => Change::Delete,
            OperationKind::EndSessions => Change::EndSessions,
            OperationKind::RevokeTokens => Change::RevokeTokens,
            OperationKind::Deprovision => Change::deprovision(flat.transfer_to),
            OperationKind::Transfer => {
                Change::transfer(flat.to.ok_or_else(|| D::Error::missing_field("to"))?, flat.what)
            }
        };
        let account = if flat.kind == OperationKind::Create { String::new() } else { flat.account };
        Ok(Self { account, change })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Operation<SecretRef> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_earlier_versions_wrote_down_is_read() {
        let group = || EntitlementRef::new("group", "G1");
        let set = || Map::from_iter([("Title".to_owned(), Value::Null)]);
        let password = || Some("env:NEW".parse().unwrap());
        for (written, change) in [
            (
                json!({"kind": "create", "account": "jane", "attributes": {"Title": null}, "entitlements": [{"type": "group", "id": "G1"}]}),
                Change::create("jane", set(), vec![group()], None),
            ),
            (
                json!({"step": "create", "name": "jane", "attributes": {}}),
                Change::create("jane", Map::new(), vec![], None),
            ),
            (json!({"kind": "update", "account": "", "attributes": {"Title": null}}), Change::set(set())),
            (json!({"step": "update", "set": {"Title": null}}), Change::set(set())),
            (
                json!({"kind": "grant", "account": "", "entitlements": [{"type": "group", "id": "G1"}]}),
                Change::grant(group(), None),
            ),
            (json!({"step": "revoke", "entitlement": {"type": "group", "id": "G1"}}), Change::revoke(group())),
            (json!({"step": "set_password", "password_ref": null}), Change::set_password(None)),
            (
                json!({"kind": "set_password", "account": "", "password_ref": "env:NEW"}),
                Change::set_password(password()),
            ),
            (json!({"step": "delete"}), Change::Delete),
        ] {
            assert_eq!(read(written), Operation::new("", change));
        }
    }

    #[test]
    fn every_operation_comes_back_as_it_was_written() {
        let group = EntitlementRef::new("group", "G1");
        let values = || BTreeMap::from([("Tags".to_owned(), vec![json!("a"), json!(1)])]);
        let password: Option<SecretRef> = Some("env:NEW".parse().unwrap());
        let changes = [
            Change::create("jane", Map::new(), vec![group.clone()], password.clone()),
            Change::update(Map::from_iter([("Title".to_owned(), json!("Boss"))]), values(), values()),
            Change::grant(group.clone(), Some("2027-01-31T08:00:00Z".parse().unwrap())),
            Change::revoke(group),
            Change::Disable,
            Change::Enable,
            Change::Lock,
            Change::Unlock,
            Change::set_password(password),
            Change::Delete,
            Change::EndSessions,
            Change::RevokeTokens,
            Change::deprovision(Some("bob".to_owned())),
            Change::transfer("bob", Some("reports".to_owned())),
        ];
        assert_eq!(changes.iter().map(Change::kind).collect::<Vec<_>>(), OperationKind::ALL, "all of them are here");
        for change in changes {
            let account = if change.kind() == OperationKind::Create { "" } else { "0042" };
            let operation = Operation::new(account, change);
            let text = serde_json::to_string(&operation).unwrap();
            assert_eq!(serde_json::from_str::<Operation<SecretRef>>(&text).unwrap(), operation, "{text}");
        }
    }

    #[test]
    fn an_unknown_verb_is_an_error() {
        assert!(serde_json::from_value::<Operation<SecretRef>>(json!({"kind": "shred", "account": "x"})).is_err());
        assert!(serde_json::from_value::<Operation<SecretRef>>(json!({"kind": "grant", "account": "x"})).is_err());
    }

    #[test]
    fn debug_output_shows_no_password() {
        let operation = Operation::new("x", Change::set_password(Some(SecretString::from("hunter2"))));
        assert!(!format!("{operation:?}").contains("hunter2"));
    }
}
