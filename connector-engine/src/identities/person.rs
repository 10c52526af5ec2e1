//! One person: all accounts, what they hold, and how they were found.

use super::accounts::{CorrelatedQuery, Selection, correlated_one};
use super::named::{NamedAccount, authority as authority_of};
use crate::query::{self, Breadth, StoredAccount};
use connector_core::{Error, ErrorKind, PersonState, Result};
use connector_project::identities::IdentitySettings;
use connector_sql::{Connection, Row, params};
use connector_store::{Store, moment, sql};
use jiff::Timestamp;
use serde::Serialize;

/// One person with all accounts, and how they were found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonDetail {
    /// The account at the authority, with what it holds there.
    pub person: StoredAccount,
    /// Whether they are there.
    pub state: PersonState,
    /// The accounts in other sources, by source and id.
    pub accounts: Vec<Belonging>,
    /// The links that ever were, the oldest first.
    pub history: Vec<LinkEvent>,
}

/// An account of a person, with what it holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Belonging {
    /// The source.
    pub source: String,
    /// The rule that linked it; absent if somebody confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Who confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// Why it was confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Since when it is linked.
    pub since: Option<Timestamp>,
    /// The account.
    pub account: StoredAccount,
}

/// A link that began, and how it ended if it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkEvent {
    /// The source of the account.
    pub source: String,
    /// The id of the account.
    pub id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The rule; absent if somebody confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Who confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// When it began.
    pub began_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Who ended it, if somebody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_ended: Option<String>,
}

impl LinkEvent {
    /// Why it ended and who ended it, in words; `None` if it did not end.
    pub fn reason(&self) -> Option<String> {
        let why = match self.why_ended.as_deref()? {
            "account_removed" => "the account was removed",
            "no_match" => "no rule finds the person any more",
            "ambiguous" => "a rule finds several people, or one to confirm",
            "other_person" => "a rule finds another person",
            "other_rule" => "another rule finds the person",
            "left_out" => "the account belongs to nobody, as connector.yaml says",
            "refused" => "somebody refused it",
            "released" => "somebody released it",
            "confirmed" => "somebody confirmed a person",
            "authority_changed" => "another source is the authority",
            other => other,
        };
        Some(match &self.ended_by {
            Some(author) => format!("{why} ({author})"),
            None => why.to_owned(),
        })
    }
}

/// The person with this id or name, or the person of an account that is written as `SOURCE/ACCOUNT`.
///
/// Fails with kind `not_found`, and with kind `conflict` if it can be any of several people.
pub fn person(store: &Store, settings: &IdentitySettings, written: &str, breadth: Breadth) -> Result<PersonDetail> {
    let connection = store.reader()?;
    let authority = authority_of(&connection, settings)?;
    let id = match of_account(store, &connection, settings, authority, written)? {
        Some(person) => person,
        None => of_person(store, settings, written)?,
    };
    let query = "SELECT state FROM identity_accounts WHERE source = ?1 AND account = ?2";
    let state: Option<String> = sql::first(&connection, query, params![authority, id], |row| row.get(0))?;
    if state.as_deref() != Some("person") {
        let message =
            format!("`{written}` is an account of `{}` that is left out: it is no person", settings.authority);
        return Err(Error::new(ErrorKind::NotFound, message)
            .with_help("`identities.leave_out` in connector.yaml says which accounts belong to no person"));
    }
    let detail = query::account(store, &settings.authority, &id, breadth)?;
    let state = match (detail.removed, detail.account.enabled) {
        (true, _) => PersonState::Left,
        (false, true) => PersonState::Active,
        (false, false) => PersonState::Disabled,
    };
    let links = "SELECT s.name, l.account, l.rule, l.author, l.note, l.began_at FROM identity_links l
         JOIN sources s ON s.id = l.source
         JOIN accounts a ON a.source = l.source AND a.account_id = l.account
         WHERE l.authority = ?1 AND l.person = ?2 AND l.ended_at IS NULL AND a.removed_run IS NULL
         ORDER BY s.name, l.account";
    let mut accounts = Vec::new();
    sql::each(&connection, links, params![authority, id], link, |link| {
        let (source, account, rule, confirmed_by, note, since) = link;
        let account = query::account(store, &source, &account, breadth)?.account;
        accounts.push(Belonging { source, rule, confirmed_by, note, since, account });
        Ok(())
    })?;
    let history = history(&connection, authority, &id)?;
    Ok(PersonDetail { person: detail.account, state, accounts, history })
}

/// The person with this id or name.
fn of_person(store: &Store, settings: &IdentitySettings, written: &str) -> Result<String> {
    let detail = NamedAccount { source: &settings.authority, account: written }.detail(store);
    let detail = detail.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Error::new(ErrorKind::NotFound, format!("there is no person `{written}`")).with_help(
                "write the id or name of their account at the authority, or one of their accounts as SOURCE/ACCOUNT; `connector identities` lists people",
            )
        }
        _ => error,
    })?;
    Ok(detail.account.account.id)
}

type Link = (String, String, Option<String>, Option<String>, Option<String>, Option<Timestamp>);

fn link(row: &Row<'_>) -> connector_sql::Result<Link> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, moment(row, 5)?))
}

/// The person of an account that is written as `SOURCE/ACCOUNT`; `None` if it is not written so.
fn of_account(
    store: &Store,
    connection: &Connection,
    settings: &IdentitySettings,
    authority: i64,
    written: &str,
) -> Result<Option<String>> {
    let Some((source, account)) = written.split_once('/') else { return Ok(None) };
    let named = NamedAccount { source, account };
    let Ok(number) = named.source(connection, settings) else { return Ok(None) };
    let id = named.detail(store)?.account.account.id;
    let query =
        CorrelatedQuery { selection: Selection::Account { source: number, id: &id }, source: None, limit: None };
    let known = correlated_one(connection, settings, authority, &query)?;
    match known.and_then(|known| known.person) {
        Some(person) => Ok(Some(person.id)),
        None => Err(Error::new(
            ErrorKind::NotFound,
            format!("the account `{account}` of `{source}` belongs to no person"),
        )
        .with_help(
            "`connector identities --orphans` lists such accounts, and `connector identities confirm` links one",
        )),
    }
}

fn history(connection: &Connection, authority: i64, person: &str) -> Result<Vec<LinkEvent>> {
    let query = "SELECT s.name, l.account, a.name, l.rule, l.author, l.began_at, l.ended_at, l.ended_by, l.why_ended
         FROM identity_links l
         JOIN sources s ON s.id = l.source
         LEFT JOIN accounts a ON a.source = l.source AND a.account_id = l.account
         WHERE l.authority = ?1 AND l.person = ?2 ORDER BY l.began_at, l.id";
    sql::all(connection, query, params![authority, person], |row| {
        Ok(LinkEvent {
            source: row.get(0)?,
            id: row.get(1)?,
            name: row.get(2)?,
            rule: row.get(3)?,
            confirmed_by: row.get(4)?,
            began_at: moment(row, 5)?,
            ended_at: moment(row, 6)?,
            ended_by: row.get(7)?,
            why_ended: row.get(8)?,
        })
    })
}
