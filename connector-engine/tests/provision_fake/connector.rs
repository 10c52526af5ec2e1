//! The connector to the directory, with faults on the way.

use super::fake_registration::registration;
use super::server::{Person, Server, described, entitlement};
use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, Assignment, AttributeMeaning, AttributeSchema, AttributeType, AttributesBuilder,
    Capabilities, Change, Concern, Connector, Context, Cursor, Entitlement, EntitlementRef, EntitlementType, Error,
    ErrorKind, FindAccounts, Happened, Lane, Operation, OperationKind, Outcome, Page, PrepareOperations, Prepared,
    Proposed, ProvisionBatch, ReadEntitlements, Result, Seat, SecretRef, TestReport, Writable,
};
use connector_project::source::{AggregationSettings, Definition, LimitSettings, Opened, ProvisioningSettings};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What becomes of a request, or of one of its operations.
#[derive(Debug)]
pub enum Fate {
    Done,
    /// The source says so, and has done nothing.
    Refused(Error),
    /// The source says so, but has done it, or a part of it.
    DoneBut(Error),
    /// The request does not arrive, and nobody knows.
    LostBefore,
    /// The answer does not arrive.
    LostAfter,
    /// The answer does not arrive, and the request is carried out only after this time.
    LostLate(Duration),
    /// The source says that it is done, and has done nothing.
    Lied(Outcome),
    /// The source makes the change when somebody confirms it.
    Queued,
}

type Whole = dyn Fn(usize) -> Fate + Send + Sync;
type Single = dyn Fn(&Operation, usize) -> Fate + Send + Sync;
type Preparing = dyn Fn(&Proposed) -> Option<Result<Prepared>> + Send + Sync;
type Reading = dyn Fn(usize) -> Option<Error> + Send + Sync;

/// A connector to a directory in memory. Its clones share the server.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools, reason = "abilities that a test switches off one by one")]
pub struct Directory {
    server: Arc<Mutex<Server>>,
    pub context: Context,
    pub definition: String,
    /// The most in one batch, and in one read.
    pub most: usize,
    pub most_accounts: usize,
    pub delay: Duration,
    /// What becomes of a request, by its number.
    pub whole: Arc<Whole>,
    /// What becomes of an operation, by how often it was sent before.
    pub single: Arc<Single>,
    /// What becomes of a read, by its number.
    pub reading: Arc<Reading>,
    pub can_find: bool,
    pub can_prepare: bool,
    pub can_batch: bool,
    pub can_list: bool,
    pub tells_password_time: bool,
    /// Whether accounts show when what they hold ends.
    pub shows_ends: bool,
    pub caps: ProvisioningSettings,
    pub limits: LimitSettings,
    /// Attributes beyond the usual ones, and the operations that the schema lists.
    /// The error of any read other than that of accounts.
    pub failing: Option<Arc<dyn Fn() -> Option<Error> + Send + Sync>>,
    pub further: Vec<AttributeSchema>,
    pub operations: Vec<OperationKind>,
    /// Replaces what preparing an operation results in.
    pub preparing: Arc<Preparing>,
    /// The id of the system.
    pub instance: Option<String>,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Directory")
    }
}

impl Directory {
    /// With these accounts, some entitlements and all abilities.
    pub fn of(names: &[&str]) -> Self {
        let mut server = Server::default();
        for name in names {
            server.add(name);
        }
        for number in 0..4 {
            for kind in ["group", "permission", "license"] {
                server.entitlements.push(entitlement(&format!("{kind}/{number}"), &format!("{kind} {number}")));
            }
        }
        Self {
            server: Arc::new(Mutex::new(server)),
            context: Context::new("directory", "."),
            definition: "one".to_owned(),
            most: 10,
            most_accounts: 3,
            delay: Duration::ZERO,
            whole: Arc::new(|_| Fate::Done),
            single: Arc::new(|_, _| Fate::Done),
            reading: Arc::new(|_| None),
            can_find: true,
            can_prepare: true,
            can_batch: true,
            can_list: true,
            tells_password_time: true,
            shows_ends: true,
            caps: ProvisioningSettings::default(),
            limits: LimitSettings::default(),
            failing: None,
            further: Vec::new(),
            operations: OperationKind::ALL.to_vec(),
            preparing: Arc::new(|_| None),
            instance: None,
        }
    }

    /// Nothing but writing one operation.
    pub fn bare(names: &[&str]) -> Self {
        Self { can_find: false, can_prepare: false, can_batch: false, can_list: false, ..Self::of(names) }
    }

    fn read(&self) -> Result<()> {
        self.failing.as_ref().and_then(|failing| failing()).map_or(Ok(()), Err)
    }

