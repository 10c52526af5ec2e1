//! Users as accounts.

use super::custom_fields::CustomFields;
use super::field_groups;
use super::fields::UserFields;
use super::integrations::Integrations;
use super::locks::Locks;
use super::schema::{STANDARD, USER, further};
use crate::api::Rest;
use crate::api::bulk::{self, Place};
use crate::api::keyset::{self, Part, Position};
use crate::api::ranges::{RecordId, Span};
use crate::api::record::Row;
use crate::api::rights;
use crate::api::shortfall;
use crate::api::soql::{self, Select};
use crate::error;
use connector_core::{Account, AccountKind, AccountSchema, Cursor, EntitlementRef, OperationKind, Page, Result};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;
use xxhash_rust::xxh3::Xxh3;

const TYPE: &str = "UserType";
/// How many users a query names: their ids need up to 3,000 bytes beside the fields.
const MOST_NAMED: usize = 100;

/// The fields of User that contain an entitlement, and the type of the entitlement.
pub(crate) const INLINE: [(&str, &str); 2] = [("ProfileId", "profile"), ("UserRoleId", "role")];

/// The operations on users that Salesforce supports. It never deletes users.
const OPERATIONS: [OperationKind; 13] = [
    OperationKind::Create,
    OperationKind::Update,
    OperationKind::Grant,
    OperationKind::Revoke,
    OperationKind::Enable,
    OperationKind::Disable,
    OperationKind::Lock,
    OperationKind::Unlock,
    OperationKind::SetPassword,
    OperationKind::EndSessions,
    OperationKind::RevokeTokens,
    OperationKind::Deprovision,
    OperationKind::Transfer,
];

/// Reads users. Keeps what it has to read from the org only once.
pub(crate) struct Accounts {
    custom: CustomFields,
    fields: Mutex<Option<Arc<UserFields>>>,
    locks: OnceCell<Locks>,
    integrations: OnceCell<Integrations>,
}

impl Accounts {
    pub(crate) fn new(custom: CustomFields) -> Self {
        Self { custom, fields: Mutex::default(), locks: OnceCell::new(), integrations: OnceCell::new() }
    }

    /// The fields to read.
    pub(crate) async fn fields(&self, rest: &Rest) -> Result<Arc<UserFields>> {
        if let Some(known) = self.known_fields().clone() {
            return Ok(known);
        }
        let fields = Arc::new(UserFields::read(rest, &self.custom).await?);
        *self.known_fields() = Some(fields.clone());
        Ok(fields)
    }

    fn known_fields(&self) -> MutexGuard<'_, Option<Arc<UserFields>>> {
        self.fields.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which profiles are for programs, if a read of users has found out.
    pub(super) fn integrations(&self) -> Option<&Integrations> {
        self.integrations.get()
    }

    /// One page.
    pub(crate) async fn page(&self, rest: &Rest, cursor: &Cursor) -> Result<Page<Account>> {
        let position = cursor.position::<Position>()?;
        let (span, seen) = match &position {
            None => (Span::default(), Some(0)),
            Some(position) if position.of() == USER => (position.span(), position.seen()),
            Some(position) => return Err(position.unknown()),
        };
        let job = position.as_ref().and_then(Position::job);
        match self.read(rest, span, seen, job).await {
            // The org has hidden a field since it described them.
            Err(refused) if error::is_refused_field(&refused) => {
                rest.forget_description(USER).await;
                *self.known_fields() = None;
                self.read(rest, span, seen, job).await
            }
            page => page,
        }
    }

