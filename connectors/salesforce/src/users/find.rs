//! Users by id or username, in bulk.

use super::accounts::{self, Accounts};
use super::field_groups;
use super::fields::{NOT_READ, UserFields};
use super::locks::{FROZEN, Locks, Login};
use super::schema::USER;
use crate::api::description::Description;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::rest::{self, Rest};
use crate::api::soql::{self, Select};
use crate::assignments::holders;
use crate::error;
use connector_core::{Account, Attributes, AttributesBuilder, Concern, Result};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The most users to look up in one request.
pub(crate) const MAX_USERS_PER_QUERY: usize = 200;

/// The most characters that Salesforce allows in a username.
const MAX_USERNAME_CHARS: usize = 80;

/// How a user is looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Id(RecordId),
    /// In lowercase: usernames are not case-sensitive.
    Username(String),
}

impl Key {
    fn of(text: &str) -> Self {
        match RecordId::read(text).filter(|id| id.has_prefix("005")) {
            Some(id) => Self::Id(id),
            None => Self::Username(text.to_lowercase()),
        }
    }

    /// Whether a user can have it: a longer name does not fit into a query.
    fn is_possible(&self) -> bool {
        !matches!(self, Self::Username(name) if name.chars().count() > MAX_USERNAME_CHARS)
    }
}

/// For each text in `wanted`, the users that have it as id or username.
pub(crate) async fn accounts(
    rest: &Rest,
    known: &Accounts,
    wanted: &[String],
    concern: &Concern,
) -> Result<Vec<Vec<Account>>> {
    let keys: Vec<Key> = wanted.iter().map(|text| Key::of(text)).collect();
    let unique: BTreeSet<Key> = keys.iter().filter(|key| key.is_possible()).cloned().collect();
    let unique: Vec<Key> = unique.into_iter().collect();
    let fields = known.fields(rest).await?;
    let fields = chosen(&fields, &*rest.describe(USER).await?, &concern.attributes);
    let groups = field_groups::groups(&fields);
    let fits = |keys: &[Key]| {
        let filter = condition(keys);
        groups.iter().all(|fields| rest::fits(&select(fields, &filter).page(&keyset::FIRST)))
    };
    let mut found = Vec::new();
    let mut left = soql::portions(&unique, MAX_USERS_PER_QUERY, &fits);
    while let Some(keys) = left.pop() {
        match portion(rest, known, &groups, keys).await {
            // One malformed id must not stop the search for the others.
            Err(refused) if error::is_malformed_id(&refused) => left.extend(soql::halves(keys)),
            users => found.extend(users?),
        }
    }
    // Two portions may name one user, by id and by username.
    found.sort_unstable_by_key(|(id, _)| *id);
    found.dedup_by_key(|(id, _)| *id);
    let found = with_concern(rest, found, concern).await?;
    let mut by_key: BTreeMap<Key, Vec<&Account>> = BTreeMap::new();
    for (id, account) in &found {
        for key in [Key::Id(*id), Key::Username(account.name.to_lowercase())] {
            by_key.entry(key).or_default().push(account);
        }
    }
    let named = |key: &Key| by_key.get(key).into_iter().flatten().map(|account| (*account).clone()).collect();
    Ok(keys.iter().map(named).collect())
}

/// The users that have one of the keys.
async fn portion(
    rest: &Rest,
    known: &Accounts,
    groups: &[Vec<&str>],
    keys: &[Key],
) -> Result<Vec<(RecordId, Account)>> {
    let asked: BTreeSet<&Key> = keys.iter().collect();
    let filter = condition(keys);
    let select = select(&groups[0], &filter);
    let users = keyset::all(rest, &select, |row| {
        let (id, account) = accounts::account(row, &Locks::Hidden, known.integrations())?;
        if asked.contains(&Key::Id(id)) || asked.contains(&Key::of(&account.name)) {
            Ok(Some((id, account)))
        } else {
            Err(row.odd("is not one of the requested users"))
        }
    });
    let mut users = users.await?;
    for more in &groups[1..] {
        field_groups::add(rest, more, Some(&filter), keyset::FIRST, &mut users).await?;
    }
    Ok(users)
}

fn select<'a>(fields: &[&'a str], filter: &str) -> Select<'a> {
    Select { object: USER, fields: fields.to_vec(), filter: Some(filter.to_owned().into()) }
}

/// The fields that are always read, and the fields that a plan names and a query can return.
pub(super) fn chosen(fields: &UserFields, description: &Description, wanted: &BTreeSet<String>) -> Vec<String> {
    let mut names = fields.names.clone();
    let mut known: HashSet<String> = names.iter().cloned().collect();
    for field in wanted.iter().filter_map(|name| description.field(name)) {
        if !NOT_READ.contains(&field.field_type.as_str()) && known.insert(field.name.clone()) {
            names.push(field.name.clone());
        }
    }
    names
}

fn condition(keys: &[Key]) -> String {
    let ids: Vec<_> =
        keys.iter().filter_map(|key| if let Key::Id(id) = key { Some(id.as_str()) } else { None }).collect();
    let names: Vec<_> =
        keys.iter().filter_map(|key| if let Key::Username(name) = key { Some(name) } else { None }).collect();
    match (ids.is_empty(), names.is_empty()) {
        (false, false) => format!("({} OR {})", soql::one_of("Id", ids), soql::one_of("Username", names)),
        (false, true) => soql::one_of("Id", ids),
        _ => soql::one_of("Username", names),
    }
}

/// Adds what a plan needs to know about the users beyond their own rows.
async fn with_concern(
    rest: &Rest,
    mut found: Vec<(RecordId, Account)>,
    concern: &Concern,
) -> Result<Vec<(RecordId, Account)>> {
    let mut users: Vec<RecordId> = found.iter().map(|(id, _)| *id).collect();
    users.sort_unstable();
    users.dedup();
    if users.is_empty() {
        return Ok(found);
    }
    let mut held: BTreeMap<_, _> = holders::of_users(rest, &users, &concern.entitlements).await?;
    let logins = if concern.locks { logins(rest, &users).await? } else { Vec::new() };
    for (id, account) in &mut found {
        if let Some(login) = logins.iter().find(|login| login.user == *id) {
            account.locked = login.frozen || login.password_locked;
            account.attributes = with_frozen(&account.attributes, login.frozen)?;
        }
        for (entitlement, end) in held.remove(id).unwrap_or_default() {
            account.hold(entitlement, end);
        }
    }
    Ok(found)
}

/// Who is frozen or locked. Nothing if the service account can't see it.
async fn logins(rest: &Rest, users: &[RecordId]) -> Result<Vec<Login>> {
    match Login::of_users(rest, users).await {
        Err(refused) if error::is_missing_object(&refused) => Ok(Vec::new()),
        found => found,
    }
}

/// A frozen user counts as locked. A plan that locks a user freezes it.
fn with_frozen(attributes: &Attributes, frozen: bool) -> Result<Attributes> {
    let mut builder = AttributesBuilder::with_capacity(attributes.as_str().len() + 32);
    for (name, value) in attributes.entries() {
        builder.push_raw(&name, value);
    }
    builder.push(FROZEN, &frozen)?;
    Ok(builder.build())
}
