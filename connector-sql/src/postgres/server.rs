//! A connection to a server, and its statements.

use super::connect::{connect, runtime, tls};
use super::value::{Bound, Column};
use crate::address::Address;
use crate::error::{Error, Result};
use crate::row::{Kind as RowKind, Row};
use crate::translate::to_postgres;
use futures_executor::block_on;
use futures_util::future::{Either, FutureExt, select};
use rusqlite::types::{ToSql, ValueRef};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql as PostgresToSql;
use tokio_postgres::{Client, Statement};
use tokio_util::sync::CancellationToken;

/// Statements that are kept. Beyond these, all are dropped: texts with values in them would fill the memory of the server.
const STATEMENTS: usize = 512;

/// Two that migrate one database at the same time wait for each other under this number.
const MIGRATES: i64 = 0x636f_6e6e_6563_746f;

/// How long to wait until a server has heard that a statement is to end.
const LONGEST_CANCEL: Duration = Duration::from_secs(10);

/// How each connection speaks, whatever the database or its user have set. Someone else's lock is waited for as long as with SQLite;
/// a statement takes as long as it takes, and the caller stops it. Compiling statements costs more than it gains,
/// because none reads much more than its rows.
const SETTINGS: &str = "SET client_min_messages = warning; SET lock_timeout = '60s'; SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0; SET jit = off; SET TimeZone = 'UTC'";

/// A connection to a server.
pub struct Server {
    pub(super) client: Client,
    address: Address,
    statements: RefCell<HashMap<String, Known>>,
    made: Cell<u64>,
    /// The number of the open transaction; 0 outside of one.
    transaction: Cell<u64>,
    transactions: Cell<u64>,
    stop: RefCell<Option<CancellationToken>>,
    /// The names of the open cursors.
    cursors: RefCell<HashSet<String>>,
}

/// A statement that the server knows.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) statement: Statement,
    /// Names its cursors.
    pub(super) number: u64,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address.to_string()).finish_non_exhaustive()
    }
}

impl Server {
    pub(crate) fn connect(address: &Address) -> Result<Self> {
        let server = Self {
            client: connect(address)?,
            address: address.clone(),
            statements: RefCell::default(),
            made: Cell::new(0),
            transaction: Cell::new(0),
            transactions: Cell::new(0),
            stop: RefCell::default(),
            cursors: RefCell::default(),
        };
        server.batch(SETTINGS)?;
        Ok(server)
    }