    async fn read(&self, rest: &Rest, span: Span, seen: Option<u64>, job: Option<&Place>) -> Result<Page<Account>> {
        let is_first = span == Span::default() && job.is_none_or(Place::is_waiting);
        let fields = self.fields(rest).await?;
        let locks = self.locks(rest).await?;
        let integrations = self.integrations.get_or_try_init(|| Integrations::read(rest)).await?;
        let count = if is_first { rest.counts().await?.get(USER).copied() } else { None };
        let make = |row: &Row<'_>| account(row, locks, Some(integrations)).map(Some);
        let whole = Select { object: USER, fields: fields.names.iter().map(String::as_str).collect(), filter: None };
        let part = match bulk::part(rest, &whole, span, job, make).await? {
            Some(part) => part,
            None => by_rest(rest, &fields, None, span, count, make).await?,
        };
        let next = part.cursors(USER, seen)?;
        let reason = shortfall::after(rest, USER, &part, seen).await?;
        let accounts = part.items.into_iter().map(|(_, account)| account).collect();
        let mut page = self.as_shown(Page::fork(accounts, next), &fields, locks);
        if let Some(reason) = reason {
            page = page.with_incomplete(reason);
        }
        page = rest.warnings().fold(page, Page::with_warning);
        Ok(if is_first { with_notes(page, count, locks) } else { page })
    }

    /// The locked users, which are read once.
    pub(crate) async fn locks(&self, rest: &Rest) -> Result<&Locks> {
        self.locks.get_or_try_init(|| Locks::read(rest)).await
    }

    /// The names of the fields that the org calculates, if it has described its fields.
    pub(crate) fn calculated(&self) -> Option<String> {
        let fields = self.known_fields().clone()?;
        (!fields.calculated.is_empty()).then(|| fields.calculated.join(", "))
    }

    /// A hash of what an account is made of beside the user's own row. If it changes, every account may.
    pub(crate) async fn shape(&self, rest: &Rest) -> Result<String> {
        let fields = self.fields(rest).await?;
        let integrations = self.integrations.get_or_try_init(|| Integrations::read(rest)).await?;
        let profiles = integrations.profiles().iter().map(RecordId::as_str);
        let mut hash = Xxh3::new();
        for text in fields.names.iter().map(String::as_str).chain(["."]).chain(profiles) {
            hash.update(text.as_bytes());
            hash.update(&[0]);
        }
        Ok(format!("{:016x}", hash.digest()))
    }

    /// These users on one page.
    pub(crate) async fn named(&self, rest: &Rest, users: &[RecordId]) -> Result<Page<Account>> {
        let fields = self.fields(rest).await?;
        let integrations = self.integrations.get_or_try_init(|| Integrations::read(rest)).await?;
        let locks = Locks::of_users(rest, users).await?;
        let make = |row: &Row<'_>| account(row, &locks, Some(integrations)).map(Some);
        let mut accounts = Vec::with_capacity(users.len());
        for users in users.chunks(MOST_NAMED) {
            let condition = soql::one_of("Id", users.iter().map(RecordId::as_str));
            let part = by_rest(rest, &fields, Some(&condition), Span::default(), None, make).await?;
            accounts.extend(part.items.into_iter().map(|(_, account)| account));
        }
        Ok(self.as_shown(Page::last(accounts), &fields, &locks))
    }

    /// One page of the users that meet a condition.
    pub(crate) async fn changed(&self, rest: &Rest, condition: &str, cursor: &Cursor) -> Result<Page<Account>> {
        let position = cursor.position::<Position>()?;
        let span = position.as_ref().map_or(Span::default(), Position::span);
        let fields = self.fields(rest).await?;
        let locks = self.locks(rest).await?;
        let integrations = self.integrations.get_or_try_init(|| Integrations::read(rest)).await?;
        let make = |row: &Row<'_>| account(row, locks, Some(integrations)).map(Some);
        let part = by_rest(rest, &fields, Some(condition), span, None, make).await?;
        let next = part.cursors(USER, None)?;
        let page = Page::fork(part.items.into_iter().map(|(_, account)| account).collect(), next);
        Ok(self.as_shown(page, &fields, locks))
    }

    /// The page, with what the org does not show of its users.
    fn as_shown(&self, page: Page<Account>, fields: &UserFields, locks: &Locks) -> Page<Account> {
        let mut page = page.with_not_shown(fields.hidden.iter().copied());
        if self.custom == CustomFields::All {
            page = page.with_only_shown(fields.names.iter().skip(1));
        }
        if matches!(locks, Locks::Hidden) { page.with_locks_not_shown() } else { page }
    }

