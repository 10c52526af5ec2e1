//! Why a file is not used.

use crate::paths::shown;
use connector_core::{Error, ErrorKind};
use std::fmt;
use std::io;
use std::path::Path;

/// Why a file was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It does not exist.
    Missing,
    /// It is a folder.
    IsFolder,
    /// It is a device, pipe or socket: reading it may never end.
    NotRegular,
    /// It is larger than the limit.
    TooLarge,
    /// Another user owns it.
    Owner,
    /// Other users can write it.
    Shared,
    /// Other users can read it.
    Readable,
    /// It is a link that leads out of the project, or another user's link.
    Link,
    /// The system refuses to open or read it.
    Io(io::ErrorKind),
}

/// A file that was refused: what is wrong, and what to do.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What is wrong, with the path.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    cause: Option<io::Error>,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { reason, message: message.into(), help: Some(help.into()), cause: None }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn because(mut self, cause: io::Error) -> Self {
        self.cause = Some(cause);
        self
    }

    /// The refusal as an error of this kind.
    pub fn into_error(self, kind: ErrorKind) -> Error {
        let error = Error::new(kind, self.message);
        let error = match self.help {
            Some(help) => error.with_help(help),
            None => error,
        };
        match self.cause {
            Some(cause) => error.with_cause(cause),
            None => error,
        }
    }

    /// What the system said, if it refused to open or read the file.
    pub fn into_io(self) -> io::Error {
        self.cause.unwrap_or_else(|| io::Error::other(self.message))
    }

    pub(crate) fn of_io(path: &Path, cause: io::Error) -> Self {
        let shown = shown(path);
        let (reason, message, help) = match cause.kind() {
            io::ErrorKind::NotFound => {
                (Reason::Missing, format!("the file `{shown}` does not exist"), "check the path")
            }
            io::ErrorKind::PermissionDenied => (
                Reason::Io(cause.kind()),
                format!("this user has no permission to read the file `{shown}`"),
                "check the owner and permissions of the file and its folders",
            ),
            kind => (Reason::Io(kind), format!("can't read the file `{shown}`: {cause}"), "check the path"),
        };
        Self { cause: Some(cause), ..Self::new(reason, message, help) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
