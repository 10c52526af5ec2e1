//! Questions to the user at the terminal.

use connector_core::{Error, ErrorKind, Result};
use inquire::{Confirm, InquireError, Password, PasswordDisplayMode};
use secrecy::SecretString;
use std::io::{IsTerminal, stderr, stdin};

/// Whether there is a terminal to ask on.
pub(crate) fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// The answer to a question. Fails with kind `cancelled` if the user presses Ctrl-C or Esc. `instead` says how to give
/// the answer without a terminal.
pub(crate) fn answer<T>(asked: Result<T, InquireError>, instead: &str) -> Result<T> {
    asked.map_err(|cause| match cause {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            Error::new(ErrorKind::Cancelled, "canceled; nothing was written")
        }
        cause => Error::new(ErrorKind::Definition, format!("can't ask on this terminal: {cause}")).with_help(instead),
    })
}

/// Asks whether to change a system; Enter means no.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    answer(Confirm::new(question).with_default(false).prompt(), "check it with `--preview`, then run it with `--yes`")
}

/// Asks for an existing password.
pub(crate) fn password(label: &str, instead: &str) -> Result<SecretString> {
    ask(Password::new(label).without_confirmation(), instead)
}

/// Asks twice for a new password.
pub(crate) fn new_password(label: &str, instead: &str) -> Result<SecretString> {
    ask(Password::new(label).with_custom_confirmation_message("Repeat the password:"), instead)
}

fn ask(question: Password<'_>, instead: &str) -> Result<SecretString> {
    if !can_ask() {
        return Err(Error::new(
            ErrorKind::Definition,
            "a password is required, but there is no terminal to ask for it",
        )
        .with_help(instead));
    }
    answer(question.with_display_mode(PasswordDisplayMode::Hidden).prompt(), instead).map(SecretString::from)
}
