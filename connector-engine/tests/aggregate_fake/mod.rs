//! A source in memory, and what a store holds of it.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unnecessary_wraps,
    reason = "tests end where something is missing"
)]

use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, Assignment, Attributes, Capabilities, Concern, Connector, Context, Cursor, Entitlement,
    EntitlementRef, EntitlementType, Error, ErrorKind, FindAccounts, Holder, Page, Percentage, ReadEntitlements,
    Result, TestReport, TimeSpan,
};
use connector_engine::aggregate::{self, Mode, Options, Progress, RunReport, Wanted};
use connector_engine::store::Store;
use connector_project::source::{AggregationSettings, Definition, LimitSettings, Opened, ProvisioningSettings};
use connector_sandbox_postgres::Home;
use connector_sql::{Connection, Row};
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[path = "../fake_registration/mod.rs"]
mod fake_registration;

use fake_registration::registration;

/// What a source shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    pub accounts: BTreeMap<String, Account>,
    pub entitlements: BTreeMap<EntitlementRef, Entitlement>,
    pub assignments: Vec<Assignment>,
    /// Types that can't be read: their rows are not shown.
    pub skipped: Vec<String>,
}

impl World {
    pub fn add_account(&mut self, id: &str, attributes: &str, inline: &[&str]) {
        self.accounts.insert(id.to_owned(), account(id, attributes, inline));
    }

    pub fn add_entitlement(&mut self, written: &str, name: &str) {
        let key = reference(written);
        self.entitlements.insert(key.clone(), Entitlement::new(key, name));
    }

    pub fn assign(&mut self, account: &str, written: &str) {
        self.assignments.push(Assignment::new(Holder::account(account), reference(written)));
    }

