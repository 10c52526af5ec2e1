//! Passwords as they are kept.

use secrecy::{ExposeSecret, SecretString};

/// The password in a text that was kept in a file, a variable or a store: editors put a line break at the end, which is
/// no part of a password.
pub fn password_from(text: &SecretString) -> SecretString {
    SecretString::from(text.expose_secret().trim_end_matches(['\r', '\n']))
}
