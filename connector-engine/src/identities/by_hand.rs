//! What people decide about accounts. It stays until somebody releases it, whatever the rules say.

use super::accounts::{CorrelatedAccount, CorrelatedQuery, Selection, correlated_one};
use super::deciding::Deciding;
use super::named::{NamedAccount, authority};
use super::tables;
use connector_core::{Error, ErrorKind, Result};
use connector_project::identities::IdentitySettings;
use connector_sql::{Connection, params};
use connector_store::{Store, sql};
use jiff::Timestamp;

/// A decision about one account, within its transaction.
struct Decision<'a> {
    connection: &'a Connection,
    settings: &'a IdentitySettings,
    authority: i64,
    source: i64,
    /// The id of the account.
    account: String,
    author: &'a str,
    now: Timestamp,
}

/// Links an account to a person. Returns what is known of the account then.
///
/// Fails with kind `not_found` or `conflict` if the account or the person is none, or can be any of several.
pub fn confirm(
    store: &Store,
    settings: &IdentitySettings,
    account: NamedAccount<'_>,
    person: &str,
    author: &str,
    note: Option<&str>,
) -> Result<CorrelatedAccount> {
    let person = NamedAccount { source: &settings.authority, account: person }.detail(store)?.account.account.id;
    decide(store, settings, account, author, |decision| decision.confirm(&person, note))
}

/// Says that an account does not belong to a person, or to anybody at all: no rule links them then.
///
/// Fails like [`confirm`].
pub fn refuse(
    store: &Store,
    settings: &IdentitySettings,
    account: NamedAccount<'_>,
    person: Option<&str>,
    author: &str,
    note: Option<&str>,
) -> Result<CorrelatedAccount> {
    let id = |person| NamedAccount { source: &settings.authority, account: person }.detail(store);
    let person = person.map(id).transpose()?.map(|detail| detail.account.account.id);
    decide(store, settings, account, author, |decision| decision.refuse(person.as_deref().unwrap_or_default(), note))
}

/// Takes back what somebody confirmed or refused about an account: the rules decide again.
///
/// Fails with kind `not_found` also if nobody decided anything about it.
pub fn release(
    store: &Store,
    settings: &IdentitySettings,
    account: NamedAccount<'_>,
    author: &str,
) -> Result<CorrelatedAccount> {
    decide(store, settings, account, author, |decision| decision.release(account.account))
}

