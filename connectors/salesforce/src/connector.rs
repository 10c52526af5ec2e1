//! The connector. It delegates to a file for each thing it reads.

use crate::api::Rest;
use crate::api::bulk::Transport;
use crate::api::hosts;
use crate::assignments::read::Groups;
use crate::certificate::apps::Apps;
use crate::entitlements::data_permissions::{DataPermissions, Permissions};
use crate::identities::{Identities, Place, Read};
use crate::org::Org;
use crate::prepare::{Leaving, Preparation};
use crate::provision::Pace;
use crate::users::Accounts;
use crate::users::CustomFields;
use crate::{assignments, certificate, changes, connection_test, entitlements, prepare, provision, trail, users};
use async_trait::async_trait;
use connector_core::jiff::Timestamp;
use connector_core::{
    Absence, Account, AccountSchema, App, Assignment, AuthStrategy, Capabilities, Clock, Concern, Connector, Context,
    Cursor, Deployed, Entitlement, EntitlementRef, EntitlementType, FindAccounts, HolderRange, Lane, Operation,
    Outcome, Page, PrepareOperations, Prepared, Proposed, ProvisionBatch, ReadChanges, ReadEntitlements, ReadTrail,
    Result, RotateCertificate, SecretRef, SourceChange, TestReport, Trail,
};
use connector_http::{Client, Reach};
use std::fmt;
use std::sync::Arc;

/// One Salesforce org, opened for one source. [`Settings`](crate::Settings) creates it.
pub struct Salesforce {
    source: String,
    auth: Arc<dyn AuthStrategy>,
    clock: Clock,
    rest: Rest,
    accounts: Accounts,
    groups: Groups,
    identities: Identities,
    data: DataPermissions,
    preparation: Preparation,
    /// What a leaver loses.
    leaving: Vec<Leaving>,
    pace: Pace,
    apps: Apps,
}

impl Salesforce {
    /// Opens the connector without sending anything.
    pub(crate) fn open(
        context: &Context,
        version: Option<String>,
        transport: Transport,
        custom: CustomFields,
        apps: Apps,
    ) -> Result<Self> {
        let auth = context.auth()?;
        if let Some(token_url) = auth.token_url() {
            hosts::refuse_pages(token_url)?;
            hosts::refuse_foreign(token_url, auth.audience())?;
        }
        let client = Client::open(context, Reach::named_by_token().and_where(hosts::allowed))?;
        Ok(Self {
            source: context.source().to_owned(),
            auth,
            clock: context.clock().clone(),
            rest: Rest::open(context, client, version, transport),
            accounts: Accounts::new(custom),
            groups: Groups::default(),
            identities: Identities::default(),
            data: DataPermissions::default(),
            preparation: Preparation::default(),
            leaving: Vec::new(),
            pace: Pace::default(),
            apps,
        })
    }

    fn org(&self) -> Org<'_> {
        Org { rest: &self.rest, accounts: &self.accounts, groups: &self.groups, data: &self.data }
    }

    /// Says what is read beside users, and which permissions.
    pub(crate) fn with_reads(mut self, reads: Vec<Read>, permissions: Vec<Permissions>) -> Self {
        self.identities = Identities::new(reads);
        self.data = DataPermissions::new(permissions);
        self
    }

    /// Says what a leaver loses.
    pub(crate) fn with_leaving(mut self, leaving: Vec<Leaving>) -> Self {
        self.leaving = leaving;
        self
    }
}

impl fmt::Debug for Salesforce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Salesforce").field("source", &self.source).finish_non_exhaustive()
    }
}

#[async_trait]
impl Connector for Salesforce {
    async fn test_connection(&self, report: &mut TestReport) {
        self.auth.check(report).await;
        connection_test::run(&self.rest, &self.accounts, &self.clock, report).await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        if let Some(place) = Place::of(cursor) {
            return self.identities.accounts(&self.rest, &place).await;
        }
        let page = self.accounts.page(&self.rest, cursor).await?;
        if cursor.is_start() { self.identities.beside_users(page) } else { Ok(page) }
    }

    /// The id of the org. A sandbox has another id than the production org that it is a copy of.
    async fn instance_id(&self) -> Result<Option<String>> {
        self.rest.organization().await
    }

