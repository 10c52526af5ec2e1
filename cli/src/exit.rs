//! Why a command stopped early, and which exit code that is.

use connector_core::{Error, ErrorKind};
use std::io;
use std::process::ExitCode;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, everything succeeded.
    Success,
    /// The work ran and something in it failed.
    Failure,
    /// Bad usage or an invalid definition: nothing was sent.
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
    /// The number the process ends with.
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
            // A key or password that can't be had ends the work before anything is sent.
            ErrorKind::Definition | ErrorKind::Unsupported | ErrorKind::Secret => Self::Invalid,
            ErrorKind::Auth | ErrorKind::Unavailable | ErrorKind::Timeout => Self::Unreachable,
            ErrorKind::Guard => Self::Refused,
            ErrorKind::Cancelled => Self::Interrupted,
            _ => Self::Failure,
        }
    }

    /// The worse of two exits, for a command that does several things: a signal first, then the order of the codes'
    /// weight to the user.
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

/// Why a command stopped before its end: an error to show, unless nobody reads any more.
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
    /// A fault in writing our own output.
    fn from(cause: io::Error) -> Self {
        Self::from(Error::new(ErrorKind::Internal, format!("the output can't be written: {cause}")).with_cause(cause))
    }
}

impl From<Stop> for Error {
    /// For closures that the engine calls with one row after the other.
    fn from(stop: Stop) -> Self {
        stop.0
    }
}

/// An error about a file or folder of the user.
pub(crate) fn file_error(what: &str, path: &std::path::Path, cause: io::Error) -> Error {
    let help = match cause.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room",
        _ => "check what is there, who owns it, and whether it can be written",
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