    /// `count` accounts with a profile each, five groups, and two memberships an account.
    pub fn of(count: usize) -> Self {
        let mut world = Self::default();
        world.add_entitlement("profile/user", "Standard User");
        for group in 0..5 {
            world.add_entitlement(&format!("group/g{group}"), &format!("Group {group}"));
        }
        for number in 0..count {
            let id = format!("{number:05}");
            world.add_account(&id, &format!(r#"{{"Email":"{id}@acme.example","Number":{number}}}"#), &["profile/user"]);
            world.assign(&id, &format!("group/g{}", number % 5));
            world.assign(&id, &format!("group/g{}", (number + 1) % 5));
        }
        world
    }
}

pub fn reference(written: &str) -> EntitlementRef {
    let (entitlement_type, id) = written.split_once('/').unwrap();
    EntitlementRef::new(entitlement_type.to_owned(), id)
}

pub fn account(id: &str, attributes: &str, inline: &[&str]) -> Account {
    let mut account = Account::new(id, format!("{id}@acme.example"));
    account.display_name = Some(format!("Person {id}"));
    account.attributes = Attributes::parse(attributes).unwrap();
    account.entitlements = inline.iter().map(|written| reference(written)).collect();
    account
}

/// What a read does instead of answering.
pub type Script = dyn Fn(&str, &Cursor, usize) -> Option<Result<Pages>> + Send + Sync;

/// An answer that the script gives.
pub enum Pages {
    Accounts(Page<Account>),
    Entitlements(Page<Entitlement>),
    Assignments(Page<Assignment>),
}

/// A connector to a world. Its clones count together.
#[derive(Clone)]
pub struct Fake {
    pub world: World,
    pub page: usize,
    pub branches: usize,
    pub delay: Duration,
    pub reads: Arc<AtomicUsize>,
    pub asked: Arc<Mutex<Vec<String>>>,
    pub context: Context,
    pub script: Option<Arc<Script>>,
    pub entitlements: bool,
    /// Accounts that exist although the list does not show them, and whether accounts can be looked up.
    pub unlisted: Vec<String>,
    pub can_find: bool,
    /// The id of the system.
    pub instance: Option<String>,
    pub schema: AccountSchema,
    pub types: Vec<EntitlementType>,
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

impl Fake {
    pub fn new(world: &World) -> Self {
        Self {
            world: world.clone(),
            page: 7,
            branches: 3,
            delay: Duration::ZERO,
            reads: Arc::default(),
            asked: Arc::default(),
            context: Context::new("directory", "."),
            script: None,
            entitlements: true,
            unlisted: Vec::new(),
            can_find: false,
            instance: None,
            schema: AccountSchema::default(),
            types: Vec::new(),
        }
    }

    pub fn with_script(
        mut self,
        script: impl Fn(&str, &Cursor, usize) -> Option<Result<Pages>> + Send + Sync + 'static,
    ) -> Self {
        self.script = Some(Arc::new(script));
        self
    }

    pub fn job(&self) -> Job<'_> {
        Job {
            source: "directory",
            definition: "fake",
            connector: self,
            context: &self.context,
            concurrency: 4,
            delete_threshold: Percentage::new(10.0),
            delete_window: TimeSpan::from_secs(24 * 60 * 60),
            reserve: None,
            mode: Mode::Full,
            restart: false,
            accept_new_system: false,
            remove: true,
        }
    }

    async fn scripted(&self, step: &str, cursor: &Cursor) -> Option<Result<Pages>> {
        let number = self.reads.fetch_add(1, Ordering::SeqCst);
        self.asked.lock().unwrap().push(format!("{step} {cursor:?}"));
        self.context.meter().count_call();
        if self.delay > Duration::ZERO {
            tokio::time::sleep(self.delay).await;
        } else {
            tokio::task::yield_now().await;
        }
        self.script.as_ref().and_then(|script| script(step, cursor, number))
    }

    /// The start forks into branches by the remainder of the row's place; a branch goes on by its offset.
    fn page<T: Clone>(&self, rows: &[T], cursor: &Cursor) -> Result<Page<T>> {
        let Some((branch, offset)) = cursor.position::<(usize, usize)>()? else {
            let branches: Result<Vec<Cursor>> = (0..self.branches).map(|branch| Cursor::of(&(branch, 0))).collect();
            return Ok(Page::fork(Vec::new(), branches?).with_estimate(rows.len() as u64));
        };
        let mine: Vec<&T> = rows.iter().skip(branch).step_by(self.branches).collect();
        let items: Vec<T> = mine.iter().skip(offset).take(self.page).copied().cloned().collect();
        let next = offset + self.page;
        Ok(if next < mine.len() { Page::then(items, Cursor::of(&(branch, next))?) } else { Page::last(items) })
    }
}

/// A connector whose clones share what a test looks at.
pub trait Shared: Sync {
    fn boxed(&self) -> Box<dyn Connector>;
}

impl<T: Connector + Clone + 'static> Shared for T {
    fn boxed(&self) -> Box<dyn Connector> {
        Box::new(self.clone())
    }
}

/// What the source of a fake says, and how to read it.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    pub source: &'a str,
    pub definition: &'a str,
    pub connector: &'a dyn Shared,
    pub context: &'a Context,
    pub concurrency: usize,
    pub delete_threshold: Percentage,
    pub delete_window: TimeSpan,
    pub reserve: Option<Percentage>,
    pub mode: Mode,
    pub restart: bool,
    pub accept_new_system: bool,
    pub remove: bool,
}

impl Job<'_> {
    pub fn opened(&self) -> Opened {
        Opened {
            source: self.source.to_owned(),
            connector: self.connector.boxed(),
            registration: registration(),
            context: self.context.clone(),
            definition: Definition { hash: self.definition.to_owned(), former: format!("former {}", self.definition) },
            provisioning: ProvisioningSettings::default(),
            limits: LimitSettings { reserve: self.reserve, ..LimitSettings::default() },
            aggregation: AggregationSettings {
                delete_window: self.delete_window,
                concurrency: self.concurrency,
                delete_threshold: self.delete_threshold,
                ..AggregationSettings::default()
            },
        }
    }

    pub fn options(&self) -> Options {
        Options {
            mode: self.mode,
            restart: self.restart,
            accept_new_system: self.accept_new_system,
            remove: self.remove,
        }
    }
}

