//! An account of a source, as a user names it.

use super::correlate::never_read;
use crate::query::{self, AccountDetail, Breadth};
use connector_core::{Error, ErrorKind, Result, nearest};
use connector_project::identities::IdentitySettings;
use connector_sql::Connection;
use connector_store::{Store, sql};

/// An account of a source, as a user names it.
#[derive(Clone, Copy, Debug)]
pub struct NamedAccount<'a> {
    /// The name of the source.
    pub source: &'a str,
    /// The id or name of the account; the beginning of an id is enough.
    pub account: &'a str,
}

/// The numbers of the authority and the sources that take part.
pub(super) fn authority(connection: &Connection, settings: &IdentitySettings) -> Result<i64> {
    let query = "SELECT s.id FROM identity_state t JOIN sources s ON s.id = t.authority WHERE s.name = ?1";
    sql::first(connection, query, [&settings.authority], |row| row.get(0))?.ok_or_else(|| {
        let read = super::correlate::authority_of(connection, settings);
        if matches!(read, Ok(None)) {
            return never_read(settings);
        }
        Error::new(ErrorKind::NotFound, "no accounts are correlated yet")
            .with_help("run `connector identities correlate` first")
    })
}

impl NamedAccount<'_> {
    /// The number of the source, if its accounts are correlated.
    pub(super) fn source(&self, connection: &Connection, settings: &IdentitySettings) -> Result<i64> {
        let query = "SELECT s.name, s.id FROM identity_sources i JOIN sources s ON s.id = i.source WHERE s.name <> ?1";
        let known: Vec<(String, i64)> =
            sql::all(connection, query, [&settings.authority], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if let Some((_, id)) = known.iter().find(|(name, _)| name == self.source) {
            return Ok(*id);
        }
        let names: Vec<_> = known.iter().map(|(name, _)| name.as_str()).collect();
        let message = if self.source == settings.authority {
            format!("the accounts of the authority `{}` are the people", self.source)
        } else {
            format!("no accounts of `{}` are correlated", self.source)
        };
        let help = match nearest(self.source, names.iter().copied()) {
            Some(guess) => format!("did you mean `{guess}`?"),
            None => format!("the sources whose accounts are correlated are: {}", names.join(", ")),
        };
        Err(Error::new(ErrorKind::Definition, message).with_help(help))
    }

    /// The account. Fails with kind `not_found`, and with kind `conflict` if it can be any of several accounts.
    pub(super) fn detail(&self, store: &Store) -> Result<AccountDetail> {
        query::account(store, self.source, self.account, Breadth::default())
    }
}
