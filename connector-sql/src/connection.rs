//! A connection to one of the two databases.

use crate::address::Address;
use crate::error::Result;
use crate::parameters::Params;
use crate::postgres::Server;
use crate::row::Row;
use crate::statement::{Kind as StatementKind, Statement};
use tokio_util::sync::CancellationToken;

/// How many instructions of SQLite run between two looks at whether to stop: less than a millisecond.
const INSTRUCTIONS_BETWEEN_LOOKS: i32 = 1_000;

/// A connection to an SQLite file or to a PostgreSQL server.
#[derive(Debug)]
pub struct Connection(Kind);

#[derive(Debug)]
enum Kind {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Server>),
}

/// Which of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// An SQLite file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

impl Dialect {
    /// What stands for this database where the two need different statements.
    pub fn pick<T>(self, sqlite: T, postgres: T) -> T {
        match self {
            Self::Sqlite => sqlite,
            Self::Postgres => postgres,
        }
    }
}

impl From<rusqlite::Connection> for Connection {
    fn from(connection: rusqlite::Connection) -> Self {
        Self(Kind::Sqlite(connection))
    }
}

impl Connection {
    /// Connects to a server.
    pub fn connect(address: &Address) -> Result<Self> {
        Server::connect(address).map(|server| Self(Kind::Postgres(Box::new(server))))
    }

    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        match &self.0 {
            Kind::Sqlite(_) => Dialect::Sqlite,
            Kind::Postgres(_) => Dialect::Postgres,
        }
    }

    /// The connection to the file, for what only SQLite has.
    pub fn sqlite(&self) -> Option<&rusqlite::Connection> {
        match &self.0 {
            Kind::Sqlite(connection) => Some(connection),
            Kind::Postgres(_) => None,
        }
    }

    /// The connection to the server, for what only PostgreSQL has.
    pub fn postgres(&self) -> Option<&Server> {
        match &self.0 {
            Kind::Sqlite(_) => None,
            Kind::Postgres(server) => Some(server),
        }
    }

    /// Makes or renews the tables, with the migrations of this database. The outer error is one of the database; the inner one of a
    /// migration.
    pub fn migrate(&mut self, migrations: &refinery::Runner) -> Result<Result<(), refinery::Error>> {
        match &mut self.0 {
            Kind::Sqlite(connection) => Ok(migrations.run(connection).map(drop)),
            Kind::Postgres(server) => server.migrate(migrations),
        }
    }

    /// A statement that is prepared once and kept.
    pub fn prepare_cached(&self, statement: &str) -> Result<Statement<'_>> {
        Ok(Statement(match &self.0 {
            Kind::Sqlite(connection) => StatementKind::Sqlite(connection.prepare_cached(statement)?),
            Kind::Postgres(server) => StatementKind::Postgres(server.prepare(statement)?),
        }))
    }

    /// The same: neither database minds if a statement is kept.
    pub fn prepare(&self, statement: &str) -> Result<Statement<'_>> {
        self.prepare_cached(statement)
    }

    /// Runs a statement; returns how many rows it changed.
    pub fn execute(&self, statement: &str, parameters: impl Params) -> Result<usize> {
        self.prepare_cached(statement)?.execute(parameters)
    }

    /// Runs statements without parameters.
    pub fn execute_batch(&self, statements: &str) -> Result<()> {
        match &self.0 {
            Kind::Sqlite(connection) => Ok(connection.execute_batch(statements)?),
            Kind::Postgres(server) => server.batch(statements),
        }
    }

    /// Reads the first row. Fails with `QueryReturnedNoRows` if there is none.
    pub fn query_row<T>(
        &self,
        query: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.prepare_cached(query)?.query_row(parameters, read)
    }

    /// Begins a transaction that writes, without a guard that ends it.
    pub fn begin(&self) -> Result<()> {
        match &self.0 {
            Kind::Sqlite(connection) => Ok(connection.execute_batch("BEGIN IMMEDIATE")?),
            Kind::Postgres(server) => server.begin("BEGIN ISOLATION LEVEL READ COMMITTED"),
        }
    }

    /// Begins a transaction that reads one state of the database, whatever others write, and can't write.
    pub fn begin_to_read(&self) -> Result<()> {
        match &self.0 {
            Kind::Sqlite(connection) => Ok(connection.execute_batch("PRAGMA query_only = 1; BEGIN")?),
            Kind::Postgres(server) => server.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        }
    }

    /// Keeps what was done since `begin`.
    pub fn commit(&self) -> Result<()> {
        match &self.0 {
            Kind::Sqlite(connection) => Ok(connection.execute_batch("COMMIT")?),
            Kind::Postgres(server) => server.commit(),
        }
    }

    /// Drops what was done since `begin`.
    pub fn roll_back(&self) {
        let rolled_back = match &self.0 {
            Kind::Sqlite(connection) if connection.is_autocommit() => Ok(()),
            Kind::Sqlite(connection) => connection.execute_batch("ROLLBACK").map_err(Into::into),
            Kind::Postgres(server) => server.roll_back(),
        };
        // SQLite rolls back itself after some errors, and a server does when the connection ends.
        if let Err(error) = rolled_back {
            tracing::debug!(%error, "no transaction was left to roll back");
        }
    }

    /// From now on, a commit is on the disk when it returns.
    pub fn keep_every_commit(&self) -> Result<()> {
        match &self.0 {
            Kind::Sqlite(connection) => Ok(connection.execute_batch("PRAGMA synchronous = FULL")?),
            Kind::Postgres(server) => server.batch("SET synchronous_commit = on"),
        }
    }

    /// From now on, `stop` ends each statement; nothing does without it.
    pub fn stop_with(&self, stop: Option<CancellationToken>) -> Result<()> {
        match &self.0 {
            Kind::Sqlite(connection) => {
                let handler = stop.map(|stop| move || stop.is_cancelled());
                Ok(connection.progress_handler(INSTRUCTIONS_BETWEEN_LOOKS, handler)?)
            }
            Kind::Postgres(server) => {
                server.stop_with(stop);
                Ok(())
            }
        }
    }
}
