//! Questions to the user at the terminal.

use connector_core::{Error, ErrorKind, Result};
use inquire::{Confirm, InquireError, Password, PasswordDisplayMode};
use secrecy::SecretString;
use std::env;
use std::io::{BufRead, IsTerminal, Write, stderr, stdin};

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

/// Whether the terminal can't be controlled: it can only show lines, one after the other.
pub(crate) fn is_dumb() -> bool {
    env::var_os("TERM").is_none_or(|term| term == "dumb")
}

/// Asks whether to change a system; Enter means no.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    if is_dumb() {
        return confirm_in_lines(question, &mut stdin().lock(), &mut stderr());
    }
    answer(Confirm::new(question).with_default(false).prompt(), "check it with `--preview`, then run it with `--yes`")
}

fn confirm_in_lines(question: &str, answers: &mut impl BufRead, shown: &mut impl Write) -> Result<bool> {
    loop {
        let mut line = String::new();
        let asked = write!(shown, "{question} (y/N) ").and_then(|()| shown.flush());
        match asked.and_then(|()| answers.read_line(&mut line)) {
            Ok(0) => return answer(Err(InquireError::OperationCanceled), ""),
            Ok(_) => {}
            Err(cause) => return answer(Err(cause.into()), "run it with `--yes`"),
        }
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => return Ok(true),
            "" | "n" | "no" => return Ok(false),
            _ => {}
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_shows_only_lines_is_asked_in_lines() {
        let asked = |answers: &str| {
            let mut shown = Vec::new();
            let answer = confirm_in_lines("Apply?", &mut answers.as_bytes(), &mut shown);
            (answer, String::from_utf8(shown).unwrap())
        };
        for (answers, wanted) in [("y\n", true), ("YES\n", true), ("\n", false), ("n\n", false), ("maybe\nyes\n", true)]
        {
            let (answer, shown) = asked(answers);
            assert_eq!(answer.unwrap(), wanted, "{answers:?}");
            assert!(shown.starts_with("Apply? (y/N) ") && !shown.contains('\u{1b}'), "{shown:?}");
        }
        assert_eq!(asked("").0.unwrap_err().kind(), ErrorKind::Cancelled);
    }
}
