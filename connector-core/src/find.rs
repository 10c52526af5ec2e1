//! Finding a few accounts in bulk.

use crate::account::Account;
use crate::entitlement::EntitlementRef;
use crate::error::Result;
use async_trait::async_trait;
use std::collections::BTreeSet;

/// Finds a few accounts by id or name, in bulk: what a preview shows and what settling rests on.
#[async_trait]
pub trait FindAccounts: Send + Sync {
    /// The most that may be asked for at once.
    fn most_accounts(&self) -> usize;

    /// For each of `wanted`, in order, the accounts that have it as id or name: none, one, or the candidates of a name
    /// that several have.
    ///
    /// An account's attributes and `enabled` are as the source has them now. Of what it holds, and of whether it is
    /// locked, only that must be right which is asked for in `concern`; what isn't asked for costs no request.
    async fn find_accounts(&self, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>>;
}

/// What a plan wants to know of accounts beside their usual attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Concern {
    /// Attributes that must be told even if an aggregation does not read them; unknown ones are passed over.
    pub attributes: BTreeSet<String>,
    /// The entitlements of which must be told who holds them, beside those in the account's own record.
    pub entitlements: BTreeSet<EntitlementRef>,
    /// Whether it must be told who is locked.
    pub locks: bool,
}