    fn schema(&self) -> AccountSchema {
        let mut schema = self.accounts.schema();
        schema.attributes.extend(self.identities.attributes(&schema.attributes));
        schema
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        provision::one(&self.rest, &self.pace, operation).await
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::none()
            .with_entitlements(self)
            .with_changes(self)
            .with_accounts(self)
            .with_preparation(self)
            .with_batch(self)
            .with_rotation(self)
            .with_trail(self)
    }
}

#[async_trait]
impl ReadEntitlements for Salesforce {
    fn entitlement_types(&self) -> Vec<EntitlementType> {
        let known = entitlements::types::TYPES.iter().map(|known| known.entitlement_type(&self.data));
        known.chain(self.identities.entitlement_type()).collect()
    }

    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>> {
        if let Some(place) = Place::of(cursor) {
            return self.identities.entitlements(&self.rest, &place).await;
        }
        let page = entitlements::read::page(&self.rest, &self.data, cursor).await?;
        if cursor.is_start() { self.identities.beside_entitlements(page) } else { Ok(page) }
    }

    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>> {
        if let Some(place) = Place::of(cursor) {
            return self.identities.assignments(&self.rest, &place).await;
        }
        let page = assignments::read::page(&self.rest, &self.groups, cursor).await?;
        if cursor.is_start() { self.identities.beside_assignments(page) } else { Ok(page) }
    }

    async fn find_entitlements(&self, wanted: &[EntitlementRef]) -> Result<Vec<Vec<Entitlement>>> {
        let apps = self.identities.find_apps(&self.rest, wanted).await?;
        let found = entitlements::find::entitlements(&self.rest, wanted).await?;
        Ok(found.into_iter().zip(apps).map(|(found, apps)| [found, apps].concat()).collect())
    }
}

#[async_trait]
impl ReadChanges for Salesforce {
    /// Users can't be deleted. They are counted in case the login can no longer see some of them.
    fn absence(&self) -> Absence {
        Absence::Untold
    }

    fn names_entitlements(&self) -> bool {
        true
    }

    async fn watermark(&self) -> Result<Cursor> {
        changes::watermark(&self.rest, &self.accounts).await
    }

    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>> {
        changes::page(self.org(), &self.identities, cursor).await
    }

    fn read_again(&self, range: &HolderRange, counted: u64, stored: u64) -> Result<Vec<Cursor>> {
        changes::read_again(range, counted, stored)
    }
}

#[async_trait]
impl FindAccounts for Salesforce {
    fn most_accounts(&self) -> usize {
        users::find::MAX_USERS_PER_QUERY
    }

    async fn find_accounts(&self, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>> {
        let programs = self.identities.find(&self.rest, wanted).await?;
        let users = users::find::accounts(&self.rest, &self.accounts, wanted, concern).await?;
        Ok(users.into_iter().zip(programs).map(|(users, programs)| [users, programs].concat()).collect())
    }

    async fn read_accounts(&self, ids: &[String]) -> Result<Option<Page<SourceChange>>> {
        changes::accounts(self.org(), &self.identities, ids).await.map(Some)
    }
}

#[async_trait]
impl PrepareOperations for Salesforce {
    async fn prepare_operations(&self, proposed: &[Proposed]) -> Result<Vec<Result<Prepared>>> {
        prepare::operations(self.org(), &self.preparation, &self.leaving, proposed).await
    }
}

#[async_trait]
impl ProvisionBatch for Salesforce {
    fn lane(&self, operation: &Operation<SecretRef>) -> Lane {
        provision::lane(operation)
    }

    async fn provision_batch(&self, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
        provision::batch(&self.rest, &self.pace, operations).await
    }
}

#[async_trait]
impl ReadTrail for Salesforce {
    async fn trail(&self, since: Timestamp, until: Timestamp) -> Result<Trail> {
        trail::read(&self.rest, since, until).await
    }
}

/// If the settings name two apps, the connector returns them in the order in which they are written, each with its issuer.
/// The connector does not see the `issuer` in `auth:`, so the engine decides which one is in use.
#[async_trait]
impl RotateCertificate for Salesforce {
    fn apps(&self) -> Result<Vec<App>> {
        self.apps.all()
    }

    async fn reach(&self) -> Result<()> {
        self.rest.reach().await
    }

    async fn deployed(&self, app: &App) -> Result<Deployed> {
        certificate::deployed(&self.rest, self.apps.named(app)?).await
    }

    async fn deploy(&self, app: &App, certificate: &str) -> Result<()> {
        certificate::deploy(&self.rest, self.apps.named(app)?, certificate).await
    }
}
