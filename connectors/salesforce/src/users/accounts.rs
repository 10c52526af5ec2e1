//! Users as accounts.

use super::custom_fields::CustomFields;
use super::fields::UserFields;
use super::locks::Locks;
use super::schema::{STANDARD, further};
use crate::api::Rest;
use crate::api::keyset::{self, Position};
use crate::api::ranges::Span;
use crate::api::record::Row;
use crate::api::rights;
use crate::api::soql::Select;
use crate::error;
use connector_core::{
    Account, AccountKind, AccountSchema, AttributesBuilder, Cursor, EntitlementRef, OperationKind, Page, Result,
};
use tokio::sync::OnceCell;

/// The object.
const TYPE: &str = "UserType";
pub(crate) const USER: &str = "User";

/// The fields of User that contain an entitlement, and the type of the entitlement.
pub(crate) const INLINE: [(&str, &str); 2] = [("ProfileId", "profile"), ("UserRoleId", "role")];

/// The operations on users that Salesforce supports. It never deletes users.
const OPERATIONS: [OperationKind; 9] = [
    OperationKind::Create,
    OperationKind::Update,
    OperationKind::Grant,
    OperationKind::Revoke,
    OperationKind::Enable,
    OperationKind::Disable,
    OperationKind::Lock,
    OperationKind::Unlock,
    OperationKind::SetPassword,
];

/// Reads users. Keeps what it has to read from the org only once.
pub(crate) struct Accounts {
    custom: CustomFields,
    fields: OnceCell<UserFields>,
    locks: OnceCell<Locks>,
}

impl Accounts {
    pub(crate) fn new(custom: CustomFields) -> Self {
        Self { custom, fields: OnceCell::new(), locks: OnceCell::new() }
    }

    /// The fields to read.
    pub(crate) async fn fields(&self, rest: &Rest) -> Result<&UserFields> {
        self.fields.get_or_try_init(|| UserFields::read(rest, &self.custom)).await
    }

    /// One page.
    pub(crate) async fn page(&self, rest: &Rest, cursor: &Cursor) -> Result<Page<Account>> {
        let span = match cursor.position::<Position>()? {
            None => Span::default(),
            Some(position) if position.of() == USER => position.span(),
            Some(position) => return Err(position.unknown()),
        };
        let fields = self.fields(rest).await?;
        let locks = self.locks.get_or_try_init(|| Locks::read(rest)).await?;
        let count = if cursor.is_start() { rest.counts().await?.get(USER).copied() } else { None };
        let select = Select { object: USER, fields: fields.names.iter().map(String::as_str).collect(), filter: None };
        let part = keyset::part(rest, &select, span, count, |row| account(row, locks).map(Some));
        let part = part.await.map_err(|refused| {
            if error::is_missing_object(&refused) { rights::missing(USER, refused) } else { refused }
        })?;
        let next = part.cursors(USER)?;
        let page = Page::fork(part.items, next).with_not_shown(fields.hidden.iter().copied());
        Ok(if cursor.is_start() { with_notes(page, count, locks) } else { page })
    }

    /// The attributes, with the custom fields that are known so far.
    pub(crate) fn schema(&self) -> AccountSchema {
        let mut attributes: Vec<_> = STANDARD.iter().map(super::schema::Standard::attribute).collect();
        match (self.fields.get(), &self.custom) {
            (Some(fields), _) => attributes.extend_from_slice(fields.further()),
            (None, CustomFields::Named(names)) => attributes.extend(names.iter().map(|name| further(name, None))),
            (None, CustomFields::None | CustomFields::All) => {}
        }
        // Plans can set every field of User that the org has.
        AccountSchema::new(attributes).with_operations(OPERATIONS.to_vec()).open()
    }
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
pub(crate) fn account(row: &Row<'_>, locks: &Locks) -> Result<Account> {
    let (id, user) = row.id("Id")?;
    if !user.has_prefix("005") {
        return Err(row.odd("has an `Id` that is not a user id"));
    }
    let mut attributes = AttributesBuilder::with_capacity(1_024);
    let mut entitlements = Vec::with_capacity(2);
    for (name, value) in row.cells() {
        // System users have no profile.
        if let Some((_, held)) = INLINE.iter().find(|(field, _)| *field == name) {
            entitlements.extend(row.some_id(name)?.map(|(id, _)| EntitlementRef::new(*held, id)));
        }
        if value.get().starts_with(['{', '[']) {
            return Err(row.odd(&format!("has a `{name}` that is not a plain value")));
        }
        if name != "Id" {
            attributes.push_raw(name, value);
        }
    }
    let mut account = Account::new(id, row.some_text("Username")?);
    account.display_name = row.text("Name")?.map(std::borrow::Cow::into_owned);
    account.enabled = row.flag("IsActive")?;
    account.locked = locks.holds(user);
    account.kind = if row.has(TYPE) { kind(row.text(TYPE)?.as_deref()) } else { AccountKind::Unspecified };
    account.attributes = attributes.build();
    account.entitlements = entitlements;
    Ok(account)
}

/// What uses users of a type. Portal users are people outside of the company.
fn kind(user_type: Option<&str>) -> AccountKind {
    match user_type {
        None | Some("") => AccountKind::Unspecified,
        Some("AutomatedProcess" | "CloudIntegrationUser") => AccountKind::Service,
        Some("Guest") => AccountKind::Guest,
        // The types of AI agents and bots have such names; new ones come with most releases.
        Some(other) if other.contains("Agent") || other.contains("Bot") => AccountKind::Agent,
        Some(_) => AccountKind::Person,
    }
}
