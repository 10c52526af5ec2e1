//! Accounts of all sources, by what is known of their people.

use super::named::authority as authority_of;
use super::stage::place;
use connector_core::{PersonState, Result};
use connector_project::identities::IdentitySettings;
use connector_sql::{Connection, Row, params};
use connector_store::{Store, moment, sql, word};
use jiff::Timestamp;
use serde::Serialize;
use std::ops::ControlFlow;
use strum::{EnumString, IntoStaticStr};

/// How many people an ambiguous account names.
const MOST_CANDIDATES: usize = 5;

/// Which accounts to list.
#[derive(Clone, Copy, Debug)]
pub struct CorrelatedQuery<'a> {
    /// What is known of their people.
    pub selection: Selection<'a>,
    /// Only those of this source.
    pub source: Option<&'a str>,
    /// The maximum number.
    pub limit: Option<u64>,
}

/// What is known of the people of the accounts to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// They have no person who is there: nobody, several, or somebody who left.
    Orphans,
    /// No rule finds anybody.
    Unmatched,
    /// A rule finds several people, or one that somebody has to confirm.
    Ambiguous,
    /// They belong to nobody, as `leave_out` or somebody says.
    LeftOut,
    /// One account, by the number of its source and its id.
    #[doc(hidden)]
    Account {
        /// The number of the source in the store.
        source: i64,
        /// The id.
        id: &'a str,
    },
}

/// What is known of the person of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AccountState {
    /// It belongs to a person.
    Linked,
    /// It belongs to several people, or to one that somebody has to confirm.
    Ambiguous,
    /// No rule finds anybody.
    Unmatched,
    /// It belongs to nobody, as somebody said.
    Refused,
    /// It belongs to nobody, as `leave_out` says.
    LeftOut,
}

impl AccountState {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A person, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedPerson {
    /// The id of their account at the authority.
    pub id: String,
    /// Its name; absent if the store does not have it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether they are there.
    pub state: PersonState,
}

/// An account, and what is known of its person. Serializes to a line of `connector identities --orphans --output json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CorrelatedAccount {
    /// The source.
    pub source: String,
    /// The id of the account.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether it can be used.
    pub enabled: bool,
    /// What is known of its person.
    pub state: AccountState,
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<NamedPerson>,
    /// The rule that found the person, or several of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Who confirmed the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// Since when it belongs to the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// People that it may belong to: the first few of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<NamedPerson>,
    /// Whether there are more candidates.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more_candidates: bool,
}

/// Streams accounts of all sources in the order of sources and ids. Returns how many there were.
///
/// Fails with kind `not_found` if nothing was correlated yet.
pub fn correlated(
    store: &Store,
    settings: &IdentitySettings,
    query: &CorrelatedQuery<'_>,
    each: impl FnMut(&CorrelatedAccount) -> Result<()>,
) -> Result<u64> {
    let connection = store.reader()?;
    let authority = authority_of(&connection, settings)?;
    stream(&connection, settings, authority, query, each)
}

/// The first account.
pub(super) fn correlated_one(
    connection: &Connection,
    settings: &IdentitySettings,
    authority: i64,
    query: &CorrelatedQuery<'_>,
) -> Result<Option<CorrelatedAccount>> {
    let mut found = None;
    stream(connection, settings, authority, query, |one| {
        found = Some(one.clone());
        Ok(())
    })?;
    Ok(found)
}