fn decide(
    store: &Store,
    settings: &IdentitySettings,
    named: NamedAccount<'_>,
    author: &str,
    work: impl FnOnce(&Decision<'_>) -> Result<()>,
) -> Result<CorrelatedAccount> {
    let connection = store.journal()?;
    let authority = authority(&connection, settings)?;
    let source = named.source(&connection, settings)?;
    let account = named.detail(store)?.account.account.id;
    let transaction = sql::begin(&connection)?;
    if connection.postgres().is_some() {
        sql::batch(&connection, "LOCK TABLE identity_state IN EXCLUSIVE MODE")?;
    }
    let query = "SELECT EXISTS (SELECT 1 FROM identity_accounts WHERE source = ?1 AND account = ?2)";
    if !sql::one(&connection, query, params![source, account], |row| row.get(0))? {
        let message = format!(
            "the account `{}` of `{}` is not correlated yet, or not there any more",
            named.account, named.source
        );
        return Err(Error::new(ErrorKind::NotFound, message).with_help("run `connector identities correlate` first"));
    }
    let now = Timestamp::now();
    work(&Decision { connection: &transaction, settings, authority, source, account: account.clone(), author, now })?;
    let query = CorrelatedQuery { selection: Selection::Account { source, id: &account }, source: None, limit: None };
    let known = correlated_one(&transaction, settings, authority, &query)?;
    sql::commit(transaction)?;
    known.ok_or_else(|| Error::internal("the account is not among those that are correlated"))
}

impl Decision<'_> {
    fn confirm(&self, person: &str, note: Option<&str>) -> Result<()> {
        let is_so =
            "SELECT EXISTS (SELECT 1 FROM identity_links WHERE source = ?1 AND account = ?2 AND ended_at IS NULL
             AND rule IS NULL AND authority = ?3 AND person = ?4)";
        let parameters = params![self.source, self.account, self.authority, person];
        if sql::one(self.connection, is_so, parameters, |row| row.get(0))? {
            return Ok(());
        }
        self.end_refusals("AND person IN ('', ?5)", Some(person))?;
        self.end_link("confirmed", "")?;
        sql::execute(
            self.connection,
            "INSERT INTO identity_links (source, account, authority, person, author, note, began_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![self.source, self.account, self.authority, person, self.author, note, self.now.to_string()],
        )?;
        let update = "UPDATE identity_accounts SET state = 'linked', rule = NULL WHERE source = ?1 AND account = ?2";
        sql::execute(self.connection, update, params![self.source, self.account]).map(drop)
    }

    fn refuse(&self, person: &str, note: Option<&str>) -> Result<()> {
        sql::execute(
            self.connection,
            "INSERT INTO identity_refusals (source, account, authority, person, author, note, began_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (
                 SELECT 1 FROM identity_refusals WHERE source = ?1 AND account = ?2 AND authority = ?3 AND person = ?4
                     AND ended_at IS NULL)",
            params![self.source, self.account, self.authority, person, self.author, note, self.now.to_string()],
        )?;
        self.end_link("refused", person)?;
        self.decide_again()
    }

    /// `named` is how the user names the account.
    fn release(&self, named: &str) -> Result<()> {
        let refusals = self.end_refusals("", None)?;
        let confirmed = "UPDATE identity_links SET ended_at = ?3, ended_by = ?4, why_ended = 'released'
             WHERE source = ?1 AND account = ?2 AND ended_at IS NULL AND rule IS NULL";
        let parameters = params![self.source, self.account, self.now.to_string(), self.author];
        if sql::execute(self.connection, confirmed, parameters)? + refusals == 0 {
            let message = format!("nobody confirmed or refused anything about the account `{named}`");
            return Err(Error::new(ErrorKind::NotFound, message).with_help("rules alone decide about it"));
        }
        self.decide_again()
    }

    /// Ends the link of the account; with a person, only a link to them.
    fn end_link(&self, why: &str, person: &str) -> Result<()> {
        let update = "UPDATE identity_links SET ended_at = ?3, ended_by = ?4, why_ended = ?5
             WHERE source = ?1 AND account = ?2 AND ended_at IS NULL AND (CAST(?6 AS TEXT) = '' OR person = ?6)";
        let parameters = params![self.source, self.account, self.now.to_string(), self.author, why, person];
        sql::execute(self.connection, update, parameters).map(drop)
    }

    fn end_refusals(&self, which: &str, person: Option<&str>) -> Result<usize> {
        let update = format!(
            "UPDATE identity_refusals SET ended_at = ?3, ended_by = ?4
             WHERE source = ?1 AND account = ?2 AND ended_at IS NULL {which}"
        );
        let now = self.now.to_string();
        match person {
            Some(person) => {
                sql::execute(self.connection, &update, params![self.source, self.account, now, self.author, person])
            }
            None => sql::execute(self.connection, &update, params![self.source, self.account, now, self.author]),
        }
    }

    /// Lets the rules decide about the account.
    fn decide_again(&self) -> Result<()> {
        tables::make(self.connection)?;
        let insert = "INSERT INTO dirty (source, account) VALUES (?1, ?2)";
        sql::execute(self.connection, insert, params![self.source, self.account])?;
        let Self { connection, settings, authority, now, .. } = *self;
        Deciding { connection, settings, authority, looked_at: 1, again: false, now }.settle().map(drop)
    }
}
