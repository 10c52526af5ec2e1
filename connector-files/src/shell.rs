//! Words of commands that users copy into a shell.

use std::borrow::Cow;

/// Quotes text as one word for a shell.
///
/// ```
/// use connector_files::shell_word;
///
/// assert_eq!(shell_word("secrets/app.key"), "secrets/app.key");
/// assert_eq!(shell_word("a;touch b"), "'a;touch b'");
/// ```
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}
