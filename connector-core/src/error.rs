//! The one error type of the framework.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;
use strum::{EnumString, IntoStaticStr};

/// The result of everything that can fail with a framework [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the coarse terms a program can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case", parse_err_ty = Error, parse_err_fn = unknown_kind)]
pub enum ErrorKind {
    /// A source, plan or project file is wrong.
    Definition,
    /// A secret could not be read, opened or used.
    Secret,
    /// The source refused the credentials.
    Auth,
    /// The credentials are good, but lack a right.
    Permission,
    /// The thing asked for does not exist.
    NotFound,
    /// The thing to create exists already.
    AlreadyExists,
    /// The source refuses a value.
    Invalid,
    /// Something else changed or holds the thing at the same time.
    Conflict,
    /// Too many requests in a short time: later is fine.
    RateLimited,
    /// An allowance of a longer period (a day, a licence count) is used up.
    Quota,
    /// The source can't be reached or is out of service.
    Unavailable,
    /// No answer within the time limit.
    Timeout,
    /// An answer that breaks the protocol: cut, malformed or contradictory.
    Protocol,
    /// The connector does not do this.
    Unsupported,
    /// A guard stopped a dangerous step.
    Guard,
    /// The user or the system asked to stop.
    Cancelled,
    /// A fault of this program.
    Internal,
}

impl ErrorKind {
    /// The name in machine output, for example `rate_limited`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

fn unknown_kind(name: &str) -> Error {
    Error::new(ErrorKind::Definition, format!("no kind of error is called `{name}`"))
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether the thing that was asked of the source took place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Happened {
    /// It did not.
    #[default]
    No,
    /// It did, although an error came back.
    Yes,
    /// The answer was lost: only reading the source's state can tell.
    Unknown,
}

/// Whether asking again can help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retry {
    /// The same request will fail again.
    #[default]
    No,
    /// Worth asking again after this time.
    After(Duration),
    /// It was worth asking again, and that was done as often as allowed. An outer loop must not repeat it.
    Exhausted,
}

/// An error for the person who reads it: what was wrong, where, and what to do.
///
/// The code that fails gives [kind](Error::kind), [message](Error::message) and [help](Error::help);
/// the engine adds the source's name, the step and the id it was working on.
/// Neither text ever holds a secret.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: String,
    help: Option<String>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
    happened: Happened,
    retry: Retry,
    context: Vec<(&'static str, String)>,
}

impl Error {
    /// An error of `kind`; `message` says what was wrong, without a full stop at the end.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                help: None,
                cause: None,
                happened: Happened::No,
                retry: Retry::No,
                context: Vec::new(),
            }),
        }
    }

    /// Adds what the user should do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.inner.help = Some(help.into());
        self
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.cause = Some(cause.into());
        self
    }

    /// Says whether the thing asked for took place.
    #[must_use]
    pub fn with_happened(mut self, happened: Happened) -> Self {
        self.inner.happened = happened;
        self
    }

    /// Says whether asking again can help.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.inner.retry = retry;
        self
    }

    /// Adds where it happened, for example `("step", "assignments")`. The first value of a key stays.
    #[must_use]
    pub fn with_context(mut self, key: &'static str, value: impl Into<String>) -> Self {
        if !self.inner.context.iter().any(|(known, _)| *known == key) {
            self.inner.context.push((key, value.into()));
        }
        self
    }

    /// The same error for one more who was waiting for what failed. The cause behind it stays with the first.
    #[must_use]
    pub fn again(&self) -> Self {
        let inner = &*self.inner;
        Self {
            inner: Box::new(Inner {
                kind: inner.kind,
                message: inner.message.clone(),
                help: inner.help.clone(),
                cause: None,
                happened: inner.happened,
                retry: inner.retry,
                context: inner.context.clone(),
            }),
        }
    }

    /// What went wrong, in coarse terms.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What was wrong, for the user.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        self.inner.help.as_deref()
    }

    /// Whether the thing asked for took place.
    pub fn happened(&self) -> Happened {
        self.inner.happened
    }

    /// Whether asking again can help.
    pub fn retry(&self) -> Retry {
        self.inner.retry
    }

    /// Where it happened, as key and value.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.inner.context.iter().map(|(key, value)| (*key, value.as_str()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("message", &inner.message)
            .field("help", &inner.help)
            .field("cause", &inner.cause)
            .field("happened", &inner.happened)
            .field("retry", &inner.retry)
            .field("context", &inner.context)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_context_key_stays() {
        let error = Error::new(ErrorKind::Protocol, "odd answer")
            .with_context("step", "accounts")
            .with_context("step", "outer");
        assert_eq!(error.context().collect::<Vec<_>>(), [("step", "accounts")]);
    }

    #[test]
    fn a_kind_of_error_is_read_by_its_name_and_no_other_word_is() {
        assert_eq!(ErrorKind::AlreadyExists.name(), "already_exists");
        assert_eq!("already_exists".parse::<ErrorKind>().unwrap(), ErrorKind::AlreadyExists);
        assert_eq!("AlreadyExists".parse::<ErrorKind>().unwrap_err().kind(), ErrorKind::Definition);
    }

    #[test]
    fn an_error_told_again_says_all_but_its_cause() {
        let error = Error::new(ErrorKind::Timeout, "no answer")
            .with_help("ask later")
            .with_cause(fmt::Error)
            .with_happened(Happened::Unknown)
            .with_retry(Retry::Exhausted)
            .with_context("step", "accounts");
        let again = error.again();
        assert!(again.source().is_none());
        let told = |error: &Error| format!("{error:?}").replace("Some(Error)", "None");
        assert_eq!(told(&again), told(&error));
    }
}
