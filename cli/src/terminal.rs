//! Asking the person at the terminal.

use connector_core::{Error, ErrorKind, Result};
use inquire::{Confirm, InquireError, Password, PasswordDisplayMode};
use secrecy::SecretString;
use std::io::{IsTerminal, stderr, stdin};

/// Whether there is somebody to ask.
pub(crate) fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// The answer to a question; one that was refused stops the command with kind `cancelled`. `instead` says how to give
/// the answer without a terminal.
pub(crate) fn answer<T>(asked: Result<T, InquireError>, instead: &str) -> Result<T> {
    asked.map_err(|cause| match cause {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            Error::new(ErrorKind::Cancelled, "stopped; nothing was written")
        }
        cause => Error::new(ErrorKind::Definition, format!("can't ask on this terminal: {cause}")).with_help(instead),
    })
}

/// Asks whether to do something that changes a system; no is the answer of who just presses Enter.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    answer(Confirm::new(question).with_default(false).prompt(), "look at it with `--preview`, then do it with `--yes`")
}

/// Asks for a password that is there already.
pub(crate) fn password(label: &str, instead: &str) -> Result<SecretString> {
    ask(Password::new(label).without_confirmation(), instead)
}

/// Asks twice for a new password.
pub(crate) fn new_password(label: &str, instead: &str) -> Result<SecretString> {
    ask(Password::new(label).with_custom_confirmation_message("Once more:"), instead)
}

fn ask(question: Password<'_>, instead: &str) -> Result<SecretString> {
    if !can_ask() {
        return Err(Error::new(ErrorKind::Definition, "a password is needed, but there is no terminal to ask on")
            .with_help(instead));
    }
    answer(question.with_display_mode(PasswordDisplayMode::Hidden).prompt(), instead).map(SecretString::from)
}