#[async_trait]
impl Connector for Fake {
    async fn test_connection(&self, _: &mut TestReport) {}

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        match self.scripted("accounts", cursor).await {
            Some(Ok(Pages::Accounts(page))) => Ok(page),
            Some(Err(error)) => Err(error),
            _ => {
                let listed = self.world.accounts.values().filter(|one| !self.unlisted.contains(&one.id));
                self.page(&listed.cloned().collect::<Vec<_>>(), cursor)
            }
        }
    }

    async fn instance_id(&self) -> Result<Option<String>> {
        Ok(self.instance.clone())
    }

    fn schema(&self) -> AccountSchema {
        self.schema.clone()
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let mut abilities = Capabilities::none();
        if self.entitlements {
            abilities = abilities.with_entitlements(self);
        }
        if self.can_find { abilities.with_accounts(self) } else { abilities }
    }
}

#[async_trait]
impl ReadEntitlements for Fake {
    fn entitlement_types(&self) -> Vec<EntitlementType> {
        self.types.clone()
    }

    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>> {
        match self.scripted("entitlements", cursor).await {
            Some(Ok(Pages::Entitlements(page))) => return Ok(page),
            Some(Err(error)) => return Err(error),
            _ => {}
        }
        let skipped = &self.world.skipped;
        let shown: Vec<_> = self
            .world
            .entitlements
            .values()
            .filter(|one| !skipped.iter().any(|name| *name == one.key.entitlement_type))
            .cloned()
            .collect();
        let mut page = self.page(&shown, cursor)?;
        if cursor.is_start() {
            for name in skipped {
                page = page.with_skipped(name, "not switched on in this org");
            }
        }
        Ok(page)
    }

    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>> {
        match self.scripted("assignments", cursor).await {
            Some(Ok(Pages::Assignments(page))) => return Ok(page),
            Some(Err(error)) => return Err(error),
            _ => {}
        }
        let skipped = &self.world.skipped;
        let shown: Vec<_> = self
            .world
            .assignments
            .iter()
            .filter(|one| !skipped.iter().any(|name| *name == one.entitlement.entitlement_type))
            .cloned()
            .collect();
        self.page(&shown, cursor)
    }
}

/// Runs a job of a fake.
pub async fn run(
    store: &Store,
    job: &Job<'_>,
    progress: impl Fn(&Progress) + Send + Sync,
    stop: CancellationToken,
) -> Result<RunReport> {
    aggregate::run(store, &job.opened(), job.options(), progress, stop).await
}

/// The same, where earlier runs decide how much is read. Waits for a job that was dropped and still commits.
pub async fn run_as_due(store: &Store, job: &Job<'_>, wanted: Wanted) -> RunReport {
    loop {
        let stop = CancellationToken::new();
        match aggregate::run_as_due(store, &job.opened(), wanted, job.options(), |_| {}, stop).await {
            Err(error) if error.kind() == ErrorKind::Guard => tokio::time::sleep(Duration::from_millis(1)).await,
            report => return report.unwrap(),
        }
    }
}

#[async_trait]
impl FindAccounts for Fake {
    fn most_accounts(&self) -> usize {
        2
    }

    async fn find_accounts(&self, wanted: &[String], _: &Concern) -> Result<Vec<Vec<Account>>> {
        if let Some(Err(error)) = self.scripted("find", &Cursor::start()).await {
            return Err(error);
        }
        Ok(wanted.iter().map(|id| self.world.accounts.get(id).cloned().into_iter().collect()).collect())
    }
}

