//! Finding a few accounts in bulk.

use crate::account::Account;
use crate::changes::SourceChange;
use crate::entitlement::EntitlementRef;
use crate::error::Result;
use crate::page::Page;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};

/// Finds a few accounts by id or name, in bulk. Previews and settling use it, and an aggregation before it removes accounts that
/// the list did not show.
#[async_trait]
pub trait FindAccounts: Send + Sync {
    /// The largest number of accounts in one call.
    fn most_accounts(&self) -> usize;

    /// For each of `wanted`, in order, the accounts with that id or name: none, one, or several with the same
    /// name.
    ///
    /// Attributes and `enabled` must be the current ones. Entitlements and `locked` must be correct only as far as
    /// `concern` asks for them; anything else needs no request. If what is held can have an end, say the end with
    /// [`Account::hold`]: otherwise a grant with an end is sent each time, and nobody can check that the end was set.
    async fn find_accounts(&self, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>>;

    /// Reads these accounts, given by id, again now, with everything that an aggregation reads of them: a
    /// [`SourceChange::Account`] for each, and a [`SourceChange::AllOf`] with what it holds, all on one last page. For an account
    /// that the source does not show, there is nothing, or a [`SourceChange::Removed`] if the source proves that it no longer
    /// exists. `None` if the connector can't read a few accounts this way.
    async fn read_accounts(&self, ids: &[String]) -> Result<Option<Page<SourceChange>>> {
        let _ = ids;
        Ok(None)
    }
}

/// What a plan needs to know about accounts, in addition to their usual attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Concern {
    /// Attributes to return even if an aggregation does not read them. Unknown ones are ignored.
    pub attributes: BTreeSet<String>,
    /// Entitlements whose assignments to return with their ends, in addition to those in the account's own record.
    pub entitlements: BTreeSet<EntitlementRef>,
    /// Which of these entitlements matter for which of the wanted accounts. For an account that is missing here, all of
    /// them can matter. Where each assignment costs a request, this keeps a preview cheap.
    pub held_by: BTreeMap<String, BTreeSet<EntitlementRef>>,
    /// Whether to return which accounts are locked.
    pub locks: bool,
}
