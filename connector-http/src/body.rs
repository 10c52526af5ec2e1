//! What a request carries.

use bytes::Bytes;
use secrecy::SecretString;

/// What a request carries. Nothing of it is ever shown.
pub(crate) enum Body {
    /// The same each time that it is sent.
    Fixed(Bytes),
    /// Made anew of the access token each time, as the token may be another one by then.
    OfToken(Box<dyn Fn(&SecretString) -> Bytes + Send + Sync>),
}
