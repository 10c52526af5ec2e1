//! Writes the log of SQLite back into the file of the store while a job goes on.
//!
//! A commit only appends to the log. SQLite would write the log back at the end of some commits, and let them wait for the disk: a third of
//! the time of a first run with a million accounts.

use super::open::Store;
use super::sql;
use connector_core::{Error, ErrorKind, Result};
use connector_sql::Connection;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The log is written back after so many rows.
const ROWS: usize = 65_536;
/// The time between two times.
const PAUSE: Duration = Duration::from_millis(100);
/// A log of so many bytes begins again at its start. That is only possible between two commits, so the job waits. Then
/// SQLite cuts the file to the limit of the connection, which is smaller.
const LONGEST: u64 = 256 * 1024 * 1024;

/// Writes the log back on a thread of its own, which a job with few rows does not need. The thread ends with this.
#[derive(Debug)]
pub(super) struct WriteBack {
    store: Store,
    shared: Arc<Shared>,
    /// The rows that were committed since the last time.
    rows: usize,
    /// The file of the log, and the most bytes that it may have; none for a store on a server.
    log: Option<PathBuf>,
    longest: u64,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    wish: Mutex<Wish>,
    changed: Condvar,
    /// Held while the log is written back.
    pass: Mutex<()>,
}

#[derive(Debug, Default)]
struct Wish {
    is_due: bool,
    ends: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl WriteBack {
    pub(super) fn new(store: &Store) -> Self {
        let log = store.place().file().map(|file| PathBuf::from(format!("{}-wal", file.display())));
        let shared = Arc::new(Shared::default());
        Self { store: store.clone(), shared, rows: 0, log, longest: LONGEST, thread: None }
    }

    /// So many rows were committed.
    pub(super) fn committed(&mut self, connection: &Connection, rows: usize) {
        let Some(log) = self.log.clone() else { return };
        self.rows += rows;
        if self.rows >= ROWS {
            self.rows = 0;
            if self.thread.is_none()
                && let Err(error) = self.start(connection)
            {
                tracing::debug!(%error, "no thread writes the log back, so SQLite does it");
            }
            locked(&self.shared.wish).is_due = true;
            self.shared.changed.notify_one();
        }
        if self.thread.is_some() && log.metadata().is_ok_and(|log| log.len() > self.longest) {
            self.shared.write_back(connection);
        }
    }

    /// From now on, only this writes the log of the connection back.
    fn start(&mut self, connection: &Connection) -> Result<()> {
        let (own, theirs) = (self.store.writer()?, self.shared.clone());
        let thread = std::thread::Builder::new().name("write-back".to_owned()).spawn(move || theirs.work(&own));
        let thread = thread.map_err(|cause| Error::new(ErrorKind::Internal, cause.to_string()))?;
        self.thread = Some(thread);
        sql::batch(connection, "PRAGMA wal_autocheckpoint = 0")
    }
}

impl Drop for WriteBack {
    fn drop(&mut self) {
        locked(&self.shared.wish).ends = true;
        self.shared.changed.notify_one();
        // The thread has nothing to tell: without it, the log is only longer.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn work(&self, connection: &Connection) {
        let mut wish = locked(&self.wish);
        while !wish.ends {
            if !wish.is_due {
                wish = self.changed.wait(wish).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            wish.is_due = false;
            drop(wish);
            self.write_back(connection);
            wish = locked(&self.wish);
            if !wish.ends {
                let waited = self.changed.wait_timeout_while(wish, PAUSE, |wish| !wish.ends);
                wish = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// Writes back what no reader needs any more. If the thread of the job does it, no commit comes in between, and SQLite begins
    /// the log again. An error leaves the log as it is: the next commit says so if the disk is full.
    fn write_back(&self, connection: &Connection) {
        let _pass = locked(&self.pass);
        if let Err(error) = sql::one(connection, "PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::debug!(%error, "the log was not written back");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::{ROWS, WriteBack};
    use crate::Store;
    use connector_sql::params;

    const COMMITS: i64 = 500;
    const BYTES: usize = 32 * 1024;

    #[test]
    fn the_log_of_a_long_job_begins_again_and_every_commit_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store.db")).unwrap();
        let connection = store.writer().unwrap();
        connection
            .execute_batch("PRAGMA journal_size_limit = 65536; CREATE TABLE big (id INTEGER PRIMARY KEY, bytes BLOB)")
            .unwrap();
        let longest = 1024 * 1024;
        let mut write_back = WriteBack::new(&store);
        write_back.longest = longest;
        let log = folder.path().join("store.db-wal");
        for id in 0..COMMITS {
            connection.execute("INSERT INTO big VALUES (?1, zeroblob(?2))", params![id, BYTES]).unwrap();
            write_back.committed(&connection, ROWS);
            let length = log.metadata().unwrap().len();
            assert!(length < 2 * longest, "after {id} commits, the log has {length} bytes");
        }
        drop(write_back);
        let kept: i64 = store.reader().unwrap().query_row("SELECT count(*) FROM big", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, COMMITS);
    }
}
