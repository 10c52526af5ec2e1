//! The connector.

use crate::api::{Api, undone};
use crate::read::{self, Mark};
use crate::settings::Settings;
use crate::system::{System, compile};
use crate::{connection_test, provision};
use connector_core::{
    Absence, Account, AccountSchema, Assignment, AuthStrategy, Capabilities, Concern, Connector, Context, Cursor,
    Entitlement, EntitlementType, FindAccounts, Operation, Outcome, Page, ReadChanges, ReadEntitlements, Result,
    SettingsFault, SourceChange, TestReport, async_trait,
};
use std::fmt;
use std::sync::Arc;

/// How many accounts one call finds. Each costs a request.
const MOST_FOUND: usize = 50;

/// A source file that is valid without changes.
pub(crate) const EXAMPLE: &str = "\
connector: rest
# description: Accounts and groups of Acme
auth:
  grant_type: api_key
  header: X-Api-Key
  secret_ref: env:ACME_API_KEY
settings:
  base_url: https://api.acme.example/v2
  test: {get: /me, expect: body.active}
  accounts:
    get: /users
    query: {limit: 200}
    # The JSON pointer of the list in the response.
    items: /data
    # How the list continues, and what proves its end.
    page: {cursor: {from: /next, as: cursor}, end: no_cursor}
    map:
      id: item.id
      name: item.login
      enabled: item.status == 'active'
      attributes: {mail: item.email}
    one: {get: \"/users/{id}\"}
  entitlements:
    group:
      title: Group
      get: /groups
      items: /data
      page: {offset: {as: offset}, end: empty_page}
      map: {id: item.id, name: item.name}
  assignments:
    # A list for each group; `parent` is the group.
    - for_each: group
      get: \"/groups/{parent.id}/members\"
      items: /members
      page: none
      map: {account: item.user_id}
";

/// A system that the settings describe, opened for one source.
pub struct Rest {
    source: String,
    auth: Option<Arc<dyn AuthStrategy>>,
    api: Api,
    mark: Mark,
}

impl connector_core::Settings for Settings {
    fn check(&self, _: &Context) -> Vec<SettingsFault> {
        compile(self, None).err().unwrap_or_default()
    }

    fn open(self, context: &Context) -> Result<Box<dyn Connector>> {
        let system = compile(&self, None).map_err(refused)?;
        Rest::open(context, system).map(|rest| Box::new(rest) as Box<dyn Connector>)
    }
}

/// The error for settings with faults, where nobody checked them before.
pub(crate) fn refused(faults: Vec<SettingsFault>) -> connector_core::Error {
    let first = faults.into_iter().next();
    let message = first.as_ref().map_or_else(|| "the settings have faults".to_owned(), ToString::to_string);
    let error = connector_core::Error::definition(message);
    match first.and_then(|fault| fault.help) {
        Some(help) => error.with_help(help),
        None => error,
    }
}

impl Rest {
    pub(crate) fn open(context: &Context, system: System) -> Result<Self> {
        Ok(Self {
            source: context.source().to_owned(),
            auth: context.strategy().cloned(),
            api: Api::open(context, Arc::new(system))?,
            mark: Mark::new(),
        })
    }

    fn system(&self) -> &System {
        &self.api.system
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").field("source", &self.source).finish_non_exhaustive()
    }
}

#[async_trait]
impl Connector for Rest {
    async fn test_connection(&self, report: &mut TestReport) {
        if let Some(auth) = &self.auth {
            auth.check(report).await;
        }
        connection_test::run(&self.api, self.mark, report).await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        read::accounts::page(&self.api, self.mark, cursor).await
    }

    async fn instance_id(&self) -> Result<Option<String>> {
        let Some(test) = self.system().test.as_ref() else { return Ok(None) };
        let Some(instance) = &test.instance else { return Ok(None) };
        let body = connection_test::answer(&self.api, test).await?;
        let vars = self.system().vars().with("body", &body);
        instance.some_text(&vars).map(Some).map_err(|fault| undone("`test.instance`", &fault))
    }

    fn schema(&self) -> AccountSchema {
        read::accounts::schema(self.system())
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        provision::carry_out(&self.api, self.mark, operation).await
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let mut capabilities = Capabilities::none();
        if !self.system().types.is_empty() {
            capabilities = capabilities.with_entitlements(self);
        }
        if self.system().accounts.one.is_some() {
            capabilities = capabilities.with_accounts(self);
        }
        if self.system().accounts.since.is_some() {
            capabilities = capabilities.with_changes(self);
        }
        capabilities
    }
}

#[async_trait]
impl ReadChanges for Rest {
    fn absence(&self) -> Absence {
        match &self.system().accounts.since {
            Some(since) if since.gone.is_some() => Absence::Told,
            _ => Absence::Untold,
        }
    }

    fn names_entitlements(&self) -> bool {
        !self.system().types.is_empty()
    }

    async fn watermark(&self) -> Result<Cursor> {
        read::changes::watermark(&self.api).await
    }

    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>> {
        read::changes::page(&self.api, self.mark, cursor).await
    }
}

#[async_trait]
impl ReadEntitlements for Rest {
    fn entitlement_types(&self) -> Vec<EntitlementType> {
        read::entitlements::types(self.system())
    }

    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>> {
        read::entitlements::page(&self.api, self.mark, cursor).await
    }

    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>> {
        read::assignments::page(&self.api, self.mark, cursor).await
    }
}

#[async_trait]
impl FindAccounts for Rest {
    fn most_accounts(&self) -> usize {
        MOST_FOUND
    }

    async fn find_accounts(&self, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>> {
        read::find_accounts(&self.api, self.mark, wanted, concern).await
    }

    async fn read_accounts(&self, ids: &[String]) -> Result<Option<Page<SourceChange>>> {
        read::read_accounts(&self.api, self.mark, ids).await
    }
}
