//! A connector whose accounts come with derived attributes.

use super::Derivations;
use connector_core::{
    Absence, Account, AccountSchema, AttributeSchema, AttributeType, Capabilities, Concern, Connector, Cursor, Error,
    FindAccounts, HolderRange, Operation, Outcome, Page, ReadChanges, Result, SourceChange, TestReport, async_trait,
};
use std::collections::BTreeSet;

/// A connector, with the derived attributes of its source. Everything but accounts goes through as it is.
#[derive(Debug)]
pub(crate) struct Deriving {
    inner: Box<dyn Connector>,
    derivations: Derivations,
}

impl Deriving {
    pub(crate) fn new(inner: Box<dyn Connector>, derivations: Derivations) -> Self {
        Self { inner, derivations }
    }

    /// The page, with the derived attributes of the accounts that `account` finds in its items.
    fn page<T>(&self, page: Page<T>, account: impl Fn(&mut T) -> Option<&mut Account>) -> Result<Page<T>> {
        let (not_shown, only) = (page.not_shown().to_vec(), page.only_shown().map(<[String]>::to_vec));
        let is_attribute = |name: &str| !super::MEMBERS.contains(&name);
        let hidden = self.derivations.hidden(|used| {
            not_shown.iter().any(|name| name == used)
                || (is_attribute(used) && only.as_ref().is_some_and(|shown| !shown.iter().any(|name| name == used)))
        });
        let mut failed = None;
        let page = page.map(|mut item| {
            if let Some(account) = account(&mut item).filter(|_| failed.is_none()) {
                failed = self.derivations.set(account, &hidden).err();
            }
            item
        });
        if let Some(error) = failed {
            return Err(error);
        }
        Ok(self.as_shown(page, only, hidden))
    }

    fn as_shown<T>(&self, page: Page<T>, only: Option<Vec<String>>, hidden: BTreeSet<String>) -> Page<T> {
        let page = match only {
            Some(shown) => {
                let derived = self.derivations.names().filter(|name| !hidden.contains(*name)).map(str::to_owned);
                page.with_only_shown(shown.into_iter().chain(derived).collect::<Vec<_>>())
            }
            None => page,
        };
        page.with_not_shown(hidden)
    }

    fn changes_of(&self) -> Result<&dyn ReadChanges> {
        self.inner.capabilities().changes().ok_or_else(|| Error::unsupported("this connector can't read only changes"))
    }

    fn finder(&self) -> Result<&dyn FindAccounts> {
        self.inner.capabilities().accounts().ok_or_else(|| Error::unsupported("this connector can't find accounts"))
    }
}

fn of_change(change: &mut SourceChange) -> Option<&mut Account> {
    if let SourceChange::Account(account) = change { Some(account) } else { None }
}

#[async_trait]
impl Connector for Deriving {
    async fn test_connection(&self, report: &mut TestReport) {
        self.inner.test_connection(report).await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        self.page(self.inner.aggregate_accounts(cursor).await?, |account| Some(account))
    }

    async fn instance_id(&self) -> Result<Option<String>> {
        self.inner.instance_id().await
    }

    fn schema(&self) -> AccountSchema {
        let mut schema = self.inner.schema();
        for name in self.derivations.names() {
            let derived = AttributeSchema::new(name, AttributeType::Json).described("Derived in the source's file.");
            match schema.attributes.iter_mut().find(|one| one.name == name) {
                // It means what it meant, but nobody can write it.
                Some(known) => known.writable = derived.writable,
                None => schema.attributes.push(derived),
            }
        }
        schema
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        self.inner.provision(operation).await
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let mut capabilities = self.inner.capabilities();
        if capabilities.changes().is_some() {
            capabilities = capabilities.with_changes(self);
        }
        if capabilities.accounts().is_some() {
            capabilities = capabilities.with_accounts(self);
        }
        capabilities
    }
}

#[async_trait]
impl ReadChanges for Deriving {
    fn absence(&self) -> Absence {
        self.inner.capabilities().changes().map_or(Absence::Untold, ReadChanges::absence)
    }

    fn names_entitlements(&self) -> bool {
        self.inner.capabilities().changes().is_some_and(ReadChanges::names_entitlements)
    }

    async fn watermark(&self) -> Result<Cursor> {
        self.changes_of()?.watermark().await
    }

    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>> {
        self.page(self.changes_of()?.changes(cursor).await?, of_change)
    }

    fn read_again(&self, range: &HolderRange, counted: u64, stored: u64) -> Result<Vec<Cursor>> {
        self.changes_of()?.read_again(range, counted, stored)
    }
}

#[async_trait]
impl FindAccounts for Deriving {
    fn most_accounts(&self) -> usize {
        self.inner.capabilities().accounts().map_or(1, FindAccounts::most_accounts)
    }

    /// Plans compare with what the source itself has.
    async fn find_accounts(&self, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>> {
        self.finder()?.find_accounts(wanted, concern).await
    }

    async fn read_accounts(&self, ids: &[String]) -> Result<Option<Page<SourceChange>>> {
        let read = self.finder()?.read_accounts(ids).await?;
        read.map(|page| self.page(page, of_change)).transpose()
    }
}
