//! What PKCS#11 modules say, in words.

use connector_core::{Error, ErrorKind};
use cryptoki::error::{Error as Cause, RvError};

pub(super) fn fault(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Secret, message)
}

/// An error of a module that has no words of its own where it happened. `doing` completes "… failed".
pub(super) fn failed(doing: &str, cause: Cause) -> Error {
    let (why, help) = match &cause {
        Cause::Pkcs11(RvError::DeviceRemoved | RvError::TokenNotPresent | RvError::DeviceError, _) => {
            ("the token is gone or out of order".to_owned(), "check that the device is there, then start again")
        }
        Cause::Pkcs11(RvError::SessionHandleInvalid | RvError::SessionClosed | RvError::UserNotLoggedIn, _) => {
            ("the token has ended the session".to_owned(), "start again; an HSM may end sessions that are idle")
        }
        Cause::Pkcs11(RvError::KeyFunctionNotPermitted, _) => (
            "the key may not sign".to_owned(),
            "make a key with `CKA_SIGN`: a key for decryption or wrapping is another one",
        ),
        Cause::Pkcs11(code, _) => (format!("the module says {code}"), "look into the log of the module or the HSM"),
        other => (other.to_string(), "check that the module fits this machine"),
    };
    fault(format!("{doing} failed: {why}")).with_help(help).with_cause(cause)
}
