//! The connector.

use crate::settings::{ChangesBy, Settings};
use crate::source::Source;
use crate::{accounts, changes, check, connection_test, groups, provision};
use connector_core::{
    Absence, Account, AccountSchema, Assignment, Capabilities, Concern, Connector, Context, Cursor, Entitlement,
    EntitlementRef, EntitlementType, Error, FindAccounts, Lane, Operation, Outcome, Page, ProvisionBatch, ReadChanges,
    ReadEntitlements, Result, SecretRef, SettingsFault, SourceChange, TestReport, async_trait,
};
use std::fmt;

/// A connector of a SCIM server, opened for one source.
pub struct Scim {
    source: Source,
}

impl connector_core::Settings for Settings {
    fn check(&self, _: &Context) -> Vec<SettingsFault> {
        check::faults(self)
    }

    fn open(self, context: &Context) -> Result<Box<dyn Connector>> {
        Ok(Box::new(Scim { source: Source::open(self, context)? }))
    }
}

impl fmt::Debug for Scim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scim").field("client", &self.source.service.client).finish_non_exhaustive()
    }
}

#[async_trait]
impl Connector for Scim {
    async fn test_connection(&self, report: &mut TestReport) {
        connection_test::run(&self.source, report).await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        accounts::page(&self.source, cursor).await
    }

    fn schema(&self) -> AccountSchema {
        accounts::schema(&self.source)
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        let outcomes = provision::carry_out(&self.source, std::slice::from_ref(operation)).await;
        outcomes.into_iter().next().unwrap_or_else(|| Err(Error::internal("an operation has no outcome")))
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let capabilities = Capabilities::none().with_accounts(self).with_entitlements(self).with_batch(self);
        match self.source.settings.changes {
            ChangesBy::LastModified => capabilities.with_changes(self),
            ChangesBy::None => capabilities,
        }
    }
}

#[async_trait]
impl ReadEntitlements for Scim {
    fn entitlement_types(&self) -> Vec<EntitlementType> {
        groups::kinds(&self.source.settings).iter().map(groups::entitlement_type).collect()
    }

    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>> {
        groups::entitlements(&self.source, cursor).await
    }

    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>> {
        groups::assignments(&self.source, cursor).await
    }

    async fn find_entitlements(&self, wanted: &[EntitlementRef]) -> Result<Vec<Vec<Entitlement>>> {
        groups::find(&self.source, wanted).await
    }
}

#[async_trait]
impl FindAccounts for Scim {
    fn most_accounts(&self) -> usize {
        accounts::MOST_FOUND
    }

    async fn find_accounts(&self, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>> {
        accounts::find(&self.source, wanted, concern).await
    }

    async fn read_accounts(&self, ids: &[String]) -> Result<Option<Page<SourceChange>>> {
        accounts::read_again(&self.source, ids).await.map(Some)
    }
}

#[async_trait]
impl ReadChanges for Scim {
    fn absence(&self) -> Absence {
        Absence::Untold
    }

    async fn watermark(&self) -> Result<Cursor> {
        changes::watermark(&self.source).await
    }

    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>> {
        changes::changes(&self.source, cursor).await
    }
}

#[async_trait]
impl ProvisionBatch for Scim {
    fn lane(&self, operation: &Operation<SecretRef>) -> Lane {
        provision::lane(operation)
    }

    async fn provision_batch(&self, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
        Ok(provision::carry_out(&self.source, operations).await)
    }
}