    /// The attributes, with the custom fields that are known so far.
    pub(crate) fn schema(&self) -> AccountSchema {
        let mut attributes: Vec<_> = STANDARD.iter().map(super::schema::Standard::attribute).collect();
        match (self.known_fields().as_ref(), &self.custom) {
            (Some(fields), _) => attributes.extend_from_slice(fields.further()),
            (None, CustomFields::Named(names)) => attributes.extend(names.iter().map(|name| further(name, None))),
            (None, CustomFields::None | CustomFields::All) => {}
        }
        // Plans can set every field of User that the org has.
        AccountSchema::new(attributes).with_operations(OPERATIONS.to_vec()).open()
    }
}

/// One page by REST, with a query for each group of fields.
async fn by_rest(
    rest: &Rest,
    fields: &UserFields,
    filter: Option<&str>,
    span: Span,
    count: Option<u64>,
    make: impl FnMut(&Row<'_>) -> Result<Option<(RecordId, Account)>>,
) -> Result<Part<(RecordId, Account)>> {
    let groups = field_groups::groups(&fields.names);
    let owned = filter.map(|filter| Cow::Owned(filter.to_owned()));
    let select = Select { object: USER, fields: groups[0].clone(), filter: owned };
    let mut part = keyset::part(rest, &select, span, count, make)
        .await
        .map_err(|refused| if error::is_missing_object(&refused) { rights::missing(USER, refused) } else { refused })?;
    for more in &groups[1..] {
        let same = Span { after: span.after, end: part.last };
        if part.last.is_some() {
            field_groups::add(rest, more, filter, same, &mut part.items).await?;
        }
    }
    Ok(part)
}

/// What comes once, with the first page.
fn with_notes(page: Page<Account>, count: Option<u64>, locks: &Locks) -> Page<Account> {
    let mut page = page;
    if let Some(count) = count {
        page = page.with_estimate(count);
    }
    match locks.warning() {
        Some(warning) => page.with_warning(warning),
        None => page,
    }
}

/// One row as an account.
pub(crate) fn account(
    row: &Row<'_>,
    locks: &Locks,
    integrations: Option<&Integrations>,
) -> Result<(RecordId, Account)> {
    let (id, user) = row.id("Id")?;
    if !user.has_prefix("005") {
        return Err(row.odd("has an `Id` that is not a user id"));
    }
    let attributes = field_groups::values(row)?;
    let mut entitlements = Vec::with_capacity(INLINE.len());
    for (field, held) in INLINE.iter().filter(|(field, _)| row.has(field)) {
        // System users have no profile.
        entitlements.extend(row.some_id(field)?.map(|(id, _)| EntitlementRef::new(*held, id)));
    }
    let profile = if row.has("ProfileId") { row.some_id("ProfileId")?.map(|(_, profile)| profile) } else { None };
    let is_program = profile.is_some_and(|profile| integrations.is_some_and(|known| known.have(profile)));
    let mut account = Account::new(id, row.some_text("Username")?);
    account.display_name = row.text("Name")?.map(Cow::into_owned);
    account.enabled = row.flag("IsActive")?;
    account.locked = locks.holds(user);
    account.kind = if row.has(TYPE) { kind(row.text(TYPE)?.as_deref(), is_program) } else { AccountKind::Unspecified };
    account.attributes = attributes;
    account.entitlements = entitlements;
    Ok((user, account))
}

/// What uses users of a type. Portal users are people outside of the company.
fn kind(user_type: Option<&str>, is_program: bool) -> AccountKind {
    match user_type {
        Some("Standard") if is_program => AccountKind::Service,
        None | Some("") => AccountKind::Unspecified,
        Some("AutomatedProcess" | "CloudIntegrationUser") => AccountKind::Service,
        Some("Guest") => AccountKind::Guest,
        // The types of AI agents and bots have such names; new ones come with most releases.
        Some(other) if other.contains("Agent") || other.contains("Bot") => AccountKind::Agent,
        Some(_) => AccountKind::Person,
    }
}