    pub fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap()
    }

    /// As it is now. It stays until the test ends, so that a plan may borrow it.
    pub fn opened(&self) -> &'static Opened {
        Box::leak(Box::new(Opened {
            source: "directory".to_owned(),
            connector: Box::new(self.clone()),
            registration: registration(),
            context: self.context.clone(),
            definition: Definition { hash: self.definition.clone(), former: format!("former {}", self.definition) },
            aggregation: AggregationSettings::default(),
            provisioning: self.caps.clone(),
            limits: self.limits.clone(),
        }))
    }

    /// The server goes on although the client may be gone.
    async fn send(&self, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
        self.context.meter().count_call();
        let (number, fates) = {
            let mut server = self.server();
            server.calls.push(operations.len());
            server.under_way += 1;
            server.most_under_way = server.most_under_way.max(server.under_way);
            let fates = operations.iter().map(|operation| {
                let key = format!("{:?} {}", operation.account, described(operation));
                let sent = server.sent.entry(key).or_default();
                *sent += 1;
                (self.single)(operation, *sent - 1)
            });
            let fates: Vec<_> = fates.collect();
            (server.calls.len() - 1, fates)
        };
        let whole = (self.whole)(number);
        let task = tokio::spawn(serve(self.server.clone(), self.delay, operations.to_vec(), whole, fates));
        task.await.unwrap()
    }
}

fn shown(id: &str, person: &Person, concern: &Concern) -> Account {
    let mut attributes = AttributesBuilder::default();
    for (name, value) in &person.attributes {
        if name != "Hidden" || concern.attributes.contains(name) {
            attributes.push(name, value).unwrap();
        }
    }
    if concern.attributes.contains("PasswordChanged") && person.password_changed > 0 {
        attributes.push("PasswordChanged", &person.password_changed).unwrap();
    }
    let mut account = Account::new(id, person.name.clone());
    account.enabled = !person.disabled;
    account.locked = concern.locks && person.locked;
    account.attributes = attributes.build();
    for held in person.held.intersection(&concern.entitlements) {
        account.hold(held.clone(), person.ends.get(held).copied().into());
    }
    account
}

async fn serve(
    server: Arc<Mutex<Server>>,
    delay: Duration,
    operations: Vec<Operation>,
    whole: Fate,
    fates: Vec<Fate>,
) -> Result<Vec<Result<Outcome>>> {
    if delay.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(delay).await;
    }
    let commit = |server: &mut Server, (operation, fate): (&Operation, Fate)| match fate {
        Fate::Done => server.carry_out(operation),
        Fate::Refused(error) => Err(error),
        Fate::DoneBut(error) => {
            let _ = server.carry_out(operation);
            Err(error)
        }
        Fate::Lied(outcome) => Ok(outcome),
        Fate::Queued => Ok(Outcome::queued(&operation.account, "waits for a confirmation")),
        Fate::LostBefore => Err(lost()),
        Fate::LostAfter | Fate::LostLate(_) => {
            let _ = server.carry_out(operation);
            Err(lost())
        }
    };
    server.lock().unwrap().under_way -= 1;
    match whole {
        Fate::Refused(error) => return Err(error),
        Fate::LostBefore => return Err(lost()),
        Fate::LostLate(late) => {
            tokio::spawn(async move {
                tokio::time::sleep(late).await;
                let mut server = server.lock().unwrap();
                operations.iter().zip(fates).for_each(|one| drop(commit(&mut server, one)));
            });
            return Err(lost());
        }
        Fate::Done | Fate::DoneBut(_) | Fate::LostAfter | Fate::Lied(_) | Fate::Queued => {}
    }
    let mut server = server.lock().unwrap();
    let answers = operations.iter().zip(fates).map(|one| commit(&mut server, one)).collect();
    match whole {
        Fate::LostAfter => Err(lost()),
        Fate::DoneBut(error) => Err(error),
        _ => Ok(answers),
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Timeout, "no answer in time").with_happened(Happened::Unknown)
}

#[async_trait]
impl Connector for Directory {
    async fn test_connection(&self, _: &mut TestReport) {}

    async fn aggregate_accounts(&self, _: &Cursor) -> Result<Page<Account>> {
        let (server, concern) = (self.server(), Concern::default());
        Ok(Page::last(server.accounts.iter().map(|(id, person)| shown(id, person, &concern)).collect()))
    }

    async fn instance_id(&self) -> Result<Option<String>> {
        self.read()?;
        Ok(self.instance.clone())
    }

    fn schema(&self) -> AccountSchema {
        let time = AttributeSchema::date_time("PasswordChanged").means(AttributeMeaning::PasswordChanged);
        let text = ["Title", "Phone", "Hidden", "Refused", "Unknown"]
            .map(|name| AttributeSchema::new(name, AttributeType::Json));
        let mut attributes: Vec<_> = text.into_iter().chain([AttributeSchema::integer("Number")]).collect();
        for one in &mut attributes {
            one.writable = Writable::Always;
        }
        attributes.extend(self.tells_password_time.then_some(time));
        attributes.extend(self.further.clone());
        AccountSchema::new(attributes).with_operations(self.operations.clone())
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        self.send(std::slice::from_ref(operation)).await?.remove(0)
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let mut capabilities = Capabilities::none();
        if self.can_list {
            capabilities = capabilities.with_entitlements(self);
        }
        if self.can_find {
            capabilities = capabilities.with_accounts(self);
        }
        if self.can_prepare {
            capabilities = capabilities.with_preparation(self);
        }
        if self.can_batch {
            capabilities = capabilities.with_batch(self);
        }
        capabilities
    }
}

