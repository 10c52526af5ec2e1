//! The queue of a store.

use connector_core::Result;
use connector_sql::Connection;
use connector_store::{Place, Store, sql};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The queue of a store on a PostgreSQL server. Its questions wait for the server, so ask them on a thread that may.
#[derive(Clone)]
pub struct Queue {
    store: Store,
    /// The schema of `graphile_worker`'s tables.
    schema: Arc<str>,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("store", self.store.place()).field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Queue {
    /// The queue of a store; `None` if the store is a file, whose sources this machine reads itself.
    pub fn of(store: &Store) -> Result<Option<Self>> {
        if matches!(store.place(), Place::File(_)) {
            return Ok(None);
        }
        let connection = store.journal()?;
        // Two stores may be in one database, each in a schema of its own.
        let own: String = sql::one(&connection, "SELECT current_schema()::text", [], |row| row.get(0))?;
        let schema = if own == "public" { "connector_jobs".to_owned() } else { format!("{own}_connector_jobs") };
        let connection = Arc::new(Mutex::new(Some(connection)));
        Ok(Some(Self { store: store.clone(), schema: schema.into(), connection }))
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The schema of `graphile_worker`'s tables.
    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    /// A function of `graphile_worker`, for SQL.
    pub(crate) fn function(&self, name: &str) -> String {
        format!("\"{}\".{name}", self.schema.replace('"', "\"\""))
    }

    /// Asks the server something. A connection that had an error is not used again.
    pub(crate) fn ask_server<T>(&self, question: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let mut kept = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match kept.take() {
            Some(connection) => connection,
            None => self.store.journal()?,
        };
        let answer = question(&connection)?;
        *kept = Some(connection);
        Ok(answer)
    }

    /// Asks it on a thread that may wait.
    pub(crate) async fn ask_aside<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let queue = self.clone();
        let asked = tokio::task::spawn_blocking(move || question(&queue)).await;
        asked.map_err(|cause| connector_core::Error::internal("the queue could not be asked").with_cause(cause))?
    }
}
