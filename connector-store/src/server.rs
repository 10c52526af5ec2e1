//! A store on a PostgreSQL server.

use super::fault::fault;
use super::purpose::Use;
use super::sql;
use connector_core::{Error, ErrorKind, Result};
use connector_sql::{Address, Connection};

/// The oldest version of PostgreSQL that has what the statements need.
const OLDEST: i64 = 15;

pub(super) fn connect(address: &Address, purpose: Use) -> Result<Connection> {
    let connection = Connection::connect(address).map_err(fault)?;
    if purpose == Use::Job {
        sql::batch(&connection, "SET synchronous_commit = off")?;
    }
    Ok(connection)
}

/// Refuses a server that can't keep a store, before there is one.
pub(super) fn check(connection: &Connection) -> Result<()> {
    let query = "SELECT current_setting('server_version_num'), current_setting('server_encoding')";
    let (version, encoding): (String, String) = sql::one(connection, query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let version = version.parse::<i64>().unwrap_or_default() / 10_000;
    if version < OLDEST {
        let message = format!("the server of the store is PostgreSQL {version}");
        return Err(Error::new(ErrorKind::Definition, message).with_help(format!("use PostgreSQL {OLDEST} or later")));
    }
    if encoding != "UTF8" {
        let message = format!("the database of the store has the encoding {encoding}");
        return Err(Error::new(ErrorKind::Definition, message)
            .with_help("create a database for it with `createdb --encoding UTF8 --template template0`"));
    }
    Ok(())
}