/// A store in a folder that goes with it.
pub struct Place {
    pub store: Store,
    _home: Home,
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::in_folder(folder.path());
        let store = Store::open(home.place()).unwrap();
        Self { store, _home: home, folder }
    }

    /// The file, of tests that only a file can have.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join(".connector/store.db")
    }

    /// A connection that changes the store behind the back of the program.
    pub fn connection(&self) -> Connection {
        self.store.writer().unwrap()
    }

    pub async fn aggregate(&self, world: &World) -> RunReport {
        let fake = Fake::new(world);
        self.run(&fake.job()).await
    }

    pub async fn run(&self, job: &Job<'_>) -> RunReport {
        run(&self.store, job, |_| {}, CancellationToken::new()).await.unwrap()
    }

    /// Runs and drops the run, as a kill would, after so many commits. True when it ended before that.
    pub async fn run_and_drop(&self, job: &Job<'_>, commits: usize) -> bool {
        let told = AtomicUsize::new(0);
        let enough = CancellationToken::new();
        let progress = |_: &Progress| {
            if told.fetch_add(1, Ordering::SeqCst) >= commits {
                enough.cancel();
            }
        };
        tokio::select! {
            biased;
            () = enough.cancelled() => false,
            report = run(&self.store, job, progress, CancellationToken::new()) => { report.unwrap(); true }
        }
    }

    pub fn query(&self, sql: &str) -> Vec<Vec<Value>> {
        let read = |row: &Row<'_>| (0..row.width()).map(|column| row.get(column)).collect();
        connector_store::sql::all(&self.connection(), sql, [], read).unwrap()
    }

    pub fn number(&self, sql: &str) -> i64 {
        match self.query(sql)[0][0] {
            Value::Integer(number) => number,
            ref other => panic!("{other:?}"),
        }
    }

    /// Everything that a run leaves behind, row for row, without ids that depend on the order of pages.
    pub fn rows(&self) -> Vec<Vec<Vec<Value>>> {
        const NATURAL: &str = "CASE c.kind
            WHEN 'accounts' THEN (SELECT account_id FROM accounts WHERE id = c.row)
            WHEN 'entitlements' THEN (SELECT type || '/' || entitlement_id FROM entitlements WHERE id = c.row)
            ELSE (SELECT h.account || ' ' || e.type || '/' || e.entitlement_id || h.inline ||
                         coalesce((SELECT type || entitlement_id FROM entitlements WHERE id = h.holder), '') || ' ' ||
                         coalesce((SELECT type || entitlement_id FROM entitlements WHERE id = h.through), '')
                  FROM assignments h
                  JOIN entitlements e ON e.id = h.entitlement WHERE h.id = c.row AND h.source = c.source) END";
        [
            "SELECT account_id, name, display_name, enabled, locked, attributes, kind, owner, alias, hash, first_run,
                    added_run, changed_run, removed_run FROM accounts ORDER BY 1",
            "SELECT n.name, a.account_id FROM account_names n LEFT JOIN accounts a ON a.id = n.account ORDER BY 1, 2",
            "SELECT type, entitlement_id, name, description, attributes, alias, hash, first_run, added_run, changed_run,
                    removed_run FROM entitlements ORDER BY 1, 2",
            "SELECT h.account, e.type, e.entitlement_id, h.inline, o.type, o.entitlement_id, t.type, t.entitlement_id,
                    h.state, h.valid_until, h.attributes, h.first_run, h.added_run, h.changed_run, h.removed_run
             FROM assignments h JOIN entitlements e ON e.id = h.entitlement
             LEFT JOIN entitlements o ON o.id = h.holder LEFT JOIN entitlements t ON t.id = h.through
             ORDER BY 1, 2, 3, 4, 5, 6, 7, 8",
            &format!("SELECT c.kind, {NATURAL}, c.run, c.before, c.removed_run FROM changes c ORDER BY 1, 2, 3"),
            "SELECT number, status, accounts_seen, accounts_added, accounts_changed, accounts_removed,
                    entitlements_seen, entitlements_added, entitlements_changed, entitlements_removed,
                    assignments_seen, assignments_added, assignments_changed, assignments_removed, error_message FROM runs ORDER BY 1",
            "SELECT run, text FROM warnings ORDER BY 1, 2",
            "SELECT * FROM frontier",
            "SELECT * FROM seen",
            "SELECT * FROM unresolved_holders",
            "SELECT * FROM waiting_assignments",
        ]
        .iter()
        .map(|sql| self.query(sql))
        .collect()
    }
}

pub fn failing(error: Error) -> Option<Result<Pages>> {
    Some(Err(error))
}
