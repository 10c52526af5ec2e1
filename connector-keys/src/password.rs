//! Passwords as they are stored.

use secrecy::{ExposeSecret, SecretString};

/// The password in a text from a file, a variable or a store. Editors add a line break at the end, which is
/// not part of the password.
pub fn password_from(text: &SecretString) -> SecretString {
    SecretString::from(text.expose_secret().trim_end_matches(['\r', '\n']))
}
