//! Errors of the API.

use connector_core::ErrorKind;
use schemars::JsonSchema;
use serde::Deserialize;

/// What an error of the API means.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorSettings {
    /// The HTTP status. Default: any, including success.
    pub(crate) status: Option<u16>,
    /// An expression over `status` and `body` that must be true. If `body` does not have something that it
    /// names, the row does not fit.
    pub(crate) when: Option<String>,
    /// Where it counts: `test`, `accounts`, `entitlements`, `assignments`, or an operation such as `grant`. Default: everywhere.
    pub(crate) on: Option<Where>,
    /// The kind of error.
    pub(crate) kind: Kind,
    /// What to do, for the person who sees it.
    pub(crate) cure: Option<String>,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Where {
    /// The connection test.
    Test,
    /// Reading accounts, also the one that an operation changes.
    Accounts,
    /// Reading entitlements.
    Entitlements,
    /// Reading assignments.
    Assignments,
    /// Creating an account.
    Create,
    /// Setting attributes.
    Update,
    /// Enabling an account.
    Enable,
    /// Disabling an account.
    Disable,
    /// Locking an account.
    Lock,
    /// Unlocking an account.
    Unlock,
    /// Setting or resetting a password.
    SetPassword,
    /// Deleting an account.
    Delete,
    /// Granting an entitlement.
    Grant,
    /// Revoking an entitlement.
    Revoke,
}

/// A kind of error.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The API refused the credentials.
    Auth,
    /// A permission is missing.
    Permission,
    /// The object does not exist. For `accounts.one` and `accounts.find`, that is an answer and no error.
    NotFound,
    /// The object to create already exists.
    AlreadyExists,
    /// The API refuses a value.
    Invalid,
    /// Something else changes the object at the same time.
    Conflict,
    /// Too many requests in a short time.
    RateLimited,
    /// A quota or license is used up.
    Quota,
    /// The API is out of service.
    Unavailable,
    /// A cursor is no longer valid, so the list begins again.
    Expired,
    /// The API does not support this.
    Unsupported,
    /// The response contradicts itself.
    Protocol,
}

impl From<Kind> for ErrorKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Auth => Self::Auth,
            Kind::Permission => Self::Permission,
            Kind::NotFound => Self::NotFound,
            Kind::AlreadyExists => Self::AlreadyExists,
            Kind::Invalid => Self::Invalid,
            Kind::Conflict => Self::Conflict,
            Kind::RateLimited => Self::RateLimited,
            Kind::Quota => Self::Quota,
            Kind::Unavailable => Self::Unavailable,
            Kind::Expired => Self::Expired,
            Kind::Unsupported => Self::Unsupported,
            Kind::Protocol => Self::Protocol,
        }
    }
}
