//! One job of a kind per source at a time.

use super::lease::Lease;
use super::open::Store;
use connector_core::{Error, ErrorKind, Result};
use connector_files::shell_word;
use connector_sql::Connection;
use jiff::Timestamp;
use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::time::Duration;

/// The reason for a lock. Reading a source and changing it do not disturb each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Reading the source.
    Aggregation,
    /// Applying a plan.
    Provisioning,
    /// Replacing the certificate.
    Rotation,
}

impl Work {
    /// The name in the table of locks.
    fn name(self) -> &'static str {
        match self {
            Self::Aggregation => "aggregation",
            Self::Provisioning => "provisioning",
            Self::Rotation => "rotation",
        }
    }

    /// The prefix of the name of a lock's file.
    fn prefix(self) -> &'static str {
        match self {
            Self::Aggregation => "source",
            Self::Provisioning => "provision",
            Self::Rotation => "rotate",
        }
    }

    fn doing(self) -> &'static str {
        match self {
            Self::Aggregation => "aggregating",
            Self::Provisioning => "provisioning",
            Self::Rotation => "replacing the certificate of",
        }
    }

    fn help(self, source: &str) -> String {
        match self {
            Self::Aggregation => "wait until it ends, or stop that process; its run can then be continued".to_owned(),
            Self::Provisioning => {
                "wait until it ends, or stop that process and continue its plan with `--resume`".to_owned()
            }
            Self::Rotation => format!(
                "wait until it ends, or stop that process and run `connector cert rotate {}` to continue",
                shell_word(source)
            ),
        }
    }
}

/// A source that is locked for one job. The lock ends with the process, however that ends: the operating system releases a
/// file, and a lock on a server expires.
#[derive(Debug)]
pub struct RunLock(Held);

#[derive(Debug)]
enum Held {
    File { _file: File },
    Lease(Lease),
}

impl RunLock {
    /// Locks the source; fails with kind `guard` if another job has locked it.
    pub fn take(store: &Store, work: Work, source: &str) -> Result<Self> {
        let refused = |note: &str| {
            let by = if note.is_empty() { String::new() } else { format!(" ({note})") };
            Error::new(ErrorKind::Guard, format!("another job is {} `{source}` now{by}", work.doing()))
                .with_help(work.help(source))
        };
        let held = match lock_file(store, work, source) {
            Some(file) => Held::File { _file: take_file(file, source, refused)? },
            None => match Lease::take(store, work.name(), source)? {
                Ok(lease) => Held::Lease(lease),
                Err(note) => return Err(refused(&note)),
            },
        };
        Ok(Self(held))
    }

    /// Whether a job has locked the source.
    pub fn is_held(store: &Store, work: Work, source: &str) -> bool {
        match lock_file(store, work, source) {
            Some(file) => file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock))),
            None => Lease::is_held(store, work.name(), source).unwrap_or_else(|error| {
                tracing::warn!(%error, source, "the lock of a source could not be looked at");
                false
            }),
        }
    }

    /// Fails with kind `guard` if another job has taken the source since. Only a lock on a server can be lost; the transaction that
    /// checks it keeps it.
    pub fn check(&self, connection: &Connection) -> Result<()> {
        match &self.0 {
            Held::File { .. } => Ok(()),
            Held::Lease(lease) => lease.check(connection),
        }
    }
}

fn take_file(file: std::io::Result<File>, source: &str, refused: impl Fn(&str) -> Error) -> Result<File> {
    let mut file = file.map_err(|cause| unusable(source, cause))?;
    let mut tries = 0;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            // A command that lists runs takes the lock for an instant.
            Err(TryLockError::WouldBlock) if tries < 10 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                let mut note = String::new();
                // The note is for people; without it the message is still right.
                let _ = file.read_to_string(&mut note);
                return Err(refused(note.trim()));
            }
            Err(TryLockError::Error(cause)) => return Err(unusable(source, cause)),
        }
    }
    let note = format!("pid {} since {:.0}\n", std::process::id(), Timestamp::now());
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(note.as_bytes()))
        .map_err(|cause| unusable(source, cause))?;
    Ok(file)
}

/// The lock's file; `None` for a store on a server.
fn lock_file(store: &Store, work: Work, source: &str) -> Option<std::io::Result<File>> {
    let mut name = format!("{}-", work.prefix());
    for byte in source.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            name.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(name, "%{byte:02x}");
        }
    }
    store.lock_file(&name)
}

fn unusable(source: &str, cause: std::io::Error) -> Error {
    let help = match cause.kind() {
        std::io::ErrorKind::ReadOnlyFilesystem => {
            "the store is on a read-only file system, where it answers only queries: use another one with `--store`"
        }
        std::io::ErrorKind::StorageFull => "free some disk space",
        _ => "check the owner and the permissions of the folder of the store",
    };
    Error::new(ErrorKind::Internal, format!("the lock of `{source}` can't be taken: {cause}"))
        .with_help(help)
        .with_cause(cause)
}
