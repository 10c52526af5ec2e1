//! Why a command stopped early, and which exit code that is.

use connector_core::{Error, ErrorKind};
use std::io;
use std::process::ExitCode;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Success.
    Success,
    /// The command ran and something failed.
    Failure,
    /// Wrong usage or an invalid definition: nothing was sent.
    Invalid,
    /// The source could not be reached or refused the credentials.
    Unreachable,
    /// Refused by a guard.
    Refused,
    /// Stopped by SIGINT.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
}

impl Exit {
    /// The exit code of the process.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Invalid => 2,
            Self::Unreachable => 3,
            Self::Refused => 4,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The exit of an error of this kind.
    pub(crate) fn of(kind: ErrorKind) -> Self {
        match kind {
            // A missing key or password stops the command before anything is sent.
            ErrorKind::Definition | ErrorKind::Unsupported | ErrorKind::Secret => Self::Invalid,
            ErrorKind::Auth | ErrorKind::Unavailable | ErrorKind::Timeout => Self::Unreachable,
            ErrorKind::Guard => Self::Refused,
            ErrorKind::Cancelled => Self::Interrupted,
            _ => Self::Failure,
        }
    }

    /// The worse of two exits, for a command that does several things. A signal is the worst.
    pub(crate) fn worse(self, other: Self) -> Self {
        let weight = |exit: Self| match exit {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Refused => 2,
            Self::Unreachable => 3,
            Self::Invalid => 4,
            Self::Interrupted => 5,
            Self::Terminated => 6,
        };
        if weight(other) > weight(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command stopped early: an error to show, unless the output is closed.
#[derive(Debug)]
pub(crate) struct Stop(pub(crate) Error);

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<connector_project::source::Problems> for Stop {
    fn from(problems: connector_project::source::Problems) -> Self {
        Self(problems.into())
    }
}

impl From<io::Error> for Stop {
    /// An error in writing our own output.
    fn from(cause: io::Error) -> Self {
        let full = cause.kind() == io::ErrorKind::StorageFull;
        let error = Error::new(ErrorKind::Internal, format!("can't write the output: {cause}")).with_cause(cause);
        Self(if full { error.with_help("free some disk space, or write the output elsewhere") } else { error })
    }
}

impl From<Stop> for Error {
    /// For closures that the engine calls for each row.
    fn from(stop: Stop) -> Self {
        stop.0
    }
}

/// An error about one of the user's files or folders.
pub(crate) fn file_error(what: &str, path: &std::path::Path, cause: io::Error) -> Error {
    let help = match cause.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some disk space",
        _ => "check the owner and the permissions, and what is at this path",
    };
    Error::new(ErrorKind::Invalid, format!("{what} `{}`: {cause}", path.display())).with_help(help).with_cause(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_whose_turn_it_is() {
        let codes = [
            (ErrorKind::Definition, 2),
            (ErrorKind::Unsupported, 2),
            (ErrorKind::Auth, 3),
            (ErrorKind::Unavailable, 3),
            (ErrorKind::Timeout, 3),
            (ErrorKind::Guard, 4),
            (ErrorKind::Protocol, 1),
            (ErrorKind::Secret, 2),
        ];
        for (kind, code) in codes {
            assert_eq!(Exit::of(kind).code(), code, "{kind}");
        }
    }
}
