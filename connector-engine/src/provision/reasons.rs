//! Why an operation is not applied, in words.

use connector_core::{Error, ErrorKind, OperationKind};

/// The error of an operation on an account that an earlier operation failed to create.
pub(super) fn not_made(number: u64) -> Error {
    Error::new(ErrorKind::NotFound, format!("not done: operation {number}, which creates the account, failed"))
        .with_help("fix that operation and run the plan again")
}

/// The error of an operation on an account if the result of creating it is unknown.
pub(super) fn not_known(number: u64) -> Error {
    let message = format!("not done: the result of operation {number}, which creates the account, is unknown");
    Error::new(ErrorKind::NotFound, message)
        .with_help("look for the account in the source itself, and put the remaining operations into a new plan")
}

/// Why there is nothing to do.
pub(super) fn already(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "already exists with these values",
        OperationKind::Update => "already has these values",
        OperationKind::Grant => "already holds it",
        OperationKind::Revoke => "does not hold it",
        OperationKind::Disable => "already disabled",
        OperationKind::Enable => "already enabled",
        OperationKind::Lock => "already locked",
        OperationKind::Unlock => "not locked",
        OperationKind::SetPassword => "already has this password",
        OperationKind::Delete => "does not exist",
        _ => "nothing to change",
    }
}

/// The error of a preview that the user stops.
pub(super) fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "stopped before anything was sent").with_help("run it again")
}
