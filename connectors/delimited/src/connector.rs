//! The connector.

use crate::layout::Layout;
use crate::settings::Settings;
use crate::{accounts, changes, check, connection_test, entitlements, error, members, provision};
use connector_core::{
    Absence, Account, AccountSchema, Assignment, Capabilities, Concern, Connector, Context, Cursor, Entitlement,
    EntitlementRef, EntitlementType, FindAccounts, Lane, Operation, Outcome, Page, ProvisionBatch, ReadChanges,
    ReadEntitlements, Result, SecretRef, SettingsFault, SourceChange, TestReport, async_trait,
};
use std::fmt;
use std::sync::Arc;

/// How many accounts one reading of the files finds.
const MOST_FOUND: usize = 10_000;

/// How many operations one rewriting of a file carries out.
const MOST_WRITTEN: usize = 4000;

/// A connector of delimited files, opened for one source.
pub struct Delimited {
    layout: Arc<Layout>,
}

impl connector_core::Settings for Settings {
    fn check(&self, _: &Context) -> Vec<SettingsFault> {
        check::faults(self)
    }

    fn open(self, context: &Context) -> Result<Box<dyn Connector>> {
        Ok(Box::new(Delimited { layout: Arc::new(Layout::new(&self, context)) }))
    }
}

impl fmt::Debug for Delimited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delimited").field("accounts", &self.layout.accounts.pattern.text()).finish_non_exhaustive()
    }
}

impl Delimited {
    /// Reads files on a thread that may wait for the disk.
    async fn on_disk<T: Send + 'static>(&self, work: impl FnOnce(&Layout) -> Result<T> + Send + 'static) -> Result<T> {
        let layout = self.layout.clone();
        tokio::task::spawn_blocking(move || work(&layout)).await.map_err(|_| error::stopped())?
    }
}

#[async_trait]
impl Connector for Delimited {
    async fn test_connection(&self, report: &mut TestReport) {
        for step in connection_test::STEPS {
            report.step(step, self.on_disk(move |layout| connection_test::run(layout, step))).await;
        }
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        let cursor = cursor.clone();
        self.on_disk(move |layout| accounts::page(layout, &cursor)).await
    }

    fn schema(&self) -> AccountSchema {
        accounts::schema(&self.layout)
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        let outcomes = self.provision_batch(std::slice::from_ref(operation)).await?;
        outcomes.into_iter().next().unwrap_or_else(|| Err(error::stopped()))
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let mut capabilities = Capabilities::none().with_accounts(self).with_changes(self);
        if !self.layout.types.is_empty() {
            capabilities = capabilities.with_entitlements(self);
        }
        if self.layout.writable {
            capabilities = capabilities.with_batch(self);
        }
        capabilities
    }
}

#[async_trait]
impl ReadEntitlements for Delimited {
    fn entitlement_types(&self) -> Vec<EntitlementType> {
        self.layout.types.iter().map(|one| one.entitlement_type(self.layout.writable)).collect()
    }

    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>> {
        let cursor = cursor.clone();
        self.on_disk(move |layout| entitlements::entitlements(layout, &cursor)).await
    }

    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>> {
        let cursor = cursor.clone();
        self.on_disk(move |layout| members::assignments(layout, &cursor)).await
    }

    async fn find_entitlements(&self, wanted: &[EntitlementRef]) -> Result<Vec<Vec<Entitlement>>> {
        let wanted = wanted.to_vec();
        self.on_disk(move |layout| entitlements::find(layout, &wanted)).await
    }
}

#[async_trait]
impl FindAccounts for Delimited {
    fn most_accounts(&self) -> usize {
        MOST_FOUND
    }

    async fn find_accounts(&self, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>> {
        let (wanted, concern) = (wanted.to_vec(), concern.clone());
        self.on_disk(move |layout| accounts::find(layout, &wanted, &concern)).await
    }

    async fn read_accounts(&self, ids: &[String]) -> Result<Option<Page<SourceChange>>> {
        let ids = ids.to_vec();
        self.on_disk(move |layout| accounts::read_again(layout, &ids)).await.map(Some)
    }
}

#[async_trait]
impl ReadChanges for Delimited {
    fn absence(&self) -> Absence {
        Absence::Told
    }

    async fn watermark(&self) -> Result<Cursor> {
        self.on_disk(changes::watermark).await
    }

    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>> {
        let cursor = cursor.clone();
        self.on_disk(move |layout| changes::changes(layout, &cursor)).await
    }
}

#[async_trait]
impl ProvisionBatch for Delimited {
    fn lane(&self, _: &Operation<SecretRef>) -> Lane {
        Lane::new("rewrite", MOST_WRITTEN)
    }

    async fn provision_batch(&self, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
        let operations = operations.to_vec();
        self.on_disk(move |layout| provision::carry_out(layout, &operations)).await
    }
}
