//! People in the order of their ids.

use super::named::authority as authority_of;
use super::stage::place;
use crate::query::account_from_row;
use connector_core::{Account, PersonState, Result};
use connector_filter::Filter;
use connector_project::identities::IdentitySettings;
use connector_sql::{Connection, Row, Rows, Statement, params};
use connector_store::{Store, fault, moment, sql};
use jiff::Timestamp;
use serde::Serialize;
use std::cmp::Ordering;
use std::ops::ControlFlow;

/// Which people to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeopleQuery<'a> {
    /// Only those whose account at the authority matches this condition.
    pub filter: Option<&'a Filter>,
    /// Only those who have an account in this source.
    pub source: Option<&'a str>,
    /// Only those who left, instead of those who are there.
    pub left: bool,
    /// Only those who have several accounts in a source, or share a value of a rule with somebody else.
    pub duplicates: bool,
    /// Only those whose ids come after this one: the next page of a list begins behind the last id of the page before.
    pub after: Option<&'a str>,
    /// The maximum number.
    pub limit: Option<u64>,
}

/// A person with their accounts. Serializes to a line of `connector identities --output json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Person {
    /// The id of their account at the authority.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether they are there.
    pub state: PersonState,
    /// Their accounts in other sources, by source and id.
    pub accounts: Vec<LinkedAccount>,
    /// People who share a value of a rule with them; only where duplicates are asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_as: Vec<String>,
}

/// An account of a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LinkedAccount {
    /// The source.
    pub source: String,
    /// The id of the account.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it can be used.
    pub enabled: bool,
    /// The rule that linked it; absent if somebody confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Who confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// Since when it is linked.
    pub since: Option<Timestamp>,
}

impl Person {
    /// Whether they have several accounts in one source. The accounts are sorted by source.
    pub fn has_several_in_a_source(&self) -> bool {
        self.accounts.windows(2).any(|pair| pair[0].source == pair[1].source)
    }
}

/// Streams people in the order of their ids, each with their accounts. Returns how many there were.
///
/// Fails with kind `not_found` if nothing was correlated yet.
pub fn people(
    store: &Store,
    settings: &IdentitySettings,
    query: &PeopleQuery<'_>,
    mut each: impl FnMut(&Person) -> Result<()>,
) -> Result<u64> {
    let connection = store.reader()?;
    let authority = authority_of(&connection, settings)?;
    let after = query.after.unwrap_or_default();
    let mut statement = connection.prepare(Links::QUERY).map_err(fault)?;
    // Both tables in the order of people, side by side.
    let mut links = Links::of(&mut statement, authority, after).map_err(fault)?;
    let statement =
        "SELECT a.account_id, a.name, a.display_name, a.enabled, a.locked, a.attributes, a.kind, a.owner, a.alias
         FROM identity_accounts i CROSS JOIN accounts a
         WHERE i.source = ?1 AND i.account > ?2 AND i.gone = ?3 AND i.state = 'person'
               AND a.source = i.source AND a.account_id = i.account ORDER BY i.account";
    let read = |row: &Row<'_>| {
        let account = account_from_row(row)?;
        let linked = links.up_to(&account.id)?;
        Ok((account, linked))
    };
    let mut count = 0;
    let parameters = params![authority, after, query.left];
    sql::until(&connection, statement, parameters, read, |(account, accounts)| {
        if query.limit.is_some_and(|limit| count >= limit) {
            return Ok(ControlFlow::Break(()));
        }
        let is_wanted = query.filter.is_none_or(|filter| filter.matches(&account, &[]))
            && query.source.is_none_or(|source| accounts.iter().any(|one| one.source == source));
        if !is_wanted {
            return Ok(ControlFlow::Continue(()));
        }
        let mut person = person(account, accounts, query.left);
        if query.duplicates {
            person.same_as = twins(&connection, settings, authority, &person.id)?;
            if person.same_as.is_empty() && !person.has_several_in_a_source() {
                return Ok(ControlFlow::Continue(()));
            }
        }
        count += 1;
        each(&person)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count)
}

fn person(account: Account, mut accounts: Vec<LinkedAccount>, left: bool) -> Person {
    accounts.sort_unstable();
    let state = match (left, account.enabled) {
        (true, _) => PersonState::Left,
        (false, true) => PersonState::Active,
        (false, false) => PersonState::Disabled,
    };
    let Account { id, name, display_name, .. } = account;
    Person { id, name, display_name, state, accounts, same_as: Vec::new() }
}

/// The people who share a value of a rule with a person, but for rules that need confirmation anyway.
fn twins(connection: &Connection, settings: &IdentitySettings, authority: i64, person: &str) -> Result<Vec<String>> {
    let query = "SELECT DISTINCT o.account FROM identity_values v CROSS JOIN identity_values o
         WHERE v.source = ?1 AND v.account = ?2 AND v.rule = ?3 AND o.rule = v.rule AND o.value = v.value
               AND o.source = v.source AND o.gone = 0 AND o.account <> v.account ORDER BY o.account LIMIT 5";
    let mut all = Vec::new();
    for (rule, _) in settings.rules.iter().enumerate().filter(|(_, rule)| !rule.confirm) {
        let found: Vec<String> =
            sql::all(connection, query, params![authority, person, place(rule)], |row| row.get(0))?;
        all.extend(found);
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// The links of an authority in the order of people.
struct Links<'s> {
    rows: Rows<'s>,
    next: Option<(String, LinkedAccount)>,
}

impl<'s> Links<'s> {
    const QUERY: &'static str = "SELECT l.person, s.name, l.account, a.name, a.enabled, l.rule, l.author, l.began_at
         FROM identity_links l
         JOIN sources s ON s.id = l.source
         JOIN accounts a ON a.source = l.source AND a.account_id = l.account
         WHERE l.authority = ?1 AND l.person > ?2 AND l.ended_at IS NULL AND a.removed_run IS NULL ORDER BY l.person";

    fn of(statement: &'s mut Statement<'_>, authority: i64, after: &str) -> connector_sql::Result<Self> {
        let mut first = Self { rows: statement.query(params![authority, after])?, next: None };
        first.advance()?;
        Ok(first)
    }

    fn advance(&mut self) -> connector_sql::Result<()> {
        self.next = match self.rows.next()? {
            Some(row) => Some((
                row.get(0)?,
                LinkedAccount {
                    source: row.get(1)?,
                    id: row.get(2)?,
                    name: row.get(3)?,
                    enabled: row.get(4)?,
                    rule: row.get(5)?,
                    confirmed_by: row.get(6)?,
                    since: moment(&row, 7)?,
                },
            )),
            None => None,
        };
        Ok(())
    }

    /// The links of a person. People must be requested in order.
    fn up_to(&mut self, person: &str) -> connector_sql::Result<Vec<LinkedAccount>> {
        let mut linked = Vec::new();
        while let Some((known, _)) = &self.next {
            match known.as_str().cmp(person) {
                Ordering::Greater => break,
                Ordering::Equal => linked.extend(self.next.take().map(|(_, account)| account)),
                Ordering::Less => {}
            }
            self.advance()?;
        }
        Ok(linked)
    }
}
