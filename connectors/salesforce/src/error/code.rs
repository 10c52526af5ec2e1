//! The parts of an error code's meaning.

use connector_core::ErrorKind;

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    /// The kind of error.
    pub(super) kind: ErrorKind,
    /// What to do about it.
    pub(super) cure: &'static str,
    /// Whether the same request may succeed a moment later.
    pub(super) passing: bool,
}

pub(super) const fn lasting(kind: ErrorKind, cure: &'static str) -> Meaning {
    Meaning { kind, cure, passing: false }
}

pub(super) const fn passing(kind: ErrorKind, cure: &'static str) -> Meaning {
    Meaning { kind, cure, passing: true }
}

pub(super) const WAIT: &str = "try again later; if the problem continues, see status.salesforce.com";
pub(super) const RIGHTS: &str = "give the service account access to it: object access in a permission set, field-level security, \
                      and the system permissions that `connector test` names";