    /// Makes or renews the tables. Another process that does so at the same time waits.
    pub(crate) fn migrate(&mut self, migrations: &refinery::Runner) -> Result<Result<(), refinery::Error>> {
        block_on(self.client.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATES})")))?;
        let migrated = block_on(migrations.run_async(&mut self.client)).map(drop);
        if block_on(self.client.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATES})"))).is_err() {
            tracing::debug!("the lock of the migrations ends with the connection");
        }
        Ok(migrated)
    }

    /// Waits for an answer, or for the wish to stop.
    pub(super) fn wait<T>(&self, answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T> {
        let Some(stop) = self.stop.borrow().clone() else { return Ok(block_on(answer)?) };
        if stop.is_cancelled() {
            return Err(Error::Stopped);
        }
        block_on(async {
            let mut answer = pin!(answer);
            match select(&mut answer, pin!(stop.cancelled())).await {
                Either::Left((answered, _)) => Ok(answered?),
                Either::Right(_) => {
                    let cancelling = self.cancel();
                    // It may be done before the server hears of the wish.
                    let answered = answer.await;
                    // The server must have heard of it before the next statement, which the wish is not about.
                    cancelling.await;
                    match answered {
                        Err(cause) if cause.code() == Some(&SqlState::QUERY_CANCELED) => Err(Error::Stopped),
                        answered => Ok(answered?),
                    }
                }
            }
        })
    }

    /// Asks the server to end the statement that runs. Ends when the server has heard of it, or does not answer.
    fn cancel(&self) -> impl Future<Output = ()> + use<> {
        let asked = runtime().and_then(|runtime| {
            let (cancel, tls) = (self.client.cancel_token(), tls(&self.address)?);
            Ok(runtime.spawn(async move {
                match timeout(LONGEST_CANCEL, cancel.cancel_query(tls)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!(%error, "the statement goes on"),
                    Err(_) => tracing::debug!("the server does not answer, so the statement goes on"),
                }
            }))
        });
        async move {
            if let Ok(asked) = asked {
                // Nobody ends it before its time.
                let _ = asked.await;
            }
        }
    }

    pub(crate) fn stop_with(&self, stop: Option<CancellationToken>) {
        *self.stop.borrow_mut() = stop;
    }

    /// The number of the open transaction.
    pub(super) fn transaction(&self) -> Option<u64> {
        Some(self.transaction.get()).filter(|number| *number > 0)
    }

    pub(crate) fn begin(&self, statement: &str) -> Result<()> {
        self.wait(self.client.batch_execute(statement))?;
        self.transactions.set(self.transactions.get() + 1);
        self.transaction.set(self.transactions.get());
        Ok(())
    }

    pub(crate) fn commit(&self) -> Result<()> {
        self.wait(self.client.batch_execute("COMMIT"))?;
        self.transaction.set(0);
        Ok(())
    }

    pub(crate) fn roll_back(&self) -> Result<()> {
        // Also when the caller wishes to stop.
        let rolled_back = block_on(self.client.batch_execute("ROLLBACK"));
        self.transaction.set(0);
        Ok(rolled_back?)
    }

    /// Runs statements without parameters.
    pub(crate) fn batch(&self, statements: &str) -> Result<()> {
        self.wait(self.client.batch_execute(&to_postgres(statements)))
    }

    pub(crate) fn prepare(&self, statement: &str) -> Result<Prepared<'_>> {
        let known = self.statements.borrow().get(statement).cloned();
        let known = known.map_or_else(|| self.make(statement, &to_postgres(statement)), Ok)?;
        Ok(Prepared { server: self, text: statement.to_owned(), known })
    }

    /// Makes a statement known to the server, under a key.
    pub(super) fn make(&self, key: &str, text: &str) -> Result<Known> {
        let statement = self.wait(self.client.prepare(text))?;
        self.made.set(self.made.get() + 1);
        let known = Known { statement, number: self.made.get() };
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(key.to_owned(), known.clone());
        Ok(known)
    }

    /// The statement with that key, made if it is not known.
    pub(super) fn known(&self, key: &str) -> Result<Known> {
        let known = self.statements.borrow().get(key).cloned();
        known.map_or_else(|| self.make(key, key), Ok)
    }

    /// A name for a cursor of a statement, as long as it is not released.
    pub(super) fn free_cursor(&self, kind: char, statement: u64) -> String {
        let mut cursors = self.cursors.borrow_mut();
        let names = (0_u64..).map(|place| format!("{kind}{statement}_{place}"));
        names.into_iter().find(|name| cursors.insert(name.clone())).unwrap_or_default()
    }

    pub(super) fn release_cursor(&self, name: &str) {
        self.cursors.borrow_mut().remove(name);
    }

    /// Sends a statement without waiting for the answer; what comes later finds out if it failed.
    pub(super) fn send(&self, statement: &str) {
        // The first look at the answer sends the statement.
        let _ = self.client.batch_execute(statement).now_or_never();
    }

    /// Runs a statement in PostgreSQL's own spelling whose values are lists, such as for `unnest`; returns how many rows it changed.
    pub fn execute(&self, statement: &str, values: &[&(dyn PostgresToSql + Sync)]) -> Result<usize> {
        let known = self.known(statement)?;
        let changed = self.wait(self.client.execute(&known.statement, values))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// Reads all rows of a query in PostgreSQL's own spelling whose values are lists.
    pub fn all<T>(
        &self,
        query: &str,
        values: &[&(dyn PostgresToSql + Sync)],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let known = self.known(query)?;
        let rows = self.wait(self.client.query(&known.statement, values))?;
        rows.iter().map(|row| read(&Row(RowKind::Postgres(row)))).collect()
    }

    /// Copies rows into a table, the fastest way: `into` is the table with its columns. All are written, or none.
    pub fn copy<'v>(
        &self,
        into: &str,
        columns: &[Column],
        rows: impl IntoIterator<Item = Result<Vec<ValueRef<'v>>>>,
    ) -> Result<()> {
        let types: Vec<_> = columns.iter().map(|column| column.of_postgres()).collect();
        let sink = self.wait(self.client.copy_in(&format!("COPY {into} FROM STDIN BINARY")))?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        for row in rows {
            let row: Vec<Bound<'_>> = row?.into_iter().map(Bound::of_ref).collect();
            // What was not finished is not kept.
            self.wait(writer.as_mut().write_raw(row))?;
        }
        self.wait(writer.finish()).map(drop)
    }
}

/// A statement that the server knows.
pub(crate) struct Prepared<'c> {
    pub(super) server: &'c Server,
    pub(super) text: String,
    pub(super) known: Known,
}

pub(super) fn bound<'v>(values: &[&'v dyn ToSql]) -> Result<Vec<Bound<'v>>> {
    values.iter().map(|value| Bound::of(*value)).collect()
}

impl Prepared<'_> {
    pub(crate) fn execute(&mut self, values: &[&dyn ToSql]) -> Result<usize> {
        let values = bound(values)?;
        let changed = self.server.wait(self.server.client.execute_raw(&self.known.statement, values))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// All rows at once.
    pub(crate) fn all(&mut self, values: &[&dyn ToSql]) -> Result<Vec<tokio_postgres::Row>> {
        let values = bound(values)?;
        let values: Vec<&(dyn PostgresToSql + Sync)> = values.iter().map(|value| value as _).collect();
        self.server.wait(self.server.client.query(&self.known.statement, &values))
    }
}
