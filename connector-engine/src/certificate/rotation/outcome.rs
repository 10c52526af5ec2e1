//! What a rotation reports while it runs and when it ends.

use serde::Serialize;

/// A step of a rotation that has ended or takes a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RotationStep {
    /// The step: `key`, `session`, `deploy`, `prove`, `switch`, `prove_again`, `clean_up`, or `return`.
    pub step: &'static str,
    /// What was done.
    pub detail: String,
    /// Whether the step continues: it will be reported again.
    #[serde(skip)]
    pub goes_on: bool,
}

/// How a rotation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// The rotation's id, a ULID.
    pub rotation: String,
    /// Whether the source now uses the new key; otherwise it uses the old key.
    pub rotated: bool,
    /// The app that has the current certificate.
    pub app: String,
    /// The fingerprint of the current certificate.
    pub sha256: Option<String>,
    /// When the certificate expires, as RFC 3339.
    pub not_after: Option<String>,
    /// Why the source does not use the new key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