fn stream(
    connection: &Connection,
    settings: &IdentitySettings,
    authority: i64,
    query: &CorrelatedQuery<'_>,
    mut each: impl FnMut(&CorrelatedAccount) -> Result<()>,
) -> Result<u64> {
    let wanted = match query.selection {
        Selection::Orphans => {
            "(i.state IN ('unmatched', 'ambiguous') OR (i.state = 'linked' AND (h.removed_run IS NOT NULL OR h.id IS NULL)))"
        }
        Selection::Unmatched => "i.state = 'unmatched'",
        Selection::Ambiguous => "i.state = 'ambiguous'",
        Selection::LeftOut => "i.state IN ('refused', 'left_out')",
        Selection::Account { .. } => "i.source = ?3 AND i.account = ?4",
    };
    let statement = format!(
        "SELECT s.name, i.account, a.name, a.display_name, a.enabled, i.state, l.person, h.name,
                CASE WHEN h.id IS NULL OR h.removed_run IS NOT NULL THEN 'left' WHEN h.enabled = 0 THEN 'disabled' ELSE 'active' END,
                coalesce(l.rule, i.rule), l.author, l.began_at, i.source
         FROM identity_accounts i
         JOIN sources s ON s.id = i.source
         JOIN accounts a ON a.source = i.source AND a.account_id = i.account
         LEFT JOIN identity_links l ON l.source = i.source AND l.account = i.account AND l.ended_at IS NULL
         LEFT JOIN accounts h ON h.source = l.authority AND h.account_id = l.person
         WHERE i.source <> ?1 AND (CAST(?2 AS TEXT) = '' OR s.name = ?2) AND {wanted}
         ORDER BY s.name, i.account"
    );
    let of_source = query.source.unwrap_or_default();
    let mut count = 0;
    let listed = |(mut account, source): (CorrelatedAccount, i64)| {
        if query.limit.is_some_and(|limit| count >= limit) {
            return Ok(ControlFlow::Break(()));
        }
        if account.state == AccountState::Ambiguous {
            add_candidates(connection, settings, authority, source, &mut account)?;
        }
        count += 1;
        each(&account)?;
        Ok(ControlFlow::Continue(()))
    };
    match query.selection {
        Selection::Account { source, id } => {
            sql::until(connection, &statement, params![authority, of_source, source, id], account, listed)?;
        }
        _ => sql::until(connection, &statement, params![authority, of_source], account, listed)?,
    }
    Ok(count)
}

fn account(row: &Row<'_>) -> connector_sql::Result<(CorrelatedAccount, i64)> {
    let person: Option<String> = row.get(6)?;
    let person = match person {
        Some(id) => Some(NamedPerson { id, name: row.get(7)?, state: word(row, 8)? }),
        None => None,
    };
    let account = CorrelatedAccount {
        source: row.get(0)?,
        id: row.get(1)?,
        name: row.get(2)?,
        display_name: row.get(3)?,
        enabled: row.get(4)?,
        state: word(row, 5)?,
        person,
        rule: row.get(9)?,
        confirmed_by: row.get(10)?,
        since: moment(row, 11)?,
        candidates: Vec::new(),
        more_candidates: false,
    };
    Ok((account, row.get(12)?))
}

/// Adds the first people that the rule of an account finds.
fn add_candidates(
    connection: &Connection,
    settings: &IdentitySettings,
    authority: i64,
    source: i64,
    account: &mut CorrelatedAccount,
) -> Result<()> {
    let Some(rule) = settings.rules.iter().position(|rule| Some(&rule.name) == account.rule.as_ref()) else {
        return Ok(());
    };
    let query = format!(
        "SELECT DISTINCT p.account, h.name,
                CASE WHEN p.gone = 1 THEN 'left' WHEN h.enabled = 0 THEN 'disabled' ELSE 'active' END, p.gone
         FROM identity_values v
         CROSS JOIN identity_values p
         LEFT JOIN accounts h ON h.source = p.source AND h.account_id = p.account
         WHERE v.source = ?1 AND v.account = ?2 AND v.rule = ?3 AND p.rule = v.rule AND p.value = v.value AND p.source = ?4
               AND NOT EXISTS (SELECT 1 FROM identity_refusals r
                               WHERE r.source = v.source AND r.account = v.account AND r.ended_at IS NULL
                                     AND r.authority = p.source AND r.person = p.account)
         ORDER BY p.gone, p.account LIMIT {}",
        MOST_CANDIDATES + 1
    );
    let parameters = params![source, account.id, place(rule), authority];
    account.candidates = sql::all(connection, &query, parameters, |row| {
        Ok(NamedPerson { id: row.get(0)?, name: row.get(1)?, state: word(row, 2)? })
    })?;
    // Those who left count only if nobody is there.
    if account.candidates.iter().any(|one| one.state != PersonState::Left) {
        account.candidates.retain(|one| one.state != PersonState::Left);
    }
    account.more_candidates = account.candidates.len() > MOST_CANDIDATES;
    account.candidates.truncate(MOST_CANDIDATES);
    Ok(())
}
