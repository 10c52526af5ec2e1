//! Users by id or username, in bulk.

use super::accounts::{self, Accounts, USER};
use super::fields::{NOT_READ, UserFields};
use super::locks::{FROZEN, Locks, Login};
use crate::api::description::Description;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::rest::{self, Rest};
use crate::api::soql::{self, Select};
use crate::assignments::holders;
use crate::error;
use connector_core::{Account, Attributes, AttributesBuilder, Concern, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The most users that are asked for at once.
pub(crate) const MAX_USERS_PER_QUERY: usize = 200;

/// What a user is asked for by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Id(RecordId),
    /// In small letters: usernames are the same whatever their letter case.
    Username(String),
}

impl Key {
    fn of(text: &str) -> Self {
        match RecordId::read(text).filter(|id| id.has_prefix("005")) {
            Some(id) => Self::Id(id),
            None => Self::Username(text.to_lowercase()),
        }
    }
}

/// For each of `wanted` the users that have it as id or username.
pub(crate) async fn accounts(
    rest: &Rest,
    known: &Accounts,
    wanted: &[String],
    concern: &Concern,
) -> Result<Vec<Vec<Account>>> {
    let keys: Vec<Key> = wanted.iter().map(|text| Key::of(text)).collect();
    let unique: Vec<Key> = keys.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let fields = known.fields(rest).await?;
    let fields = chosen(fields, &*rest.describe(USER).await?, &concern.attributes);
    let select = |keys: &[Key]| Select {
        object: USER,
        fields: fields.iter().map(String::as_str).collect(),
        filter: Some(condition(keys).into()),
    };
    let mut found = Vec::new();
    for keys in soql::portions(&unique, MAX_USERS_PER_QUERY, &|keys| rest::fits(&select(keys).page(&keyset::FIRST))) {
        let asked: BTreeSet<&Key> = keys.iter().collect();
        let select = select(keys);
        let users = keyset::all(rest, &select, |row| {
            let (_, id) = row.id("Id")?;
            let account = accounts::account(row, &Locks::Hidden)?;
            if asked.contains(&Key::Id(id)) || asked.contains(&Key::of(&account.name)) {
                Ok(Some((id, account)))
            } else {
                Err(row.odd("is none of the users who were asked for"))
            }
        });
        found.extend(users.await?);
    }
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

/// The fields that are always read, and those that a plan names and a query can give.
fn chosen(fields: &UserFields, description: &Description, wanted: &BTreeSet<String>) -> Vec<String> {
    let mut names = fields.names.clone();
    for field in wanted.iter().filter_map(|name| description.field(name)) {
        if !NOT_READ.contains(&field.field_type.as_str()) && !names.contains(&field.name) {
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

/// Adds what a plan wants to know of the users beside their own rows.
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
        account.entitlements.extend(held.remove(id).unwrap_or_default());
    }
    Ok(found)
}

/// Who is frozen or locked; nothing where the login may not see it.
async fn logins(rest: &Rest, users: &[RecordId]) -> Result<Vec<Login>> {
    match Login::of_users(rest, users).await {
        Err(refused) if error::is_missing_object(&refused) => Ok(Vec::new()),
        found => found,
    }
}

/// Frozen is one way of being locked; a plan that locks means that one.
fn with_frozen(attributes: &Attributes, frozen: bool) -> Result<Attributes> {
    let mut builder = AttributesBuilder::with_capacity(attributes.as_str().len() + 32);
    for (name, value) in attributes.entries() {
        builder.push_raw(&name, value);
    }
    builder.push(FROZEN, &frozen)?;
    Ok(builder.build())
}
