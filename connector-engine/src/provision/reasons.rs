//! Why an operation is not carried out, in words.

use connector_core::{Error, ErrorKind, OperationKind};

/// The error of what was to be done with an account that does not come into being.
pub(super) fn not_made(number: u64) -> Error {
    Error::new(ErrorKind::NotFound, format!("not done: operation {number}, which was to make the account, failed"))
        .with_help("mend that operation and run the plan again")
}

/// The error of what was to be done with an account of which it is not known whether it came into being.
pub(super) fn not_known(number: u64) -> Error {
    let message = format!("not done: the account that operation {number} was to make is not known");
    Error::new(ErrorKind::NotFound, message)
        .with_help("look for the account in the source itself and ask for the rest in a new plan")
}

/// Why nothing is to be done.
pub(super) fn already(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Create => "exists already, just so",
        OperationKind::Update => "is so already",
        OperationKind::Grant => "holds it already",
        OperationKind::Revoke => "does not hold it",
        OperationKind::Disable => "is disabled already",
        OperationKind::Enable => "is enabled already",
        OperationKind::Lock => "is locked already",
        OperationKind::Unlock => "is not locked",
        OperationKind::SetPassword => "has this password already",
        OperationKind::Delete => "does not exist",
        _ => "nothing to change",
    }
}

/// The error of a preview that the user stopped.
pub(super) fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "stopped before anything was sent").with_help("run it again")
}