#[async_trait]
impl ReadEntitlements for Directory {
    fn entitlement_types(&self) -> Vec<EntitlementType> {
        vec![
            EntitlementType::new("license", "License").described("May use a product").ranked(1),
            EntitlementType::new("permission", "Permission").described("May do something").ranked(2),
            EntitlementType::new("group", "Group").described("Belongs to it").ranked(3),
        ]
    }

    async fn entitlements(&self, _: &Cursor) -> Result<Page<Entitlement>> {
        self.read()?;
        Ok(Page::last(self.server().entitlements.clone()))
    }

    async fn assignments(&self, _: &Cursor) -> Result<Page<Assignment>> {
        Ok(Page::last(Vec::new()))
    }
}

#[async_trait]
impl FindAccounts for Directory {
    fn most_accounts(&self) -> usize {
        self.most_accounts
    }

    async fn find_accounts(&self, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>> {
        assert!(wanted.len() <= self.most_accounts);
        self.context.meter().count_call();
        tokio::task::yield_now().await;
        let mut server = self.server();
        server.reads += 1;
        server.concerns.push(concern.clone());
        if let Some(error) = (self.reading)(server.reads - 1) {
            return Err(error);
        }
        let found = wanted.iter().map(|wanted| {
            let named = server.accounts.iter().filter(|(id, person)| *id == wanted || person.name == *wanted);
            let mut found: Vec<_> = named.map(|(id, person)| shown(id, person, concern)).collect();
            for account in found.iter_mut().filter(|_| !self.shows_ends) {
                account.ends.clear();
            }
            found
        });
        Ok(found.collect())
    }
}

#[async_trait]
impl PrepareOperations for Directory {
    async fn prepare_operations(&self, proposed: &[Proposed]) -> Result<Vec<Result<Prepared>>> {
        tokio::task::yield_now().await;
        self.read()?;
        let server = self.server();
        Ok(proposed.iter().map(|one| (self.preparing)(one).unwrap_or_else(|| prepared(&server, one))).collect())
    }
}

fn prepared(server: &Server, proposed: &Proposed) -> Result<Prepared> {
    let seat = |license: &EntitlementRef, takes| server.free(license).map(|free| Seat::new(&license.id, free, takes));
    let holds = |entitlement| proposed.account.as_ref().is_some_and(|one| one.entitlements.contains(entitlement));
    match &proposed.operation.change {
        Change::Create { attributes, .. } | Change::Update { set: attributes, .. }
            if attributes.contains_key("Unknown") =>
        {
            Err(Error::new(ErrorKind::Invalid, "accounts have no attribute `Unknown`"))
        }
        Change::Create { name, attributes, entitlements, password, .. } => {
            let first = Change::create(name, attributes.clone(), Vec::new(), password.clone());
            let mut steps = vec![Operation::new("", first)];
            steps.extend(
                entitlements.iter().map(|entitlement| Operation::new("", Change::grant(entitlement.clone(), None))),
            );
            Ok(Prepared::steps(steps, entitlements.iter().filter_map(|one| seat(one, true)).collect()))
        }
        Change::Grant { entitlement, until: None, .. } if holds(entitlement) => {
            Ok(Prepared::unchanged("already holds it"))
        }
        Change::Grant { entitlement, .. } => {
            let seats = seat(entitlement, true).into_iter().collect();
            Ok(Prepared::steps(vec![proposed.operation.clone()], seats))
        }
        Change::Revoke { entitlement, .. } if holds(entitlement) => {
            let seats = seat(entitlement, false).into_iter().collect();
            Ok(Prepared::steps(vec![proposed.operation.clone()], seats))
        }
        Change::Lock if proposed.account.as_ref().is_some_and(|one| one.locked) => {
            Ok(Prepared::unchanged("already locked"))
        }
        _ => Ok(Prepared::step(proposed.operation.clone())),
    }
}

#[async_trait]
impl ProvisionBatch for Directory {
    fn lane(&self, operation: &Operation<SecretRef>) -> Lane {
        Lane::new(operation.kind().name(), self.most)
    }

    async fn provision_batch(&self, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
        assert!(operations.len() <= self.most);
        let mut accounts: Vec<_> = operations
            .iter()
            .filter(|one| one.kind() != OperationKind::Create)
            .map(|one| one.account.as_str())
            .collect();
        accounts.sort_unstable();
        let count = accounts.len();
        accounts.dedup();
        assert_eq!(accounts.len(), count, "no two of the same account");
        assert!(!accounts.contains(&""), "an account that nobody knows: {operations:?}");
        assert!(operations.windows(2).all(|two| two[0].kind() == two[1].kind()));
        self.send(operations).await
    }
}
