//! What a rotation tells while it goes on, and in the end.

use serde::Serialize;

/// A step of a rotation that ended, or that takes a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RotationStep {
    /// The step: `key`, `session`, `deploy`, `prove`, `switch`, `prove_again`, `clean_up`, or `return`.
    pub step: &'static str,
    /// What was done.
    pub detail: String,
    /// Whether it goes on: the same step is told again.
    #[serde(skip)]
    pub goes_on: bool,
}

/// How a rotation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// The rotation's id, a ULID.
    pub rotation: String,
    /// Whether the new key has taken over; otherwise the old one is in use as before.
    pub rotated: bool,
    /// The app that has the certificate in use now.
    pub app: String,
    /// The fingerprint of the certificate in use now.
    pub sha256: Option<String>,
    /// Its last moment, as RFC 3339.
    pub not_after: Option<String>,
    /// Why the new key has not taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
