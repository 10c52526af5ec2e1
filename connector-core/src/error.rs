//! The one error type of the framework.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

/// The result of everything that can fail with a framework [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of error, coarse enough for a program to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, EnumString, EnumMessage, VariantArray)]
#[strum(serialize_all = "snake_case", parse_err_ty = Error, parse_err_fn = unknown_kind)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A source, plan or project file is wrong.
    Definition,
    /// A secret could not be read, opened or used.
    Secret,
    /// The source refused the credentials.
    Auth,
    /// The credentials are valid, but a permission is missing.
    Permission,
    /// The requested object does not exist.
    NotFound,
    /// The object to create already exists.
    AlreadyExists,
    /// The source refuses a value.
    Invalid,
    /// Something else changes or locks the object at the same time.
    Conflict,
    /// Too many requests in a short time: try again later.
    RateLimited,
    /// A quota (a daily limit, a number of licenses) is used up.
    Quota,
    /// The source can't be reached or is out of service.
    Unavailable,
    /// No response within the time limit.
    Timeout,
    /// A response that breaks the protocol: truncated, malformed or contradictory.
    Protocol,
    /// A position that ended with its connection, or that the source no longer keeps.
    Expired,
    /// The connector does not support this.
    Unsupported,
    /// A guard stopped a dangerous step.
    Guard,
    /// The user or the system asked to stop.
    Cancelled,
    /// A bug in this program.
    Internal,
}

impl ErrorKind {
    /// The name in machine output, for example `rate_limited`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// All kinds.
    pub const ALL: &[Self] = <Self as VariantArray>::VARIANTS;

    /// What it means, in a sentence.
    pub fn description(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
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

/// Whether the source made the requested change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happened {
    /// It did not.
    #[default]
    No,
    /// It did, although it returned an error.
    Yes,
    /// The response was lost: only reading the source can show the result.
    Unknown,
}

/// Whether a retry can help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// The same request will fail again.
    #[default]
    No,
    /// A retry after this time can help.
    After(Duration),
    /// It was retried as often as allowed. An outer loop must not retry it again.
    Exhausted,
}

/// An error for people: what is wrong, where, and how to fix it.
///
/// The code that fails gives [kind](Error::kind), [message](Error::message) and [help](Error::help);
/// the engine adds the source's name, the step and the id it was working on.
/// No text ever contains a secret. A clone shares the cause.
///
/// ```
/// use connector_core::{Error, ErrorKind};
///
/// let error = Error::protocol("the list of teams ends in the middle").with_help("check whether a proxy cuts long responses");
/// assert_eq!(error.kind(), ErrorKind::Protocol);
/// ```
#[derive(Clone)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    help: Option<String>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
    happened: Happened,
    retry: Retry,
    context: Vec<(&'static str, String)>,
}

impl Error {
    /// An error of `kind`; `message` says what is wrong, without a period at the end.
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

    /// An error of kind [`Definition`](ErrorKind::Definition).
    pub fn definition(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Definition, message)
    }

    /// An error of kind [`Auth`](ErrorKind::Auth).
    pub fn auth(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Auth, message)
    }

    /// An error of kind [`Permission`](ErrorKind::Permission).
    pub fn permission(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Permission, message)
    }

    /// An error of kind [`NotFound`](ErrorKind::NotFound).
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// An error of kind [`Invalid`](ErrorKind::Invalid).
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// An error of kind [`Conflict`](ErrorKind::Conflict).
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// An error of kind [`Unavailable`](ErrorKind::Unavailable).
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// An error of kind [`Protocol`](ErrorKind::Protocol).
    pub fn protocol(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, message)
    }

    /// An error of kind [`Unsupported`](ErrorKind::Unsupported).
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// An error of kind [`Internal`](ErrorKind::Internal).
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Replaces what is wrong, for example to add what happened before. Everything else stays.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.inner.message = message.into();
        self
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
        self.inner.cause = Some(cause.into().into());
        self
    }

    /// Sets whether the source made the requested change.
    #[must_use]
    pub fn with_happened(mut self, happened: Happened) -> Self {
        self.inner.happened = happened;
        self
    }

    /// Sets whether a retry can help.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.inner.retry = retry;
        self
    }

    /// Marks a fault that stayed after all the tries that are allowed. The message of a timeout says how many they were, because
    /// the user waited for each of them.
    #[must_use]
    pub fn after_tries(mut self, tries: usize) -> Self {
        if self.inner.kind == ErrorKind::Timeout && tries > 1 {
            self.inner.message = format!("{}, tried {tries} times", self.inner.message);
        }
        self.with_retry(Retry::Exhausted)
    }

    /// Adds where it happened, for example `("step", "assignments")`. If a key is added twice, the first value wins.
    #[must_use]
    pub fn with_context(mut self, key: &'static str, value: impl Into<String>) -> Self {
        if !self.inner.context.iter().any(|(known, _)| *known == key) {
            self.inner.context.push((key, value.into()));
        }
        self
    }

    /// The kind of error.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What is wrong, for the user.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// How to fix it.
    pub fn help(&self) -> Option<&str> {
        self.inner.help.as_deref()
    }

    /// Whether the source made the requested change.
    pub fn happened(&self) -> Happened {
        self.inner.happened
    }

    /// Whether a retry can help.
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
    fn a_clone_says_the_same_and_shares_the_cause() {
        let error = Error::new(ErrorKind::Timeout, "no answer")
            .with_help("ask later")
            .with_cause(fmt::Error)
            .with_happened(Happened::Unknown)
            .with_retry(Retry::Exhausted)
            .with_context("step", "accounts");
        let clone = error.clone();
        assert!(clone.source().is_some_and(<dyn StdError>::is::<fmt::Error>));
        assert_eq!(format!("{clone:?}"), format!("{error:?}"));
    }
}
