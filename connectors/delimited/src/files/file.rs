//! One file at one moment.

use crate::error;
use connector_core::{Error, ErrorKind, Result};
use connector_files::{Reason, Refusal, Role};
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use xxhash_rust::xxh3::Xxh3;

/// How much of a file says which one it is, beside its size and time.
const HEAD: u64 = 64 * 1024;

/// One file at one moment. A file that was replaced or changed since then has another print.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    pub(crate) path: PathBuf,
    /// The path for messages.
    pub(crate) shown: String,
    /// Identifies the content, so that a position in it is not used for another one.
    pub(crate) print: u64,
    pub(crate) size: u64,
    /// When it was last changed, in seconds since 1970.
    pub(crate) modified: i64,
}

impl DataFile {
    pub(crate) fn at(path: PathBuf, shown: String) -> Result<Self> {
        let mut file = open(&path, &shown)?;
        let metadata = file.metadata().map_err(|cause| error::unreadable(&shown, cause))?;
        let mut head = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut head).map_err(|cause| error::unreadable(&shown, cause))?;
        let print = print_of(&metadata, &head);
        Ok(Self { path, shown, print, size: metadata.len(), modified: metadata.mtime() })
    }

    /// Opens it again. Fails with kind `expired` if it is another one now.
    pub(crate) fn open(&self) -> Result<File> {
        let mut file = open(&self.path, &self.shown)?;
        self.check(&mut file)?;
        file.seek(SeekFrom::Start(0)).map_err(|cause| error::unreadable(&self.shown, cause))?;
        Ok(file)
    }

    /// Makes sure that it is still this one.
    pub(crate) fn check(&self, file: &mut File) -> Result<()> {
        let metadata = file.metadata().map_err(|cause| error::unreadable(&self.shown, cause))?;
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.take(HEAD).read_to_end(&mut head))
            .map_err(|cause| error::unreadable(&self.shown, cause))?;
        if print_of(&metadata, &head) == self.print { Ok(()) } else { Err(error::replaced(&self.shown)) }
    }
}

/// Data may come from another user. But a link of another user would show any file of this one.
fn open(path: &std::path::Path, shown: &str) -> Result<File> {
    connector_files::open(path, Role::Data, u64::MAX).map_err(|refusal| refused(refusal, shown))
}

fn refused(refusal: Refusal, shown: &str) -> Error {
    let kind = match refusal.reason {
        Reason::Missing => return error::missing(shown),
        Reason::Io(_) | Reason::Link | Reason::Owner | Reason::Shared | Reason::Readable => ErrorKind::Permission,
        _ => ErrorKind::Invalid,
    };
    refusal.into_error(kind)
}

fn print_of(metadata: &Metadata, head: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    for number in [metadata.size().cast_signed(), metadata.mtime(), metadata.mtime_nsec()] {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(head);
    hasher.digest()
}
