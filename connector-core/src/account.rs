//! Accounts: logins on a source.

use crate::attributes::Attributes;
use crate::entitlement::EntitlementRef;
use serde::Serialize;

/// A login on a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The source's own stable id, never an e-mail address or anything else that can be renamed.
    pub id: String,
    /// The name people log in with.
    pub name: String,
    /// The name for people, where the source has one.
    pub display_name: Option<String>,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether it is barred for now although enabled: frozen, or locked after wrong passwords.
    pub locked: bool,
    /// The named values in the source's own spelling.
    pub attributes: Attributes,
    /// The entitlements that the account's own record names, such as its profile. What other tables say comes as
    /// [`Assignment`](crate::Assignment)s instead, never both.
    pub entitlements: Vec<EntitlementRef>,
}
