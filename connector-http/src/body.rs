//! The body of a request.

use bytes::Bytes;
use secrecy::SecretString;

/// The body of a request. `Debug` and errors never show it.
pub(crate) enum Body {
    /// The same bytes for every attempt.
    Fixed(Bytes),
    /// Built again from the access token for every attempt, because the token may have changed.
    OfToken(Box<dyn Fn(&SecretString) -> Bytes + Send + Sync>),
}
