//! The lock of a source on a server: a row that its process renews. One that is not renewed any more expires.

use super::open::Store;
use super::process::Process;
use super::purpose::Use;
use super::sql;
use connector_core::{Error, ErrorKind, Result};
use connector_sql::{Connection, Dialect, params};
use jiff::Timestamp;
use std::fs;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use ulid::Ulid;

/// Renewed so often, a lock outlives a few lost packets and a short restart of the server.
const PAUSE: Duration = Duration::from_secs(5);

/// How often to try to take a lock that somebody holds, and how long to wait in between.
const TRIES: u32 = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// How long a lock holds that is not renewed. It is over when the job of a worker that died is taken by another one.
const VALID: &str = "now() + interval '20 seconds'";

/// A lock that this process holds.
#[derive(Debug)]
pub(super) struct Lease {
    key: Key,
    ended: Arc<Ended>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Debug)]
struct Key {
    work: &'static str,
    source: String,
    /// Names this lock among all that were ever taken.
    holder: String,
}

#[derive(Debug, Default)]
struct Ended {
    is_so: Mutex<bool>,
    changed: Condvar,
}

/// Who holds a lock.
struct Holder {
    id: String,
    process: Process,
    note: String,
}

impl Lease {
    /// Takes a lock, or returns who holds it.
    pub(super) fn take(store: &Store, work: &'static str, source: &str) -> Result<Result<Self, String>> {
        let connection = store.connect(Use::Journal)?;
        let key = Key { work, source: source.to_owned(), holder: Ulid::new().to_string() };
        let mut tries = 0;
        while !key.insert(&connection)? {
            match key.other(&connection)? {
                Some(other) if other.process.is_gone() => key.forget(&connection, &other.id)?,
                // A job that ends releases its lock at its very end.
                Some(_) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(BETWEEN_TRIES);
                }
                Some(other) => return Ok(Err(other.note)),
                // It was released in between.
                None => {}
            }
        }
        let ended = Arc::new(Ended::default());
        let (renewed, theirs, store) = (key.clone(), ended.clone(), store.clone());
        let thread = std::thread::Builder::new()
            .name("lock".to_owned())
            .spawn(move || renewed.renew(&store, connection, &theirs))
            .map_err(|cause| Error::new(ErrorKind::Internal, format!("can't start a thread: {cause}")))?;
        Ok(Ok(Self { key, ended, thread: Some(thread) }))
    }

    /// Whether a process that may live holds a lock.
    pub(super) fn is_held(store: &Store, work: &'static str, source: &str) -> Result<bool> {
        let key = Key { work, source: source.to_owned(), holder: String::new() };
        Ok(key.other(&store.connect(Use::Other)?)?.is_some_and(|holder| !holder.process.is_gone()))
    }

    /// Fails with kind `guard` if another process holds the lock, and keeps others from it until the transaction ends.
    pub(super) fn check(&self, connection: &Connection) -> Result<()> {
        let query = "SELECT holder = ?3 FROM locks WHERE work = ?1 AND source = ?2 FOR SHARE";
        let parameters = params![self.key.work, self.key.source, self.key.holder];
        if sql::first(connection, query, parameters, |row| row.get(0))?.unwrap_or(false) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Guard, "another job has taken this source over")
            .with_help("this process could not reach the store for a while; look at what the other job does"))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        *self.ended.is_so.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.changed.notify_one();
        // The thread has nothing to tell: without it, the lock expires.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Key {
    /// Takes the lock if nobody holds it.
    fn insert(&self, connection: &Connection) -> Result<bool> {
        let insert = format!(
            "INSERT INTO locks (work, source, holder, machine, process, note, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, {VALID})
             ON CONFLICT (work, source) DO UPDATE SET holder = excluded.holder, machine = excluded.machine,
                 process = excluded.process, note = excluded.note, expires_at = excluded.expires_at
             WHERE locks.expires_at <= now()"
        );
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = if host.trim().is_empty() { String::new() } else { format!(" on {}", host.trim()) };
        let note = format!("pid {}{host} since {:.0}", std::process::id(), Timestamp::now());
        let own = Process::own();
        let parameters = params![self.work, self.source, self.holder, own.machine, own.process, note];
        Ok(sql::execute(connection, &insert, parameters)? == 1)
    }

    /// Who holds the lock.
    fn other(&self, connection: &Connection) -> Result<Option<Holder>> {
        let query = "SELECT holder, machine, process, note FROM locks
             WHERE work = ?1 AND source = ?2 AND expires_at > now()";
        sql::first(connection, query, params![self.work, self.source], |row| {
            let process = Process { machine: row.get(1)?, process: row.get(2)? };
            Ok(Holder { id: row.get(0)?, process, note: row.get(3)? })
        })
    }

    /// Removes the lock of a holder.
    fn forget(&self, connection: &Connection, holder: &str) -> Result<()> {
        let delete = "DELETE FROM locks WHERE work = ?1 AND source = ?2 AND holder = ?3";
        sql::execute(connection, delete, params![self.work, self.source, holder]).map(drop)
    }

    /// Renews the lock until it ends, then releases it. If the connection ends, the next one renews it.
    fn renew(&self, store: &Store, mut connection: Connection, ended: &Ended) {
        let update = format!("UPDATE locks SET expires_at = {VALID} WHERE work = ?1 AND source = ?2 AND holder = ?3");
        loop {
            let is_so = ended.is_so.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = ended.changed.wait_timeout_while(is_so, PAUSE, |is_so| !*is_so);
            if *waited.unwrap_or_else(PoisonError::into_inner).0 {
                break;
            }
            let renewed = sql::execute(&connection, &update, params![self.work, self.source, self.holder]);
            match renewed {
                Ok(1) => {}
                // The job learns it from its next commit.
                Ok(_) => return tracing::warn!(source = self.source, "another process has taken the lock of a source"),
                Err(error) => {
                    tracing::warn!(%error, source = self.source, "the lock of a source could not be renewed");
                    if let Ok(next) = store.connect(Use::Journal) {
                        connection = next;
                    }
                }
            }
        }
        debug_assert_eq!(connection.dialect(), Dialect::Postgres);
        if let Err(error) = self.forget(&connection, &self.holder) {
            tracing::debug!(%error, source = self.source, "the lock of a source expires");
        }
    }
}
