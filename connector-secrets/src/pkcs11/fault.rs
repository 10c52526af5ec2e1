//! Explains the errors of PKCS#11 modules.

use connector_core::{Error, ErrorKind};
use cryptoki::error::{Error as Cause, RvError};

pub(super) fn fault(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Secret, message)
}

/// An error of a module without a more specific message. `doing` completes "… failed".
pub(super) fn failed(doing: &str, cause: Cause) -> Error {
    let (why, help) = match &cause {
        Cause::Pkcs11(RvError::DeviceRemoved | RvError::TokenNotPresent | RvError::DeviceError, _) => {
            ("the token was removed or is faulty".to_owned(), "check that the device is connected, then start again")
        }
        Cause::Pkcs11(RvError::SessionHandleInvalid | RvError::SessionClosed | RvError::UserNotLoggedIn, _) => {
            ("the token closed the session".to_owned(), "start again; some HSMs close idle sessions")
        }
        Cause::Pkcs11(RvError::KeyFunctionNotPermitted, _) => (
            "the key is not allowed to sign".to_owned(),
            "create a key with `CKA_SIGN`; a key for decryption or wrapping can't sign",
        ),
        Cause::Pkcs11(code, _) => (format!("the module returned {code}"), "check the log of the module or the HSM"),
        other => (other.to_string(), "check that the module was built for this machine"),
    };
    fault(format!("{doing} failed: {why}")).with_help(help).with_cause(cause)
}
