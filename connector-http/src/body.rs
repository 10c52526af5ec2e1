//! The body of a request.

use bytes::Bytes;
use secrecy::SecretString;

/// The body of a request. `Debug` and errors never show it.
pub(crate) enum Body {
    /// The same bytes for every attempt.
    Fixed(Bytes),
    /// Built again from the access token and the proof for every attempt, because both may have changed.
    OfToken(Write),
}

/// Writes a body that contains the token and, if the token needs one, the proof.
pub(crate) type Write = Box<dyn Fn(&SecretString, Option<&SecretString>) -> Bytes + Send + Sync>;
